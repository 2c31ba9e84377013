//! The slow and obvious answer to every report: a recount of all events, one question at a time.
//!
//! It shares the vocabulary with the product (events, kinds, identifiers) and none of its reckoning: nothing is kept,
//! nothing is folded, every answer starts again from the list of events. The property tests compare the two.

pub mod address;
pub mod arrival;
pub mod attribution;
pub mod catalogue;
pub mod conversion;
pub mod funnel;
pub mod kpi;
pub mod machine;
pub mod people;
pub mod performance;
pub mod reach_day;
pub mod rule;
pub mod steps;
pub mod times;

#[cfg(test)]
mod sample;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

use campaignql::domain::event::{CampaignRef, EventKey, Namespace, NewEvent};
use campaignql::domain::identifier::Identifier;
use campaignql::domain::time::Micros;
use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::Value;

/// An event that happened, with the person it belongs to.
#[derive(Clone, Debug)]
pub struct Happened {
    /// When.
    pub at: Micros,
    /// Index into [`Oracle::people`]; behind their end, each by a number of its own, those who were erased.
    pub person: usize,
    /// The event.
    pub event: NewEvent,
}

/// All events of a workspace, each once, and the people behind them.
pub struct Oracle {
    /// The zone in which days are counted.
    pub zone: Tz,
    /// What the workspace decides about addresses.
    pub rules: address::Rules,
    /// Every event once.
    pub events: Vec<Happened>,
    /// Every person, as the set of the identifiers that name it.
    pub people: Vec<BTreeSet<Identifier>>,
    /// The attributes of every person, in the same order, cleared ones as nulls.
    pub attributes: Vec<BTreeMap<String, Value>>,
    /// Who is credited for conversions, told once: it looks at every pair of events.
    credits: OnceLock<Vec<(usize, Micros)>>,
    /// Who was named by updates of profiles, and of which time these were.
    pub named_by_profiles: Vec<(Identifier, Micros)>,
}

/// Namespace and vendor's id of a campaign.
pub type CampaignName = (Namespace, String);

impl Oracle {
    /// Takes every event that arrived, repeats included. All must carry their own time.
    pub fn new(arrived: Vec<NewEvent>, zone: Tz) -> Self {
        let events = once_each(arrived);
        let people = people::people(&events);
        let happened = |event: NewEvent| Happened {
            at: event.occurred_at.expect("the oracle takes events with their own time"),
            person: people::whose(&people, &event),
            event,
        };
        let events = events.into_iter().map(happened).collect();
        let attributes = vec![BTreeMap::new(); people.len()];
        Self {
            zone,
            rules: address::Rules::default(),
            events,
            people,
            attributes,
            credits: OnceLock::new(),
            named_by_profiles: Vec::new(),
        }
    }

    /// Every campaign that an event names.
    pub fn campaigns(&self) -> BTreeSet<CampaignName> {
        self.events.iter().filter_map(|happened| happened.event.campaign.as_ref()).map(campaign_name).collect()
    }

    /// The day of an instant in the workspace's zone.
    pub fn day(&self, at: Micros) -> NaiveDate {
        at.to_datetime().with_timezone(&self.zone).date_naive()
    }
}

/// The name of a campaign without its title.
pub fn campaign_name(campaign: &CampaignRef) -> CampaignName {
    (campaign.namespace, campaign.external_id.clone())
}

/// A repeat changes nothing: the first event under a key, at a time, stays.
fn once_each(arrived: Vec<NewEvent>) -> Vec<NewEvent> {
    let mut seen = HashSet::new();
    let is_new = |event: &NewEvent| match &event.key {
        EventKey::Known(key) => seen.insert((*key, event.occurred_at)),
        EventKey::Lasting(key) => seen.insert((*key, None)),
        EventKey::AlwaysNew => true,
    };
    arrived.into_iter().filter(is_new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sample::{event, oracle};

    #[test]
    fn a_repeat_is_one_event_and_another_time_another() {
        let first = event("email:a@x.test").at(10).key(7).make();
        let later = event("email:a@x.test").at(11).key(7).make();
        assert_eq!(oracle(vec![first.clone(), first, later]).events.len(), 2);
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let oracle = Oracle::new(Vec::new(), chrono_tz::America::New_York);
        let at = Micros::from(chrono::DateTime::parse_from_rfc3339("2026-03-08T04:59:59Z").expect("a time").to_utc());
        assert_eq!(oracle.day(at).to_string(), "2026-03-07");
        assert_eq!(oracle.day(Micros(at.0 + 1_000_000)).to_string(), "2026-03-08");
    }
}
