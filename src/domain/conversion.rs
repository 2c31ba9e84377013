//! Conversions as they are kept: with their money and with every touch that any question of attribution may credit, so that
//! none has to look at events or recipients' states. And the credit that campaign funnels show as CONVERTED.

use std::collections::HashMap;

use super::attribution::{Rule, TOUCH_KINDS, Touch, Window};
use super::contribution::marked;
use super::event::Automation;
use super::hash::hash63;
use super::kind::Kind;
use super::money::Currency;
use super::order::{EventKey, OrderId, Revenue};
use super::packing::{put_signed, put_varint, take_byte, take_signed, take_varint};
use super::recipient::{MessageKey, Occurrence, RecipientState};
use super::time::Micros;
use crate::{Error, Result};

/// What a conversion is, but for its touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// When.
    pub at: Micros,
    /// The key of its event.
    pub key: EventKey,
    /// Its order; none for a purchase that names no order.
    pub order: Option<OrderId>,
    /// The currency of its amounts.
    pub currency: Currency,
    /// What it brought.
    pub revenue: Revenue,
    /// What was taken back of that.
    pub reversed: Revenue,
}

impl Conversion {
    /// Packs the conversion with its touches, which must be ascending. Time and key have columns of their own.
    pub fn encode(&self, touches: &[Touch]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48 + 16 * touches.len());
        bytes.push(FORMAT);
        bytes.push(u8::from(self.order.is_some()));
        bytes.extend(self.order.into_iter().flatten());
        bytes.extend(self.currency.bytes());
        let Self { revenue, reversed, .. } = self;
        for amount in [revenue.subtotal, revenue.total, reversed.subtotal, reversed.total] {
            put_signed(&mut bytes, amount);
        }
        put_touches(&mut bytes, self.at, touches);
        bytes
    }

    /// Unpacks a conversion of this time and key. Its touches replace what is in `touches`; their keys are their numbers, for
    /// which of two was later is decided, and keys are of no other use.
    pub fn decode(at: Micros, key: EventKey, bytes: &[u8], touches: &mut Vec<Touch>) -> Result<Self> {
        touches.clear();
        Self::take(at, key, bytes, touches).ok_or_else(|| Error::Corrupt("conversion".to_owned()))
    }

    fn take(at: Micros, key: EventKey, mut bytes: &[u8], touches: &mut Vec<Touch>) -> Option<Self> {
        let bytes = &mut bytes;
        if take_byte(bytes)? != FORMAT {
            return None;
        }
        let order = if take_byte(bytes)? == 1 { Some(take_array::<16>(bytes)?) } else { None };
        let currency = Currency::from_bytes(take_array::<3>(bytes)?)?;
        let mut amount = || take_signed(bytes);
        let revenue = Revenue { subtotal: amount()?, total: amount()? };
        let reversed = Revenue { subtotal: amount()?, total: amount()? };
        take_touches(bytes, at, touches)?;
        bytes.is_empty().then_some(Self { at, key, order, currency, revenue, reversed })
    }

    /// What stands for it in a recipient's state.
    pub fn detail(&self) -> i64 {
        match &self.order {
            Some(order) => hash63(&[b"order", order]),
            None => hash63(&[b"purchase", &self.key]),
        }
    }

    /// The step that a campaign funnel counts, credited to a touch.
    pub fn credited_to(&self, touch: &Touch) -> Occurrence {
        let (kind, automation) = (Kind::Converted.code(), Automation::Unknown as u8);
        Occurrence { at: self.at, kind, automation, cell: touch.cell, detail: self.detail() }
    }
}

const FORMAT: u8 = 1;

/// What touches of one message share.
type Message = (i64, i64, MessageKey);

