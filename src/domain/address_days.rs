//! How an address stood at the end of every day, by the rules of now.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::address_past::Words;
use super::day::day_in_zone;
use super::reachability::{AddressState, ReachabilityType, consent_of_word, unreachable_of_word};
use super::time::Micros;

/// The rules that decide how an address stood: a workspace's settings of now, which hold for the past too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRules {
    /// Number of soft bounces in a row after which an address is unreachable.
    pub soft_bounce_limit: u8,
    /// The zone in which days begin.
    pub zone: Tz,
}

/// A value from each of these days on, in order of days; before the first nothing was said.
pub type Steps<T> = Vec<(i32, T)>;

/// The value at the end of a day.
pub fn value_on<T: Copy>(steps: &[(i32, T)], day: i32) -> Option<T> {
    let place = steps.partition_point(|step| step.0 <= day);
    place.checked_sub(1).map(|last| steps[last].1)
}

/// Appends a value, unless it held the day before already.
pub fn push_step<T: Copy + PartialEq>(steps: &mut Steps<T>, day: i32, value: T) {
    if steps.last().is_none_or(|last| last.1 != value) {
        steps.push((day, value));
    }
}

/// How an address stood at the end of every day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressDays {
    /// Code of the reachability type; 0: reachable, as before the first step.
    pub unreachable: Steps<u8>,
    /// Whether its owner agreed to be messaged; before the first step it said nothing.
    pub consent: Steps<bool>,
    /// By list, whether the address is on it; before the first step it never joined or left.
    pub lists: BTreeMap<i64, Steps<bool>>,
}

impl AddressDays {
    /// The days of an address.
    pub fn of(state: &AddressState, rules: DayRules) -> Self {
        let agreed = |words: &Words| {
            let mut steps = Steps::new();
            for (at, word) in words {
                push_step(&mut steps, day_in_zone(*at, rules.zone), consent_of_word(*word));
            }
            steps
        };
        Self {
            unreachable: unreachable_days(state, rules),
            consent: agreed(state.consents()),
            lists: state.list_words().iter().map(|(list, words)| (*list, agreed(words))).collect(),
        }
    }

    /// The days on which anything changes.
    pub fn changes(&self) -> impl Iterator<Item = i32> {
        let unreachable = self.unreachable.iter().map(|step| step.0);
        let agreed = std::iter::once(&self.consent).chain(self.lists.values());
        unreachable.chain(agreed.flatten().map(|step| step.0))
    }
}

/// Whether one of two states of an address may have stood otherwise than the other on any day. Cheap: signs of life, which
/// most changes are, count only where there were soft bounces.
pub fn may_differ(before: &AddressState, after: &AddressState) -> bool {
    before.has_bounced() || after.has_bounced() || !before.has_words_of(after)
}

