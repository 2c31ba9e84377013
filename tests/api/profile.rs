//! Profiles: attributes of customers, set by mutations and over HTTP, and what becomes of them when customers merge.

use campaignql::domain::access::Scope;
use serde_json::{Value, json};

use crate::kit::record::{RUN_S, mail};
use crate::kit::{Client, TestServer, both_databases};

const UPSERT: &str = "mutation($input: CustomerUpsertInput!) { customerUpsert(input: $input) {
    customer { id identifiers { type value } attributes { name value type updatedAt } }
    userErrors { message field code } } }";
const ATTRIBUTES: &str = "query($type: String!, $value: String!, $names: [String!]) {
    customer(identifier: {type: $type, value: $value}) { id mergedFrom attributes(names: $names) { name value type } } }";
const PROFILES: &str = "/v3/profiles";

both_databases! {
    async fn attributes_keep_their_types(app: TestServer) {
        let attributes = json!({"name": " Ada ", "age": 36, "score": 0.5, "vip": true, "born": "1815-12-10", "gone": null});
        let made = upsert(&app.admin, json!({"identifiers": [{"type": "email", "value": "Ada@example.com"}], "attributes": attributes})).await;
        assert_eq!(made["userErrors"], json!([]));
        assert_eq!(made["customer"]["identifiers"], json!([{"type": "email", "value": "ada@example.com"}]));
        let types: Vec<(String, String)> = made["customer"]["attributes"].as_array().expect("a list").iter()
            .map(|attribute| (attribute["name"].to_string(), attribute["type"].to_string())).collect();
        let types: Vec<String> = types.iter().map(|(name, kind)| format!("{name} {kind}").replace('"', "")).collect();
        assert_eq!(types, ["age NUMBER", "born STRING", "gone NULL", "name STRING", "score NUMBER", "vip BOOLEAN"]);
        let kept = attributes_of(&app.admin, "ada@example.com").await;
        assert_eq!(kept, json!({"age": 36, "born": "1815-12-10", "gone": null, "name": "Ada", "score": 0.5, "vip": true}));
    }

    async fn an_update_changes_what_it_names_and_an_older_one_changes_nothing(app: TestServer) {
        set(&app.admin, "ada@example.com", json!({"city": "London", "age": 36}), Some("2026-03-02T08:00:00Z")).await;
        set(&app.admin, "ada@example.com", json!({"city": "Paris", "height": 170}), Some("2026-03-01T08:00:00Z")).await;
        assert_eq!(attributes_of(&app.admin, "ada@example.com").await, json!({"city": "London", "age": 36, "height": 170}));
        set(&app.admin, "ada@example.com", json!({"city": "Rome"}), None).await;
        assert_eq!(attributes_of(&app.admin, "ada@example.com").await, json!({"city": "Rome", "age": 36, "height": 170}));
    }

    async fn the_newest_value_of_each_attribute_survives_a_merge(app: TestServer) {
        set(&app.admin, "old@example.com", json!({"a": "old", "b": "old", "c": "old"}), Some("2026-03-02T08:00:00Z")).await;
        set(&app.admin, "new@example.com", json!({"a": "new"}), Some("2026-03-03T08:00:00Z")).await;
        set(&app.admin, "new@example.com", json!({"b": "new"}), Some("2026-03-02T08:00:00Z")).await;
        set(&app.admin, "new@example.com", json!({"c": "new", "d": "new"}), Some("2026-03-01T08:00:00Z")).await;
        // An event links both: attributes follow merges whoever causes them.
        for email in ["old@example.com", "new@example.com"] {
            let link = json!({"type": "account", "identifiers": {"email": email, "user_id": "u1"}, "data": {"ts": RUN_S}});
            assert_eq!(app.admin.post("/v3/events", &link).await.status, 202);
        }
        let expected = json!({"a": "new", "b": "old", "c": "old", "d": "new"});
        for email in ["old@example.com", "new@example.com"] {
            assert_eq!(attributes_of(&app.admin, email).await, expected, "{email}");
        }
    }

    async fn an_upsert_merges_the_customers_that_it_names(app: TestServer) {
        set(&app.admin, "ada@example.com", json!({"a": 1}), None).await;
        set(&app.admin, "ada@work.example.com", json!({"b": 2}), None).await;
        let both = json!([{"type": "email", "value": "ada@example.com"}, {"type": "email", "value": "ada@work.example.com"}]);
        let merged = upsert(&app.admin, json!({"identifiers": both, "attributes": {"c": 3}})).await;
        assert_eq!(merged["customer"]["identifiers"].as_array().map(Vec::len), Some(2));
        assert_eq!(attributes_of(&app.admin, "ada@work.example.com").await, json!({"a": 1, "b": 2, "c": 3}));
        let events = app.admin.data("{ events(filter: {}) { totalCount } }", json!({})).await;
        assert_eq!(events["events"]["totalCount"], "0", "a profile is no event");
    }

    async fn events_never_set_attributes(app: TestServer) {
        let mut event = mail("open", "ada@example.com", 1);
        event["data"]["first_name"] = json!("Ada");
        assert_eq!(app.admin.post("/v3/events", &event).await.status, 202);
        assert_eq!(attributes_of(&app.admin, "ada@example.com").await, json!({}));
    }

    async fn what_is_wrong_with_an_upsert_is_told_field_by_field(app: TestServer) {
        for (input, field, code) in [
            (json!({"identifiers": []}), json!(["input", "identifiers"]), "BLANK"),
            (json!({"identifiers": [{"type": "nickname", "value": "bob"}]}), json!(["input", "identifiers", "0"]), "INVALID"),
            (json!({"identifiers": [{"type": "email", "value": "a@b.example"}], "attributes": {"tags": [1]}}),
                json!(["input", "attributes", "tags"]), "INVALID"),
            (json!({"identifiers": [{"type": "email", "value": "a@b.example"}], "attributes": 5}), json!(["input", "attributes"]), "INVALID"),
            (json!({"identifiers": [{"type": "email", "value": "a@b.example"}], "updatedAt": "2199-01-01T00:00:00Z"}),
                json!(["input", "updatedAt"]), "INVALID"),
        ] {
            let refused = upsert(&app.admin, input.clone()).await;
            assert_eq!((&refused["customer"], &refused["userErrors"][0]["field"]), (&json!(null), &field), "{input}");
            assert_eq!(refused["userErrors"][0]["code"], code, "{input}");
        }
        let found = app.admin.data(ATTRIBUTES, json!({"type": "email", "value": "a@b.example"})).await;
        assert_eq!(found["customer"], json!(null), "nothing was made");
    }

    async fn a_key_that_may_only_write_sees_nobody(app: TestServer) {
        let writer = app.holder_of(Scope::Ingest).await;
        let made = upsert(&writer, json!({"identifiers": [{"type": "email", "value": "a@b.example"}], "attributes": {"a": 1}})).await;
        assert_eq!((&made["customer"], &made["userErrors"]), (&json!(null), &json!([])));
        assert_eq!(attributes_of(&app.admin, "a@b.example").await, json!({"a": 1}));
        let reader = app.holder_of(Scope::Read).await;
        assert_eq!(reader.error_code(UPSERT, json!({"input": {"identifiers": []}})).await, "FORBIDDEN");
    }

    async fn profiles_are_posted_one_or_many_and_read_back(app: TestServer) {
        let one = json!({"attributes": {"first_name": "Bob", "age": 3, "email": "Bob@example.com"}});
        let answer = app.admin.post(PROFILES, &one).await;
        assert_eq!((answer.status, &answer.json["title"], &answer.json["status"]), (202, &json!("Accepted"), &json!(202)));
        let many = json!([{"attributes": {"email": "bob@example.com", "age": null, "vip": false}}, {"attributes": {"vuid": "v1", "x": "y"}}]);
        assert_eq!(app.admin.post(PROFILES, &many).await.status, 202);
        let found = app.admin.get("/v3/profiles?email=BOB%40example.com").await;
        assert_eq!(found.json, json!({"attributes": {"first_name": "Bob", "vip": false, "email": "bob@example.com"}}));
        assert_eq!(app.admin.get("/v3/profiles?vuid=v1").await.json["attributes"]["x"], "y");
        let missing = app.admin.get("/v3/profiles?email=nobody%40example.com").await;
        assert_eq!((missing.status, &missing.json["title"], &missing.json["status"]), (404, &json!("Not Found"), &json!(404)));
        assert_eq!(app.admin.get("/v3/profiles?email=a&phone=b").await.status, 400);
    }

    async fn a_bad_profile_is_told_by_its_index_and_none_is_set(app: TestServer) {
        let batch = json!([{"attributes": {"email": "a@b.example", "x": 1}}, {"attributes": {"x": 1}}, {"x": 1}]);
        let answer = app.admin.post(PROFILES, &batch).await;
        assert_eq!((answer.status, &answer.json["title"]), (400, &json!("Bad Request")));
        let invalids = answer.json["detail"]["invalids"].as_array().expect("a list");
        assert_eq!(invalids.iter().map(|invalid| &invalid["event"]).collect::<Vec<_>>(), [&json!(1), &json!(2)]);
        assert_eq!(app.admin.get("/v3/profiles?email=a%40b.example").await.status, 404);
        let broken = app.admin.post_text(PROFILES, "{\"attributes\":").await;
        assert!(broken.status == 400 && broken.json["detail"]["message"].is_string(), "{}", broken.text);
    }

    async fn profiles_belong_to_the_private_keys(app: TestServer) {
        let body = json!({"attributes": {"email": "a@b.example"}});
        for (scope, may_write, may_read) in [
            (Scope::OdpPublic, false, false), (Scope::Ingest, true, false), (Scope::Read, false, true), (Scope::Report, false, false),
        ] {
            let client = app.holder_of(scope).await;
            assert_eq!(client.post(PROFILES, &body).await.status == 202, may_write, "{scope:?} writes");
            assert_eq!(client.get("/v3/profiles?email=a%40b.example").await.status != 403, may_read, "{scope:?} reads");
        }
    }

    async fn another_workspace_sees_no_profile(app: TestServer) {
        set(&app.admin, "ada@example.com", json!({"a": 1}), None).await;
        let other = app.another_workspace().await;
        assert_eq!(other.get("/v3/profiles?email=ada%40example.com").await.status, 404);
        set(&other, "ada@example.com", json!({"b": 2}), None).await;
        assert_eq!(attributes_of(&app.admin, "ada@example.com").await, json!({"a": 1}));
    }

}

