//! ODP's routes of consent and reachability, and the pixel: what clients send, the events that it becomes, and the state
//! that can be asked back.

use campaignql::domain::access::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::client::read;
use crate::kit::record::RUN_S;
use crate::kit::{Answer, both_databases};

const EVENTS: &str = "{ events(filter: {}, first: 50) { nodes { type action kind occurredAt
    campaign { externalId name } identifiers { type value } } } quarantine { totalCount nodes { code path } } }";

both_databases! {
    async fn a_consent_update_becomes_an_event_with_its_campaign_and_can_be_asked_back(app: TestServer) {
        let updates = json!([
            {"identifier_field_name": "email", "identifier_value": "A+x@b.example", "consent": false, "consent_update_reason": "unsub",
             "consent_update_ts": RUN_S, "event_data": {"campaign_id": 9097, "campaign": "Jan"}},
            {"identifier_field_name": "email", "identifier_value": "in@b.example", "consent": true, "consent_update_ts": RUN_S},
        ]);
        assert_accepted(&app.admin.post("/v3/consent", &updates).await, 2);
        let out = app.admin.get("/v3/consent/email?id=a%2Bx%40b.example").await;
        assert_eq!(out.status, 200, "{}", out.text);
        assert!(out.json["zaius_id"].is_string());
        assert_eq!(without_id(out), json!({"identifier_field_name": "email", "identifier_value": "a+x@b.example", "consent": false,
            "consent_update_reason": "unsub", "consent_update_ts": RUN_S}));
        assert_eq!(app.admin.get("/v3/consent/email?id=in%40b.example").await.json["consent"], true);
        let data = app.admin.data(EVENTS, json!({})).await;
        let opted_out = data["events"]["nodes"].as_array().expect("a list").iter().find(|e| e["kind"] == "OPTED_OUT").expect("an event");
        assert_eq!((&opted_out["type"], &opted_out["action"]), (&json!("consent"), &json!("opt-out")));
        assert_eq!(opted_out["campaign"], json!({"externalId": "9097", "name": "Jan"}));
    }

    async fn consent_of_somebody_who_said_nothing_is_null_and_of_nobody_is_not_found(app: TestServer) {
        let seen = json!({"type": "email", "action": "sent", "identifiers": {"email": "new@b.example"}, "data": {"ts": RUN_S}});
        assert_eq!(app.admin.post("/v3/events", &seen).await.status, 202);
        assert_eq!(without_id(app.admin.get("/v3/consent/email?id=new%40b.example").await), json!({"identifier_field_name": "email",
            "identifier_value": "new@b.example", "consent": null, "consent_update_reason": null, "consent_update_ts": null}));
        let nobody = app.admin.get("/v3/consent/email?id=nobody%40b.example").await;
        assert_eq!((nobody.status, &nobody.json["title"]), (404, &json!("Not Found")), "{}", nobody.text);
        let no_address = app.admin.get("/v3/consent/user_id?id=7").await;
        assert!(no_address.status == 400 && no_address.text.contains("user_id"), "{}", no_address.text);
        assert_eq!(app.admin.get("/v3/consent/email").await.status, 400);
    }

    async fn a_reachability_update_becomes_a_bounce_of_its_campaign_and_is_cleared_by_the_next(app: TestServer) {
        let bounce = json!([{"identifier_field_name": "email", "identifier_value": "a@b.example", "reachable": false,
            "reachable_update_type": "hard_bounce", "reachable_update_reason": "550 no such user", "reachable_update_ts": RUN_S,
            "event_data": {"campaign_id": 9097, "campaign_schedule_run_ts": RUN_S}}]);
        assert_accepted(&app.admin.post("/v3/reachability", &bounce).await, 1);
        assert_eq!(without_id(app.admin.get("/v3/reachability/email?id=a%40b.example").await), json!({"identifier_field_name": "email",
            "identifier_value": "a@b.example", "reachable": false, "reachable_update_type": "hard_bounce",
            "reachable_update_reason": "550 no such user", "reachable_update_ts": RUN_S}));
        let data = app.admin.data(EVENTS, json!({})).await;
        assert_eq!(data["events"]["nodes"][0]["kind"], "HARD_BOUNCED");
        assert_eq!(data["events"]["nodes"][0]["campaign"]["externalId"], "9097");
        let again = json!({"identifier_field_name": "email", "identifier_value": "a@b.example", "reachable": true, "reachable_update_ts": RUN_S + 1});
        assert_accepted(&app.admin.post("/v3/reachability", &again).await, 1);
        let state = app.admin.get("/v3/reachability/email?id=a%40b.example").await.json;
        assert_eq!((&state["reachable"], &state["reachable_update_type"]), (&json!(true), &json!(null)));
    }

    async fn bad_updates_are_named_and_kept_and_hold_up_no_good_one(app: TestServer) {
        let good = json!({"identifier_field_name": "email", "identifier_value": "a@b.example", "reachable": true});
        let bad = |change: &[(&str, Value)]| {
            let mut update = good.clone();
            for (name, value) in change {
                update[*name] = value.clone();
            }
            update
        };
        let wrong = [
            bad(&[("reachable", json!(null))]),
            bad(&[("reachable", json!(false))]),
            bad(&[("reachable", json!(false)), ("reachable_update_type", json!("moved"))]),
            bad(&[("reachable_update_type", json!("other"))]),
            bad(&[("reachable_update_ts", json!("yesterday"))]),
            bad(&[("identifier_value", json!(null))]),
            bad(&[("identifier_field_name", json!("user_id"))]),
            bad(&[("identifier_value", json!("undefined"))]),
            json!("a@b.example"),
        ];
        let answer = app.admin.post("/v3/reachability", &json!(wrong)).await;
        assert_eq!((answer.status, &answer.json["title"]), (400, &json!("Bad Request")), "{}", answer.text);
        let invalids = answer.json["detail"]["invalids"].as_array().expect("a list");
        assert_eq!(invalids.len(), wrong.len(), "{}", answer.text);
        let mixed = app.admin.post("/v3/reachability", &json!([wrong[0], good])).await;
        assert_eq!(mixed.status, 202, "{}", mixed.text);
        let data = app.admin.data(EVENTS, json!({})).await;
        assert_eq!(data["quarantine"]["totalCount"], json!(wrong.len().to_string()));
        assert_eq!(data["events"]["nodes"].as_array().map(Vec::len), Some(1));
        let broken = app.admin.post_text("/v3/consent", "[{").await;
        assert!(broken.status == 400 && broken.json["detail"]["message"].is_string(), "{}", broken.text);
    }

    async fn the_pixel_takes_an_event_from_its_query_and_answers_an_image(app: TestServer) {
        let key = app.key_of(Scope::OdpPublic).await;
        let path = format!("/v2/zaius.gif?email=A%40b.example&vuid=v1&idempotence_id=i-1&data_source=javascript-sdk&count=1&nul=null\
            &page=%2Fx+y&tracker_id={key}&event_type=fullstack&vdl_action=purchased");
        for _ in 0..2 {
            let answer = app.anybody().request(Method::GET, &path).send().await.expect("it answers");
            assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].as_bytes()), (200, &b"image/gif"[..]));
            assert_eq!(answer.headers()["access-control-allow-origin"], "*");
            assert!(answer.bytes().await.expect("a body").starts_with(b"GIF89a\x01\x00\x01\x00"));
        }
        let query = "{ events(filter: {}) { nodes { type action identifiers { type value } data } } }";
        let data = app.admin.data(query, json!({})).await;
        let events = data["events"]["nodes"].as_array().expect("a list");
        assert_eq!(events.len(), 1, "a repeat changes nothing");
        assert_eq!((&events[0]["type"], &events[0]["action"]), (&json!("fullstack"), &json!("purchased")));
        assert_eq!(events[0]["identifiers"], json!([{"type": "email", "value": "a@b.example"}, {"type": "vuid", "value": "v1"}]));
        assert_eq!(events[0]["data"]["page"], "/x y");
        assert!(events[0]["data"].get("tracker_id").is_none(), "the key is not kept");
        assert_eq!(app.anybody().get("/v2/zaius.gif?tracker_id=wrong&email=a%40b.example").await.status, 403);
        assert_eq!(app.anybody().get("/v2/zaius.gif?email=a%40b.example").await.status, 403);
        assert_eq!(app.anybody().get(&format!("/v2/zaius.gif?tracker_id={key}&page=x")).await.status, 400);
    }

    async fn updates_belong_to_the_private_keys(app: TestServer) {
        let consent = json!([{"identifier_field_name": "email", "identifier_value": "a@b.example", "consent": true}]);
        assert_accepted(&app.admin.post("/v3/consent", &consent).await, 1);
        let reachable = json!([{"identifier_field_name": "email", "identifier_value": "a@b.example", "reachable": true}]);
        for (scope, may_write, may_read) in [
            (Scope::OdpPublic, false, false), (Scope::Ingest, true, false), (Scope::Read, false, true), (Scope::Report, false, false),
        ] {
            let client = app.holder_of(scope).await;
            for (path, body) in [("/v3/consent", &consent), ("/v3/reachability", &reachable)] {
                let status = client.post(path, body).await.status;
                assert_eq!(status, if may_write { 202 } else { 403 }, "{scope:?} writes {path}");
                let status = client.get(&format!("{path}/email?id=a%40b.example")).await.status;
                assert_eq!(status, if may_read { 200 } else { 403 }, "{scope:?} reads {path}");
            }
        }
    }

    async fn a_browser_of_any_site_may_send_events_and_nothing_else(app: TestServer) {
        let ask = |path: &'static str| read(app.anybody().request(Method::OPTIONS, path).header("origin", "https://shop.example"));
        let allowed = ask("/v3/events").await;
        assert_eq!((allowed.status, &allowed.headers["access-control-allow-origin"]), (204, &"*".parse().expect("a value")));
        assert!(allowed.headers["access-control-allow-headers"].to_str().expect("text").contains("x-api-key"));
        assert!(ask("/v3/profiles").await.headers.get("access-control-allow-origin").is_none());
        let refused = app.anybody().post("/v3/events", &json!({})).await;
        assert_eq!((refused.status, &refused.headers["access-control-allow-origin"]), (403, &"*".parse().expect("a value")));
    }
}

fn assert_accepted(answer: &Answer, results: usize) {
    assert_eq!(
        (answer.status, &answer.json["title"], &answer.json["status"]),
        (202, &json!("Accepted"), &json!(202)),
        "{}",
        answer.text
    );
    assert_eq!(answer.json["results"].as_array().map(Vec::len), Some(results), "{}", answer.text);
}

fn without_id(answer: Answer) -> Value {
    let mut json = answer.json;
    json.as_object_mut().expect("an object").remove("zaius_id");
    json
}
