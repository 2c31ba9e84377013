//! Requests of `PutEvents`: what becomes of each event, and of parts that break a rule.

#![allow(clippy::needless_pass_by_value, reason = "json! at the place of an argument reads best by value")]

use serde_json::{Value, json};

use super::who;
use crate::dialect::pinpoint::put_events::{MAX_EVENTS, read_request};
use crate::dialect::{Reading, read_value};
use crate::domain::event::{Dialect, Format, NewEvent, Record, Rejection};
use crate::domain::kind::Kind;
use crate::domain::time::Micros;

fn read(request: &Value) -> Vec<Record> {
    let reading = Reading {
        format: Format::Auto,
        rules: std::sync::Arc::default(),
        now: Micros::now(),
        given: std::sync::Arc::default(),
    };
    read_value(reading, request)
}

fn event(event_type: &str) -> Value {
    json!({"EventType": event_type, "Timestamp": "2026-03-02T08:00:00.250Z"})
}

fn request(endpoint: Value, events: Value) -> Value {
    json!({"ApplicationId": "app-1", "BatchItem": {"ep-1": {"Endpoint": endpoint, "Events": events}}})
}

fn single(request: &Value) -> NewEvent {
    let [record] = read(request).try_into().expect("one record");
    assert_eq!(record.dialect, Some(Dialect::Pinpoint));
    let [event] = record.outcome.expect("taken").try_into().expect("one event");
    event
}

fn refused(request: &Value) -> Rejection {
    let [record] = read(request).try_into().expect("one record");
    record.outcome.expect_err("a refusal")
}

#[test]
fn an_app_event_is_read_with_its_endpoint() {
    let endpoint = json!({"ChannelType": "EMAIL", "Address": "Ada@example.com", "OptOut": "ALL",
        "EffectiveDate": "2026-03-01T00:00:00Z", "User": {"UserId": "ada"}});
    let mut view = event("page.view");
    view["Attributes"] = json!({"page": "/home", "campaign_id": "the app's own word"});
    view["Metrics"] = json!({"seconds": 2.5});
    view["Session"] = json!({"Id": "s-1", "StartTimestamp": "2026-03-02T07:59:00Z"});
    view["AppTitle"] = json!("Shop");
    let event = single(&request(endpoint, json!({"ev-1": view})));
    assert_eq!((event.kind, event.event_type.as_str(), &event.campaign), (Kind::Other, "page.view", &None));
    assert_eq!(event.occurred_at, Some(Micros(1_772_438_400_250_000)));
    assert_eq!(who(&event), ["email:ada@example.com", "pinpoint_endpoint:ep-1", "user_id:ada"]);
    assert_eq!(event.updates.len(), 2, "the address and the endpoint are opted out");
    let data = Value::Object(event.data);
    assert_eq!(data["attributes"], json!({"page": "/home", "campaign_id": "the app's own word"}));
    assert_eq!((&data["metrics"]["seconds"], &data["session"]["Id"]), (&json!(2.5), &json!("s-1")));
    assert_eq!((&data["event_id"], &data["AppTitle"]), (&json!("ev-1"), &json!("Shop")));
    assert_eq!(data["application"], json!({"app_id": "app-1"}));
}

#[test]
fn a_campaign_event_counts_for_its_campaign() {
    let mut opened = event("_campaign.opened_notification");
    opened["Attributes"] = json!({"campaign_id": "c-1", "campaign_activity_id": "a-1", "treatment_id": "0"});
    let event = single(&request(json!({"ChannelType": "GCM"}), json!({"ev-1": opened})));
    let campaign = event.campaign.expect("a campaign");
    assert_eq!((event.kind, campaign.external_id.as_str(), event.run.as_deref()), (Kind::Opened, "c-1", Some("a-1")));
    assert_eq!(event.channel.as_deref(), Some("push"));
}

#[test]
fn every_event_has_a_record_of_its_own_that_reads_alone() {
    let batch = json!({"ApplicationId": "app-1", "BatchItem": {
        "ep-1": {"Endpoint": {"User": {"UserId": "ada"}}, "Events": {"e1": event("a"), "e2": {"EventType": "b"}}},
        "ep-2": {"Endpoint": {}, "Events": {"e1": event("a")}},
    }});
    let records = read(&batch);
    assert_eq!(records.len(), 3);
    for record in &records {
        let alone: Value = serde_json::from_slice(&record.raw).expect("JSON");
        let [again] = read(&alone).try_into().expect("one record");
        assert_eq!((again.outcome, &again.raw), (record.outcome.clone(), &record.raw));
    }
    let bad = records[1].outcome.clone().expect_err("a refusal");
    assert_eq!((bad.code.name(), bad.path.as_str()), ("MISSING_FIELD", "BatchItem.ep-1.Events.e2.Timestamp"));
}

