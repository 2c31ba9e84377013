//! Every event type that was seen, how often and when.

use std::collections::BTreeMap;

use campaignql::domain::kind::Kind;
use campaignql::domain::time::Micros;

use super::Oracle;

/// How often and when an event type was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Events.
    pub count: i64,
    /// Earliest.
    pub first: Micros,
    /// Latest.
    pub last: Micros,
}

impl Oracle {
    /// Every (type, action, kind) seen.
    pub fn event_types(&self) -> BTreeMap<(String, Option<String>, Kind), Seen> {
        let mut types: BTreeMap<_, Seen> = BTreeMap::new();
        for happened in &self.events {
            let event = &happened.event;
            let name = (event.event_type.clone(), event.action.clone(), event.kind);
            let seen = types.entry(name).or_insert(Seen { count: 0, first: happened.at, last: happened.at });
            seen.count += 1;
            seen.first = seen.first.min(happened.at);
            seen.last = seen.last.max(happened.at);
        }
        types
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::sample::{event, oracle};

    #[test]
    fn a_type_is_seen_from_its_first_to_its_last_event() {
        let at = |second| event("email:a@x.test").at(second).make();
        let types = oracle(vec![at(5), at(2), at(9)]).event_types();
        let name = ("email".to_owned(), None, Kind::Sent);
        let seen = Seen { count: 3, first: Micros::from_seconds(2), last: Micros::from_seconds(9) };
        assert_eq!(types, BTreeMap::from([(name, seen)]));
    }
}
