//! How many customers could be reached at the end of a day: people and links are those of now, and of what was said only
//! what lies before the end of that day by its own time. Nobody is known, and no address there, before it was named.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::identifier::Identifier;
use chrono::NaiveDate;

use super::Oracle;
use super::address::{Address, Losses, Reach, furthest, summed};

/// Everything at the end of a day.
pub struct DayView<'a> {
    oracle: &'a Oracle,
    /// Identifiers that had been named by then, each with how it stood.
    named: BTreeMap<&'a Identifier, Address>,
}

impl Oracle {
    /// Everything at the end of a day in the workspace's zone.
    pub fn at_the_end_of(&self, day: NaiveDate) -> DayView<'_> {
        let before = self.events.iter().filter(|happened| self.day(happened.at) <= day);
        let by_profiles = self.named_by_profiles.iter().filter(|(_, at)| self.day(*at) <= day).map(|(name, _)| name);
        let by_events = before.flat_map(|happened| &happened.event.identifiers);
        let named: BTreeSet<&Identifier> = by_events.chain(by_profiles).collect();
        let stood = |identifier: &&'_ Identifier| self.address_by(identifier, |at| self.day(at) <= day);
        let named = named.into_iter().map(|identifier| (identifier, stood(&identifier))).collect();
        DayView { oracle: self, named }
    }
}

impl DayView<'_> {
    /// How many customers could be reached on a channel, and on a list; and how many stopped for which reason.
    pub fn reach(&self, channel: &str, list: Option<&str>) -> (Reach, Losses) {
        let known =
            self.oracle.people.iter().filter(|person| person.iter().any(|named| self.named.contains_key(named)));
        let loss = |person: &BTreeSet<Identifier>| {
            let addresses = person.iter().filter(|identifier| self.oracle.is_address_of(identifier, channel));
            let stood = addresses.filter_map(|address| self.named.get(address));
            furthest(stood.map(|address| self.oracle.loss(address, channel, list)).collect())
        };
        summed(known.map(loss), list.is_some())
    }
}

#[cfg(test)]
mod tests {
    use campaignql::domain::kind::Kind;

    use crate::oracle::sample::{event, oracle};

    const DAY: i64 = 86_400;

    #[test]
    fn a_day_counts_who_was_named_by_its_end_with_what_was_said_by_then() {
        let oracle = oracle(vec![
            event("vuid:v").at(DAY).make(),
            event("vuid:v email:a@x.test").at(3 * DAY).kind(Kind::OptedOut).make(),
            event("email:a@x.test").at(5 * DAY - 1).kind(Kind::OptedIn).make(),
            event("email:b@x.test").at(5 * DAY).make(),
        ]);
        let on = |day: u32| {
            let day = chrono::NaiveDate::from_ymd_opt(1970, 1, day).expect("a day");
            let (reach, _) = oracle.at_the_end_of(day).reach("email", None);
            (reach.known, reach.has_address, reach.consented)
        };
        assert_eq!([1, 2, 3, 4, 5, 6].map(on), [(0, 0, 0), (1, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 2, 2)]);
    }

    #[test]
    fn a_day_after_everything_is_now() {
        let oracle = oracle(vec![
            event("email:a@x.test").kind(Kind::HardBounced).make(),
            event("email:b@x.test phone:+4930123456").at(9).make(),
        ]);
        let later = chrono::NaiveDate::from_ymd_opt(1970, 2, 1).expect("a day");
        for channel in ["email", "sms", "push"] {
            assert_eq!(oracle.at_the_end_of(later).reach(channel, Some("l")), oracle.reach(channel, Some("l")));
        }
    }
}
