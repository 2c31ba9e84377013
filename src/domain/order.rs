//! Orders: which purchase of an order is the conversion, and what was given back of it.
//!
//! An order is known by its id within the workspace. Of several purchases under one id the earliest is the conversion, by its
//! own time, at one instant by the smaller key. Returns, refunds and cancellations under the id take back what they say,
//! whoever they name and whenever they come.

use std::collections::BTreeMap;

use super::hash::hash128;
use super::kind::Kind;
use super::money::Currency;
use super::packing::{put_signed, put_varint, take_byte, take_signed, take_varint};
use super::time::Micros;
use crate::{Error, Result};

/// What an order is known by: a hash of its id in its workspace.
pub type OrderId = [u8; 16];

/// The event's idempotency key, as stored with it.
pub type EventKey = [u8; 16];

/// The id of an order.
pub fn order_id(workspace: i32, id: &str) -> OrderId {
    hash128(&[b"order", &workspace.to_be_bytes(), id.as_bytes()])
}

/// What an event says about money: millionths of the currency's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// What the goods cost.
    pub subtotal: Option<i64>,
    /// The whole order, with shipping and taxes.
    pub total: Option<i64>,
    /// The currency, where the event names one.
    pub currency: Option<Currency>,
}

impl Amounts {
    /// The subtotal, or where there is none the total.
    fn goods(&self) -> Option<i64> {
        self.subtotal.or(self.total)
    }

    /// The total, or where there is none the subtotal.
    fn whole(&self) -> Option<i64> {
        self.total.or(self.subtotal)
    }
}

/// What a conversion brought, or what was taken back of it, by both readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revenue {
    /// By subtotals; by the total where an event has no subtotal.
    pub subtotal: i64,
    /// By totals; by the subtotal where an event has no total.
    pub total: i64,
}

impl Revenue {
    /// What a purchase says it brought; nothing where it says nothing.
    pub fn of(amounts: &Amounts) -> Self {
        Self { subtotal: amounts.goods().unwrap_or(0), total: amounts.whole().unwrap_or(0) }
    }
}

/// The purchase that is the order's conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// When.
    pub at: Micros,
    /// Its event's key.
    pub key: EventKey,
    /// Whose it was when it was taken.
    pub customer: i64,
    /// What it says about money. The currency is there: the workspace's, where the order names none.
    pub amounts: Amounts,
}

/// A return, refund or cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// Whether it is a cancellation.
    pub is_cancellation: bool,
    /// What it gives back.
    pub amounts: Amounts,
}

/// Everything that is known about an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderState {
    /// The earliest purchase so far.
    pub purchase: Option<Purchase>,
    /// What was given back, by time and key.
    reversals: BTreeMap<(Micros, EventKey), Reversal>,
}

impl OrderState {
    /// Takes a purchase.
    pub fn purchase(&mut self, purchase: Purchase) {
        let is_earlier = |known: Purchase| (purchase.at, purchase.key) < (known.at, known.key);
        if self.purchase.is_none_or(is_earlier) {
            self.purchase = Some(purchase);
        }
    }

    /// Takes a return, refund or cancellation.
    pub fn reverse(&mut self, kind: Kind, (at, key): (Micros, EventKey), amounts: Amounts) {
        let is_cancellation = kind == Kind::OrderCancelled;
        self.reversals.insert((at, key), Reversal { is_cancellation, amounts });
    }

    /// What was taken back of the purchase: the absolute amounts in its currency. A cancellation without an amount takes what
    /// the others leave. More may be taken back than the purchase brought, as the events say so.
    pub fn reversed(&self) -> Revenue {
        let Some(Purchase { amounts, .. }) = self.purchase else { return Revenue::default() };
        let Revenue { subtotal, total } = Revenue::of(&amounts);
        let reversed = |brought: i64, amount: fn(&Amounts) -> Option<i64>| {
            let mut sum = 0_i64;
            let mut is_cancelled = false;
            for reversal in self.reversals.values() {
                match amount(&reversal.amounts) {
                    None => is_cancelled |= reversal.is_cancellation,
                    Some(_) if reversal.amounts.currency.is_some_and(|given| Some(given) != amounts.currency) => {}
                    Some(amount) => sum = sum.saturating_add(amount.saturating_abs()),
                }
            }
            if is_cancelled { sum.max(brought) } else { sum }
        };
        Revenue { subtotal: reversed(subtotal, Amounts::goods), total: reversed(total, Amounts::whole) }
    }

