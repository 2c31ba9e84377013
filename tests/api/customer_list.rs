//! Lists of customers: each filter, alone and with others, page by page; and that none of them reads a large table whole.

use campaignql::domain::profile::{AttributeValue, Comparison};
use campaignql::domain::workspace::WorkspaceId;
use campaignql::store::customer_set::{Common, Stretch, statements};
use campaignql::store::page::PageEnd;
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail};
use crate::kit::{Client, both_databases};
use crate::profile::set;

const LIST: &str = "query($filter: CustomerFilter, $first: Int, $after: String, $last: Int, $before: String) {
    customers(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { identifiers { type value } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

both_databases! {
    async fn every_filter_finds_its_customers(app: TestServer) {
        fill(&app.admin).await;
        let campaign = app.admin.data("{ campaign(externalId: \"71\") { id } }", json!({})).await["campaign"]["id"].clone();
        let reached = |step: &str| json!({"reached": {"campaign": campaign, "step": step}});
        let attribute = |comparison: Value| json!({"attributes": [comparison]});
        for (filter, expected) in [
            (json!(null), "ada ben cyd dan eve"),
            (attribute(json!({"name": "city", "equals": "London"})), "ada cyd"),
            (attribute(json!({"name": "city", "startsWith": "Lo"})), "ada cyd dan"),
            (attribute(json!({"name": "age", "equals": 30.0})), "ben"),
            (attribute(json!({"name": "age", "greaterThan": 30})), "ada cyd"),
            (attribute(json!({"name": "age", "lessThan": 36})), "ben"),
            (attribute(json!({"name": "age", "greaterThan": "3"})), "dan"),
            (attribute(json!({"name": "vip", "equals": true})), "ada"),
            (attribute(json!({"name": "gone", "equals": null})), "eve"),
            (attribute(json!({"name": "none", "startsWith": ""})), ""),
            (json!({"attributes": [{"name": "city", "equals": "London"}, {"name": "age", "greaterThan": 40}]}), "cyd"),
            (json!({"identifier": {"type": "email", "startsWith": "b"}}), "ben"),
            (json!({"identifier": {"type": "EMAIL"}}), "ada ben cyd dan eve"),
            (json!({"identifier": {"type": "phone"}}), ""),
            (reached("SENT"), "ada ben cyd"),
            (reached("DELIVERED"), "ada ben"),
            (reached("OPENED"), "ada ben"),
            (reached("CLICKED"), "ben"),
            (json!({"reachable": {"channel": "email"}}), "ada ben dan eve"),
            (json!({"reachable": {"channel": "email", "isReachable": false}}), "cyd"),
            (json!({"reachable": {"channel": "sms", "isReachable": false}}), ""),
            (json!({"identifier": {"type": "email", "startsWith": "a"}, "reached": {"campaign": campaign, "step": "OPENED"},
                "reachable": {"channel": "email"}, "attributes": [{"name": "city", "equals": "London"}]}), "ada"),
        ] {
            let found = app.admin.data(LIST, json!({"filter": filter})).await;
            assert_eq!(names(&found), expected, "{filter}");
            let number = expected.split_whitespace().count();
            assert_eq!(found["customers"]["totalCount"], number.to_string(), "{filter}");
        }
    }

    async fn pages_are_walked_from_both_ends_and_merged_customers_are_not_listed(app: TestServer) {
        for n in 0..7 {
            set(&app.admin, &format!("p{n}@example.com"), json!({"group": if n == 3 { "b" } else { "a" }}), None).await;
        }
        for filter in [json!({"attributes": [{"name": "group", "equals": "a"}]}), json!({"identifier": {"type": "email", "startsWith": "p"},
            "attributes": [{"name": "group", "equals": "a"}]}), json!({"attributes": [{"name": "group", "startsWith": "a"}]})] {
            let first = app.admin.data(LIST, json!({"filter": filter, "first": 2})).await;
            assert_eq!(names(&first), "p0 p1", "{filter}");
            let second = app.admin.data(LIST, json!({"filter": filter, "first": 2, "after": first["customers"]["pageInfo"]["endCursor"]})).await;
            assert_eq!(names(&second), "p2 p4");
            let info = &second["customers"]["pageInfo"];
            assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(true), &json!(true)));
            let back = app.admin.data(LIST, json!({"filter": filter, "last": 1, "before": info["startCursor"]})).await;
            assert_eq!(names(&back), "p1");
            let last = app.admin.data(LIST, json!({"filter": filter, "last": 2})).await;
            assert_eq!(names(&last), "p5 p6");
        }
        for email in ["p5@example.com", "p6@example.com"] {
            let link = json!({"type": "account", "identifiers": {"email": email, "user_id": "u1"}, "data": {"ts": RUN_S}});
            assert_eq!(app.admin.post("/v3/events", &link).await.status, 202);
        }
        let all = app.admin.data(LIST, json!({})).await;
        assert_eq!((all["customers"]["totalCount"].as_str(), names(&all).as_str()), (Some("6"), "p0 p1 p2 p3 p4 p5"));
    }

    async fn a_page_goes_on_until_it_is_full_however_many_do_not_fit(app: TestServer) {
        let profiles: Vec<Value> = (0..600).map(|n| json!({"attributes": {"email": format!("p{n:03}@example.com"), "even": n % 2 == 0, "n": n}})).collect();
        assert_eq!(app.admin.post("/v3/profiles", &json!(profiles)).await.status, 202);
        let filter = json!({"attributes": [{"name": "even", "equals": true}, {"name": "n", "greaterThan": 590}]});
        assert_eq!(names(&app.admin.data(LIST, json!({"filter": filter})).await), "p592 p594 p596 p598");
    }

    async fn a_wrong_filter_is_named(app: TestServer) {
        for (filter, code) in [
            (json!({"attributes": [{"name": "a"}]}), "BAD_INPUT"),
            (json!({"attributes": [{"name": "a", "equals": 1, "lessThan": 2}]}), "BAD_INPUT"),
            (json!({"attributes": [{"name": "a", "equals": [1]}]}), "BAD_INPUT"),
            (json!({"attributes": [{"name": "a", "startsWith": "x".repeat(300)}]}), "BAD_INPUT"),
            (json!({"identifier": {"type": "nickname"}}), "BAD_INPUT"),
            (json!({"reached": {"campaign": "bm9uZQ", "step": "SENT"}}), "NOT_FOUND"),
            (json!({"reachable": {"channel": " "}}), "BAD_INPUT"),
        ] {
            assert_eq!(app.admin.error_code(LIST, json!({"filter": filter})).await, code, "{filter}");
        }
    }

    async fn no_filter_reads_a_large_table_whole(app: TestServer) {
        fill(&app.admin).await;
        let store = app.store();
        let stretch = Stretch { after: Some(5), before: None, from: PageEnd::Start, limit: Some(50) };
        let text = |text: &str| AttributeValue::Text(text.to_owned());
        let attribute = |comparison| Common::Attribute { name: "city".to_owned(), comparison };
        let identifier = |prefix: Option<&str>| Common::Identifier { name: "email".to_owned(), prefix: prefix.map(str::to_owned) };
        for common in [
            Common::Nothing, identifier(None), identifier(Some("a")), attribute(Comparison::Equals(text("London"))),
            attribute(Comparison::GreaterThan(text("L"))), attribute(Comparison::StartsWith("L".to_owned())),
            Common::Campaign(7), Common::Suppressed,
        ] {
            for statement in statements(store, WorkspaceId(1), &common, stretch) {
                let plan = explain(store.db(), &statement).await;
                assert!(!plan.iter().any(|step| reads_all(step)), "{common:?}: {plan:#?}");
            }
        }
    }
}

