//! Can an address still be written to? States per messaging identifier, folded from updates in any order.

use std::collections::BTreeMap;

use super::identifier::Identifier;
use super::packing::{put_signed, take_byte, take_signed};
use super::time::Micros;

/// Why an address cannot be reached. The codes are stored: never renumber one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are ODP's own words for its update types")]
pub enum ReachabilityType {
    HardBounce = 1,
    SoftBounce = 2,
    SpamReport = 3,
    Uninstall = 4,
    InvalidIdentifier = 5,
    ReturnedToSender = 6,
    Unknown = 7,
    Expired = 8,
    Other = 9,
}

/// Every type with its wire name, in code order.
pub const REACHABILITY_TYPES: [(ReachabilityType, &str); 9] = [
    (ReachabilityType::HardBounce, "hard_bounce"),
    (ReachabilityType::SoftBounce, "soft_bounce"),
    (ReachabilityType::SpamReport, "spam_report"),
    (ReachabilityType::Uninstall, "uninstall"),
    (ReachabilityType::InvalidIdentifier, "invalid_identifier"),
    (ReachabilityType::ReturnedToSender, "returned_to_sender"),
    (ReachabilityType::Unknown, "unknown"),
    (ReachabilityType::Expired, "expired"),
    (ReachabilityType::Other, "other"),
];

impl ReachabilityType {
    /// The wire name, such as `hard_bounce`.
    pub fn name(self) -> &'static str {
        REACHABILITY_TYPES[self as usize - 1].1
    }

    /// The type of a wire name, taking `-` for `_` and any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.trim().to_ascii_lowercase().replace('-', "_");
        REACHABILITY_TYPES.iter().find(|(_, known)| *known == plain).map(|(kind, _)| *kind)
    }

    /// The type of a stored code.
    pub fn from_code(code: u8) -> Option<Self> {
        REACHABILITY_TYPES.get(usize::from(code).checked_sub(1)?).map(|(kind, _)| *kind)
    }
}

/// One change of an address's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressChange {
    /// The address cannot be reached, and why.
    Unreachable(ReachabilityType),
    /// The address can be reached again: an explicit update or a manual reset.
    Reachable,
    /// A temporary failure, which by itself changes nothing.
    SoftBounced,
    /// A message arrived or was acted on: earlier soft bounces no longer count.
    Engaged,
    /// The recipient agreed to be messaged.
    OptedIn,
    /// The recipient refused to be messaged.
    OptedOut,
    /// The recipient joined a list, by its id.
    Subscribed(i64),
    /// The recipient left a list, by its id.
    Unsubscribed(i64),
}

impl AddressChange {
    /// The code under which the change stands in an address's history; none for what only clears soft bounces. Stored:
    /// never renumber one.
    pub fn code(self) -> Option<i16> {
        Some(match self {
            Self::Unreachable(reason) => reason as i16,
            Self::Reachable => i16::from(REACHABLE),
            Self::SoftBounced => i16::from(SOFT_BOUNCED),
            Self::OptedIn => i16::from(OPTED_IN),
            Self::OptedOut => i16::from(OPTED_OUT),
            Self::Subscribed(_) => i16::from(SUBSCRIBED),
            Self::Unsubscribed(_) => i16::from(UNSUBSCRIBED),
            Self::Engaged => return None,
        })
    }

    /// The change of a stored code; `list` is the list that it concerns, if any.
    pub fn from_code(code: i16, list: i64) -> Option<Self> {
        Some(match u8::try_from(code).ok()? {
            REACHABLE => Self::Reachable,
            SOFT_BOUNCED => Self::SoftBounced,
            OPTED_IN => Self::OptedIn,
            OPTED_OUT => Self::OptedOut,
            SUBSCRIBED => Self::Subscribed(list),
            UNSUBSCRIBED => Self::Unsubscribed(list),
            reason => Self::Unreachable(ReachabilityType::from_code(reason)?),
        })
    }

    /// The list that the change concerns; 0: none.
    pub fn list(self) -> i64 {
        if let Self::Subscribed(list) | Self::Unsubscribed(list) = self { list } else { 0 }
    }
}

/// A change of one address at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressUpdate {
    /// The address.
    pub address: Identifier,
    /// When the change took place; the event's own time where the record tells none.
    pub at: Option<Micros>,
    /// What changed.
    pub change: AddressChange,
}

/// The event that caused a change: its shard and its number there.
pub type EventRef = (i16, i64);

/// An explicit update: reachable, or unreachable and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachabilityUpdate {
    /// When, by the update's own time.
    pub at: Micros,
    /// Why unreachable; none: reachable.
    pub unreachable: Option<ReachabilityType>,
    /// The event that said so.
    pub event: EventRef,
}

/// The owner of an address said yes or no: to being messaged at all, or to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentUpdate {
    /// When, by the update's own time.
    pub at: Micros,
    /// Opted in, or out; subscribed, or unsubscribed.
    pub is_in: bool,
    /// The event that said so.
    pub event: EventRef,
}

