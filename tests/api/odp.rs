//! `POST /v3/events`: what ODP clients send and expect back.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::record::{keyed, mail};
use crate::kit::{Answer, both_databases};

const EVENTS: &str = "/v3/events";

both_databases! {
    async fn one_event_or_an_array_is_accepted_with_one_result_each(app: TestServer) {
        let one = app.admin.post(EVENTS, &mail("open", "ada@example.com", 1)).await;
        assert_accepted(&one, &["ACCEPTED"]);
        let two = json!([mail("open", "ada@example.com", 2), mail("click", "ada@example.com", 3)]);
        assert_accepted(&app.admin.post(EVENTS, &two).await, &["ACCEPTED", "ACCEPTED"]);
    }

    async fn a_repeat_is_accepted_and_counts_as_a_duplicate(app: TestServer) {
        let event = keyed("k-1", "ada@example.com");
        assert_accepted(&app.admin.post(EVENTS, &event).await, &["ACCEPTED"]);
        assert_accepted(&app.admin.post(EVENTS, &event).await, &["DUPLICATE"]);
        assert_accepted(&app.admin.post(EVENTS, &json!([event, event])).await, &["DUPLICATE", "DUPLICATE"]);
    }

    async fn an_event_twice_in_one_request_is_taken_once(app: TestServer) {
        let event = keyed("k-2", "ada@example.com");
        assert_accepted(&app.admin.post(EVENTS, &json!([event, event])).await, &["ACCEPTED", "DUPLICATE"]);
    }

    async fn the_good_events_of_a_bad_batch_are_stored(app: TestServer) {
        let batch = json!([mail("open", "ada@example.com", 1), {"type": "email", "action": "open"}]);
        let first = app.admin.post(EVENTS, &batch).await;
        assert_accepted(&first, &["ACCEPTED", "QUARANTINED"]);
        assert_eq!(first.json["results"][1]["code"], "MISSING_IDENTIFIER");
        assert_accepted(&app.admin.post(EVENTS, &batch).await, &["DUPLICATE", "QUARANTINED"]);
    }

    async fn a_batch_without_a_good_event_is_a_bad_request(app: TestServer) {
        let bad = json!([{"type": "email", "identifiers": {}}, {"type": "email", "identifiers": 5}]);
        let answer = app.admin.post(EVENTS, &bad).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert_eq!(answer.json["title"], "Bad Request");
        assert_eq!(answer.json["status"], 400);
        assert!(is_time(&answer.json["timestamp"]), "{}", answer.text);
        let invalids = answer.json["detail"]["invalids"].as_array().expect("a list");
        assert_eq!(invalids.iter().map(|invalid| &invalid["event"]).collect::<Vec<_>>(), [&json!(0), &json!(1)]);
        assert!(invalids.iter().all(|invalid| invalid["message"].is_string()), "{}", answer.text);
    }

    async fn a_body_that_is_not_json_is_a_bad_request_with_one_message(app: TestServer) {
        let answer = app.admin.post_text(EVENTS, "{\"type\": ").await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.json["detail"]["message"].is_string(), "{}", answer.text);
    }

    async fn a_gzipped_body_is_read(app: TestServer) {
        let answer = app.admin.post_gzip(EVENTS, &mail("open", "ada@example.com", 1).to_string()).await;
        assert_accepted(&answer, &["ACCEPTED"]);
    }

    async fn a_thousand_events_fit_into_a_request(app: TestServer) {
        let events: Vec<Value> = (0..1_000).map(|n| mail("sent", &format!("p{n}@example.com"), n)).collect();
        let answer = app.admin.post(EVENTS, &Value::Array(events)).await;
        assert_accepted(&answer, &["ACCEPTED"; 1_000]);
    }

    async fn a_missing_or_wrong_key_is_forbidden_without_a_hint(app: TestServer) {
        let event = mail("open", "ada@example.com", 1);
        for client in [app.anybody(), app.anybody().with_key("wrong"), app.holder_of(Scope::Read).await] {
            let answer = client.post(EVENTS, &event).await;
            assert_eq!((answer.status, &answer.json), (403, &json!({"message": "Forbidden"})));
        }
    }

    async fn a_key_for_browsers_may_send_events_and_nothing_else(app: TestServer) {
        let browser = app.holder_of(Scope::OdpPublic).await;
        assert_accepted(&browser.post(EVENTS, &mail("open", "ada@example.com", 1)).await, &["ACCEPTED"]);
        assert_eq!(browser.post("/ingest/odp", &mail("open", "ada@example.com", 2)).await.status, 403);
        assert_eq!(browser.graphql("{ __typename }", json!({})).await.status, 403);
    }
}

fn assert_accepted(answer: &Answer, statuses: &[&str]) {
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!((&answer.json["title"], &answer.json["status"]), (&json!("Accepted"), &json!(202)));
    assert!(is_time(&answer.json["timestamp"]), "{}", answer.text);
    let results = answer.json["results"].as_array().expect("results");
    let given: Vec<&str> = results.iter().filter_map(|result| result["status"].as_str()).collect();
    assert_eq!(given, statuses, "{}", answer.text);
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok())
}
