//! What every vendor's file offers, and the list of them.

use serde_json::{Map, Value};

use super::lists::{members, suppressions};
use super::pinpoint::export;
use super::rules::Rules;
use super::{activatepro, mailgun, native, odp, pinpoint, sendgrid, ses, sms};
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
const VENDORS: [&Vendor; 11] = [
    &pinpoint::VENDOR,
    &export::VENDOR,
    &suppressions::VENDOR,
    &ses::VENDOR,
    &sms::VENDOR,
    &sendgrid::VENDOR,
    &mailgun::VENDOR,
    &activatepro::VENDOR,
    &native::VENDOR,
    &odp::VENDOR,
    &members::VENDOR,
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
        for (record, dialect) in [
            (json!({"event_type": "_campaign.send", "event_timestamp": 1, "client": {}}), Dialect::Pinpoint),
            (json!({"id": "1", "events": []}), Dialect::ActivatePro),
            (json!({"userId": "1", "event": "Clicked"}), Dialect::ActivatePro),
            (json!({"type": "email", "identifiers": {"email": "a@b.co"}}), Dialect::Odp),
            (json!({"kind": "SENT", "identifiers": []}), Dialect::Native),
            (json!({"eventType": "Send", "mail": {}, "send": {}}), Dialect::Ses),
            (json!({"eventType": "Dispatch", "mail": {}}), Dialect::Ses),
            (json!({"eventType": "Rendering Failure", "failure": {}}), Dialect::Ses),
            (json!({"eventType": "click", "click": {}}), Dialect::Ses),
            (json!({"notificationType": "Bounce", "mail": {}, "bounce": {}}), Dialect::Ses),
            (json!({"notificationType": "Received"}), Dialect::Ses),
            (json!({"eventType": "TEXT_SENT", "destinationPhoneNumber": "+1"}), Dialect::Sms),
            (json!({"eventType": "voice_ringing", "messageId": "m"}), Dialect::Sms),
            (json!({"eventType": "MEDIA_BLOCKED", "eventVersion": "1.0"}), Dialect::Sms),
            (json!({"eventType": "PIGEON_LANDED", "destinationPhoneNumber": "+1"}), Dialect::Sms),
            (json!({"event": "open", "email": "a@b.co", "timestamp": 1}), Dialect::SendGrid),
            (json!({"event": "open", "email": "a@b.co", "sg_message_id": "m"}), Dialect::SendGrid),
            (json!({"ChannelType": "EMAIL", "Address": "a@b.co", "OptOut": "NONE"}), Dialect::PinpointEndpoints),
            (json!({"Id": "e1", "ChannelType": "GCM", "User": {"UserId": "u"}}), Dialect::PinpointEndpoints),
            (json!({"SuppressedDestinationSummaries": []}), Dialect::Suppressions),
            (json!({"event": "account_status_change", "sg_event_id": "e"}), Dialect::SendGrid),
        ] {
            assert_eq!(of(&record), Some(dialect), "{record}");
        }
    }

    #[test]
    fn keys_that_two_vendors_have_are_told_by_the_others() {
        for (record, dialect) in [
            (json!({"event": "open", "email": "a@b.co", "sg_event_id": "e", "userId": "1"}), Dialect::SendGrid),
            (json!({"event": "Message Viewed", "email": "a@b.co", "timestamp": 1, "id": "1"}), Dialect::ActivatePro),
            (json!({"eventType": "TEXT_SENT", "messageId": "m", "mail": null}), Dialect::Ses),
            (json!({"eventType": "Bounce", "messageId": "m", "bounce": {}}), Dialect::Ses),
        ] {
            assert_eq!(of(&record), Some(dialect), "{record}");
        }
    }

    #[test]
    fn what_only_resembles_a_form_is_nobodys() {
        for record in [
            json!({"name": "x"}),
            json!({"eventType": "Send"}),
            json!({"eventType": "Send", "messageId": "m", "eventVersion": "1.0"}),
            json!({"eventType": "Send", "bounce": {}}),
            json!({"eventType": "TEXT_SENT"}),
            json!({"eventType": 5, "eventVersion": "1.0"}),
            json!({"destinationPhoneNumber": "+1", "messageId": "m"}),
            json!({"event": "open", "email": "a@b.co"}),
            json!({"event": "open", "timestamp": 1}),
            json!({"email": "a@b.co", "timestamp": 1, "sg_event_id": "e"}),
            json!({"mail": {}, "bounce": {}}),
            json!({"notification": {"messageId": "m"}, "delivery": {"destination": "+1"}, "status": "SUCCESS"}),
            json!({"event_type": "_email.open"}),
        ] {
            assert_eq!(of(&record), None, "{record}");
        }
    }

    /// Files may hold every vendor's records side by side. Our own form stands aside: without a kind or a time it is ODP's.
    #[test]
    fn the_fixtures_of_each_form_are_told_apart() {
        for dialect in Dialect::reporting().filter(|dialect| *dialect != Dialect::Native) {
            for record in crate::dialect::shown::good_records(dialect) {
                assert_eq!(of(&Value::Object(record.clone())), Some(dialect), "{record:?}");
            }
        }
    }
}
