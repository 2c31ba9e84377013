//! Who may do what, and that nobody sees another workspace.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::both_databases;
use crate::kit::record::mail;

/// Every kind of node, by a query that finds one of each.
const NODES: &str = "{ campaigns { nodes { id } } events(filter: {}) { nodes { id } } quarantine { nodes { id } }
    customer(identifier: {type: \"email\", value: \"ada@example.com\"}) { id } }";

both_databases! {
    async fn each_scope_admits_to_its_own_and_to_nothing_else(app: TestServer) {
        // Scope; may send ODP events; may ingest; may read aggregates; may read personal data.
        let scopes = [
            (Scope::Ingest, [true, true, false, false]),
            (Scope::OdpPublic, [true, false, false, false]),
            (Scope::Report, [false, false, true, false]),
            (Scope::Read, [false, false, true, true]),
            (Scope::Admin, [true, true, true, true]),
        ];
        for (scope, [odp, ingest, aggregates, personal]) in scopes {
            let holder = app.holder_of(scope).await;
            let sent = holder.post("/v3/events", &mail("open", "ada@example.com", 1)).await;
            assert_eq!(sent.status == 202, odp, "{scope:?} on /v3/events: {}", sent.text);
            let ingested = holder.post("/ingest/odp", &mail("open", "ada@example.com", 1)).await;
            assert_eq!(ingested.status == 200, ingest, "{scope:?} on /ingest/odp: {}", ingested.text);
            let asked = holder.graphql("{ campaigns { totalCount } }", json!({})).await;
            assert_eq!(asked.json["data"]["campaigns"].is_object(), aggregates, "{scope:?} on campaigns: {}", asked.text);
            let asked = holder.graphql("{ events(filter: {}) { totalCount } }", json!({})).await;
            assert_eq!(asked.json["data"]["events"].is_object(), personal, "{scope:?} on events: {}", asked.text);
        }
    }

    async fn without_a_good_key_nothing_is_answered(app: TestServer) {
        for client in [app.anybody(), app.anybody().with_key("guess")] {
            let asked = client.graphql("{ campaigns { totalCount } }", json!({})).await;
            assert_eq!(asked.status, 401, "{}", asked.text);
            assert_eq!(asked.json["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
            assert_eq!(client.post("/ingest/odp", &json!([])).await.status, 401);
        }
    }

    async fn another_workspace_sees_nothing_of_this_one(app: TestServer) {
        let broken = json!({"type": "email"});
        app.admin.post("/ingest/odp", &json!([mail("sent", "ada@example.com", 0), broken])).await;
        let other = app.another_workspace().await;
        let own = app.admin.data(NODES, json!({})).await;
        let ids = ids_of(&own);
        assert_eq!(ids.len(), 4, "{own}");
        let node = "query($id: ID!) { node(id: $id) { id } }";
        for id in &ids {
            assert_eq!(app.admin.data(node, json!({"id": id})).await["node"]["id"], *id);
            let seen = other.graphql(node, json!({"id": id})).await;
            assert!(seen.json["data"]["node"].is_null(), "{id}: {}", seen.text);
        }
        let foreign = other.data(NODES, json!({})).await;
        assert!(ids_of(&foreign).is_empty(), "{foreign}");
        let by_number = "query($id: ID) { campaign(id: $id) { name } customer(id: $id) { id } }";
        for id in &ids {
            let seen = other.graphql(by_number, json!({"id": id})).await;
            assert!(!seen.text.contains("Letter 71") && !seen.text.contains("example.com"), "{}", seen.text);
        }
        let rest = "{ eventTypes { type } campaign(externalId: \"71\") { id }
            reachability(identifier: {type: \"email\", value: \"ada@example.com\"}) { since event { id } }
            reachabilityFunnel(channel: \"email\") { steps { customers } } }";
        let rest = other.data(rest, json!({})).await;
        assert_eq!((&rest["eventTypes"], &rest["campaign"]), (&json!([]), &Value::Null), "{rest}");
        assert_eq!(rest["reachability"]["since"], Value::Null, "{rest}");
        assert_eq!(rest["reachabilityFunnel"]["steps"][0]["customers"], "0", "{rest}");
    }

    async fn the_same_events_in_two_workspaces_are_events_of_each(app: TestServer) {
        let other = app.another_workspace().await;
        let event = mail("open", "ada@example.com", 1);
        for client in [&app.admin, &other] {
            assert_eq!(client.post("/ingest/odp", &event).await.json["accepted"], 1);
            assert_eq!(client.post("/ingest/odp", &event).await.json["duplicates"], 1);
        }
    }

    async fn an_id_of_the_wrong_form_is_not_found(app: TestServer) {
        for id in ["", "nonsense", "Q2FtcGFpZ246eA", "Q2FtcGFpZ246MQ", "Q3VzdG9tZXI6MQ"] {
            let answer = app.admin.graphql("query($id: ID!) { node(id: $id) { id } }", json!({"id": id})).await;
            assert!(answer.json["data"]["node"].is_null(), "{id}: {}", answer.text);
            assert!(!answer.text.contains("INTERNAL"), "{id}: {}", answer.text);
        }
    }
}

/// Every `id` in an answer.
fn ids_of(answer: &Value) -> Vec<String> {
    match answer {
        Value::Object(fields) => {
            let own = fields.get("id").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(ids_of)).collect()
        }
        Value::Array(items) => items.iter().flat_map(ids_of).collect(),
        _ => Vec::new(),
    }
}
