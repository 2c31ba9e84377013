//! How far each customer can be reached, at the end of every day: through the best of its addresses, per channel and list.
//!
//! Addresses are those that the customer has now, each from the day on which it was first named; its past is judged by the
//! rules of now. Counts are kept by outcome. Where nobody said yes or no, the channel's default decides, which is a setting; so an outcome
//! holds what it comes to under either default, and a change of the setting changes no count.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::address_days::{AddressDays, DayRules, Steps, push_step, value_on};
use super::packing::{put_signed, put_varint, take_signed, take_varint};
use super::reachability::AddressState;

/// How far an address gets. The furthest comes last; of two equally far the reason that comes last counts, so the type of
/// unreachability with the smaller code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing(u8);

/// What a standing says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// Unreachable, with the code of the reachability type.
    Unreachable(u8),
    /// Reachable, and the owner refused to be messaged.
    OptedOut,
    /// Reachable, and the owner said neither yes nor no.
    Unasked,
    /// Reachable, and the owner agreed.
    OptedIn,
    /// Reachable and consented, and the owner left the list.
    Unsubscribed,
    /// Reachable and consented, and the owner never joined the list.
    NeverSubscribed,
    /// Reachable, consented and on the list.
    Subscribed,
}

const OPTED_OUT: u8 = 200;
const UNASKED: u8 = 201;
const OPTED_IN: u8 = 202;
const UNSUBSCRIBED: u8 = 210;
const NEVER_SUBSCRIBED: u8 = 211;
const SUBSCRIBED: u8 = 212;
/// Minus the code of the reachability type.
const UNREACHABLE: u8 = 100;

impl Standing {
    fn of(reached: Reached) -> Self {
        Self(match reached {
            Reached::Unreachable(code) => UNREACHABLE.saturating_sub(code),
            Reached::OptedOut => OPTED_OUT,
            Reached::Unasked => UNASKED,
            Reached::OptedIn => OPTED_IN,
            Reached::Unsubscribed => UNSUBSCRIBED,
            Reached::NeverSubscribed => NEVER_SUBSCRIBED,
            Reached::Subscribed => SUBSCRIBED,
        })
    }

    fn reached(self) -> Reached {
        match self.0 {
            OPTED_OUT => Reached::OptedOut,
            UNASKED => Reached::Unasked,
            OPTED_IN => Reached::OptedIn,
            UNSUBSCRIBED => Reached::Unsubscribed,
            NEVER_SUBSCRIBED => Reached::NeverSubscribed,
            SUBSCRIBED => Reached::Subscribed,
            code => Reached::Unreachable(UNREACHABLE.saturating_sub(code)),
        }
    }
}

/// What the addresses of a customer on a channel come to: without a list, and for a list under either default of consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    plain: Standing,
    by_default_in: Standing,
    by_default_out: Standing,
}

impl Outcome {
    /// The number under which it is stored.
    pub fn code(self) -> i32 {
        i32::from(self.plain.0) << 16 | i32::from(self.by_default_in.0) << 8 | i32::from(self.by_default_out.0)
    }

    /// The outcome of a stored number.
    pub fn from_code(code: i32) -> Self {
        let part = |shift: u32| Standing((code >> shift) as u8);
        Self { plain: part(16), by_default_in: part(8), by_default_out: part(0) }
    }

    /// How far the customer gets without a list.
    pub fn plain(self) -> Reached {
        self.plain.reached()
    }

    /// Whether an address of the customer can be reached.
    pub fn is_reachable(self) -> bool {
        !matches!(self.plain(), Reached::Unreachable(_))
    }

    /// Whether the customer may be messaged: on the list, or without one.
    pub fn is_eligible(self, is_on_list: bool, consents_by_default: bool) -> bool {
        match if is_on_list { self.on_list(consents_by_default) } else { self.plain() } {
            Reached::Subscribed => true,
            Reached::OptedIn => !is_on_list,
            Reached::Unasked => !is_on_list && consents_by_default,
            _ => false,
        }
    }