/// An explicit word counts from its day on; where none says unreachable, so do enough soft bounces since the last sign of
/// life.
fn unreachable_days(state: &AddressState, rules: DayRules) -> Steps<u8> {
    let days_of =
        |times: &mut dyn Iterator<Item = Micros>| -> Vec<i32> { times.map(|at| day_in_zone(at, rules.zone)).collect() };
    let updates = state.updates();
    let update_days = days_of(&mut updates.iter().map(|word| word.0));
    let bounces = state.all_bounces();
    let (bounce_days, clear_days) = if bounces.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        (days_of(&mut bounces.iter().copied()), days_of(&mut state.clears().iter().copied()))
    };
    let until = |days: &[i32], day: i32| days.partition_point(|known| *known <= day);
    let limit = usize::from(rules.soft_bounce_limit.max(1));
    let mut steps = vec![(i32::MIN, 0)];
    for day in [&update_days, &bounce_days, &clear_days].into_iter().flatten().copied().collect::<BTreeSet<i32>>() {
        let said = until(&update_days, day).checked_sub(1).and_then(|last| unreachable_of_word(updates[last].1));
        let sign_of_life = until(&clear_days, day).checked_sub(1).map(|last| state.clears()[last]);
        // The bounce that completes the row is the one that decides.
        let decisive = until(&bounce_days, day).checked_sub(limit).map(|place| bounces[place]);
        let too_many = decisive.filter(|at| Some(*at) > sign_of_life).map(|_| ReachabilityType::SoftBounce);
        push_step(&mut steps, day, said.or(too_many).map_or(0, |reason| reason as u8));
    }
    steps.remove(0);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reachability::AddressChange;
    use crate::domain::time::MICROS_PER_SECOND;

    const RULES: DayRules = DayRules { soft_bounce_limit: 2, zone: chrono_tz::UTC };

    fn state(changes: &[(AddressChange, i64)]) -> AddressState {
        let mut state = AddressState::default();
        for (number, (change, hour)) in changes.iter().enumerate() {
            let at = Micros(hour * 3_600 * MICROS_PER_SECOND);
            state.apply(*change, at, (0, number as i64), RULES.zone);
        }
        state
    }

    #[test]
    fn a_late_sign_of_life_clears_the_bounces_of_its_day_and_before() {
        let bounce = AddressChange::SoftBounced;
        let bounced = [(bounce, 30), (bounce, 50), (bounce, 75)];
        assert_eq!(AddressDays::of(&state(&bounced), RULES).unreachable, [(2, 2)]);
        let late = [bounced[0], bounced[1], bounced[2], (AddressChange::Engaged, 49)];
        assert_eq!(AddressDays::of(&state(&late), RULES).unreachable, [(3, 2)]);
        let later = [late[0], late[1], late[2], late[3], (AddressChange::Engaged, 200), (AddressChange::Engaged, 76)];
        assert_eq!(AddressDays::of(&state(&later), RULES).unreachable, []);
    }

    #[test]
    fn a_bounce_that_arrives_after_its_sign_of_life_counts_until_then() {
        let bounce = AddressChange::SoftBounced;
        let changes = [(AddressChange::Engaged, 100), (bounce, 10), (bounce, 11), (AddressChange::Engaged, 9)];
        assert_eq!(AddressDays::of(&state(&changes), RULES).unreachable, [(0, 2), (4, 0)]);
        let once = DayRules { soft_bounce_limit: 3, ..RULES };
        assert_eq!(AddressDays::of(&state(&changes), once).unreachable, []);
    }

    #[test]
    fn words_count_from_the_end_of_their_day_and_repeats_change_nothing() {
        let joined = AddressChange::Subscribed(7);
        let changes = [
            (AddressChange::OptedOut, 25),
            (AddressChange::OptedIn, 26),
            (joined, 50),
            (joined, 100),
            (AddressChange::Unsubscribed(7), 75),
            (AddressChange::Unreachable(ReachabilityType::SpamReport), 24),
            (AddressChange::Reachable, 48),
        ];
        let days = AddressDays::of(&state(&changes), RULES);
        assert_eq!(days.consent, [(1, true)]);
        assert_eq!(days.lists[&7], [(2, true), (3, false), (4, true)]);
        assert_eq!(days.unreachable, [(1, 3), (2, 0)]);
        assert_eq!(value_on(&days.unreachable, 0), None);
        assert_eq!(value_on(&days.unreachable, 9), Some(0));
    }

    #[test]
    fn signs_of_life_of_an_address_that_never_bounced_change_no_day() {
        let before = state(&[(AddressChange::OptedIn, 1)]);
        let engaged = state(&[(AddressChange::OptedIn, 1), (AddressChange::Engaged, 30)]);
        assert!(!may_differ(&before, &engaged));
        assert!(may_differ(&before, &state(&[(AddressChange::OptedIn, 2)])));
        assert!(may_differ(&engaged, &state(&[(AddressChange::OptedIn, 1), (AddressChange::SoftBounced, 3)])));
    }
}