/// Touches of one message share campaign, cell and message, which are written once; times are written as differences.
fn put_touches(bytes: &mut Vec<u8>, at: Micros, touches: &[Touch]) {
    let mut messages: Vec<Message> = Vec::new();
    let mut rest = Vec::with_capacity(8 * touches.len());
    let mut before = at.0;
    for touch in touches.iter().rev() {
        let message = (touch.campaign, touch.cell, touch.message);
        let known = messages.iter().position(|known| *known == message);
        let number = known.unwrap_or_else(|| {
            messages.push(message);
            messages.len() - 1
        });
        let kind = TOUCH_KINDS.iter().position(|kind| *kind == touch.kind).unwrap_or(0);
        put_varint(&mut rest, (number * TOUCH_KINDS.len() + kind) as u64);
        put_varint(&mut rest, before.wrapping_sub(touch.at.0).unsigned_abs());
        before = touch.at.0;
    }
    put_varint(bytes, messages.len() as u64);
    for (campaign, cell, message) in &messages {
        let (tag, hash) = match message {
            MessageKey::Id(hash) => (0, hash),
            MessageKey::Place(hash) => (1, hash),
        };
        bytes.push(tag);
        for number in [campaign, cell, hash] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
    }
    put_varint(bytes, touches.len() as u64);
    bytes.extend(rest);
}

fn take_touches(bytes: &mut &[u8], at: Micros, touches: &mut Vec<Touch>) -> Option<()> {
    let count = usize::try_from(take_varint(bytes)?).ok()?;
    let (messages, rest) = bytes.split_at_checked(count.checked_mul(MESSAGE_BYTES)?)?;
    *bytes = rest;
    let count = take_varint(bytes)?;
    let mut before = at.0;
    for number in (0..count).rev() {
        let code = usize::try_from(take_varint(bytes)?).ok()?;
        before = before.checked_sub_unsigned(take_varint(bytes)?)?;
        let mut message = messages.get(code / TOUCH_KINDS.len() * MESSAGE_BYTES..)?.get(..MESSAGE_BYTES)?;
        let is_place = take_byte(&mut message)? == 1;
        let mut eight = || take_array::<8>(&mut message).map(i64::from_be_bytes);
        let (campaign, cell, hash) = (eight()?, eight()?, eight()?);
        touches.push(Touch {
            at: Micros(before),
            key: u128::from(number).to_be_bytes(),
            kind: TOUCH_KINDS[code % TOUCH_KINDS.len()],
            campaign,
            cell,
            message: if is_place { MessageKey::Place(hash) } else { MessageKey::Id(hash) },
        });
    }
    touches.reverse();
    Some(())
}

const MESSAGE_BYTES: usize = 25;

fn take_array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*array)
}

/// What tells an event of a recipient's state among those of its customer at one instant; two that share it are alike in all
/// that attribution asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TouchName {
    /// When.
    pub at: Micros,
    /// Code of its kind.
    pub kind: u8,
    /// Code of the vendor's verdict.
    pub automation: u8,
    /// Its catalogue cell.
    pub cell: i64,
    /// Hash of its message id; 0 where it has none.
    pub message: i64,
}

/// The touches of one customer, in order of time. States do not hold the events' keys, so that those of one instant are in no
/// order yet.
#[derive(Clone, Debug, Default)]
pub struct Touches(Vec<(Touch, u8)>);

impl Touches {
    /// Adds those of a state: every event of a touch's kind that no machine made.
    pub fn add(&mut self, campaign: i64, state: &RecipientState) {
        for message in &state.messages {
            let touches = marked(message).into_iter().filter(|act| !act.is_machine && act.kind.is_attributable());
            self.0.extend(touches.map(|act| {
                let (key, message) = ([0; 16], message.key);
                (Touch { at: act.at, key, kind: act.kind, campaign, cell: act.cell, message }, act.automation as u8)
            }));
        }
    }

    /// Sorts by time, and tells the instants at which only keys can tell the order.
    pub fn ties(&mut self) -> Vec<Micros> {
        self.0.sort_unstable();
        let of_one_instant = self.0.chunk_by(|a, b| a.0.at == b.0.at);
        let differ = of_one_instant.filter(|touches| touches.iter().any(|touch| touch.0 != touches[0].0));
        differ.map(|touches| touches[0].0.at).collect()
    }

