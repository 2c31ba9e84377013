//! Audiences: who is in them, asked of one customer, of all, and over ODP's own route.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail};
use crate::kit::{Answer, Client, both_databases};
use crate::profile::set;

const UPSERT: &str = "mutation($input: AudienceUpsertInput!) { audienceUpsert(input: $input) {
    audience { id name description size members(first: 50) { totalCount nodes { id identifiers { value } } } }
    userErrors { message field code } } }";
const AUDIENCES_OF: &str =
    "query($value: String!) { customer(identifier: {type: \"email\", value: $value}) { audiences { name } } }";
const GRAPHQL: &str = "/v3/graphql";

both_databases! {
    async fn a_rule_gives_one_answer_for_one_customer_for_all_and_over_the_odp_route(app: TestServer) {
        fill(&app.admin).await;
        let campaign = app.admin.data("{ campaign(externalId: \"71\") { id } }", json!({})).await["campaign"]["id"].clone();
        let list = app.admin.data("{ lists { nodes { id } } }", json!({})).await["lists"]["nodes"][0]["id"].clone();
        let has_email = json!({"hasIdentifier": {"type": "email"}});
        let has_phone = json!({"hasIdentifier": {"type": "phone"}});
        let eligible = |list: Value| json!({"eligible": {"channel": "email", "list": list}});
        let reached = |step: &str, days: Value| json!({"reached": {"campaign": campaign, "step": step, "withinDays": days}});
        let london = json!({"attribute": {"name": "city", "equals": "London"}});
        let rules = [
            (has_email.clone(), "ada ben cyd dan"),
            (has_phone.clone(), "dan"),
            (json!({"not": has_phone}), "ada ben cyd"),
            (eligible(json!(null)), "ada dan"),
            (eligible(list.clone()), "ada"),
            (reached("OPENED", json!(null)), "ada ben"),
            (reached("CLICKED", json!(3_660)), "ben"),
            (reached("OPENED", json!(1)), ""),
            (london.clone(), "ada cyd"),
            (json!({"and": [has_email, london]}), "ada cyd"),
            (json!({"and": [london, {"not": reached("OPENED", json!(null))}]}), "cyd"),
            (json!({"or": [has_phone, reached("CLICKED", json!(null))]}), "ben dan"),
            (json!({"and": []}), "ada ben cyd dan"),
            (json!({"or": []}), ""),
            (json!({"not": {"or": [london, {"and": [has_phone, has_email]}]}}), "ben"),
        ];
        for (rule, expected) in &rules {
            let made = upsert(&app.admin, "it", rule).await;
            assert_eq!(made["userErrors"], json!([]), "{rule}");
            let members = &made["audience"]["members"];
            let names: Vec<&str> = members["nodes"].as_array().expect("a list").iter()
                .filter_map(|node| node["identifiers"].as_array()?.iter().filter_map(|i| i["value"].as_str()).find(|v| v.contains('@'))?.split('@').next()).collect();
            assert_eq!(names.join(" "), *expected, "{rule}");
            let number = names.len().to_string();
            assert_eq!((&made["audience"]["size"], &members["totalCount"]), (&json!(number), &json!(number)), "{rule}");
            for name in ["ada", "ben", "cyd", "dan"] {
                let email = format!("{name}@example.com");
                let is_in = expected.contains(name);
                let of_one = app.admin.data(AUDIENCES_OF, json!({"value": email})).await;
                assert_eq!(of_one["customer"]["audiences"], if is_in { json!([{"name": "it"}]) } else { json!([]) }, "{name}: {rule}");
                let edges = if is_in { json!([{"node": {"name": "it", "state": "qualified"}}]) } else { json!([]) };
                assert_eq!(ask(&app.admin, &email).await.json, json!({"data": {"customer": {"audiences": {"edges": edges}}}}), "{name}: {rule}");
            }
        }
    }

    async fn an_audience_is_changed_by_its_name_and_removed_by_its_id(app: TestServer) {
        fill(&app.admin).await;
        let first = upsert(&app.admin, "people", &json!({"hasIdentifier": {"type": "phone"}})).await["audience"].clone();
        let second = upsert(&app.admin, "people", &json!({"hasIdentifier": {"type": "email"}})).await["audience"].clone();
        assert_eq!((&first["id"], &first["size"], &second["size"]), (&second["id"], &json!("1"), &json!("4")));
        let listed = app.admin.data("{ audiences { totalCount nodes { name } } }", json!({})).await;
        assert_eq!(listed["audiences"], json!({"totalCount": "1", "nodes": [{"name": "people"}]}));
        let node = app.admin.data("query($id: ID!) { node(id: $id) { id __typename } }", json!({"id": first["id"]})).await;
        assert_eq!(node["node"], json!({"id": first["id"], "__typename": "Audience"}));
        let remove = "mutation($id: ID!) { audienceDelete(id: $id) { deletedId userErrors { code } } }";
        assert_eq!(app.admin.data(remove, json!({"id": first["id"]})).await["audienceDelete"]["deletedId"], first["id"]);
        let again = app.admin.data(remove, json!({"id": first["id"]})).await;
        assert_eq!(again["audienceDelete"]["userErrors"], json!([{"code": "NOT_FOUND"}]));
    }

    async fn rules_have_limits_and_their_faults_are_named(app: TestServer) {
        let mut deep = json!({"hasIdentifier": {"type": "email"}});
        for _ in 0..8 {
            deep = json!({"not": deep});
        }
        let wide = json!({"or": vec![json!({"hasIdentifier": {"type": "email"}}); 64]});
        for (rule, code) in [
            (deep, "TOO_MANY"), (wide, "TOO_MANY"),
            (json!({"hasIdentifier": {"type": "nickname"}}), "INVALID"),
            (json!({"reached": {"campaign": "bm9uZQ", "step": "OPENED"}}), "NOT_FOUND"),
            (json!({"eligible": {"channel": "email", "list": "bm9uZQ"}}), "NOT_FOUND"),
            (json!({"attribute": {"name": "x"}}), "INVALID"),
        ] {
            let refused = upsert(&app.admin, "x", &rule).await;
            assert_eq!((&refused["audience"], &refused["userErrors"][0]["code"]), (&json!(null), &json!(code)), "{rule}");
        }
        let both = json!({"and": [], "or": []});
        assert_eq!(app.admin.error_code(UPSERT, json!({"input": {"name": "x", "rule": both}})).await, "BAD_INPUT");
        let nameless = upsert(&app.admin, " ", &json!({"and": []})).await;
        assert_eq!(nameless["userErrors"][0]["code"], "BLANK");
    }

    async fn an_unknown_customer_is_the_documented_error_with_status_200(app: TestServer) {
        let answer = ask(&app.admin, "nobody@example.com").await;
        assert_eq!(answer.status, 200);
        let error = &answer.json["errors"][0];
        assert!(error["message"].as_str().is_some_and(|message| message.contains("nobody@example.com")), "{}", answer.text);
        assert_eq!((&error["path"], &error["extensions"]), (&json!(["customer"]),
            &json!({"code": "INVALID_IDENTIFIER_EXCEPTION", "classification": "DataFetchingException"})));
        assert_eq!(error["locations"], json!([{"line": 1, "column": 33}]));
        assert_eq!(answer.json["data"], json!({"customer": null}));
        let null = post(&app.admin, "query($e: String) {customer(email: $e) {audiences {edges {node {name}}}}}", json!(null)).await;
        assert_eq!(null.json["errors"][0]["extensions"]["code"], "INVALID_IDENTIFIER_EXCEPTION");
    }

    async fn a_bad_request_is_400_and_a_bad_query_is_200_with_errors(app: TestServer) {
        for body in ["{\"query\" : \"query {customer(fs_user_id : \\\"we\"ird\\ud\\\") {audiences {edges {node {name}}}}}\"}", "", "[]", "{}",
            "{\"query\": 5}", "{\"query\": \"{a}\", \"variables\": 5}"] {
            let answer = app.admin.post_text(GRAPHQL, body).await;
            assert_eq!((answer.status, &answer.json["title"]), (400, &json!("Bad Request")), "{body}: {}", answer.text);
        }
        set(&app.admin, "ada@example.com", json!({}), None).await;
        for query in ["query {customer(", "{customer {audiences {edges {node {name}}}}}", "{customer(email: \"ada@example.com\", phone: \"1\") {email}}",
            "{x}", "{customer(email: \"ada@example.com\") {audiences {nodes {name}}}}", "mutation {x}",
            "{a: customer(email: \"ada@example.com\") {email} b: customer(email: \"ada@example.com\") {email}}"] {
            let answer = post(&app.admin, query, json!(null)).await;
            assert_eq!((answer.status, &answer.json["data"]), (200, &json!(null)), "{query}: {}", answer.text);
            assert!(answer.json["errors"][0]["extensions"]["classification"].is_string(), "{query}: {}", answer.text);
        }
    }

    async fn any_identifier_is_an_argument_and_fields_of_the_customer_belong_to_private_keys(app: TestServer) {
        let profile = json!({"attributes": {"email": "a@b.example", "loyalty_number": "7", "first_name": "Ada"}});
        let event = json!({"type": "account", "identifiers": {"email": "a@b.example", "loyalty_number": "7"}, "data": {"ts": RUN_S}});
        assert_eq!(app.admin.post("/v3/events", &event).await.status, 202);
        assert_eq!(app.admin.post("/v3/profiles", &profile).await.status, 202);
        let query = "query($l: String) {customer(loyalty_number: $l) {mail: email first_name last_name __typename}}";
        let answer = post(&app.admin, query, json!({"l": "7"})).await;
        assert_eq!(answer.json, json!({"data": {"customer": {"mail": "a@b.example", "first_name": "Ada", "last_name": null, "__typename": "Customer"}}}));
        let browser = app.holder_of(Scope::OdpPublic).await;
        let refused = post(&browser, query, json!({"l": "7"})).await;
        assert_eq!((refused.status, &refused.json["data"]), (200, &json!(null)));
        assert!(!refused.text.contains("a@b.example") && refused.json["errors"][0]["message"].is_string(), "{}", refused.text);
        let asked = ask(&browser, "a@b.example").await;
        assert_eq!(asked.json, json!({"data": {"customer": {"audiences": {"edges": []}}}}));
        for scope in [Scope::Ingest, Scope::Report] {
            let answer = ask(&app.holder_of(scope).await, "a@b.example").await;
            assert_eq!((answer.status, &answer.json), (403, &json!({"message": "Forbidden"})), "{scope:?}");
        }
    }
}

