//! Can an address still be written to? States per messaging identifier, folded from updates in any order.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::address_past::{Words, take_last_of_day, take_word};
use super::identifier::Identifier;
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
    /// Soft bounces later than the last sign of life, in order of time.
    pub soft_bounces: Vec<(Micros, EventRef)>,
    /// What was said on every day, the newest included.
    pub(super) said: Said,
    /// Signs of life (deliveries, opens, clicks, explicit `reachable`), of each day the last: soft bounces up to the last of
    /// all no longer count.
    pub(super) clears: Vec<Micros>,
    /// Soft bounces up to the last sign of life, in order of time.
    pub(super) past_bounces: Vec<Micros>,
}

/// The last word of every day, by what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Explicit updates; see [`unreachable_of_word`].
    pub(super) updates: Words,
    /// Consent; see [`consent_of_word`].
    pub(super) consents: Words,
    /// Membership of lists, by the list's id; see [`consent_of_word`].
    pub(super) lists: BTreeMap<i64, Words>,
}

/// An explicit update as a word: the larger one counts at one instant, which is unreachable, and of two reasons the one
/// with the smaller code.
pub(super) fn update_word(unreachable: Option<ReachabilityType>) -> u8 {
    unreachable.map_or(0, |reason| u8::MAX - reason as u8)
}

/// What a word of an explicit update says: why unreachable, or none: reachable.
pub fn unreachable_of_word(word: u8) -> Option<ReachabilityType> {
    ReachabilityType::from_code(u8::MAX - word)
}

/// Consent, or membership of a list, as a word: of two at one instant the refusal counts.
pub(super) fn consent_word(is_in: bool) -> u8 {
    u8::from(!is_in)
}

/// What a word of consent or of a list says.
pub fn consent_of_word(word: u8) -> bool {
    word == 0
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
    /// Takes one change. The result does not depend on the order of changes. `zone` is the workspace's, in which days begin.
    pub fn apply(&mut self, change: AddressChange, at: Micros, event: EventRef, zone: Tz) {
        match change {
            AddressChange::Unreachable(kind) => self.take_update(at, Some(kind), event, zone),
            AddressChange::Reachable => {
                self.take_update(at, None, event, zone);
                self.take_sign_of_life(at, zone);
            }
            AddressChange::SoftBounced => self.take_soft_bounce(at, event),
            AddressChange::Engaged => self.take_sign_of_life(at, zone),
            AddressChange::OptedIn => self.take_consent(ConsentUpdate { at, is_in: true, event }, zone),
            AddressChange::OptedOut => self.take_consent(ConsentUpdate { at, is_in: false, event }, zone),
            AddressChange::Subscribed(list) => {
                self.take_subscription(list, ConsentUpdate { at, is_in: true, event }, zone);
            }
            AddressChange::Unsubscribed(list) => {
                self.take_subscription(list, ConsentUpdate { at, is_in: false, event }, zone);
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

    /// Explicit updates, of each day the last.
    pub fn updates(&self) -> &Words {
        &self.said.updates
    }

    /// Words of consent, of each day the last.
    pub fn consents(&self) -> &Words {
        &self.said.consents
    }

    /// Words of joining and leaving, by list, of each day the last.
    pub fn list_words(&self) -> &BTreeMap<i64, Words> {
        &self.said.lists
    }

    /// Signs of life, of each day the last.
    pub fn clears(&self) -> &[Micros] {
        &self.clears
    }

    /// The times of all soft bounces ever, in order.
    pub fn all_bounces(&self) -> Vec<Micros> {
        self.past_bounces.iter().copied().chain(self.soft_bounces.iter().map(|bounce| bounce.0)).collect()
    }

    /// Whether there ever was a soft bounce.
    pub fn has_bounced(&self) -> bool {
        !self.past_bounces.is_empty() || !self.soft_bounces.is_empty()
    }

    /// Whether the same words were said on the same days.
    pub fn has_words_of(&self, other: &Self) -> bool {
        self.said == other.said
    }

    /// Takes the state for one of which nothing but the present is known, as programs without days kept it.
    pub fn forget_past(&mut self) {
        self.said = Said::default();
        self.past_bounces.clear();
        self.clears.drain(..self.clears.len().saturating_sub(1));
        self.remember_present();
    }

    /// Adds the newest words to those of days.
    pub(super) fn remember_present(&mut self) {
        self.said.updates.extend(self.update.map(|update| (update.at, update_word(update.unreachable))));
        self.said.consents.extend(self.consent.map(|consent| (consent.at, consent_word(consent.is_in))));
        for (list, subscription) in &self.subscriptions {
            let words = self.said.lists.entry(*list).or_default();
            words.push((subscription.at, consent_word(subscription.is_in)));
        }
    }

    fn take_update(&mut self, at: Micros, unreachable: Option<ReachabilityType>, event: EventRef, zone: Tz) {
        let word = (at, update_word(unreachable));
        if self.update.is_none_or(|known| word > (known.at, update_word(known.unreachable))) {
            self.update = Some(ReachabilityUpdate { at, unreachable, event });
        }
        take_word(&mut self.said.updates, word, zone);
    }

    fn take_consent(&mut self, update: ConsentUpdate, zone: Tz) {
        take_newest(&mut self.consent, update);
        take_word(&mut self.said.consents, (update.at, consent_word(update.is_in)), zone);
    }

    fn take_subscription(&mut self, list: i64, update: ConsentUpdate, zone: Tz) {
        let mut known = self.subscriptions.get(&list).copied();
        take_newest(&mut known, update);
        self.subscriptions.extend(known.map(|known| (list, known)));
        take_word(self.said.lists.entry(list).or_default(), (update.at, consent_word(update.is_in)), zone);
    }

    fn take_soft_bounce(&mut self, at: Micros, event: EventRef) {
        if self.clears.last().is_none_or(|cleared| at > *cleared) {
            let place = self.soft_bounces.partition_point(|known| *known < (at, event));
            self.soft_bounces.insert(place, (at, event));
        } else {
            let place = self.past_bounces.partition_point(|known| *known < at);
            self.past_bounces.insert(place, at);
        }
    }

    fn take_sign_of_life(&mut self, at: Micros, zone: Tz) {
        take_last_of_day(&mut self.clears, at, zone);
        let cleared = self.soft_bounces.partition_point(|(bounced, _)| *bounced <= at);
        self.past_bounces.extend(self.soft_bounces.drain(..cleared).map(|(bounced, _)| bounced));
    }
}

/// Takes the newer of two updates; at one instant the refusal wins.
fn take_newest(known: &mut Option<ConsentUpdate>, update: ConsentUpdate) {
    if known.is_none_or(|known| (update.at, !update.is_in) > (known.at, !known.is_in)) {
        *known = Some(update);
    }
}

pub(super) const REACHABLE: u8 = 0;
pub(super) const OPTED_IN: u8 = 20;
pub(super) const OPTED_OUT: u8 = 21;
pub(super) const SOFT_BOUNCED: u8 = 23;
pub(super) const SUBSCRIBED: u8 = 24;
pub(super) const UNSUBSCRIBED: u8 = 25;

#[cfg(test)]
mod tests {
    use super::*;

    fn state(changes: &[(AddressChange, i64)]) -> AddressState {
        let mut state = AddressState::default();
        for (number, (change, at)) in changes.iter().enumerate() {
            state.apply(*change, Micros(*at), (0, number as i64), chrono_tz::UTC);
        }
        state
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