    /// Gives touches the keys of their events and sorts them. Of events that are alike the keys may be in any order.
    pub fn into_ordered(self, keys: &HashMap<TouchName, Vec<EventKey>>) -> Vec<Touch> {
        let mut taken: HashMap<TouchName, usize> = HashMap::new();
        let keyed = self.0.into_iter().map(|(touch, automation)| {
            let message = if let MessageKey::Id(message) = touch.message { message } else { 0 };
            let name = TouchName { at: touch.at, kind: touch.kind.code(), automation, cell: touch.cell, message };
            let Some(keys) = keys.get(&name) else { return touch };
            let number = taken.entry(name).or_default();
            *number += 1;
            Touch { key: keys.get(*number - 1).copied().unwrap_or_default(), ..touch }
        });
        let mut touches: Vec<Touch> = keyed.collect();
        touches.sort_unstable();
        touches
    }
}

/// The touches that are kept with a conversion: all that the longest window admits. `touches` must be ascending.
pub fn within_reach(conversion: Micros, touches: &[Touch]) -> &[Touch] {
    let start = touches.partition_point(|touch| conversion.0.saturating_sub(touch.at.0) >= Window::LONGEST.micros());
    let end = touches.partition_point(|touch| touch.at < conversion);
    &touches[start.min(end)..end]
}

/// The touch that campaign funnels credit a conversion to: the last open or click of a person within three days.
pub fn credited(conversion: Micros, touches: &[Touch]) -> Option<&Touch> {
    Rule::default().last_touch(conversion, touches)
}

