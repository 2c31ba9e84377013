//! How far each customer can be reached: through the best of its addresses, per channel and list.
//!
//! Counts are kept by outcome. Where nobody said yes or no, the channel's default decides, which is a setting; so an outcome
//! holds what it comes to under either default, and a change of the setting changes no count.

use std::collections::BTreeMap;

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

/// What one customer adds to the counts: per (channel, list) with list 0 for none. A list is there only if an address of
/// the channel ever joined or left it; on every other list a customer who is consented never subscribed.
pub type Contributions = BTreeMap<(String, i64), i32>;

/// The number of customers as a whole is counted as an outcome of its own, without channel and list.
pub const KNOWN: (String, i64, i32) = (String::new(), 0, 0);

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

/// What a customer with these addresses adds to the counts: the channels and the state of each.
pub fn contributions(addresses: &[(Vec<String>, &AddressState)], soft_bounce_limit: u8) -> Contributions {
    let mut of_channel: BTreeMap<&str, Vec<(Reached, &AddressState)>> = BTreeMap::new();
    for (channels, state) in addresses {
        let unreachable = state.reachability(soft_bounce_limit).unreachable.map_or(0, |reason| reason as u8);
        let reached = plain(unreachable, state.consent.map(|consent| consent.is_in));
        for channel in channels {
            of_channel.entry(channel).or_default().push((reached, state));
        }
    }
    let mut contributions = Contributions::new();
    for (channel, addresses) in of_channel {
        let Some(best) = addresses.iter().map(|(reached, _)| Standing::of(*reached)).max() else { continue };
        let none = Outcome { plain: best, by_default_in: Standing(0), by_default_out: Standing(0) };
        contributions.insert((channel.to_owned(), 0), none.code());
        for list in addresses.iter().flat_map(|(_, state)| state.subscriptions.keys()) {
            let key = (channel.to_owned(), *list);
            contributions.entry(key).or_insert_with(|| {
                let on = |consents_by_default| {
                    let each = addresses.iter().map(|(reached, state)| {
                        let subscription = state.subscriptions.get(list).map(|subscription| subscription.is_in);
                        Standing::of(on_list(*reached, subscription, consents_by_default))
                    });
                    each.max().unwrap_or(Standing(0))
                };
                Outcome { plain: best, by_default_in: on(true), by_default_out: on(false) }.code()
            });
        }
    }
    contributions
}

/// Packs contributions into a column.
pub fn encode(contributions: &Contributions) -> Vec<u8> {
    let mut bytes = Vec::new();
    for ((channel, list), outcome) in contributions {
        put_varint(&mut bytes, channel.len() as u64);
        bytes.extend_from_slice(channel.as_bytes());
        put_signed(&mut bytes, *list);
        put_signed(&mut bytes, i64::from(*outcome));
    }
    bytes
}

/// Unpacks what [`encode`] packed.
pub fn decode(bytes: &[u8]) -> crate::Result<Contributions> {
    take(bytes).ok_or_else(|| crate::Error::Corrupt("reach of a customer".to_owned()))
}

fn take(mut bytes: &[u8]) -> Option<Contributions> {
    let mut contributions = Contributions::new();
    while !bytes.is_empty() {
        let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
        let (channel, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        let key = (String::from_utf8(channel.to_vec()).ok()?, take_signed(&mut bytes)?);
        contributions.insert(key, i32::try_from(take_signed(&mut bytes)?).ok()?);
    }
    Some(contributions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reachability::{AddressChange, ReachabilityType};
    use crate::domain::time::Micros;

    fn state(changes: &[AddressChange]) -> AddressState {
        let mut state = AddressState::default();
        for (number, change) in changes.iter().enumerate() {
            state.apply(*change, Micros(number as i64), (0, 0));
        }
        state
    }

    fn outcome(states: &[&AddressState], list: i64) -> Option<Outcome> {
        let email = || vec!["email".to_owned()];
        let addresses: Vec<(Vec<String>, &AddressState)> = states.iter().map(|state| (email(), *state)).collect();
        let found = contributions(&addresses, 5).get(&("email".to_owned(), list)).copied();
        found.map(Outcome::from_code)
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
    fn contributions_come_back_from_their_column() {
        let given: Contributions = [(("email".to_owned(), 0), 13_172_736), (("sms".to_owned(), i64::MAX), 5)].into();
        assert_eq!(decode(&encode(&given)).expect("decodes"), given);
        assert!(decode(&[200]).is_err());
    }
}
