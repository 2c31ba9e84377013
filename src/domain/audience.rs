//! Audiences: named rules over what customers are and did. A rule is asked of one customer's facts, or of the sets of
//! customers that its parts mean; both give the same answer.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::profile::{AttributeValue, Comparison};
use super::time::{MICROS_PER_SECOND, Micros};

/// Deepest nesting of a rule.
pub const MAX_DEPTH: usize = 8;
/// Most parts of a rule, those that combine others included.
pub const MAX_PARTS: usize = 64;
/// Longest time that a step may be looked back for.
pub const MAX_DAYS: u32 = 3_660;

/// A rule that a customer fits or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// All of these.
    And(Vec<Rule>),
    /// At least one of these.
    Or(Vec<Rule>),
    /// Not this.
    Not(Box<Rule>),
    /// One question.
    Is(Leaf),
}

/// One question about a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaf {
    /// Has an identifier of the type, if given one that begins so (in its normal form).
    Identifier {
        /// The type.
        name: String,
        /// How the value begins.
        prefix: Option<String>,
    },
    /// Has an attribute that compares so.
    Attribute {
        /// The name.
        name: String,
        /// How it compares.
        comparison: Comparison,
    },
    /// Reached the step of the campaign, acts of machines left out, implied steps included.
    Reached {
        /// The campaign.
        campaign: i64,
        /// Code of the step's kind.
        step: u8,
        /// At most so many days ago.
        within_days: Option<u32>,
    },
    /// Has an address of the channel, and at least one of them can be reached, or none can.
    Reachable {
        /// The channel.
        channel: String,
        /// Whether one can.
        is_reachable: bool,
    },
    /// May be messaged on the channel, and is subscribed to the list where one is named.
    Eligible {
        /// The channel.
        channel: String,
        /// The list, by its number.
        list: Option<i64>,
    },
}

impl Rule {
    /// Whether a customer with these facts fits.
    pub fn admits(&self, facts: &CustomerFacts, now: Micros) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.admits(facts, now)),
            Self::Or(parts) => parts.iter().any(|part| part.admits(facts, now)),
            Self::Not(part) => !part.admits(facts, now),
            Self::Is(leaf) => leaf.admits(facts, now),
        }
    }

    /// Every question of the rule, once.
    pub fn leaves(&self) -> BTreeSet<&Leaf> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::leaves).collect(),
            Self::Not(part) => part.leaves(),
            Self::Is(leaf) => BTreeSet::from([leaf]),
        }
    }

    /// The questions that every customer who fits must fit: a list may be walked along one of them.
    pub fn necessary(&self) -> Vec<&Leaf> {
        match self {
            Self::And(parts) => parts.iter().flat_map(Self::necessary).collect(),
            Self::Is(leaf) => vec![leaf],
            Self::Or(_) | Self::Not(_) => Vec::new(),
        }
    }

    /// What the rule needs to know of a customer.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for leaf in self.leaves() {
            match leaf {
                Leaf::Identifier { name, .. } => _ = needs.identifiers.insert(name.clone()),
                Leaf::Attribute { name, .. } => _ = needs.attributes.insert(name.clone()),
                Leaf::Reached { campaign, .. } => _ = needs.campaigns.insert(*campaign),
                Leaf::Reachable { .. } | Leaf::Eligible { .. } => needs.reach = true,
            }
        }
        needs
    }
}

impl Leaf {
    fn admits(&self, facts: &CustomerFacts, now: Micros) -> bool {
        match self {
            Self::Identifier { name, prefix } => facts.identifiers.get(name).is_some_and(|values| {
                values.iter().any(|value| prefix.as_ref().is_none_or(|prefix| value.starts_with(prefix.as_str())))
            }),
            Self::Attribute { name, comparison } => {
                facts.attributes.get(name).is_some_and(|value| comparison.admits(value))
            }
            Self::Reached { campaign, step, within_days } => facts
                .reached
                .get(&(*campaign, *step))
                .is_some_and(|latest| within_days.is_none_or(|days| *latest >= days_before(now, days))),
            Self::Reachable { channel, is_reachable } => {
                facts.reach.get(&(channel.clone(), 0)).is_some_and(|reach| reach.is_reachable == *is_reachable)
            }
            Self::Eligible { channel, list } => {
                facts.reach.get(&(channel.clone(), list.unwrap_or(0))).is_some_and(|reach| reach.is_eligible)
            }
        }
    }
}

/// So many days of 24 hours before an instant.
pub fn days_before(now: Micros, days: u32) -> Micros {
    Micros(now.0.saturating_sub(i64::from(days) * 86_400 * MICROS_PER_SECOND))
}

/// What must be read of a customer to ask rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Values of identifiers of these types.
    pub identifiers: BTreeSet<String>,
    /// Attributes of these names.
    pub attributes: BTreeSet<String>,
    /// Steps of these campaigns.
    pub campaigns: BTreeSet<i64>,
    /// How far it can be reached.
    pub reach: bool,
}

impl Needs {
    /// Adds what another rule needs.
    pub fn add(&mut self, other: Self) {
        self.identifiers.extend(other.identifiers);
        self.attributes.extend(other.attributes);
        self.campaigns.extend(other.campaigns);
        self.reach |= other.reach;
    }
}