/// All that the rules need to know of one messaging identifier, whatever order its events arrived in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressState {
    /// The newest explicit update.
    pub update: Option<ReachabilityUpdate>,
    /// The newest consent update.
    pub consent: Option<ConsentUpdate>,
    /// The newest update for each list that one was made for, by the list's id.
    pub subscriptions: BTreeMap<i64, ConsentUpdate>,
    /// The latest delivery, open, click or explicit `reachable`: soft bounces up to here no longer count.
    pub cleared_at: Option<Micros>,
    /// Soft bounces later than `cleared_at`, in order of time.
    pub soft_bounces: Vec<(Micros, EventRef)>,
}

/// Whether an address can be reached, since when and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reachability {
    /// Why it is unreachable; none: reachable.
    pub unreachable: Option<ReachabilityType>,
    /// Since when; none: nothing was ever said.
    pub since: Option<Micros>,
    /// The event that made it so.
    pub event: Option<EventRef>,
}

impl AddressState {
    /// Takes one change. The result does not depend on the order of changes.
    pub fn apply(&mut self, change: AddressChange, at: Micros, event: EventRef) {
        match change {
            AddressChange::Unreachable(kind) => self.take_update(at, Some(kind), event),
            AddressChange::Reachable => {
                self.take_update(at, None, event);
                self.clear_until(at);
            }
            AddressChange::SoftBounced => self.take_soft_bounce(at, event),
            AddressChange::Engaged => self.clear_until(at),
            AddressChange::OptedIn => take_newest(&mut self.consent, ConsentUpdate { at, is_in: true, event }),
            AddressChange::OptedOut => take_newest(&mut self.consent, ConsentUpdate { at, is_in: false, event }),
            AddressChange::Subscribed(list) => self.take_subscription(list, ConsentUpdate { at, is_in: true, event }),
            AddressChange::Unsubscribed(list) => {
                self.take_subscription(list, ConsentUpdate { at, is_in: false, event });
            }
        }
    }

    /// Whether the address can be reached, given the number of soft bounces in a row that makes it unreachable.
    pub fn reachability(&self, soft_bounce_limit: u8) -> Reachability {
        let limit = usize::from(soft_bounce_limit.max(1));
        match self.update {
            Some(update) if update.unreachable.is_some() => {
                Reachability { unreachable: update.unreachable, since: Some(update.at), event: Some(update.event) }
            }
            _ if self.soft_bounces.len() >= limit => {
                let (at, event) = self.soft_bounces[limit - 1];
                Reachability { unreachable: Some(ReachabilityType::SoftBounce), since: Some(at), event: Some(event) }
            }
            update => Reachability { unreachable: None, since: update.map(|u| u.at), event: update.map(|u| u.event) },
        }
    }

    /// The stored code of the consent: 0 none, 1 in, 2 out.
    pub fn consent_code(&self) -> i16 {
        self.consent.map_or(0, |consent| if consent.is_in { 1 } else { 2 })
    }

    fn take_update(&mut self, at: Micros, unreachable: Option<ReachabilityType>, event: EventRef) {
        // The newest wins; at one instant unreachable wins, and of two reasons the one with the smaller code.
        let rank = |at: Micros, reason: Option<ReachabilityType>| (at, reason.map_or(0, |r| u8::MAX - r as u8));
        if self.update.is_none_or(|known| rank(at, unreachable) > rank(known.at, known.unreachable)) {
            self.update = Some(ReachabilityUpdate { at, unreachable, event });
        }
    }

    fn take_subscription(&mut self, list: i64, update: ConsentUpdate) {
        let mut known = self.subscriptions.get(&list).copied();
        take_newest(&mut known, update);
        self.subscriptions.extend(known.map(|known| (list, known)));
    }

    fn take_soft_bounce(&mut self, at: Micros, event: EventRef) {
        if self.cleared_at.is_none_or(|cleared| at > cleared) {
            let place = self.soft_bounces.partition_point(|known| *known < (at, event));
            self.soft_bounces.insert(place, (at, event));
        }
    }

    fn clear_until(&mut self, at: Micros) {
        if self.cleared_at.is_none_or(|cleared| at > cleared) {
            self.cleared_at = Some(at);
            self.soft_bounces.retain(|(bounced, _)| *bounced > at);
        }
    }

