//! Which vendor's form a file has, by the keys that only that form has together.

use serde_json::{Map, Value};

use crate::dialect;
use crate::domain::event::Dialect;

/// The form of the first record that has one, within the first bytes of an input.
pub(super) fn detect(beginning: &[u8]) -> Option<Dialect> {
    // Cutting a text into records is the same for every dialect.
    let records = dialect::read(Dialect::Odp, beginning);
    records.filter_map(|record| serde_json::from_slice(&record.raw).ok()).find_map(|record| dialect_of(&record))
}

fn dialect_of(record: &Map<String, Value>) -> Option<Dialect> {
    let has = |key: &str| record.contains_key(key);
    let identifiers = record.get("identifiers");
    if has("event_type") && (has("event_timestamp") || has("arrival_timestamp")) {
        Some(Dialect::Pinpoint)
    } else if (has("event") || has("events")) && (has("id") || has("userId")) {
        Some(Dialect::ActivatePro)
    } else if identifiers.is_some_and(Value::is_array) || has("kind") || has("occurredAt") {
        Some(Dialect::Native)
    } else if identifiers.is_some_and(Value::is_object) {
        Some(Dialect::Odp)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(record: &Value) -> Option<Dialect> {
        dialect_of(record.as_object().expect("an object"))
    }

    #[test]
    fn each_form_is_told_by_its_keys() {
        let pinpoint = json!({"event_type": "_campaign.send", "event_timestamp": 1, "client": {}});
        assert_eq!(of(&pinpoint), Some(Dialect::Pinpoint));
        assert_eq!(of(&json!({"id": "1", "events": []})), Some(Dialect::ActivatePro));
        assert_eq!(of(&json!({"userId": "1", "event": "Clicked"})), Some(Dialect::ActivatePro));
        assert_eq!(of(&json!({"type": "email", "identifiers": {"email": "a@b.co"}})), Some(Dialect::Odp));
        assert_eq!(of(&json!({"kind": "SENT", "identifiers": []})), Some(Dialect::Native));
        assert_eq!(of(&json!({"name": "x"})), None);
    }
}