    /// Packs the state.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT, u8::from(self.purchase.is_some())];
        if let Some(purchase) = &self.purchase {
            put_signed(&mut bytes, purchase.at.0);
            bytes.extend_from_slice(&purchase.key);
            put_signed(&mut bytes, purchase.customer);
            put_amounts(&mut bytes, &purchase.amounts);
        }
        put_varint(&mut bytes, self.reversals.len() as u64);
        for ((at, key), reversal) in &self.reversals {
            put_signed(&mut bytes, at.0);
            bytes.extend_from_slice(key);
            bytes.push(u8::from(reversal.is_cancellation));
            put_amounts(&mut bytes, &reversal.amounts);
        }
        bytes
    }

    /// Unpacks what [`Self::encode`] packed.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        Self::take(bytes).ok_or_else(|| Error::Corrupt("order state".to_owned()))
    }

    fn take(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        if take_byte(bytes)? != FORMAT {
            return None;
        }
        let mut state = Self::default();
        if take_byte(bytes)? == 1 {
            let (at, key) = (Micros(take_signed(bytes)?), take_key(bytes)?);
            let (customer, amounts) = (take_signed(bytes)?, take_amounts(bytes)?);
            state.purchase = Some(Purchase { at, key, customer, amounts });
        }
        for _ in 0..take_varint(bytes)? {
            let place = (Micros(take_signed(bytes)?), take_key(bytes)?);
            let is_cancellation = take_byte(bytes)? == 1;
            state.reversals.insert(place, Reversal { is_cancellation, amounts: take_amounts(bytes)? });
        }
        bytes.is_empty().then_some(state)
    }
}

const FORMAT: u8 = 1;
const HAS_SUBTOTAL: u8 = 1;
const HAS_TOTAL: u8 = 2;
const HAS_CURRENCY: u8 = 4;

fn put_amounts(bytes: &mut Vec<u8>, amounts: &Amounts) {
    let flag = |is_there: bool, flag: u8| if is_there { flag } else { 0 };
    let flags = flag(amounts.subtotal.is_some(), HAS_SUBTOTAL) | flag(amounts.total.is_some(), HAS_TOTAL);
    bytes.push(flags | flag(amounts.currency.is_some(), HAS_CURRENCY));
    for amount in [amounts.subtotal, amounts.total].into_iter().flatten() {
        put_signed(bytes, amount);
    }
    bytes.extend(amounts.currency.into_iter().flat_map(Currency::bytes));
}

fn take_amounts(bytes: &mut &[u8]) -> Option<Amounts> {
    let flags = take_byte(bytes)?;
    let mut amounts = Amounts::default();
    if flags & HAS_SUBTOTAL != 0 {
        amounts.subtotal = Some(take_signed(bytes)?);
    }
    if flags & HAS_TOTAL != 0 {
        amounts.total = Some(take_signed(bytes)?);
    }
    if flags & HAS_CURRENCY != 0 {
        let (code, rest) = bytes.split_first_chunk::<3>()?;
        *bytes = rest;
        amounts.currency = Some(Currency::from_bytes(*code)?);
    }
    Some(amounts)
}

