//! Every row of the mapping tables and every kind of bad input, through the fixtures.

use serde_json::json;

use super::*;
use crate::dialect::shown::fixtures;
use crate::dialect::{read_body, read_value};
use crate::domain::event::EventKey;

fn one(record: &Value) -> NewEvent {
    let mut records = read_value(Dialect::Odp, record);
    assert_eq!(records.len(), 1);
    records.remove(0).outcome.expect("an event").remove(0)
}

#[test]
fn fixtures_read_as_their_snapshots() {
    for (name, text) in fixtures(Dialect::Odp) {
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn pairs_mean_their_kinds() {
    for (event_type, action, kind) in [
        ("email", "sent", Kind::Sent),
        ("telegram", "delivery", Kind::Delivered),
        ("web_modal", "impression", Kind::Impression),
        ("sms", "opt-out", Kind::OptedOut),
        ("email", "spamreport", Kind::SpamReported),
        ("web_push", "add_token", Kind::TokenAdded),
        ("email", "add_token", Kind::Other),
        ("consent", "opt_in", Kind::OptedIn),
        ("content", "opt-out", Kind::OptedOut),
        ("order", "purchase", Kind::Purchased),
        ("order", "open", Kind::Other),
        ("list", "open", Kind::Other),
        ("email", "", Kind::Other),
    ] {
        assert_eq!(Pair::new(event_type, Some(action)).meaning(None).kind, kind, "{event_type}/{action}");
    }
}

#[test]
fn a_number_and_its_text_are_the_same_event() {
    let as_number = json!({"type": "email", "action": "open", "identifiers": {"email": "a@example.com"},
        "data": {"ts": 1_700_000_000, "campaign_id": 9097, "note": null}});
    let as_text = json!({"type": "Email", "action": "OPEN", "identifiers": {"email": " A@Example.com"},
        "data": {"ts": "2023-11-14T22:13:20Z", "campaign_id": "9097", "note": ""}});
    assert_eq!(one(&as_number), one(&as_text));
}

#[test]
fn nothing_of_a_record_is_lost() {
    let event = one(&json!({"type": "t", "identifiers": {"vuid": "v", "nickname": "bob"}, "tracker": 7,
        "data": {"deep": {"null": null, "list": [1, "x"]}, "data_source": "app"}}));
    let expected = json!({"deep": {"null": null, "list": [1, "x"]}, "data_source": "app",
        "_record": {"tracker": 7, "identifiers": {"nickname": "bob"}}});
    assert_eq!(Value::Object(event.data), expected);
}

#[test]
fn sent_events_get_what_they_do_not_bring() {
    let mut data =
        Map::from_iter([("data_source".to_owned(), json!("mine")), ("idempotence_id".to_owned(), json!(null))]);
    odp_event_send_defaults(&mut data);
    assert_eq!(data["data_source"], "mine");
    assert_eq!(data["data_source_type"], "api");
    assert_eq!(data["data_source_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(data["idempotence_id"].as_str().map(str::len), Some(36));
    let before = data.clone();
    odp_event_send_defaults(&mut data);
    assert_eq!(data, before);
}

#[test]
fn a_large_text_costs_only_its_record() {
    let large = "x".repeat(10 * 1024 * 1024);
    let body = format!(
        r#"[{{"type":"t","identifiers":{{"vuid":"a"}},"data":{{"ts":1,"text":"{large}"}}}},
            {{"type":"t","identifiers":{{"vuid":"b"}},"data":{{"ts":1}}}}]"#
    );
    let records = read_body(Dialect::Odp, body.as_bytes());
    let refused = records[0].outcome.as_ref().expect_err("a refusal");
    assert_eq!((refused.code.name(), refused.path.as_str()), ("TOO_LARGE", "data.text"));
    assert!(refused.message.len() < 300, "{}", refused.message);
    assert!(records[1].outcome.is_ok());
}

#[test]
fn values_and_bodies_read_alike() {
    let batch = json!([
        {"type": "email", "action": "open", "identifiers": {"email": "a@example.com"}, "data": {"ts": 1}},
        {"type": "email", "identifiers": {}},
        7,
    ]);
    let outcomes = |records: Vec<crate::domain::event::Record>| -> Vec<_> {
        records.into_iter().map(|record| (record.raw, record.outcome)).collect()
    };
    let from_value = outcomes(read_value(Dialect::Odp, &batch));
    assert_eq!(from_value, outcomes(read_body(Dialect::Odp, batch.to_string().as_bytes())));
    assert_eq!(from_value.len(), 3);
}

#[test]
fn an_event_with_neither_key_nor_time_is_always_new() {
    assert_eq!(one(&json!({"type": "t", "identifiers": {"vuid": "v"}})).key, EventKey::AlwaysNew);
}
