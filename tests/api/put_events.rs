//! `POST /v1/apps/{app}/events`: Pinpoint's `PutEvents`, as its SDKs send it and parse the answer.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::kit::client::read;
use crate::kit::server::ADMIN_KEY;
use crate::kit::{Answer, TestServer, both_databases};

const EVENTS: &str =
    "{ events(filter: {}) { totalCount nodes { type kind identifiers { type value } campaign { externalId } } } }";

/// As an SDK sends it: with the key in its signature.
fn put(app: &TestServer, body: &Value) -> reqwest::RequestBuilder {
    let credential = format!("{ADMIN_KEY}/20260302/eu-central-1/mobiletargeting/aws4_request");
    let signature = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=00");
    let request = app.anybody().request(Method::POST, "/v1/apps/app-1/events").header("authorization", signature);
    request.header("x-amz-date", "20260302T080000Z").body(body.to_string())
}

fn event(event_type: &str) -> Value {
    json!({"EventType": event_type, "Timestamp": "2026-03-02T08:00:00Z"})
}

fn batch(items: Value) -> Value {
    json!({ "BatchItem": items })
}

/// The exception that an SDK raises.
fn exception(answer: &Answer) -> (u16, &str) {
    assert!(answer.json["Message"].is_string(), "{}", answer.text);
    let name = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    (answer.status, name.unwrap_or_default())
}

