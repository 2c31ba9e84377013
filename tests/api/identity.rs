//! Who is who, by hand: merges of two customers, and the history of every merge and move.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail, mail_of};
use crate::kit::{Client, TestServer, both_databases};
use crate::profile::set;

const MERGE: &str = "mutation($input: CustomerMergeInput!) { customerMerge(input: $input) {
    customer { id mergedFrom } mergedId status userErrors { message field code } } }";
const CUSTOMER: &str = "query($id: ID, $identifier: IdentifierInput) { customer(id: $id, identifier: $identifier) {
    id isIdentified mergedFrom identifiers { type value } attributes { name value } events { totalCount }
    eligibility(channel: \"email\") { isEligible } } }";
const HISTORY: &str = "query($email: String!, $first: Int, $after: String, $last: Int, $before: String) {
    customer(identifier: {type: \"email\", value: $email}) { identityHistory(first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { at kind cause customerId customer { id } otherId other { id } identifier { type value }
            event { id type } apiKeyId reason }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";

both_databases! {
    async fn a_merge_by_hand_keeps_the_older_customer_whichever_is_named_first(app: TestServer) {
        for (number, older_first) in [(1, true), (2, false)] {
            let (old, new) = (format!("old{number}@example.com"), format!("new{number}@example.com"));
            send(&app.admin, &[mail("sent", &old, 0)]).await;
            send(&app.admin, &[mail("sent", &new, 0), mail("open", &new, 1)]).await;
            let (older, newer) = (id_of(&app.admin, &old).await, id_of(&app.admin, &new).await);
            let (by_id, by_email) = (json!({"id": older}), email(&new));
            let (customer, other) = if older_first { (by_id, by_email) } else { (by_email, by_id) };
            let made = merge(&app.admin, json!({"customer": customer, "other": other, "reason": " told us so "})).await;
            assert_eq!(made, json!({"customer": {"id": older, "mergedFrom": [newer]}, "mergedId": newer, "status": "MERGED", "userErrors": []}));
            let by_old_id = app.admin.data(CUSTOMER, json!({"id": newer})).await["customer"].clone();
            assert_eq!(by_old_id, app.admin.data(CUSTOMER, json!({"identifier": {"type": "email", "value": old}})).await["customer"]);
            assert_eq!((&by_old_id["id"], &by_old_id["events"]["totalCount"]), (&older, &json!("3")));
            assert_eq!(by_old_id["identifiers"].as_array().map(Vec::len), Some(2));
        }
    }

    async fn a_merge_of_one_customer_changes_nothing_and_says_so(app: TestServer) {
        send(&app.admin, &[mail("sent", "a@example.com", 0), mail("sent", "b@example.com", 0)]).await;
        let (a, b) = (id_of(&app.admin, "a@example.com").await, id_of(&app.admin, "b@example.com").await);
        let pair = json!({"customer": email("a@example.com"), "other": email("b@example.com")});
        assert_eq!(merge(&app.admin, pair.clone()).await["status"], "MERGED");
        // Again: by the same names, by the id of one that is no more, and by the id of the one that is.
        let (survivor, gone) = if merge(&app.admin, pair.clone()).await["customer"]["id"] == a { (a, b) } else { (b, a) };
        for again in [pair, json!({"customer": {"id": survivor}, "other": {"id": gone}}), json!({"customer": {"id": gone}, "other": email("a@example.com")})] {
            let made = merge(&app.admin, again).await;
            assert_eq!(made, json!({"customer": {"id": survivor, "mergedFrom": [gone]}, "mergedId": null, "status": "ALREADY_ONE", "userErrors": []}));
        }
        assert_eq!(history(&app.admin, "a@example.com").await["totalCount"], "1");
    }

    async fn what_cannot_be_merged_is_said_by_field(app: TestServer) {
        send(&app.admin, &[mail("sent", "a@example.com", 0)]).await;
        let other = app.another_workspace().await;
        send(&other, &[mail("sent", "b@example.com", 0)]).await;
        let foreign = id_of(&other, "b@example.com").await;
        for (customer, with, code, field) in [
            (email("a@example.com"), email("A@example.com"), "INVALID", json!(["input", "other"])),
            (email("a@example.com"), email("b@example.com"), "NOT_FOUND", json!(["input", "other"])),
            (json!({"id": foreign}), email("a@example.com"), "NOT_FOUND", json!(["input", "customer"])),
            (json!({"id": "bm9uZQ"}), email("a@example.com"), "NOT_FOUND", json!(["input", "customer"])),
            (email("a@example.com"), email("undefined"), "INVALID", json!(["input", "other", "identifier"])),
        ] {
            let refused = merge(&app.admin, json!({"customer": customer, "other": with})).await;
            assert_eq!((&refused["customer"], &refused["status"]), (&json!(null), &json!(null)), "{refused}");
            assert_eq!((&refused["userErrors"][0]["code"], &refused["userErrors"][0]["field"]), (&json!(code), &field), "{refused}");
        }
        for scope in [Scope::Read, Scope::Ingest, Scope::Report] {
            let input = json!({"input": {"customer": email("a@example.com"), "other": email("b@example.com")}});
            assert_eq!(app.holder_of(scope).await.error_code(MERGE, input).await, "FORBIDDEN", "{scope:?}");
        }
        let both = json!({"input": {"customer": {"id": foreign, "identifier": {"type": "email", "value": "x@x.co"}}, "other": email("a@example.com")}});
        assert_eq!(app.admin.error_code(MERGE, both).await, "BAD_INPUT");
    }

    async fn every_report_counts_a_merged_customer_once(app: TestServer) {
        // Two customers who share 200 campaigns, and a third who is in none of them twice.
        let events: Vec<Value> = (0..200).flat_map(|campaign| ["a@example.com", "b@example.com"].map(|who| mail_of(campaign, "sent", who, 1))).collect();
        send(&app.admin, &events).await;
        let left = json!({"type": "consent", "action": "opt-out", "identifiers": {"email": "a@example.com"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[left, mail_of(0, "hard_bounce", "b@example.com", 5)]).await;
        set(&app.admin, "a@example.com", json!({"city": "Rome", "age": 7}), Some("2026-03-01T00:00:00Z")).await;
        set(&app.admin, "b@example.com", json!({"city": "Oslo"}), Some("2026-03-02T00:00:00Z")).await;
        assert_eq!(known(&app).await, "2");
        let reached = |campaign: usize| format!("c{campaign}: campaign(externalId: \"{campaign}\") {{ id funnel(unit: RECIPIENT) {{ steps {{ step total unique }} }} }}");
        let made = merge(&app.admin, json!({"customer": email("a@example.com"), "other": email("b@example.com")})).await;
        assert_eq!(made["status"], "MERGED", "{made}");
        for campaigns in (0..200).collect::<Vec<usize>>().chunks(50) {
            let query: String = campaigns.iter().map(|campaign| reached(*campaign)).collect();
            let data = app.admin.data(&format!("{{ {query} }}"), json!({})).await;
            for campaign in campaigns {
                let steps = &data[format!("c{campaign}")]["funnel"]["steps"];
                assert_eq!(steps[1], json!({"step": "SENT", "total": "2", "unique": "1"}), "{campaign}: {steps}");
            }
        }
        assert_eq!(known(&app).await, "1");
        let one = app.admin.data(CUSTOMER, json!({"identifier": {"type": "email", "value": "b@example.com"}})).await["customer"].clone();
        assert_eq!(one["attributes"], json!([{"name": "age", "value": 7}, {"name": "city", "value": "Oslo"}]));
        assert_eq!(one["eligibility"]["isEligible"], false);
        let listed = app.admin.data("{ customers { totalCount nodes { id } } }", json!({})).await;
        assert_eq!(listed["customers"], json!({"totalCount": "1", "nodes": [{"id": one["id"]}]}));
    }

    async fn an_anonymous_customer_can_be_merged_with_anybody(app: TestServer) {
        let device = |vuid: &str| json!({"type": "app", "action": "open", "identifiers": {"vuid": vuid}, "data": {"ts": RUN_S}});
        send(&app.admin, &[device("v1")]).await;
        send(&app.admin, &[device("v2")]).await;
        send(&app.admin, &[mail("sent", "a@example.com", 0)]).await;
        let vuid = |value: &str| json!({"identifier": {"type": "vuid", "value": value}});
        let first = merge(&app.admin, json!({"customer": vuid("v2"), "other": vuid("v1")})).await;
        let second = merge(&app.admin, json!({"customer": email("a@example.com"), "other": vuid("v2")})).await;
        assert_eq!((&first["status"], &second["status"]), (&json!("MERGED"), &json!("MERGED")));
        let one = app.admin.data(CUSTOMER, json!({"id": first["customer"]["id"]})).await["customer"].clone();
        assert_eq!((&one["id"], &one["isIdentified"], &one["events"]["totalCount"]), (&first["customer"]["id"], &json!(true), &json!("3")));
        // Who is known for sure stays so: its device moves where it is named beside somebody else.
        let elsewhere = json!({"type": "app", "action": "open", "identifiers": {"email": "b@example.com", "vuid": "v1"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[elsewhere]).await;
        assert_eq!(known(&app).await, "2");
    }

    async fn the_history_tells_every_merge_and_move_with_its_cause(app: TestServer) {
        let named = |identifiers: Value, at: i64| json!({"type": "account", "identifiers": identifiers, "data": {"ts": RUN_S + at}});
        for (at, who) in [json!({"email": "a@example.com"}), json!({"email": "b@example.com"}), json!({"vuid": "v"}), json!({"email": "c@example.com"}), json!({"email": "d@example.com"})].into_iter().enumerate() {
            send(&app.admin, &[named(who, at as i64)]).await;
        }
        send(&app.admin, &[named(json!({"email": "a@example.com", "vuid": "v"}), 10)]).await;
        send(&app.admin, &[named(json!({"email": "b@example.com", "vuid": "v"}), 11)]).await;
        let linked = json!({"identifiers": [{"type": "email", "value": "a@example.com"}, {"type": "email", "value": "b@example.com"}]});
        app.admin.data("mutation($input: CustomerUpsertInput!) { customerUpsert(input: $input) { customer { id } } }", json!({"input": linked})).await;
        merge(&app.admin, json!({"customer": email("c@example.com"), "other": email("a@example.com"), "reason": "a letter"})).await;
        let history = history(&app.admin, "b@example.com").await;
        let nodes = history["nodes"].as_array().expect("a list").clone();
        let told: Vec<Value> = nodes.iter().map(|node| json!([node["kind"], node["cause"], node["identifier"]["value"], node["event"].is_object(), node["apiKeyId"].is_string(), node["reason"]])).collect();
        assert_eq!(told, [
            json!(["MERGED", "MANUAL", null, false, true, "a letter"]),
            json!(["MERGED", "SHARED_IDENTIFIER", "b@example.com", false, false, null]),
            json!(["MOVED", "IDENTIFIER_MOVED", "v", true, false, null]),
            json!(["MERGED", "ANONYMOUS_NAMED", "v", true, false, null]),
        ]);
        assert_eq!(history["totalCount"], "4");
        let one = id_of(&app.admin, "c@example.com").await;
        assert!(nodes.iter().all(|node| node["customer"]["id"] == one && node["other"]["id"] == one), "{history}");
        // As they were then: what moved went from the first to the second.
        assert_eq!((&nodes[2]["otherId"], &nodes[2]["customerId"]), (&nodes[1]["customerId"], &nodes[1]["otherId"]));
        let event = nodes[3]["event"]["id"].clone();
        let of_event = app.admin.data("query($id: ID!) { node(id: $id) { ... on Event { identifiers { value } } } }", json!({"id": event})).await;
        assert_eq!(of_event["node"]["identifiers"], json!([{"value": "a@example.com"}, {"value": "v"}]));
        let nobody_else = crate::identity::history(&app.admin, "d@example.com").await;
        assert_eq!((&nobody_else["totalCount"], &nobody_else["nodes"]), (&json!("0"), &json!([])));
    }

    async fn pages_of_a_history_stay_where_they_are_while_more_happens(app: TestServer) {
        let shared = |who: &str, at: i64| json!({"type": "account", "identifiers": {"email": who, "vuid": "kiosk"}, "data": {"ts": RUN_S + at}});
        for at in 0..9 {
            send(&app.admin, &[shared(if at % 2 == 0 { "a@example.com" } else { "b@example.com" }, at)]).await;
        }
        let whole = history(&app.admin, "a@example.com").await;
        assert_eq!(whole["totalCount"], "8");
        let all = whole["nodes"].as_array().expect("a list").clone();
        let (mut walked, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = page(&app.admin, json!({"email": "a@example.com", "first": 3, "after": after})).await;
            walked.extend(page["nodes"].as_array().expect("a list").clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            send(&app.admin, &[shared("c@example.com", 100 + walked.len() as i64), shared("a@example.com", 200 + walked.len() as i64)]).await;
        }
        assert_eq!(walked, all);
        let last = page(&app.admin, json!({"email": "a@example.com", "last": 2})).await;
        assert_eq!((last["nodes"].as_array().expect("a list"), &last["pageInfo"]["hasPreviousPage"]), (&all[6..].to_vec(), &json!(true)));
        let before = page(&app.admin, json!({"email": "a@example.com", "last": 3, "before": last["pageInfo"]["startCursor"]})).await;
        assert_eq!(before["nodes"].as_array().expect("a list"), &all[3..6]);
        let foreign = app.admin.error_code(HISTORY, json!({"email": "a@example.com", "after": "bm9uZQ"})).await;
        assert_eq!(foreign, "BAD_INPUT");
    }
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/v3/events", &json!(events)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}

fn email(value: &str) -> Value {
    json!({"identifier": {"type": "email", "value": value}})
}

async fn merge(client: &Client, input: Value) -> Value {
    client.data(MERGE, json!({ "input": input })).await["customerMerge"].clone()
}

async fn id_of(client: &Client, address: &str) -> Value {
    client.data(CUSTOMER, email(address)).await["customer"]["id"].clone()
}

async fn history(client: &Client, address: &str) -> Value {
    page(client, json!({ "email": address })).await
}

async fn page(client: &Client, variables: Value) -> Value {
    client.data(HISTORY, variables).await["customer"]["identityHistory"].clone()
}

/// How many customers the workspace knows.
async fn known(app: &TestServer) -> String {
    let query = "{ reachabilityFunnel(channel: \"email\") { steps { customers } } }";
    let steps = app.admin.data(query, json!({})).await["reachabilityFunnel"]["steps"].clone();
    steps[0]["customers"].as_str().expect("a number").to_owned()
}
