//! How the state of an address is packed into its column.
//!
//! The newest word of each kind is kept with the event that said it, and earlier days without; signs of life, which most
//! addresses have nothing else of, take some five bytes a day.

use super::address_past::{put_times, put_words, take_times, take_words};
use super::packing::{put_signed, take_byte, take_signed};
use super::reachability::{
    AddressState, ConsentUpdate, EventRef, OPTED_IN, OPTED_OUT, REACHABLE, ReachabilityType, ReachabilityUpdate,
    SOFT_BOUNCED, SUBSCRIBED, UNSUBSCRIBED,
};
use super::time::Micros;

/// With days; what programs without them packed is read as well.
const FORMAT: u8 = 2;
const FORMAT_WITHOUT_DAYS: u8 = 1;

/// In the form without days: the last sign of life.
const CLEARED: u8 = 22;
const CLEARS: u8 = 30;
const PAST_BOUNCES: u8 = 31;
const PAST_UPDATES: u8 = 32;
const PAST_CONSENTS: u8 = 33;
const PAST_OF_LIST: u8 = 34;

impl AddressState {
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
        for (at, event) in &self.soft_bounces {
            put(&mut bytes, SOFT_BOUNCED, *at, *event);
        }
        self.put_past(&mut bytes);
        bytes
    }

    /// The last words of all are those above.
    fn put_past(&self, bytes: &mut Vec<u8>) {
        if !self.clears.is_empty() {
            bytes.push(CLEARS);
            put_times(bytes, self.clears.iter().copied());
        }
        if !self.past_bounces.is_empty() {
            bytes.push(PAST_BOUNCES);
            put_times(bytes, self.past_bounces.iter().copied());
        }
        for (code, words) in [(PAST_UPDATES, &self.said.updates), (PAST_CONSENTS, &self.said.consents)] {
            if let [earlier @ .., _] = &words[..]
                && !earlier.is_empty()
            {
                bytes.push(code);
                put_words(bytes, earlier);
            }
        }
        for (list, words) in &self.said.lists {
            if let [earlier @ .., _] = &words[..]
                && !earlier.is_empty()
            {
                bytes.push(PAST_OF_LIST);
                put_signed(bytes, *list);
                put_words(bytes, earlier);
            }
        }
    }

    /// Unpacks what [`Self::encode`] packed.
    pub fn decode(bytes: &[u8]) -> crate::Result<Self> {
        Self::take(bytes).ok_or_else(|| crate::Error::Corrupt("address state".to_owned()))
    }

    fn take(mut bytes: &[u8]) -> Option<Self> {
        if !matches!(take_byte(&mut bytes)?, FORMAT | FORMAT_WITHOUT_DAYS) {
            return None;
        }
        let mut state = Self::default();
        while !bytes.is_empty() {
            let code = take_byte(&mut bytes)?;
            match code {
                CLEARS => state.clears = take_times(&mut bytes)?,
                PAST_BOUNCES => state.past_bounces = take_times(&mut bytes)?,
                PAST_UPDATES => state.said.updates = take_words(&mut bytes)?,
                PAST_CONSENTS => state.said.consents = take_words(&mut bytes)?,
                PAST_OF_LIST => {
                    let list = take_signed(&mut bytes)?;
                    state.said.lists.insert(list, take_words(&mut bytes)?);
                }
                code => state.take_newest_word(code, &mut bytes)?,
            }
        }
        state.remember_present();
        Some(state)
    }

    fn take_newest_word(&mut self, code: u8, bytes: &mut &[u8]) -> Option<()> {
        let at = Micros(take_signed(bytes)?);
        let event = (i16::try_from(take_signed(bytes)?).ok()?, take_signed(bytes)?);
        match code {
            REACHABLE => self.update = Some(ReachabilityUpdate { at, unreachable: None, event }),
            OPTED_IN | OPTED_OUT => self.consent = Some(ConsentUpdate { at, is_in: code == OPTED_IN, event }),
            SUBSCRIBED | UNSUBSCRIBED => {
                let subscription = ConsentUpdate { at, is_in: code == SUBSCRIBED, event };
                self.subscriptions.insert(take_signed(bytes)?, subscription);
            }
            CLEARED => self.clears.push(at),
            SOFT_BOUNCED => self.soft_bounces.push((at, event)),
            _ => {
                let unreachable = Some(ReachabilityType::from_code(code)?);
                self.update = Some(ReachabilityUpdate { at, unreachable, event });
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reachability::AddressChange;

    const DAY: i64 = 86_400_000_000;

    fn state(changes: &[(AddressChange, i64)]) -> AddressState {
        let mut state = AddressState::default();
        for (number, (change, at)) in changes.iter().enumerate() {
            state.apply(*change, Micros(*at), (0, number as i64), chrono_tz::UTC);
        }
        state
    }

    #[test]
    fn a_state_comes_back_from_its_column() {
        let state = state(&[
            (AddressChange::OptedIn, 5),
            (AddressChange::OptedOut, 3 * DAY + 5),
            (AddressChange::Subscribed(9), 6),
            (AddressChange::Unsubscribed(i64::MAX), 7),
            (AddressChange::Subscribed(i64::MAX), -2 * DAY),
            (AddressChange::Unreachable(ReachabilityType::SpamReport), -8),
            (AddressChange::Reachable, -4 * DAY),
            (AddressChange::SoftBounced, 2),
            (AddressChange::SoftBounced, DAY + 2),
            (AddressChange::Engaged, DAY),
            (AddressChange::Engaged, -DAY),
        ]);
        assert_eq!((state.past_bounces.len(), state.soft_bounces.len(), state.clears.len()), (1, 1, 3));
        assert_eq!(AddressState::decode(&state.encode()).expect("decodes"), state);
        assert!(AddressState::decode(&[9]).is_err());
    }

    #[test]
    fn a_state_without_days_is_read() {
        // Opted in at 5, and a sign of life at 6, as older programs packed them.
        let packed = [FORMAT_WITHOUT_DAYS, OPTED_IN, 10, 0, 2, CLEARED, 12, 0, 0];
        let mut state = AddressState::decode(&packed).expect("decodes");
        assert_eq!(state.clears, [Micros(6)]);
        let event = (0, 1);
        assert_eq!(state.consent, Some(ConsentUpdate { at: Micros(5), is_in: true, event }));
        state.apply(AddressChange::OptedOut, Micros(-DAY), (0, 0), chrono_tz::UTC);
        assert_eq!(state.consents().len(), 2);
        state.forget_past();
        assert_eq!(state, AddressState::decode(&packed).expect("decodes"));
    }

    #[test]
    fn a_year_of_weekly_mails_takes_a_quarter_of_a_kilobyte() {
        let weekly: Vec<(AddressChange, i64)> =
            (0..52).map(|week| (AddressChange::Engaged, week * 7 * DAY + week * 17_001_000)).collect();
        let length = state(&weekly).encode().len();
        assert!(length < 270, "{length} bytes");
    }
}
