//! Customers: who is who, what they did, and whether they can be reached.

use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail, pinpoint};
use crate::kit::{Client, both_databases};

const CUSTOMER: &str = "query($type: String!, $value: String!) {
    customer(identifier: {type: $type, value: $value}) { id
        identifiers { type value } events(first: 50) { totalCount nodes { type action kind } } } }";
const REACHABILITY: &str = "query($type: String!, $value: String!) {
    reachability(identifier: {type: $type, value: $value}) { isReachable type since consent event { id type } } }";

both_databases! {
    async fn identifiers_named_together_are_one_customer(app: TestServer) {
        let both = json!({"type": "account", "identifiers": {"email": " Ada@Example.com ", "user_id": "u1"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[mail("sent", "ada@example.com", 0), both]).await;
        let by_email = customer(&app.admin, "email", "ADA@example.com").await;
        assert_eq!(by_email, customer(&app.admin, "user_id", "u1").await);
        assert_eq!(by_email["events"]["totalCount"].to_string().trim_matches('"'), "2");
        let names: Vec<String> = by_email["identifiers"].as_array().expect("a list").iter()
            .map(|identifier| format!("{}={}", identifier["type"], identifier["value"]).replace('"', "")).collect();
        assert_eq!(names, ["email=ada@example.com", "user_id=u1"]);
    }

    async fn two_customers_merge_when_an_event_names_both(app: TestServer) {
        send(&app.admin, &[mail("sent", "ada@example.com", 0), mail("sent", "ada@work.example.com", 0)]).await;
        let apart = customers(&app.admin).await;
        let link = |email: &str| json!({"type": "account", "identifiers": {"email": email, "user_id": "u1"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[link("ada@example.com"), link("ada@work.example.com")]).await;
        assert_eq!((apart, customers(&app.admin).await), ("2".to_owned(), "1".to_owned()));
        let merged = customer(&app.admin, "email", "ada@work.example.com").await;
        assert_eq!(merged, customer(&app.admin, "email", "ada@example.com").await);
        assert_eq!(merged["events"]["totalCount"].to_string().trim_matches('"'), "4");
    }

    async fn an_open_that_came_before_its_send_finds_its_person(app: TestServer) {
        let campaign = json!({"campaign_id": "c", "campaign_activity_id": "r", "treatment_id": "0", "delivery_type": "GCM"});
        let mut sent = pinpoint("_campaign.send", "endpoint-9", RUN_S, campaign.clone());
        sent["attributes"]["campaign_send_status"] = json!("SUCCESS");
        let document = json!({"ChannelType": "GCM", "OptOut": "NONE", "User": {"UserId": "u9"}}).to_string();
        sent["client_context"] = json!({"custom": {"endpoint": document}});
        let opened = pinpoint("_campaign.opened_notification", "endpoint-9", RUN_S + 60, campaign);
        for record in [&opened, &sent] {
            assert_eq!(app.admin.post("/ingest/pinpoint", record).await.json["accepted"], 1);
        }
        let person = customer(&app.admin, "user_id", "u9").await;
        let kinds: Vec<&str> = person["events"]["nodes"].as_array().expect("a list").iter()
            .filter_map(|event| event["kind"].as_str()).collect();
        let mut sorted = kinds.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["OPENED", "SENT", "TARGETED"]);
        assert_eq!(customers(&app.admin).await, "1");
    }

    async fn a_value_that_means_nobody_merges_nobody(app: TestServer) {
        let event = |email: &str| json!({"type": "account", "identifiers": {"email": email, "user_id": "undefined"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[event("ada@example.com"), event("ben@example.com")]).await;
        assert_eq!(customers(&app.admin).await, "2");
    }

    async fn a_hard_bounce_makes_an_address_unreachable_and_says_why(app: TestServer) {
        send(&app.admin, &[mail("sent", "ben@example.com", 0), mail("hard_bounce", "ben@example.com", 5)]).await;
        let state = reachability(&app.admin, "ben@example.com").await;
        assert_eq!((&state["isReachable"], &state["type"]), (&json!(false), &json!("HARD_BOUNCE")), "{state}");
        assert_eq!(state["since"], "2026-03-02T08:00:05Z");
        assert_eq!(state["event"]["type"], "email");
        let back = json!({"type": "reachability", "action": "reachable", "identifiers": {"email": "ben@example.com"},
            "data": {"ts": RUN_S + 90, "target_address": "ben@example.com"}});
        send(&app.admin, &[back]).await;
        assert_eq!(reachability(&app.admin, "ben@example.com").await["isReachable"], true);
    }

    async fn what_is_older_does_not_undo_what_is_newer(app: TestServer) {
        send(&app.admin, &[mail("spamreport", "ben@example.com", 100)]).await;
        let older = json!({"type": "reachability", "action": "reachable", "identifiers": {"email": "ben@example.com"},
            "data": {"ts": RUN_S + 50, "target_address": "ben@example.com"}});
        send(&app.admin, &[older]).await;
        let state = reachability(&app.admin, "ben@example.com").await;
        assert_eq!((&state["isReachable"], &state["type"]), (&json!(false), &json!("SPAM_REPORT")), "{state}");
    }

    async fn an_address_nobody_wrote_to_is_reachable_and_one_that_is_no_address_is_an_error(app: TestServer) {
        let state = reachability(&app.admin, "new@example.com").await;
        assert_eq!((&state["isReachable"], &state["consent"]), (&json!(true), &json!("NONE")), "{state}");
        let code = app.admin.error_code(REACHABILITY, json!({"type": "user_id", "value": "u1"})).await;
        assert_eq!(code, "BAD_INPUT");
    }

    async fn the_reachability_funnel_says_why_not(app: TestServer) {
        let consent = json!({"type": "consent", "action": "opt-out", "identifiers": {"email": "chloe@example.com"},
            "data": {"ts": RUN_S, "target_address": "chloe@example.com"}});
        let nobody = json!({"type": "account", "identifiers": {"user_id": "u1"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[mail("sent", "ada@example.com", 0), mail("hard_bounce", "ben@example.com", 0), consent, nobody]).await;
        let query = "{ reachabilityFunnel(channel: \"email\") { steps { step customers lost { reason customers } } } }";
        let steps = app.admin.data(query, json!({})).await["reachabilityFunnel"]["steps"].clone();
        let told: Vec<String> = steps.as_array().expect("steps").iter().map(|step| {
            let lost: Vec<String> = step["lost"].as_array().expect("losses").iter()
                .map(|loss| format!(" {} {}", loss["reason"], loss["customers"])).collect();
            format!("{} {}{}", step["step"], step["customers"], lost.concat()).replace('"', "")
        }).collect();
        assert_eq!(told, ["KNOWN 4", "HAS_ADDRESS 3 NO_ADDRESS 1", "REACHABLE 2 HARD_BOUNCE 1", "CONSENTED 1 OPTED_OUT 1"]);
    }
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/v3/events", &json!(events)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}

async fn customer(client: &Client, name: &str, value: &str) -> Value {
    let found = client.data(CUSTOMER, json!({"type": name, "value": value})).await["customer"].clone();
    assert!(found.is_object(), "nobody is {name} {value}");
    found
}

async fn reachability(client: &Client, email: &str) -> Value {
    client.data(REACHABILITY, json!({"type": "email", "value": email})).await["reachability"].clone()
}

/// How many customers the workspace knows.
async fn customers(client: &Client) -> String {
    let query = "{ reachabilityFunnel(channel: \"email\") { steps { step customers } } }";
    let steps = client.data(query, json!({})).await["reachabilityFunnel"]["steps"].clone();
    steps[0]["customers"].to_string().trim_matches('"').to_owned()
}
