//! Every row of the mapping tables and every kind of bad input, through the fixtures and one by one.

use serde_json::json;

use super::*;
use crate::dialect::read_value;
use crate::dialect::shown::fixtures;

fn event(name: &str, status: Option<&str>, is_final: Option<bool>) -> NewEvent {
    let record = json!({"eventType": name, "messageStatus": status, "isFinal": is_final, "eventVersion": "1.0",
        "eventTimestamp": 1_770_714_065_125_i64, "messageId": "m-1", "destinationPhoneNumber": "+14155552671",
        "totalMessagePrice": 0.00581, "totalCarrierFee": 0.0031, "context": {"campaign": "spring"}});
    read_value(Dialect::Sms, &record).remove(0).outcome.expect("an event").remove(0)
}

#[test]
fn fixtures_read_as_their_snapshots() {
    for (name, text) in fixtures(Dialect::Sms) {
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn statuses_of_messages_mean_their_kinds() {
    for (status, kind, not_final) in [
        ("SENT", Kind::Sent, Kind::Sent),
        ("QUEUED", Kind::Sent, Kind::Sent),
        ("PENDING", Kind::Sent, Kind::Sent),
        ("DELIVERED", Kind::Delivered, Kind::Sent),
        ("SUCCESSFUL", Kind::Delivered, Kind::Sent),
        ("UNKNOWN", Kind::DeliveryUnknown, Kind::DeliveryUnknown),
        ("UNREACHABLE", Kind::SoftBounced, Kind::SoftBounced),
        ("CARRIER_UNREACHABLE", Kind::SoftBounced, Kind::SoftBounced),
        ("TTL_EXPIRED", Kind::SoftBounced, Kind::SoftBounced),
        ("INVALID", Kind::HardBounced, Kind::HardBounced),
        ("BLOCKED", Kind::HardBounced, Kind::HardBounced),
        ("CARRIER_BLOCKED", Kind::Failed, Kind::Failed),
        ("SPAM", Kind::Failed, Kind::Failed),
        ("INVALID_MESSAGE", Kind::Failed, Kind::Failed),
        ("OF_TOMORROW", Kind::Other, Kind::Other),
    ] {
        for (family, channel) in [("TEXT_", "sms"), ("MEDIA_", "mms")] {
            let name = format!("{family}{status}");
            for (status, is_final, kind) in [
                (Some(status), Some(true), kind),
                (None, Some(true), kind),
                (Some(status), Some(false), not_final),
                (Some(status), None, kind),
            ] {
                let found = event(&name, status, is_final);
                assert_eq!((found.kind, found.channel.as_deref()), (kind, Some(channel)), "{name} {is_final:?}");
            }
        }
    }
}

#[test]
fn statuses_of_calls_mean_their_kinds() {
    for (status, kind) in [
        ("INITIATED", Kind::Sent),
        ("RINGING", Kind::Sent),
        ("ANSWERED", Kind::Delivered),
        ("COMPLETED", Kind::Delivered),
        ("BUSY", Kind::SoftBounced),
        ("NO_ANSWER", Kind::SoftBounced),
        ("FAILED", Kind::SoftBounced),
        ("TTL_EXPIRED", Kind::SoftBounced),
    ] {
        let found = event(&format!("VOICE_{status}"), None, Some(false));
        assert_eq!((found.kind, found.channel.as_deref()), (kind, Some("voice")), "{status}");
    }
}

#[test]
fn the_status_is_the_reason_of_what_did_not_go_well() {
    let reason = |name: &str, status: Option<&str>| event(name, status, Some(true)).reason;
    assert_eq!(reason("TEXT_INVALID", Some("INVALID")).as_deref(), Some("INVALID"));
    assert_eq!(reason("TEXT_TTL_EXPIRED", None).as_deref(), Some("TTL_EXPIRED"));
    assert_eq!(reason("TEXT_DELIVERED", Some("NO_SUCH_WORD")).as_deref(), Some("NO_SUCH_WORD"));
    assert_eq!(reason("TEXT_DELIVERED", Some("DELIVERED")), None);
    assert_eq!(reason("TEXT_QUEUED", None), None);
}

#[test]
fn fields_have_their_places_and_the_rest_is_kept() {
    let found = event("TEXT_DELIVERED", Some("DELIVERED"), Some(true));
    let campaign = found.campaign.expect("a campaign");
    assert_eq!((campaign.namespace, campaign.external_id.as_str()), (Namespace::Aws, "spring"));
    assert_eq!((found.message_id.as_deref(), found.event_type.as_str()), (Some("m-1"), "text_delivered"));
    let expected = json!({"messageStatus": "DELIVERED", "isFinal": true, "eventVersion": "1.0",
        "eventTimestamp": 1_770_714_065_125_i64, "totalMessagePrice": 0.00581, "totalCarrierFee": 0.0031,
        "context": {"campaign": "spring"}});
    assert_eq!(Value::Object(found.data), expected);
}
