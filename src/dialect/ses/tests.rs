//! Every row of the mapping tables and every kind of bad input, through the fixtures and one by one.

use serde_json::json;

use super::*;
use crate::dialect::read_value;
use crate::dialect::shown::fixtures;
use crate::domain::event::EventKey;
use crate::domain::kind::Kind;

const ONE: &str = "ann@example.com";

/// The events of a record about one recipient's mail, with the object of the event.
fn events(name: &str, object: &str, details: &Value) -> Vec<NewEvent> {
    let mail = json!({"timestamp": "2026-02-10T09:00:00Z", "messageId": "m-1", "destination": [ONE]});
    read(&json!({"eventType": name, "mail": mail, object: details}))
}

fn read(record: &Value) -> Vec<NewEvent> {
    let mut records = read_value(Dialect::Ses, record);
    assert_eq!(records.len(), 1);
    records.remove(0).outcome.expect("events")
}

fn to(addresses: &[&str]) -> Value {
    addresses.iter().map(|address| json!({"emailAddress": address})).collect()
}

fn who(events: &[NewEvent]) -> Vec<String> {
    let names = events.iter().flat_map(|event| &event.identifiers);
    names.map(|identifier| format!("{}:{}", identifier.name, identifier.value)).collect()
}

#[test]
fn fixtures_read_as_their_snapshots() {
    for (name, text) in fixtures(Dialect::Ses) {
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn plain_events_mean_their_kinds() {
    for (name, object, details, kind, reason) in [
        ("Send", "send", json!({}), Kind::Sent, None),
        ("Delivery", "delivery", json!({"recipients": [ONE]}), Kind::Delivered, None),
        ("Open", "open", json!({}), Kind::Opened, None),
        ("Click", "click", json!({}), Kind::Clicked, None),
        ("Reject", "reject", json!({"reason": "Bad content"}), Kind::Skipped, Some("Bad content")),
        ("Rendering Failure", "failure", json!({"errorMessage": "no name"}), Kind::Skipped, Some("no name")),
        ("RENDERING FAILURE", "failure", json!({}), Kind::Skipped, None),
        ("DeliveryDelay", "deliveryDelay", json!({"delayType": "IPFailure"}), Kind::Deferred, Some("IPFailure")),
        ("deliverydelay", "deliveryDelay", json!({"delayedRecipients": to(&[ONE])}), Kind::Deferred, None),
        ("Bounce", "bounce", json!({}), Kind::Other, None),
        ("Complaint", "complaint", json!({}), Kind::SpamReported, None),
        ("Subscription", "subscription", json!({}), Kind::Other, None),
        ("Received", "receipt", json!({}), Kind::Other, None),
    ] {
        let found = events(name, object, &details);
        let found: Vec<_> = found.iter().map(|event| (event.kind, event.reason.as_deref())).collect();
        assert_eq!(found, [(kind, reason)], "{name} {details}");
    }
}

#[test]
fn bounces_mean_their_kinds_by_type_and_subtype() {
    for (bounce_type, subtype, kind) in [
        ("Permanent", "General", Kind::HardBounced),
        ("Permanent", "NoEmail", Kind::HardBounced),
        ("Permanent", "Suppressed", Kind::HardBounced),
        ("Permanent", "EmailValidationSuppressed", Kind::HardBounced),
        ("Permanent", "OnAccountSuppressionList", Kind::Skipped),
        ("Permanent", "OnTenantSuppressionList", Kind::Skipped),
        ("Permanent", "MessageTooLarge", Kind::HardBounced),
        ("Transient", "General", Kind::SoftBounced),
        ("Transient", "MailboxFull", Kind::SoftBounced),
        ("Transient", "CustomTimeoutExceeded", Kind::SoftBounced),
        ("Transient", "MessageTooLarge", Kind::Failed),
        ("Transient", "ContentRejected", Kind::Failed),
        ("Transient", "AttachmentRejected", Kind::Failed),
        ("Undetermined", "Undetermined", Kind::SoftBounced),
        ("Someday", "General", Kind::Other),
    ] {
        let details = json!({"bounceType": bounce_type, "bounceSubType": subtype, "bouncedRecipients": to(&[ONE])});
        let found = events("Bounce", "bounce", &details).remove(0);
        assert_eq!((found.kind, found.reason.as_deref()), (kind, Some(subtype)), "{bounce_type} {subtype}");
    }
}

#[test]
fn complaints_mean_their_kinds_by_feedback_and_subtype() {
    let list = "OnAccountSuppressionList";
    for (feedback, subtype, kind, reason) in [
        (Some("abuse"), None, Kind::SpamReported, Some("abuse")),
        (Some("not-spam"), None, Kind::Other, Some("not-spam")),
        (None, None, Kind::SpamReported, None),
        (Some("abuse"), Some(list), Kind::Skipped, Some(list)),
        (Some("not-spam"), Some(list), Kind::Skipped, Some(list)),
        (None, Some("OnTenantSuppressionList"), Kind::Skipped, Some("OnTenantSuppressionList")),
    ] {
        let details = json!({"complaintFeedbackType": feedback, "complaintSubType": subtype,
            "complainedRecipients": to(&[ONE])});
        let found = events("Complaint", "complaint", &details).remove(0);
        assert_eq!((found.kind, found.reason.as_deref()), (kind, reason), "{details}");
    }
}

#[test]
fn an_event_is_about_the_recipients_that_its_own_object_names() {
    let listed = to(&["bo@example.com", "Cy <CY@example.com>"]);
    let texts = json!(["bo@example.com", "cy@example.com"]);
    for (name, object, details) in [
        ("Bounce", "bounce", json!({"bouncedRecipients": listed})),
        ("Complaint", "complaint", json!({"complainedRecipients": listed})),
        ("Delivery", "delivery", json!({"recipients": texts})),
        ("DeliveryDelay", "deliveryDelay", json!({"delayedRecipients": listed})),
    ] {
        assert_eq!(who(&events(name, object, &details)), ["email:bo@example.com", "email:cy@example.com"], "{name}");
    }
}

#[test]
fn of_several_destinations_nobody_is_picked() {
    let mail = json!({"timestamp": 1_770_000_000, "messageId": "m-1", "destination": [ONE, "Bo <bo@example.com>"]});
    for (name, object, expected) in [
        ("Send", "send", vec!["email:ann@example.com", "email:bo@example.com"]),
        ("Reject", "reject", vec!["email:ann@example.com", "email:bo@example.com"]),
        ("Rendering Failure", "failure", vec!["email:ann@example.com", "email:bo@example.com"]),
        ("Open", "open", vec!["ses_message_id:m-1"]),
        ("Click", "click", vec!["ses_message_id:m-1"]),
        ("Subscription", "subscription", vec!["ses_message_id:m-1"]),
        ("Bounce", "bounce", vec!["ses_message_id:m-1"]),
    ] {
        let found = read(&json!({"eventType": name, "mail": mail, object: {}}));
        assert_eq!(who(&found), expected, "{name}");
        assert!(found.iter().all(|event| event.identifiers.len() == 1), "{name}: an event names one");
    }
}

#[test]
fn bounces_and_complaints_are_known_by_their_feedback_id() {
    let bounce = |feedback_id: &str, address: &str, note: u32| {
        let details = json!({"bounceType": "Permanent", "feedbackId": feedback_id,
            "bouncedRecipients": to(&[address]), "note": note});
        events("Bounce", "bounce", &details).remove(0).key
    };
    assert_eq!(bounce("f-1", ONE, 1), bounce("f-1", ONE, 2));
    assert_ne!(bounce("f-1", ONE, 1), bounce("f-2", ONE, 1));
    assert_ne!(bounce("f-1", ONE, 1), bounce("f-1", "bo@example.com", 1));
    assert_ne!(bounce("", ONE, 1), bounce("", ONE, 2));
}

#[test]
fn the_events_of_one_record_have_keys_of_their_own() {
    let status = |word: &str| json!([{"topicName": "a", "subscriptionStatus": word}, {"topicName": "b", "subscriptionStatus": word}]);
    let details = json!({"newTopicPreferences": {"unsubscribeAll": true, "topicSubscriptionStatus": status("OptOut")},
        "oldTopicPreferences": {"unsubscribeAll": false, "topicSubscriptionStatus": status("OptIn")}});
    let found = events("Subscription", "subscription", &details);
    let kinds: Vec<_> = found.iter().map(|event| (event.kind, event.list.as_deref())).collect();
    let expected = [(Kind::OptedOut, None), (Kind::ListUnsubscribed, Some("a")), (Kind::ListUnsubscribed, Some("b"))];
    assert_eq!(kinds, expected);
    let mut keys: Vec<_> = found.iter().map(|event| format!("{:?}", event.key)).collect();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[test]
fn a_verdict_names_its_rule() {
    for (word, verdict, rule) in [
        (json!("Likely"), Automation::Machine, Some("ses.isBotEvent")),
        (json!("Unlikely"), Automation::Human, Some("ses.isBotEvent")),
        (json!("Maybe"), Automation::Unknown, None),
        (json!(null), Automation::Unknown, None),
    ] {
        for (name, object) in [("Open", "open"), ("Click", "click")] {
            let found = events(name, object, &json!({"isBotEvent": word})).remove(0);
            assert_eq!((found.automation, found.automation_rule), (verdict, rule), "{name} {word}");
        }
    }
}

#[test]
fn nothing_of_a_record_is_lost() {
    let record = json!({"eventType": "Click", "mail": {"messageId": "m-1", "destination": [ONE], "tags": {"campaign": ["c"]},
        "timestamp": "2026-02-10T09:00:00Z"}, "click": {"link": "https://example.com/", "linkTags": {"a": ["b"]}}});
    let found = read(&record).remove(0);
    let mut expected = record;
    expected["mail"].as_object_mut().expect("an object").remove("messageId");
    expected["click"].as_object_mut().expect("an object").remove("link");
    expected.as_object_mut().expect("an object").remove("eventType");
    assert_eq!(Value::Object(found.data), expected);
    let campaign = found.campaign.expect("a campaign");
    assert_eq!((campaign.namespace, campaign.external_id.as_str()), (Namespace::Aws, "c"));
    assert_eq!((found.message_id.as_deref(), found.url.as_deref()), (Some("m-1"), Some("https://example.com/")));
}

#[test]
fn an_event_with_neither_key_nor_time_is_always_new() {
    let found = read(&json!({"eventType": "Open", "mail": {"destination": [ONE]}, "open": {}})).remove(0);
    assert_eq!((found.occurred_at, found.key), (None, EventKey::AlwaysNew));
}

#[test]
fn configured_tags_name_the_campaign_in_their_order() {
    let rules =
        Rules { campaign_tags: vec!["wave".to_owned(), "ses:configuration-set".to_owned()], ..Rules::default() };
    for (tags, expected) in [
        (json!({"campaign": ["c"], "wave": ["w"], "ses:configuration-set": ["s"]}), Some("w")),
        (json!({"campaign": ["c"], "ses:configuration-set": ["s", "t"]}), Some("s")),
        (json!({"campaign": ["c"]}), None),
    ] {
        let record = json!({"eventType": "Send", "mail": {"destination": [ONE], "tags": tags}});
        let found = parse(record.as_object().expect("an object"), &rules).expect("an event").remove(0);
        assert_eq!(found.campaign.map(|campaign| campaign.external_id).as_deref(), expected, "{tags}");
    }
}

#[test]
fn a_time_ahead_of_the_clock_is_refused_where_it_stands() {
    let ahead = "2199-01-01T00:00:00Z";
    for (name, object, details, sent, path) in [
        ("Bounce", "bounce", json!({"timestamp": ahead}), "2026-02-10T09:00:00Z", "bounce.timestamp"),
        ("Rendering Failure", "failure", json!({}), ahead, "mail.timestamp"),
        (
            "DeliveryDelay",
            "deliveryDelay",
            json!({"timestamp": ahead}),
            "2026-02-10T09:00:00Z",
            "deliveryDelay.timestamp",
        ),
    ] {
        let mail = json!({"timestamp": sent, "messageId": "m-1", "destination": [ONE]});
        let outcome = read_value(Dialect::Ses, &json!({"eventType": name, "mail": mail, object: details}));
        assert_eq!(outcome[0].outcome.as_ref().expect_err("a refusal").path, path, "{name}");
    }
}