    /// How far the customer gets on the list.
    pub fn on_list(self, consents_by_default: bool) -> Reached {
        if consents_by_default { self.by_default_in.reached() } else { self.by_default_out.reached() }
    }
}

/// What one customer adds to the counts: per (channel, list) with list 0 for none, the outcome from each of these days on;
/// that of the last day holds now. A list is there from the day on which an address of the channel joined or left it first;
/// on every other list a customer who is consented never subscribed.
pub type Contributions = BTreeMap<(String, i64), Steps<i32>>;

/// The number of customers as a whole is counted like a channel without a name, with this one outcome.
pub const KNOWN: i32 = 0;

/// An address of a customer.
#[derive(Clone, Debug)]
pub struct Address<'a> {
    /// The channels that it can be written to on.
    pub channels: Vec<String>,
    /// The day on which it was first named.
    pub first_day: i32,
    /// All that was said of it.
    pub state: &'a AddressState,
}

/// How far an address gets without a list; `unreachable` is the code of the reachability type, 0 where it can be reached.
pub fn plain(unreachable: u8, consent: Option<bool>) -> Reached {
    match consent {
        _ if unreachable > 0 => Reached::Unreachable(unreachable),
        Some(false) => Reached::OptedOut,
        None => Reached::Unasked,
        Some(true) => Reached::OptedIn,
    }
}

/// How far an address gets on a list, given how far it gets without.
pub fn on_list(plain: Reached, subscription: Option<bool>, consents_by_default: bool) -> Reached {
    match plain {
        Reached::OptedIn => {}
        Reached::Unasked if consents_by_default => {}
        short => return short,
    }
    match subscription {
        Some(false) => Reached::Unsubscribed,
        None => Reached::NeverSubscribed,
        Some(true) => Reached::Subscribed,
    }
}

