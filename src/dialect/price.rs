//! What a record says that its message cost. Only texts and calls have prices:
//!
//! | record | price |
//! |---|---|
//! | Pinpoint `_SMS.*`, `_VOICE.*` | `metrics.price_in_millicents_usd`, thousandths of a US cent |
//! | End User Messaging | `totalMessagePrice` and `totalCarrierFee` together, US dollars |
//!
//! It is read from an event's data, where it stays: an event that was stored before tells its price as well.

use serde_json::{Map, Value};

use crate::domain::event::Dialect;
use crate::domain::money::scaled;

/// The price of an event's message in billionths of a US dollar; none where the record has none. What is no price is
/// none too: an odd value in a field that nothing else needs must not cost the event.
pub fn price_nanos(dialect: Dialect, event_type: &str, data: &Map<String, Value>) -> Option<i64> {
    match dialect {
        Dialect::Pinpoint if event_type.starts_with("_sms.") || event_type.starts_with("_voice.") => {
            amount(data.get("metrics")?.get("price_in_millicents_usd"), NANOS_FROM_MILLICENTS)
        }
        Dialect::Sms => {
            let part = |field| amount(data.get(field), NANOS_FROM_DOLLARS);
            match (part("totalMessagePrice"), part("totalCarrierFee")) {
                (Some(price), Some(fee)) => price.checked_add(fee),
                (price, fee) => price.or(fee),
            }
        }
        _ => None,
    }
}

/// Powers of ten.
const NANOS_FROM_MILLICENTS: i64 = 4;
const NANOS_FROM_DOLLARS: i64 = 9;

fn amount(value: Option<&Value>, places: i64) -> Option<i64> {
    let nanos = match value? {
        Value::Number(number) => scaled(&number.to_string(), places),
        // A number of more digits than a float holds stays a text.
        Value::String(text) => scaled(text, places),
        _ => None,
    };
    nanos.filter(|nanos| *nanos >= 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nanos(dialect: Dialect, event_type: &str, data: &Value) -> Option<i64> {
        price_nanos(dialect, event_type, data.as_object().expect("an object"))
    }

    #[test]
    fn a_text_of_pinpoint_has_its_price_in_millicents() {
        let priced = json!({"metrics": {"price_in_millicents_usd": 645.0}});
        assert_eq!(nanos(Dialect::Pinpoint, "_sms.success", &priced), Some(6_450_000));
        assert_eq!(nanos(Dialect::Pinpoint, "_email.send", &priced), None);
        assert_eq!(nanos(Dialect::Pinpoint, "_sms.buffered", &json!({"metrics": {}})), None);
        assert_eq!(nanos(Dialect::Odp, "_sms.success", &priced), None);
    }

    #[test]
    fn a_text_of_end_user_messaging_costs_its_price_and_the_carriers_fee() {
        let both = json!({"totalMessagePrice": 0.00581, "totalCarrierFee": 0.001});
        assert_eq!(nanos(Dialect::Sms, "text_delivered", &both), Some(6_810_000));
        assert_eq!(nanos(Dialect::Sms, "text_delivered", &json!({"totalCarrierFee": "0.25"})), Some(250_000_000));
        assert_eq!(nanos(Dialect::Sms, "text_delivered", &json!({"totalMessagePrice": 1e-10})), Some(0));
        for no_price in [json!(null), json!(-0.1), json!("free"), json!([1])] {
            assert_eq!(nanos(Dialect::Sms, "text_delivered", &json!({"totalMessagePrice": no_price})), None);
        }
    }
}