/// How far a customer can be reached on a channel and a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether an address can be reached.
    pub is_reachable: bool,
    /// Whether it may be messaged.
    pub is_eligible: bool,
}

/// What is known of one customer, as far as rules need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFacts {
    /// Values by type.
    pub identifiers: BTreeMap<String, Vec<String>>,
    /// Attributes by name.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// The latest time of a campaign's step, by campaign and code of the kind.
    pub reached: BTreeMap<(i64, u8), Micros>,
    /// By channel and list; list 0: none.
    pub reach: BTreeMap<(String, i64), Reach>,
}

/// Set operations on ascending ids: how a rule becomes a set from those of its questions.
pub mod sets {
    /// In both.
    pub fn intersect(a: &[i64], b: &[i64]) -> Vec<i64> {
        let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        small.iter().copied().filter(|id| large.binary_search(id).is_ok()).collect()
    }

    /// In either.
    pub fn unite(a: &[i64], b: &[i64]) -> Vec<i64> {
        let mut all = [a, b].concat();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// In the first and not in the second.
    pub fn subtract(a: &[i64], b: &[i64]) -> Vec<i64> {
        a.iter().copied().filter(|id| b.binary_search(id).is_err()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::kind::Kind;

    fn has(name: &str) -> Rule {
        Rule::Is(Leaf::Identifier { name: name.to_owned(), prefix: None })
    }

    fn facts() -> CustomerFacts {
        CustomerFacts {
            identifiers: BTreeMap::from([("email".to_owned(), vec!["ada@x.example".to_owned()])]),
            attributes: BTreeMap::from([("age".to_owned(), AttributeValue::parse(&json!(36)).expect("a value"))]),
            reached: BTreeMap::from([((7, Kind::Opened.code()), Micros(0))]),
            reach: BTreeMap::from([(("email".to_owned(), 0), Reach { is_reachable: true, is_eligible: false })]),
        }
    }

    #[test]
    fn rules_combine() {
        let now = Micros(0);
        for (rule, expected) in [
            (has("email"), true),
            (has("phone"), false),
            (Rule::Not(Box::new(has("phone"))), true),
            (Rule::And(vec![has("email"), has("phone")]), false),
            (Rule::Or(vec![has("email"), has("phone")]), true),
            (Rule::And(vec![]), true),
            (Rule::Or(vec![]), false),
        ] {
            assert_eq!(rule.admits(&facts(), now), expected, "{rule:?}");
        }
    }

    #[test]
    fn each_question_is_answered_by_its_own_facts() {
        let day = 86_400 * MICROS_PER_SECOND;
        let reached = |within_days| Leaf::Reached { campaign: 7, step: Kind::Opened.code(), within_days };
        for (leaf, now, expected) in [
            (Leaf::Identifier { name: "email".to_owned(), prefix: Some("ada@".to_owned()) }, 0, true),
            (Leaf::Identifier { name: "email".to_owned(), prefix: Some("bob@".to_owned()) }, 0, false),
            (reached(None), i64::MAX, true),
            (reached(Some(2)), 2 * day, true),
            (reached(Some(2)), 2 * day + 1, false),
            (Leaf::Reachable { channel: "email".to_owned(), is_reachable: true }, 0, true),
            (Leaf::Reachable { channel: "email".to_owned(), is_reachable: false }, 0, false),
            (Leaf::Reachable { channel: "sms".to_owned(), is_reachable: false }, 0, false),
            (Leaf::Eligible { channel: "email".to_owned(), list: None }, 0, false),
        ] {
            assert_eq!(Rule::Is(leaf.clone()).admits(&facts(), Micros(now)), expected, "{leaf:?} at {now}");
        }
    }

    #[test]
    fn a_rule_comes_back_from_its_stored_form() {
        let older = Comparison::GreaterThan(AttributeValue::parse(&json!(18.5)).expect("a value"));
        let rule = Rule::And(vec![
            has("email"),
            Rule::Not(Box::new(Rule::Is(Leaf::Attribute { name: "age".to_owned(), comparison: older }))),
            Rule::Or(vec![Rule::Is(Leaf::Eligible { channel: "sms".to_owned(), list: Some(5) })]),
        ]);
        let text = serde_json::to_string(&rule).expect("JSON");
        assert_eq!(serde_json::from_str::<Rule>(&text).expect("a rule"), rule, "{text}");
    }

    #[test]
    fn lists_are_walked_only_along_what_everybody_in_them_fits() {
        let rule = Rule::And(vec![
            has("email"),
            Rule::Or(vec![has("phone"), has("vuid")]),
            Rule::Not(Box::new(has("user_id"))),
        ]);
        assert_eq!(rule.necessary().len(), 1);
        assert_eq!(rule.leaves().len(), 4);
    }

    #[test]
    fn sets_stay_ascending() {
        assert_eq!(sets::intersect(&[1, 2, 3, 9], &[2, 9, 10]), [2, 9]);
        assert_eq!(sets::unite(&[2, 9], &[1, 2]), [1, 2, 9]);
        assert_eq!(sets::subtract(&[1, 2, 3], &[2]), [1, 3]);
    }
}
