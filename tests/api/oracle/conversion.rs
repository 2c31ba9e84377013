//! Conversions, their money and who is credited, told anew from all events.
//!
//! An order converts once: by its earliest purchase, at one instant by that with the smaller key, whoever bought. What came
//! before it and may be credited: what people (no machines) opened, clicked, engaged with or got delivered of a campaign.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use campaignql::domain::event::{EventKey, NewEvent};
use campaignql::domain::hash::hash128;
use campaignql::domain::kind::Kind;
use campaignql::domain::time::Micros;
use serde_json::Value;

use super::Oracle;

const DAY: i64 = 86_400 * 1_000_000;

/// A conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Index of its purchase among the oracle's events.
    pub event: usize,
    /// When.
    pub at: Micros,
    /// Who.
    pub person: usize,
    /// Code of the currency.
    pub currency: String,
    /// Millionths that it brought, by subtotals and by totals.
    pub brought: [i64; 2],
    /// Millionths that were taken back, by subtotals and by totals.
    pub reversed: [i64; 2],
    /// Indexes of the events of the 90 days before that may be credited, the earliest first.
    pub touches: Vec<usize>,
}

impl Oracle {
    /// Every conversion by events of a kind. Only purchases speak of orders and bring money.
    pub fn conversions(&self, kind: Kind) -> Vec<Conversion> {
        let humans = self.humans();
        let mut found = Vec::new();
        for (index, happened) in self.events.iter().enumerate() {
            let event = &happened.event;
            if event.kind != kind || !self.is_first_purchase(index) {
                continue;
            }
            let currency = currency(event).unwrap_or("USD".to_owned());
            let brought = [0, 1].map(|basis| amount(event, basis).unwrap_or(0));
            let reversals: Vec<&NewEvent> = self.reversals(event, &currency);
            let mut touches: Vec<usize> = (0..self.events.len())
                .filter(|touch| humans.contains(touch) && self.is_touch_of(*touch, index, 90 * DAY))
                .collect();
            touches.sort_by(|a, b| self.order(*a, *b));
            found.push(Conversion {
                event: index,
                at: happened.at,
                person: happened.person,
                currency,
                brought,
                reversed: [0, 1].map(|basis| taken_back(&reversals, basis, brought[basis])),
                touches,
            });
        }
        found
    }

    /// The event that each conversion is credited to in the funnels of campaigns, with the time of the conversion: the last
    /// open or click less than three days before.
    pub fn credits(&self) -> &[(usize, Micros)] {
        self.credits.get_or_init(|| self.credit())
    }

    fn credit(&self) -> Vec<(usize, Micros)> {
        let mut credits = Vec::new();
        for conversion in self.conversions(Kind::Purchased) {
            let counts = |touch: &&usize| {
                let is_act = matches!(self.events[**touch].event.kind, Kind::Opened | Kind::Clicked);
                is_act && conversion.at.0 - self.events[**touch].at.0 < 3 * DAY
            };
            credits.extend(conversion.touches.iter().rfind(counts).map(|touch| (*touch, conversion.at)));
        }
        credits
    }

    /// The events that no machine made.
    fn humans(&self) -> BTreeSet<usize> {
        let verdicts = self.verdicts();
        (0..verdicts.len()).filter(|index| verdicts[*index].0 != "MACHINE").collect()
    }

    fn is_touch_of(&self, touch: usize, conversion: usize, window: i64) -> bool {
        let (touch, conversion) = (&self.events[touch], &self.events[conversion]);
        let before = conversion.at.0 - touch.at.0;
        touch.person == conversion.person
            && touch.event.campaign.is_some()
            && matches!(touch.event.kind, Kind::Opened | Kind::Clicked | Kind::Engaged | Kind::Delivered)
            && 0 < before
            && before < window
    }

    fn is_first_purchase(&self, index: usize) -> bool {
        let Some(id) = order_id(&self.events[index].event) else { return true };
        let is_rival = |other: &usize| {
            let event = &self.events[*other].event;
            event.kind == Kind::Purchased && order_id(event).as_ref() == Some(&id)
        };
        (0..self.events.len()).filter(is_rival).all(|other| self.order(index, other) != Ordering::Greater)
    }

    /// What takes back of an order: returns, refunds and cancellations under its id, in its currency.
    fn reversals(&self, purchase: &NewEvent, currency: &str) -> Vec<&NewEvent> {
        let Some(id) = order_id(purchase) else { return Vec::new() };
        let takes_back = |event: &&NewEvent| {
            matches!(event.kind, Kind::OrderReturned | Kind::OrderRefunded | Kind::OrderCancelled)
                && order_id(event).as_ref() == Some(&id)
                && (self::currency(event).is_none_or(|given| given == currency) || amount(event, 0).is_none())
        };
        self.events.iter().map(|happened| &happened.event).filter(takes_back).collect()
    }

    /// By time, at one instant by the key as it is stored.
    fn order(&self, a: usize, b: usize) -> Ordering {
        (self.events[a].at, self.stored_key(a)).cmp(&(self.events[b].at, self.stored_key(b)))
    }

