//! What every vendor's file offers, and the list of them.

use serde_json::{Map, Value};

use super::rules::Rules;
use super::{activatepro, native, odp, pinpoint, sendgrid, ses, sms};
use crate::domain::event::{Dialect, NewEvent, Rejection};

/// A vendor's form of records.
#[derive(Debug)]
pub struct Vendor {
    /// Its name.
    pub dialect: Dialect,
    /// Whether a record has this form, by keys that no other form has together.
    pub recognise: fn(&Map<String, Value>) -> bool,
    /// The records within a record that holds several.
    pub fan_out: fn(Map<String, Value>) -> FannedOut,
    /// The events of one record.
    pub parse: Parse,
    /// The field that told an event's time, for messages.
    pub time_path: fn(&NewEvent) -> &'static str,
}

/// Reads one record by the rules.
pub type Parse = fn(&Map<String, Value>, &Rules) -> Result<Vec<NewEvent>, Rejection>;

/// What a record holds.
#[derive(Debug)]
pub enum FannedOut {
    /// Itself.
    Single(Map<String, Value>),
    /// Several records of the same form, each or why it cannot be told apart.
    Several(Vec<Result<Map<String, Value>, Rejection>>),
}

/// Every vendor. In this order a record of unknown origin is looked at.
const VENDORS: [&Vendor; 7] = [
    &pinpoint::VENDOR,
    &ses::VENDOR,
    &sms::VENDOR,
    &sendgrid::VENDOR,
    &activatepro::VENDOR,
    &native::VENDOR,
    &odp::VENDOR,
];

impl Vendor {
    /// The vendor of a dialect.
    pub fn of(dialect: Dialect) -> &'static Self {
        VENDORS.iter().find(|vendor| vendor.dialect == dialect).expect("a test looks every dialect up")
    }

    /// The vendor whose form a record has.
    pub fn recognised(record: &Map<String, Value>) -> Option<&'static Self> {
        VENDORS.iter().copied().find(|vendor| (vendor.recognise)(record))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(record: &Value) -> Option<Dialect> {
        Vendor::recognised(record.as_object().expect("an object")).map(|vendor| vendor.dialect)
    }

    #[test]
    fn every_dialect_has_its_vendor() {
        for dialect in Dialect::ALL {
            assert_eq!(Vendor::of(*dialect).dialect, *dialect);
        }
        assert_eq!(VENDORS.len(), Dialect::ALL.len());
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
