//! Pinpoint's campaign metrics, counted from all events, each by its definition.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::event::{Dialect, NewEvent};
use campaignql::domain::kind::Kind;
use campaignql::domain::time::Micros;
use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{CampaignName, Happened, Oracle, campaign_name};

/// What a value is of: a run, a day as text, or nothing.
pub type Of = Option<String>;

/// Which events are counted.
#[derive(Clone, Copy, Debug)]
pub enum Within {
    /// Those at instants between these two, both of which count.
    Instants(Micros, Micros),
    /// Those on days from the first on, before the second.
    Days(NaiveDate, NaiveDate),
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct KpiQuestion {
    /// The metric's name.
    pub name: &'static str,
    /// Which events are counted.
    pub within: Within,
    /// The zone of days.
    pub zone: Tz,
}

/// One message to one person: by the vendor's id, else by where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    Named(usize, String),
    Unnamed(usize, [Option<String>; 3]),
}

fn message(happened: &Happened) -> Message {
    let event = &happened.event;
    if let Some(id) = &event.message_id {
        return Message::Named(happened.person, id.clone());
    }
    let place = [event.run.clone(), event.treatment.clone(), event.touchpoint.clone()];
    Message::Unnamed(happened.person, place)
}

impl Oracle {
    /// The values of a metric: what has nothing to give a value is left out.
    pub fn kpi(&self, campaign: &CampaignName, question: &KpiQuestion) -> BTreeMap<Of, f64> {
        let (measure, by) = question.name.split_once("-grouped-by-").unwrap_or((question.name, ""));
        let counting = Counting { events: self.events_of(campaign), question, by };
        let sent = || counting.messages(Kind::Sent);
        let on = |channel: &'static str| counting.on(channel);
        let share = |part: BTreeMap<Of, f64>, whole: BTreeMap<Of, f64>| -> BTreeMap<Of, f64> {
            whole.into_iter().map(|(of, number)| (of.clone(), part.get(&of).copied().unwrap_or(0.0) / number)).collect()
        };
        match measure {
            "hard-bounce-rate" => share(on("email").messages(Kind::HardBounced), on("email").messages(Kind::Sent)),
            "successful-delivery-rate" => share(counting.messages(Kind::Delivered), sent()),
            "email-open-rate" => share(on("email").messages(Kind::Opened), on("email").messages(Kind::Delivered)),
            "push-open-rate" => share(on("push").messages(Kind::Opened), on("push").messages(Kind::Delivered)),
            "direct-email-opens" => on("email").messages(Kind::Opened),
            "direct-push-opens" => on("push").messages(Kind::Opened),
            "attempted-deliveries" => sent(),
            "successful-deliveries" => {
                let mut left = sent();
                for (of, bounced) in counting.messages(Kind::HardBounced) {
                    *left.entry(of).or_insert(0.0) -= bounced;
                }
                left
            }
            "clicks" => on("email").every(Kind::Clicked),
            "unique-deliveries" => counting.endpoints(),
            "sms-spend" => counting.spend(),
            other => panic!("{other} is no metric"),
        }
    }

    fn events_of(&self, campaign: &CampaignName) -> Vec<&Happened> {
        let is_of = |event: &NewEvent| event.campaign.as_ref().is_some_and(|named| campaign_name(named) == *campaign);
        self.events.iter().filter(|happened| is_of(&happened.event)).collect()
    }
}

struct Counting<'a> {
    events: Vec<&'a Happened>,
    question: &'a KpiQuestion,
    by: &'a str,
}

impl<'a> Counting<'a> {
    fn on(&self, channel: &str) -> Self {
        let is_on = |happened: &&&Happened| happened.event.channel.as_deref() == Some(channel);
        Self { events: self.events.iter().filter(is_on).copied().collect(), question: self.question, by: self.by }
    }

    fn day(&self, at: Micros) -> NaiveDate {
        at.to_datetime().with_timezone(&self.question.zone).date_naive()
    }

    fn is_within(&self, at: Micros) -> bool {
        match self.question.within {
            Within::Instants(first, last) => first <= at && at <= last,
            Within::Days(first, end) => first <= self.day(at) && self.day(at) < end,
        }
    }

    fn of(&self, happened: &Happened) -> Of {
        match self.by {
            "" => None,
            "date" => Some(self.day(happened.at).to_string()),
            _ => Some(happened.event.run.clone().unwrap_or_default()),
        }
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'a Happened> {
        self.events.iter().copied().filter(move |happened| happened.event.kind == kind)
    }

    /// Messages, each at its first event of the kind: in a run at its first there, over days at the first of all.
    fn messages(&self, kind: Kind) -> BTreeMap<Of, f64> {
        let mut firsts: BTreeMap<(Of, Message), &Happened> = BTreeMap::new();
        for happened in self.of_kind(kind) {
            let group = if self.by == "date" { None } else { self.of(happened) };
            let first = firsts.entry((group, message(happened))).or_insert(happened);
            if happened.at < first.at {
                *first = happened;
            }
        }
        let mut counts = BTreeMap::new();
        for first in firsts.values().filter(|first| self.is_within(first.at)) {
            *counts.entry(self.of(first)).or_insert(0.0) += 1.0;
        }
        counts
    }