/// Ada: London, opened, on the list. Ben: clicked, opted out. Cyd: London, bounced. Dan: a phone beside.
async fn fill(client: &Client) {
    for (name, attributes) in
        [("ada", json!({"city": "London"})), ("ben", json!({"city": "Paris"})), ("cyd", json!({"city": "London"}))]
    {
        set(client, &format!("{name}@example.com"), attributes, None).await;
    }
    let simple = |kind: &str, action: &str, identifiers: Value, data: Value| json!({"type": kind, "action": action, "identifiers": identifiers, "data": data});
    let events = json!([
        mail("open", "ada@example.com", 1),
        mail("click", "ben@example.com", 2),
        mail("hard_bounce", "cyd@example.com", 3),
        simple("list", "subscribe", json!({"email": "ada@example.com"}), json!({"ts": RUN_S, "list_id": "news"})),
        simple("consent", "opt-out", json!({"email": "ben@example.com"}), json!({"ts": RUN_S})),
        simple(
            "account",
            "update",
            json!({"email": "dan@example.com", "phone": "+491712345678"}),
            json!({"ts": RUN_S})
        ),
    ]);
    assert_eq!(client.post("/v3/events", &events).await.status, 202);
}

async fn upsert(client: &Client, name: &str, rule: &Value) -> Value {
    client.data(UPSERT, json!({"input": {"name": name, "rule": rule}})).await["audienceUpsert"].clone()
}

async fn post(client: &Client, query: &str, variables: Value) -> Answer {
    client.post(GRAPHQL, &json!({"query": query, "variables": variables})).await
}

async fn ask(client: &Client, email: &str) -> Answer {
    let query =
        "query($e: String, $s: [String]){customer(email: $e) {audiences(subset: $s) {edges {node {name state}}}}}";
    post(client, query, json!({"e": email, "s": ["it", "unknown"]})).await
}
