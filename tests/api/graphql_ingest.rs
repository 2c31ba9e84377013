//! Events by GraphQL: typed, in a vendor's form, and as the Flag server sends them.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::record::mail;
use crate::kit::{Client, both_databases};

const VENDOR: &str =
    "mutation($records: [JSON!]!) { vendorEventsIngest(input: {dialect: ODP, records: $records}, results: ALL) {
    accepted duplicates quarantined events results { index status code path eventId } } }";
const TYPED: &str = "mutation($events: [EventInput!]!, $results: IngestResultSelection) {
    eventsIngest(input: {events: $events}, results: $results) {
        accepted duplicates quarantined events results { index status code path eventId } userErrors { code } } }";
const ODP: &str = "mutation($action: String!, $identifiers: JSON!, $data: JSON) {
    odpEventSend(action: $action, type: \"email\", identifiers: $identifiers, data: $data, results: ALL) {
        accepted duplicates quarantined results { eventId } userErrors { code field } } }";

both_databases! {
    async fn a_record_is_the_same_event_by_whichever_way_it_comes(app: TestServer) {
        let event = mail("open", "ada@example.com", 1);
        let first = app.admin.data(VENDOR, json!({"records": [event]})).await["vendorEventsIngest"].clone();
        assert_eq!((&first["accepted"], &first["events"]), (&json!(1), &json!(1)), "{first}");
        assert_eq!(app.admin.post("/v3/events", &event).await.json["results"][0]["status"], "DUPLICATE");
        assert_eq!(app.admin.post("/ingest/odp", &event).await.json["duplicates"], 1);
        let again = app.admin.data(VENDOR, json!({"records": [event]})).await["vendorEventsIngest"].clone();
        assert_eq!(again["results"][0]["status"], "DUPLICATE", "{again}");
    }

    async fn typed_events_are_taken_one_by_one_and_can_be_read_at_once(app: TestServer) {
        let good = typed("open", "2026-03-02T08:00:00Z");
        let events = json!([good, typed("open", "soon")]);
        let taken = app.admin.data(TYPED, json!({"events": events, "results": "ALL"})).await["eventsIngest"].clone();
        assert_eq!((&taken["accepted"], &taken["quarantined"]), (&json!(1), &json!(1)), "{taken}");
        assert_eq!((&taken["results"][1]["code"], &taken["results"][1]["path"]), (&json!("INVALID_TIME"), &json!("occurredAt")));
        let event = node(&app.admin, &taken["results"][0]["eventId"]).await;
        assert_eq!((&event["type"], &event["kind"]), (&json!("open"), &json!("OPENED")), "{event}");
        assert_eq!(event["occurredAt"], "2026-03-02T08:00:00Z");
        let again = app.admin.data(TYPED, json!({"events": [good]})).await["eventsIngest"].clone();
        assert_eq!((&again["duplicates"], &again["results"]), (&json!(1), &json!([])), "{again}");
    }

    async fn an_event_of_the_flag_server_gets_a_key_and_says_where_it_comes_from(app: TestServer) {
        let variables = json!({"action": "open", "identifiers": {"FS-USER-ID": "u1"}, "data": {"colour": "red"}});
        let sent = app.admin.data(ODP, variables.clone()).await["odpEventSend"].clone();
        assert_eq!(sent["accepted"], 1, "{sent}");
        let event = node(&app.admin, &sent["results"][0]["eventId"]).await;
        assert_eq!(event["identifiers"], json!([{"type": "fs_user_id", "value": "u1"}]));
        assert_eq!(event["data"]["colour"], "red", "{event}");
        assert_eq!((&event["data"]["data_source_type"], &event["data"]["data_source"]), (&json!("api"), &json!("campaignql")));
        let again = app.admin.data(ODP, variables).await["odpEventSend"].clone();
        assert_eq!(again["accepted"], 1, "without a key of its own each call is an event: {again}");
        let keyed = json!({"action": "open", "identifiers": {"email": "a@example.com"}, "data": {"idempotence_id": "k"}});
        app.admin.data(ODP, keyed.clone()).await;
        assert_eq!(app.admin.data(ODP, keyed).await["odpEventSend"]["duplicates"], 1);
    }

    async fn an_action_that_is_empty_takes_nothing(app: TestServer) {
        let sent = app.admin.graphql(ODP, json!({"action": " ", "identifiers": {"email": "ada@example.com"}})).await;
        assert_ne!(sent.json["data"]["odpEventSend"]["accepted"], 1, "{}", sent.text);
        let kept = app.admin.data("{ events(filter: {}) { totalCount } }", json!({})).await;
        assert_eq!(kept["events"]["totalCount"].to_string().trim_matches('"'), "0");
    }

    async fn whoever_may_only_read_changes_nothing(app: TestServer) {
        let reader = app.holder_of(Scope::Read).await;
        let code = reader.error_code(VENDOR, json!({"records": [mail("open", "ada@example.com", 1)]})).await;
        assert_eq!(code, "FORBIDDEN");
    }

    async fn nothing_is_changed_by_get(app: TestServer) {
        let path = "/graphql?query=mutation%7BodpEventSend(action%3A%22a%22%2Cidentifiers%3A%7Bemail%3A%22a%40b.example%22%7D)%7Baccepted%7D%7D";
        let answer = app.admin.get(path).await;
        assert_eq!(answer.status, 405, "{}", answer.text);
        assert_eq!(app.admin.get("/graphql?query=%7Bworkspace%7Bname%7D%7D").await.json["data"]["workspace"]["name"], "default");
    }
}

fn typed(event_type: &str, occurred_at: &str) -> Value {
    json!({"type": event_type, "kind": "OPENED", "occurredAt": occurred_at,
        "identifiers": [{"type": "email", "value": "ada@example.com"}]})
}

async fn node(client: &Client, id: &Value) -> Value {
    let query =
        "query($id: ID!) { node(id: $id) { ... on Event { type kind occurredAt data identifiers { type value } } } }";
    client.data(query, json!({"id": id})).await["node"].clone()
}