    /// The key under which an event of the first workspace is stored.
    pub fn stored_key(&self, index: usize) -> [u8; 16] {
        let (event, at) = (&self.events[index].event, self.events[index].at);
        let EventKey::Known(key) = event.key else { panic!("the oracle takes events that are recognised again") };
        hash128(&[b"key", &1_i32.to_be_bytes(), &key, &at.0.to_be_bytes()])
    }
}

/// Amounts without a sign add up; a cancellation without an amount takes what the others leave.
fn taken_back(reversals: &[&NewEvent], basis: usize, brought: i64) -> i64 {
    let sum: i64 = reversals.iter().filter_map(|event| amount(event, basis)).map(i64::abs).sum();
    let takes_rest = |event: &&&NewEvent| event.kind == Kind::OrderCancelled && amount(event, basis).is_none();
    if reversals.iter().any(|event| takes_rest(&event)) { sum + (brought - sum).max(0) } else { sum }
}

fn order(event: &NewEvent) -> Option<&Value> {
    event.data.get("order")
}

fn order_id(event: &NewEvent) -> Option<String> {
    match order(event)?.get("order_id")? {
        Value::String(id) => Some(id.clone()),
        id => Some(id.to_string()),
    }
}

fn currency(event: &NewEvent) -> Option<String> {
    Some(order(event)?.get("currency")?.as_str()?.to_uppercase())
}

/// Millionths by subtotals (0) or totals (1); where there is only the other, by that.
fn amount(event: &NewEvent, basis: usize) -> Option<i64> {
    let names = if basis == 0 { ["subtotal", "total"] } else { ["total", "subtotal"] };
    let value = names.iter().find_map(|name| order(event)?.get(*name))?;
    let number: f64 = match value {
        Value::String(text) => text.parse().expect("random amounts are numbers"),
        number => number.as_f64().expect("random amounts are numbers"),
    };
    Some((number * 1e6).round() as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oracle::sample::{event, oracle};

    fn touch(who: &str, kind: Kind, at: i64, key: u8) -> NewEvent {
        event(who).kind(kind).at(at).key(key).make()
    }

    fn order_event(who: &str, kind: Kind, at: i64, (key, order): (u8, Value)) -> NewEvent {
        let fill = |event: &mut NewEvent| {
            event.campaign = None;
            event.data.insert("order".to_owned(), order);
        };
        event(who).kind(kind).at(at).key(key).with(fill).make()
    }

    #[test]
    fn the_last_act_within_three_days_is_credited_and_neither_end_counts() {
        let credited = |touches: Vec<NewEvent>| {
            let bought = order_event("email:a@x.test", Kind::Purchased, 300_000, (99, json!({"order_id": "1"})));
            oracle([touches, vec![bought]].concat()).credits().to_vec()
        };
        let opened = |at| touch("email:a@x.test", Kind::Opened, at, (at % 200) as u8);
        assert_eq!(credited(vec![opened(40_801), opened(299_999)]), [(1, Micros::from_seconds(300_000))]);
        assert_eq!(credited(vec![opened(40_801)]).len(), 1);
        assert_eq!(credited(vec![opened(40_800), opened(300_000), opened(300_001)]), []);
        assert_eq!(credited(vec![touch("email:a@x.test", Kind::Delivered, 299_999, 1)]), []);
        assert_eq!(credited(vec![touch("email:b@x.test", Kind::Opened, 299_999, 1)]), []);
    }

    #[test]
    fn an_order_is_one_whoever_reports_it() {
        let order = json!({"order_id": 7, "subtotal": 10.5, "total": "12"});
        let bought = |who, at, key| order_event(who, Kind::Purchased, at, (key, order.clone()));
        let returned = json!({"order_id": "7", "total": -2});
        let back = order_event("email:c@x.test", Kind::OrderReturned, 1, (5, returned));
        let oracle = oracle(vec![bought("email:b@x.test", 9, 1), bought("email:a@x.test", 8, 2), back]);
        let conversions = oracle.conversions(Kind::Purchased);
        assert_eq!(conversions.len(), 1);
        assert_eq!((conversions[0].event, conversions[0].person), (1, oracle.events[1].person));
        assert_eq!(conversions[0].brought, [10_500_000, 12_000_000]);
        assert_eq!(conversions[0].reversed, [2_000_000, 2_000_000]);
    }

    #[test]
    fn a_cancellation_without_an_amount_takes_the_rest() {
        let bought = order_event("email:a@x.test", Kind::Purchased, 9, (1, json!({"order_id": 7, "total": 10})));
        let refunded = order_event("email:a@x.test", Kind::OrderRefunded, 12, (2, json!({"order_id": 7, "total": 4})));
        let cancelled = order_event("email:a@x.test", Kind::OrderCancelled, 11, (3, json!({"order_id": 7})));
        let reversed = |events: Vec<NewEvent>| oracle(events).conversions(Kind::Purchased)[0].reversed[0];
        assert_eq!(reversed(vec![bought.clone(), refunded.clone()]), 4_000_000);
        assert_eq!(reversed(vec![bought, refunded, cancelled]), 10_000_000);
    }
}