    fn every(&self, kind: Kind) -> BTreeMap<Of, f64> {
        let mut counts = BTreeMap::new();
        for happened in self.of_kind(kind).filter(|happened| self.is_within(happened.at)) {
            *counts.entry(self.of(happened)).or_insert(0.0) += 1.0;
        }
        counts
    }

    fn endpoints(&self) -> BTreeMap<Of, f64> {
        let mut endpoints: BTreeMap<Of, BTreeSet<(Option<&str>, usize)>> = BTreeMap::new();
        for happened in self.of_kind(Kind::Delivered).filter(|happened| self.is_within(happened.at)) {
            let named = happened.event.identifiers.iter().find(|identifier| identifier.name == "pinpoint_endpoint");
            let endpoint = match named {
                Some(endpoint) => (Some(endpoint.value.as_str()), 0),
                None => (None, happened.person),
            };
            endpoints.entry(self.of(happened)).or_default().insert(endpoint);
        }
        endpoints.into_iter().map(|(of, endpoints)| (of, endpoints.len() as f64)).collect()
    }

    /// The latest price of each text message, where it was told within the range.
    fn spend(&self) -> BTreeMap<Of, f64> {
        let mut latest: BTreeMap<Message, (Micros, i64, bool)> = BTreeMap::new();
        for happened in &self.events {
            let Some(nanos) = nanos(&happened.event) else { continue };
            let is_text = matches!(happened.event.channel.as_deref(), Some("sms" | "mms"));
            let told = (happened.at, nanos, is_text);
            let price = latest.entry(message(happened)).or_insert(told);
            *price = told.max(*price);
        }
        let counted: Vec<i64> = latest
            .into_values()
            .filter(|(at, _, is_text)| *is_text && self.is_within(*at))
            .map(|(_, nanos, _)| nanos)
            .collect();
        if counted.is_empty() {
            return BTreeMap::new();
        }
        BTreeMap::from([(None, counted.iter().sum::<i64>() as f64 / 10_000.0)])
    }
}

/// What a record says that its message cost, in billionths of a dollar.
fn nanos(event: &NewEvent) -> Option<i64> {
    let whole = |amount: f64| amount.round() as i64;
    match event.dialect {
        Dialect::Pinpoint if event.event_type.starts_with("_sms.") => {
            Some(whole(event.data.get("metrics")?["price_in_millicents_usd"].as_f64()? * 10_000.0))
        }
        Dialect::Sms => {
            let part = |field: &str| Some(whole(event.data.get(field)?.as_f64()? * 1e9));
            match (part("totalMessagePrice"), part("totalCarrierFee")) {
                (None, None) => None,
                (price, fee) => Some(price.unwrap_or(0) + fee.unwrap_or(0)),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::sample::{event, oracle};
    use campaignql::domain::event::Namespace;

    fn ask(oracle: &Oracle, name: &'static str, last: i64) -> BTreeMap<Of, f64> {
        let within = Within::Instants(Micros(0), Micros::from_seconds(last));
        oracle.kpi(&(Namespace::Odp, "c".to_owned()), &KpiQuestion { name, within, zone: chrono_tz::UTC })
    }

    #[test]
    fn both_ends_count_and_a_message_counts_at_its_first_event() {
        let opened = |second| event("email:a@x.test").message("1").run("r").kind(Kind::Opened).at(second).make();
        let oracle = oracle(vec![opened(5), opened(9), event("email:a@x.test").message("1").run("r").make()]);
        let opens = BTreeMap::from([(Some("r".to_owned()), 1.0)]);
        assert_eq!(ask(&oracle, "direct-email-opens-grouped-by-campaign-activity", 5), opens);
        assert_eq!(ask(&oracle, "direct-email-opens-grouped-by-campaign-activity", 4), BTreeMap::new());
        assert_eq!(ask(&oracle, "email-open-rate", 9), BTreeMap::new());
        assert_eq!(ask(&oracle, "hard-bounce-rate", 9), BTreeMap::from([(None, 0.0)]));
    }

    #[test]
    fn an_endpoint_counts_once_and_on_every_day() {
        let delivered = |who: &str, second| event(who).kind(Kind::Delivered).at(second).make();
        let oracle = oracle(vec![
            delivered("email:a@x.test pinpoint_endpoint:e", 1),
            delivered("email:a@x.test pinpoint_endpoint:f", 2),
            delivered("email:a@x.test pinpoint_endpoint:e", 90_000),
            delivered("email:b@x.test", 3),
        ]);
        assert_eq!(ask(&oracle, "unique-deliveries", 100_000), BTreeMap::from([(None, 3.0)]));
        let by_day = ask(&oracle, "unique-deliveries-grouped-by-date", 100_000);
        assert_eq!(by_day.into_values().collect::<Vec<_>>(), [3.0, 1.0]);
    }
}
