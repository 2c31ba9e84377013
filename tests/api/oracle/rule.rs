//! Who fits a rule: one person after the other, one question after the other.

use campaignql::domain::identifier::{Identifier, rule_by_name};
use campaignql::domain::kind::Kind;
use serde_json::Value;

use super::funnel::{Basis, Question, Unit};
use super::steps::Automation;
use super::{CampaignName, Happened, Oracle, campaign_name};

/// A rule.
#[derive(Clone, Debug)]
pub enum Rule {
    /// All of these.
    And(Vec<Rule>),
    /// Any of these.
    Or(Vec<Rule>),
    /// Not this.
    Not(Box<Rule>),
    /// Has an identifier of the type whose value begins so.
    HasIdentifier(&'static str, String),
    /// Has an attribute that compares so.
    Attribute(&'static str, Comparison),
    /// Reached a step of a campaign; people do, not machines.
    Reached(CampaignName, Kind),
    /// May be messaged on a channel, and on a list.
    Eligible(&'static str, Option<&'static str>),
    /// Has addresses of a channel, of which one can be reached, or none can.
    Reachable(&'static str, bool),
}

/// How an attribute compares: with values of its own type alone.
#[derive(Clone, Debug)]
pub enum Comparison {
    /// The same.
    Equals(Value),
    /// Larger.
    GreaterThan(Value),
    /// Smaller.
    LessThan(Value),
    /// A text that begins so.
    StartsWith(&'static str),
}

impl Oracle {
    /// Whether a person, by its place, fits.
    pub fn fits(&self, person: usize, rule: &Rule) -> bool {
        let names = &self.people[person];
        match rule {
            Rule::And(parts) => parts.iter().all(|part| self.fits(person, part)),
            Rule::Or(parts) => parts.iter().any(|part| self.fits(person, part)),
            Rule::Not(part) => !self.fits(person, part),
            Rule::HasIdentifier(name, start) => {
                names.iter().any(|known| known.name == *name && known.value.starts_with(start.as_str()))
            }
            Rule::Attribute(name, comparison) => {
                self.attributes[person].get(*name).is_some_and(|value| compares(value, comparison))
            }
            Rule::Reached(campaign, step) => self.has_reached(person, campaign, *step),
            Rule::Eligible(channel, list) => self.persons_loss(names, channel, *list).is_none(),
            Rule::Reachable(channel, wanted) => {
                let addresses: Vec<&Identifier> =
                    names.iter().filter(|name| self.is_address_of(name, channel)).collect();
                let can = addresses.iter().any(|address| self.address(address).unreachable.is_none());
                !addresses.is_empty() && can == *wanted
            }
        }
    }

    /// Counted by the funnel as if there were nobody else, but for somebody with a delivery: a campaign that reports one
    /// infers none.
    fn has_reached(&self, person: usize, campaign: &CampaignName, step: Kind) -> bool {
        let is_of =
            |happened: &&Happened| happened.event.campaign.as_ref().map(campaign_name).as_ref() == Some(campaign);
        let of_campaign = || self.events.iter().filter(is_of);
        let delivered = of_campaign().find(|happened| happened.event.kind == Kind::Delivered).cloned();
        let elsewhere = delivered.map(|happened| Happened { person: usize::MAX, ..happened });
        let own = of_campaign().filter(|happened| happened.person == person).cloned();
        let nobody = self.reached_by(elsewhere.clone().into_iter().collect(), campaign, step);
        self.reached_by(own.chain(elsewhere).collect(), campaign, step) > nobody
    }

    /// Number of people who reached a step in these events.
    fn reached_by(&self, events: Vec<Happened>, campaign: &CampaignName, step: Kind) -> i64 {
        let mut alone = Self::new(Vec::new(), self.zone);
        alone.rules = self.rules.clone();
        alone.events = events;
        let question = Question {
            unit: Unit::Recipient,
            basis: Basis::Event,
            zone: self.zone,
            group_by: Vec::new(),
            implied: true,
            automation: Automation::Human,
            days: None,
        };
        let rows = alone.funnel(campaign, &question);
        rows.values().filter_map(|row| row.get(&step)).map(|count| count.unique).sum()
    }
}

fn compares(value: &Value, comparison: &Comparison) -> bool {
    let (Comparison::Equals(other) | Comparison::GreaterThan(other) | Comparison::LessThan(other)) = comparison else {
        let Comparison::StartsWith(start) = comparison else { return false };
        return value.as_str().is_some_and(|text| text.starts_with(start));
    };
    let order = match (value, other) {
        (Value::Null, Value::Null) => Some(std::cmp::Ordering::Equal),
        (Value::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
        (Value::Number(one), Value::Number(two)) => one.as_f64().partial_cmp(&two.as_f64()),
        (Value::String(one), Value::String(two)) => Some(one.cmp(two)),
        _ => None,
    };
    match comparison {
        Comparison::GreaterThan(_) => order.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::LessThan(_) => order.is_some_and(std::cmp::Ordering::is_lt),
        _ => order.is_some_and(std::cmp::Ordering::is_eq),
    }
}

/// Whether an identifier is an address of any channel.
pub fn is_address(identifier: &Identifier) -> bool {
    rule_by_name(&identifier.name).is_some_and(|rule| rule.is_messaging())
}

#[cfg(test)]
mod tests {
    use campaignql::domain::event::Namespace;
    use serde_json::json;

    use super::*;
    use crate::oracle::sample::{event, oracle};

    #[test]
    fn people_fit_by_what_they_did_have_and_are() {
        let mut oracle = oracle(vec![
            event("email:a@x.test").kind(Kind::Opened).make(),
            event("email:b@x.test").kind(Kind::Delivered).make(),
            event("email:b@x.test").kind(Kind::HardBounced).at(1).make(),
            event("user_id:c").make(),
        ]);
        let place = |value: &str| {
            oracle.people.iter().position(|names| names.iter().any(|name| name.value == value)).expect("is there")
        };
        let all = [place("a@x.test"), place("b@x.test"), place("c")];
        oracle.attributes[all[0]] = [("n".to_owned(), json!(7.5))].into();
        let fits = |rule: Rule| all.map(|person| oracle.fits(person, &rule));
        let reached = |step| Rule::Reached((Namespace::Odp, "c".to_owned()), step);
        assert_eq!(fits(reached(Kind::Sent)), [true, true, true]);
        assert_eq!(fits(reached(Kind::Delivered)), [true, true, false]);
        assert_eq!(fits(reached(Kind::Opened)), [true, false, false]);
        assert_eq!(fits(Rule::HasIdentifier("email", "a".to_owned())), [true, false, false]);
        assert_eq!(fits(Rule::Reachable("email", true)), [true, false, false]);
        assert_eq!(fits(Rule::Reachable("email", false)), [false, true, false]);
        assert_eq!(fits(Rule::Not(Box::new(Rule::Eligible("email", None)))), [false, true, true]);
        assert_eq!(fits(Rule::Attribute("n", Comparison::GreaterThan(json!(7)))), [true, false, false]);
        assert_eq!(fits(Rule::Attribute("n", Comparison::GreaterThan(json!("7")))), [false, false, false]);
        assert_eq!((fits(Rule::And(Vec::new())), fits(Rule::Or(Vec::new()))), ([true; 3], [false; 3]));
    }
}
