//! The audit log: one entry for each mutation of an administrator that changed something, by whom and to what.

use std::collections::BTreeSet;

use campaignql::domain::access::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::somebody::{ANN, BOB, TRACES, id_of, load};
use crate::kit::client::read;
use crate::kit::{Client, Program, TestServer, both_databases};

/// Mutations that need no administrator.
const OF_SENDERS: [&str; 4] = ["customerUpsert", "eventsIngest", "odpEventSend", "vendorEventsIngest"];

const LOG: &str = "query($filter: AuditFilter, $first: Int, $after: String) { auditLog(filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { at action actor apiKey { name } objectId summary requestId } } }";

async fn log(client: &Client, filter: Value) -> Vec<Value> {
    let data = client.data(LOG, json!({"filter": filter, "first": 100})).await;
    data["auditLog"]["nodes"].as_array().expect("a list").clone()
}

/// Somebody else, who turns out to be Bob.
const CYD: &str = "cyd@other.example";

/// Every mutation of an administrator, with a field to be answered.
async fn mutations(admin: &Client) -> Vec<(&'static str, String)> {
    let ids = admin
        .data(
            "{ campaigns(first: 1) { nodes { id } } lists(first: 1) { nodes { id } }
        suppressions { nodes { identifier { type value } } } open: quarantine { nodes { id } } }",
            json!({}),
        )
        .await;
    let campaign = &ids["campaigns"]["nodes"][0]["id"];
    let list = &ids["lists"]["nodes"][0]["id"];
    let record = &ids["open"]["nodes"][0]["id"];
    let other = &ids["open"]["nodes"][1]["id"];
    let ann = format!("identifier: {{type: \"email\", value: \"{ANN}\"}}");
    let cyd = format!("identifier: {{type: \"email\", value: \"{CYD}\"}}");
    assert_eq!(admin.post("/v3/profiles", &json!({"attributes": {"email": CYD}})).await.status, 202);
    let errors = "userErrors { message }";
    vec![
        ("campaignUpdate", format!("campaignUpdate(id: {campaign}, input: {{name: \"Letters\"}}) {{ {errors} }}")),
        ("campaignArchive", format!("campaignArchive(id: {campaign}) {{ {errors} }}")),
        ("quarantineDiscard", format!("quarantineDiscard(input: {{id: {record}, reason: \"a test\"}}) {{ {errors} }}")),
        ("quarantineReplay", format!("quarantineReplay(input: {{id: {other}, record: \"{{}}\"}}) {{ refused }}")),
        ("suppressionRemove", format!("suppressionRemove(input: {{{ann}}}) {{ {errors} }}")),
        ("consentSet", format!("consentSet(input: {{{ann}, isOptedIn: true}}) {{ {errors} }}")),
        ("reachabilitySet", format!("reachabilitySet(input: {{{ann}, reachable: false}}) {{ {errors} }}")),
        (
            "listSubscriptionSet",
            format!("listSubscriptionSet(input: {{{ann}, list: {list}, isSubscribed: false}}) {{ {errors} }}"),
        ),
        ("audienceUpsert", format!("audienceUpsert(input: {{name: \"all\", rule: {{and: []}}}}) {{ {errors} }}")),
        ("listCreate", format!("listCreate(input: {{name: \"another\"}}) {{ {errors} }}")),
        (
            "identifierTypeRegister",
            format!("identifierTypeRegister(input: {{name: \"loyalty_number\", confidence: HIGH}}) {{ {errors} }}"),
        ),
        ("workspaceUpdate", format!("workspaceUpdate(input: {{softBounceLimit: 4}}) {{ {errors} }}")),
        ("workspaceCreate", format!("workspaceCreate(input: {{name: \"second\"}}) {{ {errors} }}")),
        ("apiKeyCreate", format!("apiKeyCreate(input: {{name: \"k\", scope: READ}}) {{ apiKey {{ id }} {errors} }}")),
        (
            "customerMerge",
            format!(
                "customerMerge(input: {{customer: {{{}}}, other: {{{cyd}}}}}) {{ {errors} }}",
                cyd.replace(CYD, BOB)
            ),
        ),
        ("customerErase", format!("customerErase(input: {{{ann}, reason: \"a request by letter\"}}) {{ {errors} }}")),
        ("identifierBlockLift", format!("identifierBlockLift(input: {{{ann}}}) {{ {errors} }}")),
    ]
}

both_databases! {
    async fn the_command_line_is_recorded_too(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        load(&server).await;
        let program = Program::over(database.url());
        let made = program.run(["key", "create", "--scope", "read", "--output", "json"]);
        let made: Value = serde_json::from_str(&made.stdout).expect("it is JSON");
        let id = made["id"].as_str().expect("an id").to_owned();
        assert_eq!(program.run(["key", "revoke", &id]).code, 0);
        assert_eq!(program.run(["export", "customer", "--identifier", &format!("email={ANN}")]).code, 0);
        let entries = log(&server.admin, json!({})).await;
        let actions: Vec<&str> = entries[..3].iter().map(|entry| entry["action"].as_str().expect("a name")).collect();
        assert_eq!(actions, ["customerExport", "apiKeyRevoke", "apiKeyCreate"]);
        for entry in &entries[..3] {
            assert_eq!((&entry["actor"], &entry["apiKey"], &entry["requestId"]), (&json!("command line"), &Value::Null, &Value::Null));
        }
        assert_eq!(entries[0]["objectId"], json!(id_of(&server.admin, "email", ANN).await));
        server.stop().await;
    }
}

