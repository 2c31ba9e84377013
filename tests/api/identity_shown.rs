//! What a customer shows of its identifiers: at most 25 of a type, the latest linked first; and that the rest is not read.

use campaignql::domain::workspace::WorkspaceId;
use campaignql::store::customer::shown_identifiers;
use campaignql::store::identity_change;
use sea_orm::QueryTrait;
use serde_json::{Value, json};

use crate::customer_list::explain;
use crate::kit::record::RUN_S;
use crate::kit::{Client, both_databases};

const SHOWN: &str = "query($type: String!, $value: String!) { customer(identifier: {type: $type, value: $value}) {
    identifiers { type value linkedAt } eligibility(channel: \"push\") { isEligible addresses { identifier { value } } } } }";

both_databases! {
    async fn of_each_type_the_25_latest_linked_are_shown_and_all_resolve(app: TestServer) {
        // Ten thousand cookies in three requests, and a few push tokens among them.
        let cookies = |from: usize, to: usize| -> Vec<String> { (from..to).map(|n| format!("cookie-{n:05}")).collect() };
        for (from, to) in [(5_000, 10_000), (20, 5_000), (0, 20)] {
            link(&app.admin, "vuid", &cookies(from, to)).await;
        }
        link(&app.admin, "ios_push_token", &(0..30).map(|n| format!("token-{n:02}")).collect::<Vec<_>>()).await;
        let one = shown(&app.admin, "user_id", "u").await;
        // The latest request's in order of their values, then those before it.
        assert_eq!(values(&one, "vuid"), cookies(0, 25));
        assert_eq!(values(&one, "user_id"), ["u"]);
        assert_eq!(values(&one, "ios_push_token").len(), 25);
        for older in ["cookie-05000", "cookie-09999"] {
            assert_eq!(shown(&app.admin, "vuid", older).await, one, "{older}");
        }
        let profile = app.admin.get("/v3/profiles?user_id=u").await.json["attributes"].clone();
        assert_eq!((&profile["vuid"], &profile["user_id"]), (&json!("cookie-00000"), &json!("u")));
        // Every address counts, shown or not.
        let eligibility = &one["eligibility"];
        assert_eq!((&eligibility["isEligible"], eligibility["addresses"].as_array().map(Vec::len)), (&json!(true), Some(30)));
    }

    async fn a_moved_identifier_is_the_latest_linked_and_a_merge_keeps_the_times(app: TestServer) {
        for n in 0..3 {
            link(&app.admin, "vuid", &[format!("v{n}")]).await;
        }
        let elsewhere = json!({"type": "account", "identifiers": {"email": "b@example.com", "vuid": "v1"}, "data": {"ts": RUN_S}});
        assert_eq!(app.admin.post("/v3/events", &elsewhere).await.status, 202);
        assert_eq!(values(&shown(&app.admin, "user_id", "u").await, "vuid"), ["v2", "v0"]);
        let back = json!({"type": "account", "identifiers": {"user_id": "u", "vuid": "v1"}, "data": {"ts": RUN_S + 1}});
        assert_eq!(app.admin.post("/v3/events", &back).await.status, 202);
        let before = shown(&app.admin, "user_id", "u").await;
        assert_eq!(values(&before, "vuid"), ["v1", "v2", "v0"]);
        let both = json!({"type": "account", "identifiers": {"email": "b@example.com", "user_id": "u"}, "data": {"ts": RUN_S}});
        assert_eq!(app.admin.post("/v3/events", &both).await.status, 202);
        let after = shown(&app.admin, "email", "b@example.com").await;
        assert_eq!(values(&after, "vuid"), ["v1", "v2", "v0"]);
        let times = |one: &Value| one["identifiers"].as_array().expect("a list").iter().filter(|i| i["type"] != "email").cloned().collect::<Vec<_>>();
        assert_eq!(times(&after), times(&before));
    }

    async fn identifiers_and_histories_are_found_along_their_customers(app: TestServer) {
        link(&app.admin, "vuid", &["v".to_owned()]).await;
        let store = app.store();
        let history = identity_change::of_customers(WorkspaceId(1), &[5, 6]).into_query();
        for (statement, index) in [(shown_identifiers(store, WorkspaceId(1), &[5, 6, 7]), "identifier_customer"), (history, "identity_change_other")] {
            let plan = explain(store.db(), &statement).await;
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("Seq Scan") || step.contains("identifier_value")), "{plan:#?}");
        }
    }
}

/// Links identifiers of a type to the customer `u`, in one request.
async fn link(client: &Client, name: &str, values: &[String]) {
    let event = |value: &String| json!({"type": "account", "identifiers": {"user_id": "u", name: value}, "data": {"ts": RUN_S}});
    let events: Vec<Value> = values.iter().map(event).collect();
    let answer = client.post("/ingest/odp", &json!(events)).await;
    assert_eq!((answer.status, &answer.json["quarantined"]), (200, &json!(0)), "{}", answer.text);
}

async fn shown(client: &Client, name: &str, value: &str) -> Value {
    client.data(SHOWN, json!({"type": name, "value": value})).await["customer"].clone()
}

fn values(customer: &Value, name: &str) -> Vec<String> {
    let all = customer["identifiers"].as_array().expect("a list").iter();
    all.filter(|i| i["type"] == name).map(|i| i["value"].as_str().expect("a text").to_owned()).collect()
}
