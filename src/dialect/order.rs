//! What an order event says of its order, wherever its vendor puts it. The data of the event keep all of it.
//!
//! | field | `data.order` (ODP, native) | else `data` itself | Pinpoint's `_monetization.purchase` |
//! |---|---|---|---|
//! | order id | `order_id`, `orderId`, `id` | `order_id`, `orderId` | `attributes._transaction_id` |
//! | subtotal | `subtotal` | `subtotal` | `metrics._item_price` times `metrics._quantity` (1 when missing) |
//! | total | `total` | `total` | the same |
//! | currency | `currency` | `currency` | `attributes._currency` |
//!
//! Amounts are numbers or texts of numbers. What cannot be read as one is no amount; the event counts all the same.

use serde_json::{Map, Value};

use super::field::{MAX_TEXT_CHARS, canonical_number};
use crate::domain::kind::Kind;
use crate::domain::money::{Currency, LARGEST_AMOUNT, MICROS_PER_UNIT, micros_of};
use crate::domain::order::Amounts;

/// An order as one event tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TellsOrder {
    /// The order's id, if other events can refer to it.
    pub id: Option<String>,
    /// What it says about money.
    pub amounts: Amounts,
}

/// What an event of this kind and data says of its order; none for kinds that speak of no order.
pub fn order_of(kind: Kind, data: &Map<String, Value>) -> Option<TellsOrder> {
    if !kind.is_of_order() {
        return None;
    }
    let object = |name: &str| data.get(name).and_then(Value::as_object);
    let mut told = object("order").map(|order| plain(order, &["order_id", "orderId", "id"])).unwrap_or_default();
    let beside = plain(data, &["order_id", "orderId"]);
    let fallback = if told.amounts == Amounts::default() { beside.amounts } else { told.amounts };
    told = TellsOrder { id: told.id.or(beside.id), amounts: fallback };
    if let (Some(attributes), true) = (object("attributes"), told.amounts == Amounts::default()) {
        let app = of_app(attributes, object("metrics"));
        told = TellsOrder { id: told.id.or(app.id), amounts: app.amounts };
    }
    Some(told)
}

fn plain(fields: &Map<String, Value>, ids: &[&str]) -> TellsOrder {
    let currency = fields.get("currency").and_then(Value::as_str);
    let amounts = Amounts {
        subtotal: fields.get("subtotal").and_then(amount),
        total: fields.get("total").and_then(amount),
        currency: currency.and_then(Currency::parse),
    };
    // In a currency that nobody knows, an amount says nothing: it must not be added to another's.
    let is_unknown = amounts.currency.is_none() && currency.is_some_and(|given| !given.trim().is_empty());
    let amounts = if is_unknown { Amounts::default() } else { amounts };
    TellsOrder { id: ids.iter().find_map(|name| id(fields.get(*name)?)), amounts }
}

/// A purchase as Amazon's SDKs for apps report it.
fn of_app(attributes: &Map<String, Value>, metrics: Option<&Map<String, Value>>) -> TellsOrder {
    let metric = |name: &str| metrics.and_then(|metrics| metrics.get(name)).or_else(|| attributes.get(name));
    let price = metric("_item_price").and_then(amount);
    let quantity = metric("_quantity").map_or(Some(MICROS_PER_UNIT), amount);
    let paid = price.zip(quantity).and_then(|(price, quantity)| product(price, quantity));
    let currency = attributes.get("_currency").and_then(Value::as_str).and_then(Currency::parse);
    let id = attributes.get("_transaction_id").and_then(id);
    TellsOrder { id, amounts: Amounts { subtotal: paid, total: paid, currency } }
}

fn product(price: i64, quantity: i64) -> Option<i64> {
    let unit = i128::from(MICROS_PER_UNIT);
    let product = i128::from(price) * i128::from(quantity);
    let rounded = (product.abs() + unit / 2) / unit * product.signum();
    i64::try_from(rounded).ok().filter(|paid| paid.abs() <= LARGEST_AMOUNT)
}

fn amount(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => micros_of(&number.to_string()),
        Value::String(text) => micros_of(text),
        _ => None,
    }
}

fn id(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => canonical_number(number),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    (!text.is_empty() && text.chars().count() <= MAX_TEXT_CHARS).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(data: &Value) -> TellsOrder {
        order_of(Kind::Purchased, data.as_object().expect("an object")).expect("a purchase speaks of an order")
    }

    fn amounts(subtotal: Option<i64>, total: Option<i64>, currency: Option<&str>) -> Amounts {
        Amounts { subtotal, total, currency: currency.and_then(Currency::parse) }
    }

    #[test]
    fn an_order_is_read_from_its_object() {
        let order = told(&json!({"order": {"order_id": 17, "subtotal": "19.90", "total": 24.8, "currency": "eur"}}));
        let expected = amounts(Some(19_900_000), Some(24_800_000), Some("EUR"));
        assert_eq!(order, TellsOrder { id: Some("17".to_owned()), amounts: expected });
        let beside = told(&json!({"order_id": " A ", "order": {"total": -3}}));
        assert_eq!(beside, TellsOrder { id: Some("A".to_owned()), amounts: amounts(None, Some(-3_000_000), None) });
        let flat = told(&json!({"order_id": "A", "total": "3", "currency": "USD"}));
        assert_eq!(flat.amounts, amounts(None, Some(3_000_000), Some("USD")));
    }

    #[test]
    fn a_purchase_in_an_app_costs_its_price_times_its_quantity() {
        let attributes = json!({"_currency": "GBP", "_transaction_id": "T1", "_product_id": "p"});
        let order = told(&json!({"attributes": attributes, "metrics": {"_item_price": 2.5, "_quantity": 3.0}}));
        let expected = amounts(Some(7_500_000), Some(7_500_000), Some("GBP"));
        assert_eq!(order, TellsOrder { id: Some("T1".to_owned()), amounts: expected });
        let single = told(&json!({"attributes": {"_currency": "GBP"}, "metrics": {"_item_price": "0.99"}}));
        assert_eq!((single.id, single.amounts.total), (None, Some(990_000)));
    }

    #[test]
    fn what_cannot_be_read_is_no_amount() {
        for order in [json!({"total": "twelve"}), json!({"total": [1]}), json!({"total": 5, "currency": "dollars"})] {
            assert_eq!(told(&json!({"order": order})), TellsOrder::default());
        }
        assert_eq!(told(&json!({"order": "A-1"})), TellsOrder::default());
        assert_eq!(order_of(Kind::CartAdded, &Map::new()), None);
    }
}
