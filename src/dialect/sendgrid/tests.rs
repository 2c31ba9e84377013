//! Every row of the mapping tables and every kind of bad input, through the fixtures and one by one.

use serde_json::json;

use super::*;
use crate::dialect::read_value;
use crate::dialect::shown::fixtures;

/// An event with more fields.
fn event(name: &str, more: &Value) -> NewEvent {
    let mut record =
        json!({"event": name, "email": "ann@example.com", "timestamp": 1_770_714_065, "sg_event_id": "e-1"});
    let more = more.as_object().expect("an object").clone();
    record.as_object_mut().expect("an object").extend(more);
    read_value(Dialect::SendGrid, &record).remove(0).outcome.expect("an event").remove(0)
}

#[test]
fn fixtures_read_as_their_snapshots() {
    for (name, text) in fixtures(Dialect::SendGrid) {
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn events_mean_their_kinds() {
    for (name, more, kind) in [
        ("processed", json!({}), Kind::Sent),
        ("dropped", json!({}), Kind::Skipped),
        ("deferred", json!({}), Kind::Deferred),
        ("delivered", json!({}), Kind::Delivered),
        ("bounce", json!({"type": "bounce"}), Kind::HardBounced),
        ("bounce", json!({}), Kind::HardBounced),
        ("bounce", json!({"type": "blocked"}), Kind::SoftBounced),
        ("bounce", json!({"type": "someday"}), Kind::Other),
        ("open", json!({}), Kind::Opened),
        ("click", json!({}), Kind::Clicked),
        ("spamreport", json!({}), Kind::SpamReported),
        ("unsubscribe", json!({}), Kind::OptedOut),
        ("group_unsubscribe", json!({"asm_group_id": 31}), Kind::ListUnsubscribed),
        ("group_resubscribe", json!({"asm_group_id": 31}), Kind::ListSubscribed),
        ("Delivered", json!({}), Kind::Delivered),
        ("someday", json!({"type": "bounce"}), Kind::Other),
    ] {
        assert_eq!(event(name, &more).kind, kind, "{name} {more}");
    }
}

#[test]
fn groups_are_lists_and_their_names_are_one_as_number_and_as_text() {
    for name in ["group_unsubscribe", "group_resubscribe"] {
        for id in [json!(31), json!("31")] {
            assert_eq!(event(name, &json!({"asm_group_id": id})).list.as_deref(), Some("31"), "{name} {id}");
        }
    }
    assert_eq!(event("open", &json!({"asm_group_id": 31})).list, None);
}

#[test]
fn campaigns_are_sendgrids_own_before_the_senders() {
    for (more, expected) in [
        (
            json!({"marketing_campaign_id": 7, "marketing_campaign_name": "Spring", "campaign": "c"}),
            Some(("7", Some("Spring"))),
        ),
        (json!({"marketing_campaign_id": "7", "singlesend_id": "s"}), Some(("7", None))),
        (json!({"singlesend_id": "s", "singlesend_name": "Seeds", "campaign": "c"}), Some(("s", Some("Seeds")))),
        (json!({"singlesend_id": 12}), Some(("12", None))),
        (json!({"campaign": "c", "campaign_id": "d", "marketing_campaign_name": "of none"}), Some(("c", None))),
        (json!({"campaign_id": "d"}), Some(("d", None))),
        (json!({"category": ["c"]}), None),
    ] {
        let found = event("open", &more).campaign;
        assert!(found.iter().all(|campaign| campaign.namespace == Namespace::SendGrid));
        let found = found.map(|campaign| (campaign.external_id, campaign.name));
        let found = found.as_ref().map(|(id, name)| (id.as_str(), name.as_deref()));
        assert_eq!(found, expected, "{more}");
    }
}

#[test]
fn events_are_known_by_their_id_kind_and_recipient() {
    let first = event("open", &json!({}));
    assert_eq!(event("open", &json!({"ip": "203.0.113.1"})).key, first.key);
    for (name, more) in [
        ("click", json!({})),
        ("open", json!({"sg_event_id": "e-2"})),
        ("open", json!({"email": "bo@example.com"})),
        ("open", json!({"sg_event_id": null})),
    ] {
        assert_ne!(event(name, &more).key, first.key, "{name} {more}");
    }
    let by_content = |ip: &str| event("open", &json!({"sg_event_id": "", "ip": ip})).key;
    assert_eq!(by_content("203.0.113.1"), by_content("203.0.113.1"));
    assert_ne!(by_content("203.0.113.1"), by_content("203.0.113.2"));
}

#[test]
fn only_a_machine_is_a_verdict() {
    let verdict = |more: &Value| {
        let found = event("open", more);
        (found.automation, found.automation_rule)
    };
    assert_eq!(verdict(&json!({"sg_machine_open": true})), (Automation::Machine, Some("sendgrid.sg_machine_open")));
    for more in [json!({"sg_machine_open": false}), json!({"sg_machine_open": null}), json!({})] {
        assert_eq!(verdict(&more), (Automation::Unknown, None), "{more}");
    }
}

#[test]
fn nothing_of_a_record_is_lost() {
    let found = event(
        "click",
        &json!({"url": "https://example.com/", "sg_message_id": "qX4rT9mWZb-Lk2_Yv81cGA.recvd-1.0",
        "category": "a", "tier": {"gold": null}, "marketing_campaign_id": 7}),
    );
    let expected = json!({"timestamp": 1_770_714_065, "sg_event_id": "e-1", "marketing_campaign_id": 7,
        "sg_message_id": "qX4rT9mWZb-Lk2_Yv81cGA.recvd-1.0", "category": "a", "tier": {"gold": null}});
    assert_eq!(Value::Object(found.data), expected);
    assert_eq!(found.message_id.as_deref(), Some("qX4rT9mWZb-Lk2_Yv81cGA"));
    assert_eq!(found.url.as_deref(), Some("https://example.com/"));
}