both_databases! {
    async fn every_mutation_of_an_administrator_is_recorded(server: TestServer) {
        let admin = &server.admin;
        load(&server).await;
        let schema = admin.data("{ __schema { mutationType { fields { name } } } }", json!({})).await;
        let fields = schema["__schema"]["mutationType"]["fields"].as_array().expect("a list").clone();
        let all: BTreeSet<String> = fields.iter().map(|field| field["name"].as_str().expect("a name").to_owned()).collect();
        let mut seen: BTreeSet<String> = OF_SENDERS.iter().map(|name| (*name).to_owned()).collect();
        let keys = admin.holder_of_admin(&server).await;
        for (name, field) in mutations(admin).await {
            let before = log(admin, json!({"action": name})).await.len();
            let data = keys.data(&format!("mutation {{ {field} }}"), json!({})).await;
            assert!(!data.to_string().contains("\"message\""), "{name}: {data}");
            let entries = log(admin, json!({"action": name})).await;
            assert_eq!(entries.len(), before + 1, "{name}");
            assert_eq!((&entries[0]["actor"], &entries[0]["apiKey"]["name"]), (&json!("test"), &json!("test")), "{name}");
            assert!(entries[0]["requestId"].is_string(), "{name}");
            seen.insert(name.to_owned());
        }
        let audience = log(admin, json!({"action": "audienceUpsert"})).await[0]["objectId"].clone();
        let key = log(admin, json!({"action": "apiKeyCreate"})).await[0]["objectId"].clone();
        admin.data(&format!("mutation {{ audienceDelete(id: {audience}) {{ deletedId }} apiKeyRevoke(id: {key}) {{ apiKey {{ id }} }} }}"), json!({})).await;
        for (name, object) in [("audienceDelete", &audience), ("apiKeyRevoke", &key)] {
            assert_eq!(&log(admin, json!({"action": name})).await[0]["objectId"], object, "{name}");
            assert_eq!(log(admin, json!({"action": name, "objectId": object})).await.len(), 1, "{name}");
            seen.insert(name.to_owned());
        }
        assert_eq!(seen, all, "left: mutations tried, right: mutations there are");
        let erased = log(admin, json!({"action": "customerErase"})).await[0].clone();
        assert_eq!(erased["summary"]["reason"], "a request by letter");
        assert_eq!(erased["summary"]["identifiers"], 8, "{erased}");
        let whole = Value::Array(log(admin, json!({})).await).to_string().to_lowercase();
        assert!(!TRACES.iter().any(|trace| whole.contains(trace)), "{whole}");
    }

    async fn what_changes_nothing_is_not_recorded_and_only_administrators_read_it(server: TestServer) {
        let admin = &server.admin;
        load(&server).await;
        let before = log(admin, json!({})).await.len();
        for mutation in [
            "mutation { apiKeyRevoke(id: \"QXBpS2V5OjE\") { userErrors { code } } }",
            "mutation { campaignUpdate(id: \"eA\", input: {name: \"x\"}) { userErrors { code } } }",
            "mutation { audienceDelete(id: \"eA\") { userErrors { code } } }",
            "mutation { workspaceUpdate(input: {name: \"\"}) { userErrors { code } } }",
            "mutation { listCreate(input: {name: \"letters\"}) { list { id } } }",
            "mutation { customerErase(input: {identifier: {type: \"email\", value: \"no@body.example\"}}) { userErrors { code } } }",
        ] {
            admin.data(mutation, json!({})).await;
        }
        assert_eq!(log(admin, json!({})).await.len(), before);
        let reader = server.holder_of(Scope::Read).await;
        assert_eq!(reader.error_code("{ auditLog { totalCount } }", json!({})).await, "FORBIDDEN");
        let stranger = server.another_workspace().await;
        assert_eq!(log(&stranger, json!({"action": "quarantineDiscard"})).await.len(), 0);
    }

    async fn pages_come_newest_first_and_do_not_shift(server: TestServer) {
        let admin = &server.admin;
        for number in 0..7 {
            admin.data("mutation($name: String!) { listCreate(input: {name: $name}) { list { id } } }", json!({"name": format!("l{number}")})).await;
        }
        let (mut cursor, mut seen) = (Value::Null, Vec::new());
        loop {
            let filter = json!({"action": "listCreate"});
            let data = admin.data(LOG, json!({"filter": filter, "first": 3, "after": cursor})).await["auditLog"].clone();
            seen.extend(data["nodes"].as_array().expect("a list").iter().map(|node| node["at"].as_str().expect("a time").to_owned()));
            if data["pageInfo"]["hasNextPage"] == false {
                break;
            }
            cursor = data["pageInfo"]["endCursor"].clone();
            // What is done meanwhile is newer than every page to come.
            admin.data("mutation($name: String!) { listCreate(input: {name: $name}) { list { id } } }", json!({"name": format!("m{}", seen.len())})).await;
        }
        assert_eq!(seen.len(), 7);
        assert!(seen.windows(2).all(|pair| pair[0] >= pair[1]), "{seen:?}");
        let since = json!({"action": "listCreate", "from": seen[1]});
        assert!(log(admin, since).await.len() >= 2);
        let mine = json!({"requestId": "my-request"});
        let request = admin.request(Method::POST, "/graphql").header("x-request-id", "my-request");
        let body = json!({"query": "mutation { listCreate(input: {name: \"named\"}) { list { id } } }"});
        assert_eq!(read(request.json(&body)).await.status, 200);
        assert_eq!(log(admin, json!({})).await[0]["requestId"], mine["requestId"]);
    }
}

impl Client {
    /// An administrator with a key of its own, whose name is `test`.
    async fn holder_of_admin(&self, server: &TestServer) -> Self {
        server.holder_of(Scope::Admin).await
    }
}