/// What a customer that is known since a day and has these addresses adds to the counts.
pub fn contributions(known_since: i32, addresses: &[Address<'_>], rules: DayRules) -> Contributions {
    let mut of_channel: BTreeMap<&str, Vec<AddressOnDays>> = BTreeMap::new();
    for address in addresses {
        let days = Rc::new(AddressDays::of(address.state, rules));
        for channel in &address.channels {
            let on_days = AddressOnDays { first_day: address.first_day, days: Rc::clone(&days) };
            of_channel.entry(channel).or_default().push(on_days);
        }
    }
    let mut contributions = Contributions::from([((String::new(), 0), vec![(known_since, KNOWN)])]);
    for (channel, addresses) in of_channel {
        let lists: BTreeSet<i64> = addresses.iter().flat_map(|address| address.days.lists.keys().copied()).collect();
        for list in std::iter::once(0).chain(lists) {
            contributions.insert((channel.to_owned(), list), outcomes(&addresses, list));
        }
    }
    contributions
}

/// An address on a channel.
struct AddressOnDays {
    first_day: i32,
    days: Rc<AddressDays>,
}

/// How far the best of some addresses gets from each day on, without a list or on one.
fn outcomes(addresses: &[AddressOnDays], list: i64) -> Steps<i32> {
    let mut days: Vec<i32> = Vec::new();
    for address in addresses {
        days.push(address.first_day);
        days.extend(address.days.changes().filter(|day| *day > address.first_day));
    }
    days.sort_unstable();
    days.dedup();
    let mut steps = Steps::new();
    for day in days {
        let known = addresses.iter().filter(|address| address.first_day <= day);
        let standing: Vec<(Reached, Option<bool>)> =
            known.map(|address| standing_on(&address.days, list, day)).collect();
        if list == 0 || standing.iter().any(|(_, subscription)| subscription.is_some()) {
            push_step(&mut steps, day, best_of(&standing, list).code());
        }
    }
    steps
}

/// How far an address got without a list at the end of a day, and what its owner had said about the list.
fn standing_on(days: &AddressDays, list: i64, day: i32) -> (Reached, Option<bool>) {
    let reached = plain(value_on(&days.unreachable, day).unwrap_or(0), value_on(&days.consent, day));
    (reached, days.lists.get(&list).and_then(|steps| value_on(steps, day)))
}

fn best_of(addresses: &[(Reached, Option<bool>)], list: i64) -> Outcome {
    let best = |standings: &mut dyn Iterator<Item = Standing>| standings.max().unwrap_or(Standing(0));
    let plain = best(&mut addresses.iter().map(|(reached, _)| Standing::of(*reached)));
    if list == 0 {
        return Outcome { plain, by_default_in: Standing(0), by_default_out: Standing(0) };
    }
    let on = |consents_by_default| {
        best(&mut addresses.iter().map(|(reached, said)| Standing::of(on_list(*reached, *said, consents_by_default))))
    };
    Outcome { plain, by_default_in: on(true), by_default_out: on(false) }
}

/// The outcomes that hold now.
pub fn outcomes_now(contributions: &Contributions) -> BTreeMap<(String, i64), i32> {
    let last = contributions.iter().filter_map(|(key, steps)| Some((key.clone(), steps.last()?.1)));
    last.filter(|((channel, _), _)| !channel.is_empty()).collect()
}

/// Begins what holds days; programs without them began with the length of a channel's name.
const WITH_DAYS: u8 = 0;

/// Packs contributions into a column.
pub fn encode(contributions: &Contributions) -> Vec<u8> {
    let mut bytes = vec![WITH_DAYS];
    for ((channel, list), steps) in contributions {
        put_varint(&mut bytes, channel.len() as u64);
        bytes.extend_from_slice(channel.as_bytes());
        put_signed(&mut bytes, *list);
        put_varint(&mut bytes, steps.len() as u64);
        let mut last = 0;
        for (day, outcome) in steps {
            put_signed(&mut bytes, i64::from(*day) - last);
            put_signed(&mut bytes, i64::from(*outcome));
            last = i64::from(*day);
        }
    }
    bytes
}

/// Unpacks what [`encode`] packed.
pub fn decode(bytes: &[u8]) -> crate::Result<Contributions> {
    take(bytes).ok_or_else(|| crate::Error::Corrupt("reach of a customer".to_owned()))
}

fn take(mut bytes: &[u8]) -> Option<Contributions> {
    let has_days = bytes.first() == Some(&WITH_DAYS);
    if has_days {
        bytes = &bytes[1..];
    }
    let mut contributions = Contributions::new();
    while !bytes.is_empty() {
        let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
        let (channel, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        let key = (String::from_utf8(channel.to_vec()).ok()?, take_signed(&mut bytes)?);
        // What older programs packed is replaced before it is counted; until then only the present is read.
        let steps = if has_days { take_varint(&mut bytes)? } else { 1 };
        let (mut outcomes, mut day) = (Steps::new(), 0_i64);
        for _ in 0..steps {
            day = day.checked_add(if has_days { take_signed(&mut bytes)? } else { 0 })?;
            outcomes.push((i32::try_from(day).ok()?, i32::try_from(take_signed(&mut bytes)?).ok()?));
        }
        contributions.insert(key, outcomes);
    }
    Some(contributions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reachability::{AddressChange, ReachabilityType};
    use crate::domain::time::Micros;

    const RULES: DayRules = DayRules { soft_bounce_limit: 5, zone: chrono_tz::UTC };
    const DAY: i64 = 86_400_000_000;

    /// A state after changes, one a day from day 0 on.
    fn state(changes: &[AddressChange]) -> AddressState {
        let mut state = AddressState::default();
        for (day, change) in changes.iter().enumerate() {
            state.apply(*change, Micros(day as i64 * DAY), (0, 0), RULES.zone);
        }
        state
    }

    fn email(first_day: i32, state: &AddressState) -> Address<'_> {
        Address { channels: vec!["email".to_owned()], first_day, state }
    }

    /// The outcomes of customers with these addresses, known since day 0, by day.
    fn by_day(addresses: &[Address<'_>], list: i64) -> Vec<(i32, Outcome)> {
        let steps = contributions(0, addresses, RULES).remove(&("email".to_owned(), list)).unwrap_or_default();
        steps.into_iter().map(|(day, code)| (day, Outcome::from_code(code))).collect()
    }

    fn outcome(states: &[&AddressState], list: i64) -> Option<Outcome> {
        let addresses: Vec<Address<'_>> = states.iter().map(|state| email(0, state)).collect();
        by_day(&addresses, list).pop().map(|step| step.1)
    }

    #[test]
    fn standings_lead_back_to_what_they_say_and_the_furthest_is_the_largest() {
        let ordered = [
            Reached::Unreachable(9),
            Reached::Unreachable(1),
            Reached::OptedOut,
            Reached::Unasked,
            Reached::OptedIn,
            Reached::Unsubscribed,
            Reached::NeverSubscribed,
            Reached::Subscribed,
        ];
        assert!(ordered.map(Standing::of).is_sorted());
        assert_eq!(ordered.map(|reached| Standing::of(reached).reached()), ordered);
    }

    #[test]
    fn the_best_address_counts_and_on_a_list_the_default_decides_which_it_is() {
        let agreed = state(&[AddressChange::OptedIn]);
        let joined = state(&[AddressChange::Subscribed(7)]);
        let both = [&agreed, &joined];
        assert_eq!(outcome(&both, 0).map(Outcome::plain), Some(Reached::OptedIn));
        let on_list = outcome(&both, 7).expect("one of them joined");
        assert_eq!(on_list.on_list(true), Reached::Subscribed);
        assert_eq!(on_list.on_list(false), Reached::NeverSubscribed);
        assert_eq!(outcome(&both, 8), None);
    }

    #[test]
    fn an_unreachable_address_gets_nowhere() {
        let bounced = state(&[AddressChange::OptedIn, AddressChange::Unreachable(ReachabilityType::HardBounce)]);
        assert_eq!(outcome(&[&bounced], 0).map(Outcome::plain), Some(Reached::Unreachable(1)));
    }

    #[test]
    fn an_address_counts_from_the_day_on_which_it_was_named_with_what_was_said_before() {
        let words = state(&[AddressChange::OptedIn, AddressChange::OptedOut, AddressChange::Subscribed(7)]);
        let later = state(&[]);
        let plain = |step: (i32, Outcome)| (step.0, step.1.plain());
        let found = by_day(&[email(1, &words), email(4, &later)], 0);
        let expected = [(1, Reached::OptedOut), (4, Reached::Unasked)];
        assert_eq!(found.into_iter().map(plain).collect::<Vec<_>>(), expected);
        let on_list = by_day(&[email(1, &words), email(4, &later)], 7);
        let on = |step: (i32, Outcome)| (step.0, step.1.on_list(true));
        let expected = [(2, Reached::OptedOut), (4, Reached::NeverSubscribed)];
        assert_eq!(on_list.into_iter().map(on).collect::<Vec<_>>(), expected);
        let known = contributions(-3, &[], RULES);
        assert_eq!(known, Contributions::from([((String::new(), 0), vec![(-3, KNOWN)])]));
        assert!(outcomes_now(&known).is_empty());
    }

    #[test]
    fn contributions_come_back_from_their_column() {
        let given: Contributions = [
            ((String::new(), 0), vec![(-40, 0)]),
            (("email".to_owned(), 0), vec![(20_000, 13_172_736), (20_001, 5)]),
            (("sms".to_owned(), i64::MAX), vec![(i32::MIN, 5), (i32::MAX, 6)]),
        ]
        .into();
        assert_eq!(decode(&encode(&given)).expect("decodes"), given);
        assert!(decode(&[200]).is_err());
        let without_days = [1, b'x', 0, 10];
        assert_eq!(decode(&without_days).expect("decodes"), [(("x".to_owned(), 0), vec![(0, 5)])].into());
    }
}