/// Five customers, the first letters of whose names are in order of their creation.
async fn fill(client: &Client) {
    let email = |name: &str| format!("{name}@example.com");
    for (name, attributes) in [
        ("ada", json!({"city": "London", "age": 36, "vip": true})),
        ("ben", json!({"city": "Paris", "age": 30, "vip": false})),
        ("cyd", json!({"city": "London", "age": 41})),
        ("dan", json!({"city": "Lodz", "age": "36"})),
        ("eve", json!({"gone": null})),
    ] {
        set(client, &email(name), attributes, None).await;
    }
    let events =
        [("sent", "ada"), ("sent", "ben"), ("sent", "cyd"), ("open", "ada"), ("click", "ben"), ("hard_bounce", "cyd")];
    let events: Vec<Value> =
        events.into_iter().zip(0..).map(|((action, name), at)| mail(action, &email(name), at)).collect();
    assert_eq!(client.post("/v3/events", &json!(events)).await.status, 202);
}

fn names(found: &Value) -> String {
    let nodes = found["customers"]["nodes"].as_array().expect("a list").iter();
    let name = |node: &Value| {
        let email = node["identifiers"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|i| i["type"] == "email")
            .map(|i| i["value"].as_str());
        email.flatten().map(|value| value.split('@').next().unwrap_or_default().to_owned()).min().unwrap_or_default()
    };
    nodes.map(name).collect::<Vec<_>>().join(" ")
}

/// What the database would do for a statement, a line a step.
pub async fn explain(db: &sea_orm::DatabaseConnection, statement: &sea_orm::sea_query::SelectStatement) -> Vec<String> {
    let backend = db.get_database_backend();
    let built = backend.build(statement);
    let prefix = if backend == DatabaseBackend::Sqlite { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " };
    let explained = Statement { sql: format!("{prefix}{}", built.sql), ..built };
    if backend == DatabaseBackend::Postgres {
        // A table of five rows is read whole by any planner that may.
        let one = sea_orm::TransactionTrait::begin(db).await.expect("a transaction");
        one.execute_unprepared("SET LOCAL enable_seqscan = off").await.expect("a setting");
        let rows = one.query_all_raw(explained).await.expect("a plan");
        return rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("text")).collect();
    }
    let rows = db.query_all_raw(explained).await.expect("a plan");
    rows.iter().map(|row| row.try_get::<String>("", "detail").expect("text")).collect()
}

/// A scan that no condition narrows, of a table or of an index.
fn reads_all(step: &str) -> bool {
    step.contains("Seq Scan") || step.trim_start().starts_with("SCAN ")
}