both_databases! {
    async fn two_servers_agree_on_profiles(database: TestDatabase) {
        if database.url().starts_with("sqlite") { return }
        let (one, two) = (TestServer::start(database.clone()).await, TestServer::start(database).await);
        let send = |client: Client, parity: usize| async move {
            for n in (parity..60).step_by(2) {
                let identifiers = json!([{"type": "email", "value": format!("p{}@example.com", n % 7)},
                    {"type": "user_id", "value": format!("u{}", n % 4)}]);
                let at = format!("2026-03-02T08:00:{n:02}Z");
                let made = upsert(&client, json!({"identifiers": identifiers, "attributes": {"n": n}, "updatedAt": at})).await;
                assert_eq!(made["userErrors"], json!([]));
            }
        };
        tokio::join!(send(one.admin.clone(), 0), send(two.admin.clone(), 1));
        // Seven addresses and four ids, linked in a ring, are one person; the latest value is the 59th.
        assert_eq!(attributes_of(&one.admin, "p0@example.com").await, json!({"n": 59}));
        let found = two.admin.data(ATTRIBUTES, json!({"type": "user_id", "value": "u3"})).await;
        assert_eq!(found["customer"]["attributes"], json!([{"name": "n", "value": 59, "type": "NUMBER"}]));
        one.stop().await;
        two.stop().await;
    }
}

async fn upsert(client: &Client, input: Value) -> Value {
    client.data(UPSERT, json!({"input": input})).await["customerUpsert"].clone()
}

/// Sets attributes of whoever has an address.
pub async fn set(client: &Client, email: &str, attributes: Value, updated_at: Option<&str>) {
    let identifiers = json!([{"type": "email", "value": email}]);
    let input = json!({"identifiers": identifiers, "attributes": attributes, "updatedAt": updated_at});
    assert_eq!(upsert(client, input).await["userErrors"], json!([]));
}

/// The attributes of whoever has an address, as one object.
async fn attributes_of(client: &Client, email: &str) -> Value {
    let found = client.data(ATTRIBUTES, json!({"type": "email", "value": email})).await;
    let list = found["customer"]["attributes"].as_array().expect("a customer").clone();
    list.into_iter()
        .map(|attribute| (attribute["name"].as_str().unwrap_or_default().to_owned(), attribute["value"].clone()))
        .collect()
}