/// Takes every credited conversion out of a state; messages that hold nothing else go with them.
pub fn strip(state: &mut RecipientState) {
    for message in &mut state.messages {
        message.occurrences.retain(|occurrence| occurrence.kind() != Kind::Converted);
    }
    state.messages.retain(|message| !message.occurrences.is_empty() || message.price.is_some());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000;

    fn conversion(at: i64) -> Conversion {
        Conversion {
            at: Micros(at),
            key: [7; 16],
            order: Some([9; 16]),
            currency: Currency::parse("EUR").expect("a code"),
            revenue: Revenue { subtotal: 19_990_000, total: 24_890_000 },
            reversed: Revenue { subtotal: 0, total: -1 },
        }
    }

    fn occurrence(at: i64, kind: Kind, cell: i64) -> Occurrence {
        Occurrence { at: Micros(at), kind: kind.code(), automation: 0, cell, detail: at }
    }

    fn state(occurrences: &[Occurrence]) -> RecipientState {
        let mut state = RecipientState::default();
        for occurrence in occurrences {
            state.add(MessageKey::Id(5), *occurrence, None);
        }
        state
    }

    #[test]
    fn only_people_touch_and_only_by_four_kinds() {
        let machine = Occurrence { automation: Automation::Machine as u8, ..occurrence(4, Kind::Opened, 1) };
        let burst = [0, 1, 2].map(|place| occurrence(10 * SECOND + place, Kind::Clicked, 1));
        let mut all = vec![occurrence(1, Kind::Sent, 1), occurrence(2, Kind::Delivered, 1), machine];
        all.extend(burst);
        all.push(occurrence(20 * SECOND, Kind::Clicked, 1));
        let mut touches = Touches::default();
        touches.add(3, &state(&all));
        assert!(touches.ties().is_empty());
        let touches = touches.into_ordered(&HashMap::new());
        let told: Vec<(i64, Kind)> = touches.iter().map(|touch| (touch.at.0, touch.kind)).collect();
        assert_eq!(told, [(2, Kind::Delivered), (20 * SECOND, Kind::Clicked)]);
    }

    #[test]
    fn keys_decide_at_one_instant() {
        let at_once = [occurrence(5, Kind::Opened, 1), occurrence(5, Kind::Opened, 2), occurrence(6, Kind::Opened, 1)];
        let order = |keys: [u8; 2]| {
            let name = |cell| TouchName { at: Micros(5), kind: Kind::Opened.code(), automation: 0, cell, message: 5 };
            let keys = HashMap::from([(name(1), vec![[keys[0]; 16]]), (name(2), vec![[keys[1]; 16]])]);
            let mut touches = Touches::default();
            touches.add(3, &state(&at_once));
            assert_eq!(touches.ties(), [Micros(5)]);
            touches.into_ordered(&keys).iter().map(|touch| touch.cell).collect::<Vec<_>>()
        };
        assert_eq!(order([1, 2]), [1, 2, 1]);
        assert_eq!(order([2, 1]), [2, 1, 1]);
        let mut alike = Touches::default();
        alike.add(3, &state(&[at_once[0], Occurrence { detail: 9, ..at_once[0] }]));
        assert!(alike.ties().is_empty(), "events that are alike need no order");
    }

    #[test]
    fn what_is_credited_can_be_taken_out_again() {
        let opened = state(&[occurrence(1, Kind::Opened, 1)]);
        let mut credited = opened.clone();
        let mut touches = Touches::default();
        touches.add(3, &opened);
        let touch = touches.into_ordered(&HashMap::new())[0];
        credited.add(touch.message, conversion(9).credited_to(&touch), None);
        assert_ne!(credited, opened);
        strip(&mut credited);
        assert_eq!(credited, opened);
    }

    proptest! {
        #[test]
        fn a_conversion_comes_back_from_its_bytes(
            times in proptest::collection::vec((1..90 * 86_400 * SECOND, 0..4_usize, 0..3_i64, any::<bool>()), 0..12),
            at in -SECOND..SECOND,
        ) {
            let mut touches: Vec<Touch> = times
                .iter()
                .map(|(before, kind, number, has_id)| Touch {
                    at: Micros(at - before),
                    key: [0; 16],
                    kind: TOUCH_KINDS[*kind],
                    campaign: *number,
                    cell: -number,
                    message: if *has_id { MessageKey::Id(*number) } else { MessageKey::Place(*number) },
                })
                .collect();
            touches.sort_unstable();
            for (number, touch) in (0_u128..).zip(&mut touches) {
                touch.key = number.to_be_bytes();
            }
            prop_assert_eq!(within_reach(Micros(at), &touches), &touches[..]);
            let bytes = conversion(at).encode(&touches);
            let mut read = vec![touches.first().copied().unwrap_or(Touch {
                at: Micros(0), key: [0; 16], kind: Kind::Opened, campaign: 0, cell: 0, message: MessageKey::Id(0),
            })];
            let decoded = Conversion::decode(Micros(at), [7; 16], &bytes, &mut read).expect("unpacks");
            prop_assert_eq!(decoded, conversion(at));
            prop_assert_eq!(read, touches);
            prop_assert!(Conversion::decode(Micros(at), [7; 16], &bytes[..bytes.len() - 1], &mut Vec::new()).is_err());
        }

        #[test]
        fn what_is_in_reach_is_what_the_longest_window_admits(
            mut times in proptest::collection::vec(0..6_i64, 0..9), end in 0..3_i64,
        ) {
            // Moments around both ends of the window.
            let moment = |number: i64| number % 3 - 1 + if number < 3 { 0 } else { Window::LONGEST.micros() };
            times.sort_unstable();
            let touch = |number: &i64| Touch {
                at: Micros(moment(*number)), key: [0; 16], kind: Kind::Opened, campaign: 0, cell: 0, message: MessageKey::Id(0),
            };
            let touches: Vec<Touch> = times.iter().map(touch).collect();
            let conversion = Micros(moment(3 + end));
            let admitted: Vec<Touch> =
                touches.iter().filter(|touch| Window::LONGEST.admits(conversion, touch.at)).copied().collect();
            prop_assert_eq!(within_reach(conversion, &touches), &admitted[..]);
        }
    }
}
