//! What was known of a customer is gone from every table and every answer, and every report stays as it was.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::somebody::{ANN, BOB, PHONE, erase, id_of, load, reports, traces};
use super::tables::{Holds, classified};
use crate::kit::client::read;
use crate::kit::{Answer, Client, TestServer, both_databases};

async fn node(client: &Client, id: &str) -> Value {
    client.data("query($id: ID!) { node(id: $id) { id } customer(id: $id) { id } }", json!({ "id": id })).await
}

/// Everything that lists customers, addresses, events or records.
const LISTS: &str = "{
    customers(first: 100) { totalCount nodes { id identifiers { type value } attributes { name value } mergedFrom } }
    sent: customers(filter: {reached: {campaign: \"CAMPAIGN\", step: SENT}}) { totalCount nodes { id } }
    suppressions { totalCount nodes { identifier { value } } }
    quarantine(filter: {states: [OPEN, REPLAYED, DISCARDED]}) { totalCount nodes { id raw message path resolution } }
    quarantineCounts(filter: {states: [OPEN, REPLAYED, DISCARDED]}) { groups { path } }
    events(filter: {}, first: 100) { nodes { id identifiers { type value } targetAddress url reason messageId data
        notes { message } customer { id } } }
    reachabilityFunnel(channel: \"email\") { steps { step customers } }
}";

async fn lists(client: &Client) -> Value {
    let campaign = client.data("{ campaign(externalId: \"71\") { id } }", json!({})).await;
    let query = LISTS.replace("CAMPAIGN", campaign["campaign"]["id"].as_str().expect("an id"));
    client.data(&query, json!({})).await
}

async fn http_answers(client: &Client) -> Vec<Answer> {
    let mut answers = Vec::new();
    for route in [
        format!("/v3/profiles?email={ANN}"),
        format!("/v3/consent/email?id={ANN}"),
        format!("/v3/reachability/email?id={ANN}"),
        format!("/v3/lists/subscriptions?email={ANN}"),
    ] {
        answers.push(read(client.request(reqwest::Method::GET, &route)).await);
    }
    answers
}

both_databases! {
    async fn nothing_of_an_erased_customer_is_left_but_counts(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        let admin = &server.admin;
        load(&server).await;
        let held: BTreeSet<String> = traces(&database).await.into_iter().collect();
        let personal: BTreeSet<String> =
            classified().into_iter().filter(|(_, holds)| *holds == Holds::Personal).map(|(column, _)| column).collect();
        assert_eq!(held, personal, "left: columns that hold her before, right: columns classified as personal");
        let (before, listed) = (reports(admin).await, lists(admin).await);
        let ann = id_of(admin, "email", ANN).await.expect("she is known");
        assert_eq!(id_of(admin, "phone", PHONE).await.as_ref(), Some(&ann));
        let erased = erase(admin, "email", "Ann@Erasmus.Example").await;
        assert_eq!(erased["userErrors"], json!([]), "{erased}");
        let erased = &erased["erasure"];
        assert_eq!(erased["id"], ann);
        for (field, number) in [("identifiers", 8), ("attributes", 2), ("quarantinedRecords", 3), ("eventsOfOthers", 1)] {
            assert_eq!(erased[field], number.to_string(), "{field}: {erased}");
        }
        assert_eq!(traces(&database).await, Vec::<String>::new());
        assert_eq!(reports(admin).await, before);
        assert_eq!(node(admin, &ann).await, json!({"node": null, "customer": null}));
        for (name, value) in [("email", ANN), ("phone", PHONE), ("user_id", "erasmus-4711"), ("vuid", "vuid-erasmus")] {
            assert_eq!(id_of(admin, name, value).await, None, "{name}");
        }
        let now = lists(admin).await;
        assert!(!now.to_string().to_lowercase().contains("erasmus"), "{now}");
        let total = |of: &Value, list: &str| of[list]["totalCount"].as_str().expect("a number").parse::<i64>().expect("a number");
        assert_eq!(total(&now, "customers"), total(&listed, "customers") - 1, "{now}");
        assert_eq!(total(&listed, "sent") - total(&now, "sent"), 1);
        assert_eq!(total(&now, "quarantine"), 1, "only Bob's is left");
        assert_eq!(total(&now, "suppressions"), 0);
        let known = |of: &Value| of["reachabilityFunnel"]["steps"][0]["customers"].as_str().expect("a number").to_owned();
        assert_eq!(known(&now), total(&now, "customers").to_string());
        let event = now["events"]["nodes"].as_array().expect("a list").iter().find(|event| event["customer"].is_null());
        assert_eq!(event.expect("hers are there")["data"], json!({}));
        for answer in http_answers(admin).await {
            assert_eq!(answer.status, 404, "{}", answer.text);
        }
        let again = erase(admin, "email", ANN).await;
        assert_eq!(again["userErrors"][0]["code"], "NOT_FOUND", "{again}");
        server.stop().await;
    }

    async fn reports_by_links_count_on_without_the_links_that_were_hers_alone(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        let admin = &server.admin;
        load(&server).await;
        let query = "{ campaign(externalId: \"71\") { funnel(groupBy: [URL]) { groups { url steps { step total unique } } } } }";
        let links = |data: Value| {
            let groups = data["campaign"]["funnel"]["groups"].as_array().expect("a list").clone();
            let mut clicks: Vec<(Value, Value)> = Vec::new();
            for group in groups {
                let steps = group["steps"].as_array().expect("a list");
                let step = steps.iter().find(|step| step["step"] == "CLICKED").expect("it is a step").clone();
                if step["total"] != "0" {
                    clicks.push((group["url"].clone(), step));
                }
            }
            clicks
        };
        let before = links(admin.data(query, json!({})).await);
        let hers = json!("https://shop.example/for-erasmus");
        assert!(before.iter().any(|(url, step)| *url == hers && step["total"] == "1"), "{before:?}");
        erase(admin, "email", ANN).await;
        let after = links(admin.data(query, json!({})).await);
        let forgotten = |(url, step): (Value, Value)| (if url == hers { Value::Null } else { url }, step);
        assert_eq!(after, before.into_iter().map(forgotten).collect::<Vec<_>>());
        server.stop().await;
    }

    async fn a_repeat_of_what_was_erased_changes_nothing(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        let admin = &server.admin;
        load(&server).await;
        let before = reports(admin).await;
        erase(admin, "email", ANN).await;
        let lift = "mutation($input: IdentifierBlockLiftInput!) { identifierBlockLift(input: $input) { isLifted } }";
        let click = crate::kit::record::mail("open", ANN, 60);
        let dropped = admin.post("/ingest/odp", &click).await;
        assert_eq!((&dropped.json["dropped"], &dropped.json["events"]), (&json!(1), &json!(0)), "{}", dropped.text);
        let lifted = admin.data(lift, json!({"input": {"identifier": {"type": "email", "value": ANN}}})).await;
        assert_eq!(lifted["identifierBlockLift"]["isLifted"], true);
        let repeat = admin.post("/ingest/odp", &click).await;
        assert_eq!((&repeat.json["duplicates"], &repeat.json["events"]), (&json!(1), &json!(0)), "{}", repeat.text);
        assert_eq!(reports(admin).await, before);
        assert_eq!(traces(&database).await, Vec::<String>::new());
        let escaped = "{\"type\": \"email\", \"identifiers\": {\"email\": \"ANN\\u0040Erasmus.example\"}, \"data\": {\"ts\": \"soon\"}}";
        assert_eq!(admin.post_text("/ingest/odp", escaped).await.json["quarantined"], 1);
        assert_eq!(traces(&database).await, Vec::<String>::new(), "a repeat of an erased bad record adds nothing");
        server.stop().await;
    }
}

both_databases! {
    async fn what_is_wrong_with_a_request_is_said_and_nothing_changes(server: TestServer) {
        let admin = &server.admin;
        load(&server).await;
        let mutation = "mutation($input: CustomerEraseInput!) { customerErase(input: $input) { erasure { id } userErrors { code field } } }";
        let ann = json!({"type": "email", "value": ANN});
        let id = id_of(admin, "email", ANN).await.expect("she is known");
        for (input, code) in [
            (json!({}), "AMBIGUOUS"),
            (json!({"id": id, "identifier": ann}), "AMBIGUOUS"),
            (json!({"id": "bm90aGluZw"}), "NOT_FOUND"),
            (json!({"identifier": {"type": "email", "value": "nobody@other.example"}}), "NOT_FOUND"),
            (json!({"identifier": {"type": "nickname", "value": "ann"}}), "INVALID"),
            (json!({"id": id, "reason": "x".repeat(1_001)}), "TOO_LONG"),
            (json!({"id": id, "reason": "Ann@Erasmus.example asked for it"}), "INVALID"),
        ] {
            let payload = admin.data(mutation, json!({ "input": input })).await["customerErase"].clone();
            assert_eq!((&payload["userErrors"][0]["code"], &payload["erasure"]), (&json!(code), &Value::Null), "{input}");
        }
        assert!(id_of(admin, "email", ANN).await.is_some());
        let reader = server.holder_of(campaignql::domain::access::Scope::Read).await;
        assert_eq!(reader.error_code(mutation, json!({"input": {"id": id}})).await, "FORBIDDEN");
        let stranger = server.another_workspace().await;
        let payload = stranger.data(mutation, json!({"input": {"id": id}})).await;
        assert_eq!(payload["customerErase"]["userErrors"][0]["code"], "NOT_FOUND");
        let payload = admin.data(mutation, json!({"input": {"id": id, "reason": "a request by letter"}})).await;
        assert_eq!(payload["customerErase"]["erasure"]["id"], json!(id));
        assert!(id_of(admin, "email", BOB).await.is_some());
    }
}