both_databases! {
    async fn every_event_has_its_own_answer(app: TestServer) {
        let mut opened = event("_campaign.opened_notification");
        opened["Attributes"] = json!({"campaign_id": "c-1", "campaign_activity_id": "a-1"});
        let endpoint = json!({"ChannelType": "EMAIL", "Address": "ada@example.com", "User": {"UserId": "ada"}});
        let body = batch(json!({
            "ep-1": {"Endpoint": endpoint, "Events": {"e1": event("shop.visit"), "e2": {"EventType": "shop.visit"}, "e3": opened}},
            "ep-2": {"Endpoint": {}, "Events": {"e1": event("shop.visit"), "e2": {"EventType": "x", "Timestamp": "soon"}}},
            "ep-3": {"Endpoint": {}, "Events": {}},
        }));
        for _ in 0..2 {
            let answer = read(put(&app, &body)).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
            let results = &answer.json["Results"];
            let code = |endpoint: &str, id: &str| results[endpoint]["EventsItemResponse"][id]["StatusCode"].as_u64();
            assert_eq!([code("ep-1", "e1"), code("ep-1", "e2"), code("ep-1", "e3")], [Some(202), Some(400), Some(202)]);
            assert_eq!([code("ep-2", "e1"), code("ep-2", "e2")], [Some(202), Some(400)]);
            assert_eq!(results["ep-1"]["EndpointItemResponse"], json!({"StatusCode": 202, "Message": "Accepted"}));
            assert_eq!(results["ep-3"]["EndpointItemResponse"]["StatusCode"], 400);
            let why = results["ep-1"]["EventsItemResponse"]["e2"]["Message"].as_str().unwrap_or_default();
            assert!(why.contains("Events.e2.Timestamp is missing"), "{why}");
            let seen = app.admin.data(EVENTS, json!({})).await;
            assert_eq!(seen["events"]["totalCount"], "3", "a repeat adds nothing: {seen}");
        }
        let seen = app.admin.data(EVENTS, json!({})).await;
        let campaign = seen["events"]["nodes"].as_array().expect("nodes").iter().find(|node| node["kind"] == "OPENED");
        let campaign = campaign.expect("the opened notification");
        assert_eq!(campaign["campaign"]["externalId"], "c-1");
        assert_eq!(campaign["identifiers"].as_array().map(Vec::len), Some(3), "endpoint, address and user: {campaign}");
        let data = app.admin.data("{ quarantine { totalCount nodes { code raw source } } }", json!({})).await;
        assert_eq!(data["quarantine"]["totalCount"], "3", "{data}");
    }

    async fn a_quarantined_event_can_be_corrected_and_sent_again_alone(app: TestServer) {
        let body = batch(json!({"ep-1": {"Endpoint": {}, "Events": {"e1": event("a"), "e2": {"EventType": "b", "Timestamp": "soon"}}}}));
        read(put(&app, &body)).await;
        let data = app.admin.data("{ quarantine { nodes { raw dialect } } }", json!({})).await;
        let [kept] = data["quarantine"]["nodes"].as_array().expect("nodes").as_slice() else { panic!("{data}") };
        assert_eq!(kept["dialect"], "PINPOINT");
        let mut raw: Value = serde_json::from_str(kept["raw"].as_str().expect("text")).expect("JSON");
        let expected = json!({"ApplicationId": "app-1", "BatchItem": {"ep-1": {"Endpoint": {},
            "Events": {"e2": {"EventType": "b", "Timestamp": "soon"}}}}});
        assert_eq!(raw, expected);
        raw["BatchItem"]["ep-1"]["Events"]["e2"]["Timestamp"] = json!("2026-03-02T08:00:05Z");
        for (route, accepted) in [("/ingest/pinpoint", 1), ("/ingest/auto", 0)] {
            let answer = app.admin.post(route, &raw).await;
            assert_eq!((answer.status, &answer.json["accepted"]), (200, &json!(accepted)), "{}", answer.text);
        }
        let sent_again = batch(json!({"ep-1": {"Endpoint": {}, "Events": {"e2": {"EventType": "b", "Timestamp": "2026-03-02T08:00:05Z"}}}}));
        read(put(&app, &sent_again)).await;
        assert_eq!(app.admin.data(EVENTS, json!({})).await["events"]["totalCount"], "2");
    }

    async fn refusals_are_the_exceptions_of_amazon(app: TestServer) {
        let good = batch(json!({"ep-1": {"Endpoint": {}, "Events": {"e1": event("a")}}}));
        let nobody = app.anybody().request(Method::POST, "/v1/apps/app-1/events").body(good.to_string());
        assert_eq!(exception(&read(nobody).await), (403, "ForbiddenException"));
        let wrong = app.anybody().with_key("guess").post("/v1/apps/app-1/events", &good).await;
        assert_eq!(exception(&wrong), (403, "ForbiddenException"));
        for bad in ["", "{", "[]", "{}", r#"{"BatchItem": {}}"#, r#"{"BatchItem": 5}"#] {
            let answer = app.admin.post_text("/v1/apps/app-1/events", bad).await;
            assert_eq!(exception(&answer), (400, "BadRequestException"), "{bad}");
        }
        let events: Map<String, Value> = (0..101).map(|n| (format!("e{n}"), event("a"))).collect();
        let many = read(put(&app, &batch(json!({"ep-1": {"Endpoint": {}, "Events": events}})))).await;
        assert_eq!(exception(&many), (400, "BadRequestException"));
        let long = batch(json!({"ep-1": {"Endpoint": {}, "Events": {"e1": {"x": "y".repeat(4 << 20)}}}}));
        assert_eq!(exception(&read(put(&app, &long)).await), (413, "PayloadTooLargeException"));
        let get = app.admin.get("/v1/apps/app-1/events").await;
        assert_eq!(exception(&get), (405, "MethodNotAllowedException"));
        assert_eq!(exception(&app.admin.post("/v1/apps/app-1", &good).await), (404, "NotFoundException"));
        assert_eq!(app.admin.data(EVENTS, json!({})).await["events"]["totalCount"], "0");
    }

    async fn an_event_that_is_too_long_holds_up_no_other(app: TestServer) {
        let mut long = event("a");
        long["Attributes"] = json!({"x": "y".repeat(1_030_000)});
        let body = batch(json!({"ep-1": {"Endpoint": {}, "Events": {"e1": long, "e2": event("a")}}}));
        let answer = read(put(&app, &body)).await;
        let events = &answer.json["Results"]["ep-1"]["EventsItemResponse"];
        assert_eq!((&events["e1"]["StatusCode"], &events["e2"]["StatusCode"]), (&json!(400), &json!(202)), "{}", answer.text);
    }

    async fn the_key_of_a_signature_counts_at_its_own_route_alone(app: TestServer) {
        let credential = format!("{ADMIN_KEY}/20260302/eu-central-1/mobiletargeting/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
        let request = app.anybody().request(Method::POST, "/ingest/pinpoint").header("authorization", signature);
        assert_eq!(read(request.body("{}")).await.status, 401);
    }
}