fn take_key(bytes: &mut &[u8]) -> Option<EventKey> {
    let (key, rest) = bytes.split_first_chunk::<16>()?;
    *bytes = rest;
    Some(*key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts(subtotal: Option<i64>, total: Option<i64>) -> Amounts {
        Amounts { subtotal, total, currency: Currency::parse("EUR") }
    }

    fn purchase(at: i64, key: u8, customer: i64) -> Purchase {
        Purchase { at: Micros(at), key: [key; 16], customer, amounts: amounts(Some(100), Some(110)) }
    }

    fn bought() -> OrderState {
        let mut state = OrderState::default();
        state.purchase(purchase(5, 1, 1));
        state
    }

    #[test]
    fn the_earliest_purchase_converts_and_at_one_instant_the_smaller_key() {
        let mut state = bought();
        for (at, key, customer, winner) in [(6, 0, 2, 1), (5, 2, 3, 1), (5, 0, 4, 4), (4, 9, 5, 5)] {
            state.purchase(purchase(at, key, customer));
            assert_eq!(state.purchase.map(|purchase| purchase.customer), Some(winner));
        }
    }

    #[test]
    fn absolute_amounts_are_taken_back_even_beyond_what_was_brought() {
        let mut state = bought();
        state.reverse(Kind::OrderReturned, (Micros(9), [1; 16]), amounts(Some(-30), None));
        state.reverse(Kind::OrderRefunded, (Micros(2), [2; 16]), amounts(Some(20), Some(25)));
        assert_eq!(state.reversed(), Revenue { subtotal: 50, total: 55 });
        state.reverse(Kind::OrderRefunded, (Micros(2), [2; 16]), amounts(Some(20), Some(25)));
        assert_eq!(state.reversed(), Revenue { subtotal: 50, total: 55 }, "once each");
        state.reverse(Kind::OrderRefunded, (Micros(3), [3; 16]), amounts(None, Some(80)));
        assert_eq!(state.reversed(), Revenue { subtotal: 130, total: 135 });
    }

    #[test]
    fn a_cancellation_without_an_amount_takes_what_the_others_leave() {
        let mut state = bought();
        state.reverse(Kind::OrderCancelled, (Micros(6), [1; 16]), Amounts::default());
        assert_eq!(state.reversed(), Revenue { subtotal: 100, total: 110 });
        state.reverse(Kind::OrderRefunded, (Micros(7), [2; 16]), amounts(Some(100), Some(110)));
        assert_eq!(state.reversed(), Revenue { subtotal: 100, total: 110 }, "the money is not given back twice");
        let mut state = bought();
        state.reverse(Kind::OrderReturned, (Micros(6), [1; 16]), Amounts::default());
        assert_eq!(state.reversed(), Revenue::default(), "a return says what it returns");
    }

    #[test]
    fn another_currency_takes_nothing_and_nothing_is_taken_before_a_purchase() {
        let mut state = OrderState::default();
        let dollars = Amounts { subtotal: Some(30), total: None, currency: Currency::parse("USD") };
        state.reverse(Kind::OrderReturned, (Micros(6), [1; 16]), dollars);
        state.reverse(Kind::OrderReturned, (Micros(6), [2; 16]), Amounts { currency: None, ..dollars });
        assert_eq!(state.reversed(), Revenue::default());
        state.purchase(purchase(5, 1, 1));
        assert_eq!(state.reversed(), Revenue { subtotal: 30, total: 30 });
    }

    proptest! {
        #[test]
        fn a_state_does_not_depend_on_order_and_comes_back_from_its_bytes(
            events in proptest::collection::vec((any::<bool>(), 0..4_i64, 0..4_u8, any::<Option<i32>>()), 0..9),
        ) {
            let fold = |events: &[(bool, i64, u8, Option<i32>)]| {
                let mut state = OrderState::default();
                for (is_purchase, at, key, amount) in events {
                    let (place, amounts) = ((Micros(*at), [*key; 16]), amounts(amount.map(i64::from), Some(1)));
                    if *is_purchase {
                        let customer = i64::from(*key) + at;
                        let amounts = Amounts { subtotal: Some(customer), ..amounts };
                        state.purchase(Purchase { at: place.0, key: place.1, customer, amounts });
                    } else {
                        let amounts = Amounts { subtotal: Some(at + i64::from(*key)), ..amounts };
                        state.reverse(Kind::OrderReturned, place, amounts);
                    }
                }
                state
            };
            let state = fold(&events);
            let backwards: Vec<_> = events.iter().rev().copied().collect();
            prop_assert_eq!(&fold(&backwards), &state);
            prop_assert_eq!(&OrderState::decode(&state.encode()).expect("unpacks"), &state);
        }
    }
}