    /// Packs the state into a column.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        let put = |bytes: &mut Vec<u8>, code: u8, at: Micros, event: EventRef| {
            bytes.push(code);
            put_signed(bytes, at.0);
            put_signed(bytes, i64::from(event.0));
            put_signed(bytes, event.1);
        };
        if let Some(update) = self.update {
            put(&mut bytes, update.unreachable.map_or(REACHABLE, |reason| reason as u8), update.at, update.event);
        }
        if let Some(consent) = self.consent {
            put(&mut bytes, if consent.is_in { OPTED_IN } else { OPTED_OUT }, consent.at, consent.event);
        }
        for (list, subscription) in &self.subscriptions {
            let code = if subscription.is_in { SUBSCRIBED } else { UNSUBSCRIBED };
            put(&mut bytes, code, subscription.at, subscription.event);
            put_signed(&mut bytes, *list);
        }
        if let Some(cleared) = self.cleared_at {
            put(&mut bytes, CLEARED, cleared, (0, 0));
        }
        for (at, event) in &self.soft_bounces {
            put(&mut bytes, SOFT_BOUNCED, *at, *event);
        }
        bytes
    }

    /// Unpacks what [`Self::encode`] packed.
    pub fn decode(bytes: &[u8]) -> crate::Result<Self> {
        Self::take(bytes).ok_or_else(|| crate::Error::Corrupt("address state".to_owned()))
    }

    fn take(mut bytes: &[u8]) -> Option<Self> {
        if take_byte(&mut bytes)? != FORMAT {
            return None;
        }
        let mut state = Self::default();
        while !bytes.is_empty() {
            let code = take_byte(&mut bytes)?;
            let at = Micros(take_signed(&mut bytes)?);
            let event = (i16::try_from(take_signed(&mut bytes)?).ok()?, take_signed(&mut bytes)?);
            match code {
                REACHABLE => state.update = Some(ReachabilityUpdate { at, unreachable: None, event }),
                OPTED_IN | OPTED_OUT => {
                    state.consent = Some(ConsentUpdate { at, is_in: code == OPTED_IN, event });
                }
                SUBSCRIBED | UNSUBSCRIBED => {
                    let subscription = ConsentUpdate { at, is_in: code == SUBSCRIBED, event };
                    state.subscriptions.insert(take_signed(&mut bytes)?, subscription);
                }
                CLEARED => state.cleared_at = Some(at),
                SOFT_BOUNCED => state.soft_bounces.push((at, event)),
                _ => {
                    let unreachable = Some(ReachabilityType::from_code(code)?);
                    state.update = Some(ReachabilityUpdate { at, unreachable, event });
                }
            }
        }
        Some(state)
    }
}

/// Takes the newer of two updates; at one instant the refusal wins.
fn take_newest(known: &mut Option<ConsentUpdate>, update: ConsentUpdate) {
    if known.is_none_or(|known| (update.at, !update.is_in) > (known.at, !known.is_in)) {
        *known = Some(update);
    }
}

const FORMAT: u8 = 1;
const REACHABLE: u8 = 0;
const OPTED_IN: u8 = 20;
const OPTED_OUT: u8 = 21;
const CLEARED: u8 = 22;
const SOFT_BOUNCED: u8 = 23;
const SUBSCRIBED: u8 = 24;
const UNSUBSCRIBED: u8 = 25;

#[cfg(test)]
mod tests {
    use super::*;

    fn state(changes: &[(AddressChange, i64)]) -> AddressState {
        let mut state = AddressState::default();
        for (number, (change, at)) in changes.iter().enumerate() {
            state.apply(*change, Micros(*at), (0, number as i64));
        }
        state
    }

    #[test]
    fn a_state_comes_back_from_its_column() {
        let state = state(&[
            (AddressChange::OptedIn, 5),
            (AddressChange::Subscribed(9), 6),
            (AddressChange::Unsubscribed(i64::MAX), 7),
            (AddressChange::Unreachable(ReachabilityType::SpamReport), -8),
            (AddressChange::Engaged, 1),
            (AddressChange::SoftBounced, 2),
        ]);
        assert_eq!(AddressState::decode(&state.encode()).expect("decodes"), state);
        assert!(AddressState::decode(&[9]).is_err());
    }

    #[test]
    fn each_list_has_its_newest_word_and_leaving_wins_a_tie() {
        let state = state(&[
            (AddressChange::Subscribed(1), 5),
            (AddressChange::Unsubscribed(1), 4),
            (AddressChange::Subscribed(2), 5),
            (AddressChange::Unsubscribed(2), 5),
            (AddressChange::Subscribed(2), 5),
        ]);
        let is_in: Vec<bool> = state.subscriptions.values().map(|subscription| subscription.is_in).collect();
        assert_eq!(is_in, [true, false]);
        assert_eq!(state.consent, None);
    }

    #[test]
    fn changes_come_back_from_their_codes() {
        for change in [
            AddressChange::Unreachable(ReachabilityType::Other),
            AddressChange::Reachable,
            AddressChange::SoftBounced,
            AddressChange::OptedIn,
            AddressChange::OptedOut,
            AddressChange::Subscribed(4),
            AddressChange::Unsubscribed(4),
        ] {
            let code = change.code().expect("it is kept");
            assert_eq!(AddressChange::from_code(code, change.list()), Some(change));
        }
        assert_eq!(AddressChange::Engaged.code(), None);
    }
}
