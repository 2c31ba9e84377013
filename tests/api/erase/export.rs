//! Everything about one customer as one document, by the API and by the program.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use super::somebody::{ANN, BOB, id_of, load};
use crate::kit::record::RUN_S;
use crate::kit::{Program, TestServer, both_databases};

const EXPORT: &str = "query($input: IdentifierInput!) { customerExport(identifier: $input) }";

fn list<'a>(document: &'a Value, name: &str) -> &'a [Value] {
    document[name].as_array().unwrap_or_else(|| panic!("{name} is missing in {document}"))
}

both_databases! {
    async fn the_document_has_everything_whichever_way_it_is_asked_for(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        let admin = &server.admin;
        load(&server).await;
        let audience = "mutation { audienceUpsert(input: {name: \"grown-up\", rule: {attribute: {name: \"age\", greaterThan: 18}}}) { userErrors { message } } }";
        admin.data(audience, json!({})).await;
        let ann = id_of(admin, "email", ANN).await.expect("she is known");
        let events = admin.data("query($id: ID!) { customer(id: $id) { mergedFrom events { totalCount } identifiers { value } } }", json!({"id": ann})).await;
        let answer = admin.data(EXPORT, json!({"input": {"type": "email", "value": ANN}})).await["customerExport"].clone();
        assert_eq!(answer["customer"]["id"], json!(ann));
        assert_eq!(list(&answer, "events").len().to_string(), events["customer"]["events"]["totalCount"]);
        assert_eq!(list(&answer, "identifiers").len(), list(&events["customer"], "identifiers").len());
        assert_eq!(list(&answer, "mergedFrom").len(), list(&events["customer"], "mergedFrom").len());
        assert_eq!(answer["audiences"], json!(["grown-up"]));
        assert_eq!(list(&answer, "quarantinedRecords").len(), 3);
        assert!(list(&answer, "attributes").iter().any(|one| one["name"] == "street" && one["value"] == "Erasmusweg 7a"));
        let email = list(&answer, "addresses").iter().find(|one| one["value"] == ANN).expect("her address");
        assert_eq!((&email["reachable"], &email["reason"]), (&json!(false), &json!("hard_bounce")));
        assert_eq!((&email["subscriptions"][0]["list"], &email["subscriptions"][0]["isSubscribed"]), (&json!("letters"), &json!(true)));
        assert!(list(&answer, "addressHistory").iter().any(|one| one["change"] == "OPTED_OUT"));
        assert!(!list(&answer, "identityChanges").is_empty());
        let click = list(&answer, "events").iter().find(|one| one["url"] == "https://shop.example/for-erasmus").expect("her click");
        assert_eq!((&click["kind"], &click["campaign"]["externalId"], &click["channel"]), (&json!("CLICKED"), &json!("71"), &json!("email")));
        assert!(!answer.to_string().contains(BOB), "nothing of others");
        let program = Program::over(database.url());
        let by_name = program.run(["export", "customer", "--identifier", &format!("email={ANN}")]);
        let by_id = program.run(["export", "customer", "--id", &ann, "--output", "ann.json"]);
        assert_eq!((by_name.code, by_id.code), (0, 0), "{} {}", by_name.stderr, by_id.stderr);
        let file = std::fs::read_to_string(program.directory().join("ann.json")).expect("it was written");
        for text in [by_name.stdout, file] {
            let mut document: Value = serde_json::from_str(&text).expect("it is JSON");
            document["exportedAt"] = answer["exportedAt"].clone();
            assert_eq!(document, answer);
        }
        let unknown = program.run(["export", "customer", "--identifier", "email=nobody@other.example"]);
        assert!(unknown.code == 1 && unknown.stderr.contains("no such customer"), "{}", unknown.stderr);
        server.stop().await;
    }
}

both_databases! {
    async fn who_may_ask_and_what_is_too_large(server: TestServer) {
        let admin = &server.admin;
        let events: Vec<Value> = (0..2_001)
            .map(|at| json!({"type": "web", "identifiers": {"email": BOB}, "data": {"ts": RUN_S + at}}))
            .collect();
        assert_eq!(admin.post("/ingest/odp", &Value::Array(events)).await.json["accepted"], 2_001);
        let bob = json!({"input": {"type": "email", "value": BOB}});
        let answer = admin.graphql(EXPORT, bob.clone()).await;
        assert_eq!(answer.json["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{}", answer.text);
        let message = answer.json["errors"][0]["message"].to_string();
        assert!(message.contains("2001") && message.contains("campaignql export customer"), "{message}");
        let nobody = admin.data(EXPORT, json!({"input": {"type": "email", "value": ANN}})).await;
        assert_eq!(nobody["customerExport"], Value::Null);
        let reporter = server.holder_of(Scope::Report).await;
        assert_eq!(reporter.error_code(EXPORT, bob).await, "FORBIDDEN");
    }
}