#[test]
fn a_repeat_is_known_by_app_endpoint_id_type_and_time() {
    let key = |request: &Value| single(request).key;
    let base = request(json!({}), json!({"e1": event("a")}));
    let mut same = base.clone();
    same["BatchItem"]["ep-1"]["Endpoint"] = json!({"ChannelType": "EMAIL", "Address": "ada@example.com"});
    same["BatchItem"]["ep-1"]["Events"]["e1"]["Attributes"] = json!({"x": "y"});
    assert_eq!(key(&base), key(&same));
    let mut other_app = base.clone();
    other_app["ApplicationId"] = json!("app-2");
    let mut other_time = base.clone();
    other_time["BatchItem"]["ep-1"]["Events"]["e1"]["Timestamp"] = json!("2026-03-02T08:00:00.251Z");
    let other_endpoint = json!({"ApplicationId": "app-1", "BatchItem": {"ep-2": base["BatchItem"]["ep-1"]}});
    let other_id = request(json!({}), json!({"e2": event("a")}));
    let other_type = request(json!({}), json!({"e1": event("b")}));
    for other in [other_app, other_time, other_endpoint, other_id, other_type] {
        assert_ne!(key(&base), key(&other), "{other}");
    }
}

#[test]
fn refusals_name_the_field_of_the_request() {
    let with = |field: &str, value: Value| {
        let mut bad = event("a");
        bad[field] = value;
        request(json!({}), json!({"e1": bad}))
    };
    let at = |field: &str| format!("BatchItem.ep-1.Events.e1.{field}");
    for (request, code, path) in [
        (with("Timestamp", json!("yesterday")), "INVALID_TIME", at("Timestamp")),
        (with("Timestamp", json!("2150-01-01T00:00:00Z")), "INVALID_TIME", "Timestamp".to_owned()),
        (with("EventType", json!("")), "MISSING_FIELD", at("EventType")),
        (with("Attributes", json!([])), "WRONG_TYPE", at("Attributes")),
        (
            with("Metrics", json!({"x": "y".repeat(1_100_000)})),
            "TOO_LARGE",
            "BatchItem.ep-1.Events.e1.Metrics.x".to_owned(),
        ),
        (with("Metrics", json!(vec!["y".repeat(1_000); 1_100])), "TOO_LARGE", "BatchItem.ep-1.Events.e1".to_owned()),
        (
            request(json!({"x": "y".repeat(70_000)}), json!({"e1": event("a"), "e2": event("a")})),
            "TOO_LARGE",
            "BatchItem.ep-1.Endpoint".to_owned(),
        ),
        (request(json!({}), json!({})), "MISSING_FIELD", "BatchItem.ep-1.Events".to_owned()),
        (request(json!({}), json!({"e1": 1})), "WRONG_TYPE", "BatchItem.ep-1.Events.e1".to_owned()),
        (json!({"BatchItem": {"ep-1": 5}}), "WRONG_TYPE", "BatchItem.ep-1".to_owned()),
        (json!({"BatchItem": {}}), "MISSING_FIELD", "BatchItem".to_owned()),
        (json!({"BatchItem": [1]}), "WRONG_TYPE", "BatchItem".to_owned()),
    ] {
        let refused = refused(&request);
        assert_eq!((refused.code.name(), refused.path.as_str()), (code, path.as_str()), "{}", refused.message);
    }
    let message = refused(&with("Timestamp", json!("yesterday"))).message;
    assert!(message.starts_with("BatchItem.ep-1.Events.e1.Timestamp is \"yesterday\""), "{message}");
}

#[test]
fn a_request_holds_at_most_so_many_events() {
    let events = |count: usize| {
        let events: serde_json::Map<_, _> = (0..count).map(|n| (format!("e{n}"), event("a"))).collect();
        json!({"BatchItem": {"ep-1": {"Events": events}}}).to_string()
    };
    assert_eq!(read_request(events(MAX_EVENTS).as_bytes(), "app").expect("events").len(), MAX_EVENTS);
    let refused = read_request(events(MAX_EVENTS + 1).as_bytes(), "app").expect_err("a refusal");
    assert_eq!((refused.code.name(), refused.path.as_str()), ("TOO_LARGE", "BatchItem"));
}
