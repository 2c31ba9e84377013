//! Addresses and what a workspace decides about them: changes by hand, lists, eligibility, suppressions, identifier types,
//! settings.

use campaignql::store::{self, DatabaseSettings};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::kit::program::Program;
use crate::kit::record::{RUN_S, mail};
use crate::kit::{Client, TestDatabase, TestServer, both_databases};

const EMAIL: &str = "ada@example.com";

both_databases! {
    async fn consent_set_by_hand_is_an_event_that_says_why(app: TestServer) {
        let input = json!({"identifier": email(EMAIL), "isOptedIn": false, "occurredAt": "2026-03-02T08:00:00Z",
            "note": "asked by phone", "idempotencyKey": "call-7"});
        let set = update(&app.admin, "consentSet", input.clone()).await;
        assert_eq!((&set["status"], &set["reachability"]["consent"]), (&json!("ACCEPTED"), &json!("OPTED_OUT")), "{set}");
        assert_eq!(set["event"]["data"]["note"], "asked by phone");
        let again = update(&app.admin, "consentSet", input).await;
        assert_eq!((&again["status"], &again["event"]), (&json!("DUPLICATE"), &Value::Null), "{again}");
        let older = json!({"identifier": email(EMAIL), "isOptedIn": true, "occurredAt": "2026-03-02T07:59:59Z"});
        let older = update(&app.admin, "consentSet", older).await;
        assert_eq!(older["reachability"]["consent"], "OPTED_OUT", "the newest word holds");
    }

    async fn an_identifier_that_is_no_address_is_refused_with_its_type_and_the_rule(app: TestServer) {
        let user = json!({"type": "user_id", "value": "u1"});
        for (field, rest) in [("consentSet", json!({"isOptedIn": true})), ("reachabilitySet", json!({"reachable": true})),
            ("suppressionRemove", json!({}))] {
            let mut input = rest;
            input["identifier"] = user.clone();
            let refused = update(&app.admin, field, input).await;
            let error = &refused["userErrors"][0];
            assert_eq!(error["code"], "INVALID", "{refused}");
            assert!(error["message"].as_str().is_some_and(|text| text.contains("user_id") && text.contains("no address")));
        }
        let query = "query($id: IdentifierInput!) { reachability(identifier: $id) { isReachable } }";
        let answer = app.admin.graphql(query, json!({"id": user})).await;
        assert!(answer.text.contains("user_id names no address"), "{}", answer.text);
    }

    async fn a_reset_by_hand_takes_an_address_off_the_suppression_list(app: TestServer) {
        send(&app.admin, &[mail("hard_bounce", EMAIL, 5), mail("spamreport", "ben@example.com", 6)]).await;
        assert_eq!(suppressed(&app.admin, "").await, ["ben@example.com SPAM_REPORT", "ada@example.com HARD_BOUNCE"]);
        assert_eq!(suppressed(&app.admin, "(reason: HARD_BOUNCE)").await, ["ada@example.com HARD_BOUNCE"]);
        assert_eq!(suppressed(&app.admin, "(channel: \"sms\")").await, [""; 0]);
        let removed = update(&app.admin, "suppressionRemove", json!({"identifier": email(EMAIL)})).await;
        assert_eq!(removed["reachability"]["isReachable"], true, "{removed}");
        assert_eq!(suppressed(&app.admin, "(channel: \"EMAIL\")").await, ["ben@example.com SPAM_REPORT"]);
        let again = update(&app.admin, "suppressionRemove", json!({"identifier": email(EMAIL)})).await;
        assert_eq!(again["userErrors"][0]["code"], "NOT_FOUND", "{again}");
        let history = history(&app.admin, EMAIL).await;
        assert_eq!(history, ["REACHABLE null", "UNREACHABLE HARD_BOUNCE"]);
    }

    async fn lists_are_joined_and_left_and_eligibility_says_what_is_missing(app: TestServer) {
        let create = "mutation { listCreate(input: {name: \"news\"}) { list { id name } } }";
        let list = app.admin.data(create, json!({})).await["listCreate"]["list"]["id"].clone();
        let joined = json!({"type": "list", "action": "subscribe", "identifiers": {"email": EMAIL},
            "data": {"ts": RUN_S, "list_id": "news"}});
        let left = json!({"type": "list", "action": "unsubscribe", "identifiers": {"email": "ben@example.com"},
            "data": {"ts": RUN_S, "list_id": "news"}});
        let both = json!({"type": "account", "identifiers": {"email": EMAIL, "phone": "+493090182001"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[joined, left, both]).await;
        let eligible = |address: &'static str, channel: &'static str| {
            let (client, list) = (app.admin.clone(), list.clone());
            async move {
                let query = "query($id: IdentifierInput!, $channel: String!, $list: ID) { customer(identifier: $id) { \
                    eligibility(channel: $channel, list: $list) { reason steps { step isReached } \
                    addresses { identifier { value } reason since } } } }";
                let variables = json!({"id": email(address), "channel": channel, "list": list});
                client.data(query, variables).await["customer"]["eligibility"].clone()
            }
        };
        assert_eq!(eligible(EMAIL, "email").await["reason"], Value::Null);
        let ben = eligible("ben@example.com", "email").await;
        assert_eq!((&ben["reason"], &ben["addresses"][0]["since"]), (&json!("UNSUBSCRIBED"), &json!("2026-03-02T08:00:00Z")));
        let sms = eligible(EMAIL, "sms").await;
        assert_eq!(sms["reason"], "NO_CONSENT");
        let passed = sms["steps"].as_array().expect("steps").iter().filter(|step| step["isReached"] == true).count();
        assert_eq!(passed, 3, "{sms}");
        assert_eq!(eligible("ben@example.com", "push").await["reason"], "NO_ADDRESS");
        let leave = json!({"identifier": email(EMAIL), "list": list, "isSubscribed": false});
        let left = update(&app.admin, "listSubscriptionSet", leave).await;
        assert_eq!(left["reachability"]["subscriptions"][0]["isSubscribed"], false, "{left}");
        assert_eq!(eligible(EMAIL, "email").await["reason"], "UNSUBSCRIBED");
    }

    async fn a_changed_limit_holds_for_bounces_of_the_past(app: TestServer) {
        let bounces: Vec<Value> = (0..3).map(|at| mail("soft_bounce", EMAIL, at)).collect();
        send(&app.admin, &bounces).await;
        assert_eq!(suppressed(&app.admin, "").await, [""; 0]);
        set(&app.admin, json!({"softBounceLimit": 3})).await;
        assert_eq!(suppressed(&app.admin, "").await, ["ada@example.com SOFT_BOUNCE"]);
        assert_eq!(reach(&app.admin, "email").await, ["KNOWN 1", "HAS_ADDRESS 1", "REACHABLE 0", "CONSENTED 0"]);
        set(&app.admin, json!({"softBounceLimit": 4})).await;
        assert_eq!(reach(&app.admin, "email").await, ["KNOWN 1", "HAS_ADDRESS 1", "REACHABLE 1", "CONSENTED 1"]);
        set(&app.admin, json!({"defaultConsent": [{"channel": "email", "isConsented": false}]})).await;
        assert_eq!(reach(&app.admin, "email").await, ["KNOWN 1", "HAS_ADDRESS 1", "REACHABLE 1", "CONSENTED 0"]);
    }

    async fn settings_that_break_a_rule_change_nothing(app: TestServer) {
        for (input, field) in [
            (json!({"softBounceLimit": 0}), "softBounceLimit"),
            (json!({"softBounceLimit": 101}), "softBounceLimit"),
            (json!({"currency": "euros"}), "currency"),
            (json!({"name": " "}), "name"),
        ] {
            let refused = try_set(&app.admin, input).await;
            assert_eq!(refused["userErrors"][0]["field"][1], field, "{refused}");
        }
        assert_eq!(set(&app.admin, json!({"timeZone": "Europe/Berlin", "name": "shop"})).await["timeZone"], "Europe/Berlin");
        send(&app.admin, &[mail("sent", EMAIL, 0)]).await;
        let refused = try_set(&app.admin, json!({"timeZone": "UTC"})).await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", "timeZone"]), "{refused}");
        let same = set(&app.admin, json!({"timeZone": "Europe/Berlin", "currency": "eur"})).await;
        assert_eq!((&same["currency"], &same["name"]), (&json!("EUR"), &json!("shop")));
    }

    async fn a_new_workspace_has_a_key_and_nothing_of_others(app: TestServer) {
        send(&app.admin, &[mail("sent", EMAIL, 0)]).await;
        let create = "mutation($name: String!) { workspaceCreate(input: {name: $name, timeZone: \"Asia/Tokyo\", \
            softBounceLimit: 2}) { workspace { name timeZone softBounceLimit } adminKey userErrors { code field } } }";
        let made = app.admin.data(create, json!({"name": "second"})).await["workspaceCreate"].clone();
        assert_eq!(made["workspace"], json!({"name": "second", "timeZone": "Asia/Tokyo", "softBounceLimit": 2}));
        let other = app.anybody().with_key(made["adminKey"].as_str().expect("a key"));
        assert_eq!(reach(&other, "email").await[0], "KNOWN 0");
        assert_eq!(reach(&app.admin, "email").await[0], "KNOWN 1");
        let taken = app.admin.data(create, json!({"name": "second"})).await["workspaceCreate"].clone();
        assert_eq!(taken["userErrors"][0]["field"], json!(["input", "name"]), "{taken}");
        assert_eq!(try_set(&other, json!({"name": "default"})).await["userErrors"][0]["code"], "INVALID");
    }

    async fn a_registered_type_is_an_address_and_names_a_person(app: TestServer) {
        let card = |email: &str| json!({"type": "account", "identifiers": {"email": email, "loyalty_number": "77"},
            "data": {"ts": RUN_S}});
        send(&app.admin, &[card(EMAIL), mail("sent", "ben@example.com", 0)]).await;
        assert_eq!(reach(&app.admin, "direct_mail").await[..2], ["KNOWN 2", "HAS_ADDRESS 0"]);
        let registered = register(&app.admin, json!({"name": "loyalty_number", "confidence": "HIGH", "channels": ["direct_mail"]})).await;
        assert_eq!(registered["identifierType"]["origin"], "REGISTERED", "{registered}");
        assert_eq!(reach(&app.admin, "direct_mail").await[..2], ["KNOWN 2", "HAS_ADDRESS 1"]);
        send(&app.admin, &[card("ben@example.com")]).await;
        assert_eq!(reach(&app.admin, "direct_mail").await[..2], ["KNOWN 1", "HAS_ADDRESS 1"]);
        let types = app.admin.data("{ identifierTypes { name origin confidence channels firstSeenAt } }", json!({})).await;
        let types = types["identifierTypes"].as_array().expect("types").clone();
        let of = |name: &str| types.iter().find(|known| known["name"] == name).expect("it is known").clone();
        assert_eq!((&of("email")["origin"], &of("vuid")["firstSeenAt"]), (&json!("BUILT_IN"), &Value::Null));
        assert_eq!(of("loyalty_number")["channels"], json!(["direct_mail"]));
        let refused = register(&app.admin, json!({"name": "nickname", "confidence": "LOW"})).await;
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", "name"]), "{refused}");
        let fixed = register(&app.admin, json!({"name": "email", "confidence": "LOW", "channels": ["sms"]})).await;
        assert_eq!(fixed["userErrors"][0]["field"], json!(["input", "channels"]), "{fixed}");
    }
}

both_databases! {
    async fn the_suppression_list_is_exported_for_a_sender(database: TestDatabase) {
        let app = TestServer::start(database.clone()).await;
        send(&app.admin, &[mail("hard_bounce", EMAIL, 5), mail("spamreport", "ben@example.com", 6)]).await;
        let program = Program::over(database.url());
        let csv = program.run(["export", "suppressions", "--channel", "email"]);
        assert_eq!((csv.code, csv.stdout.lines().collect::<Vec<_>>()), (0, vec![
            "type,address,reason,since",
            "email,ben@example.com,spam_report,2026-03-02T08:00:06.000Z",
            "email,ada@example.com,hard_bounce,2026-03-02T08:00:05.000Z",
        ]), "{}", csv.stderr);
        let lines = program.run(["export", "suppressions", "--reason", "hard_bounce", "--format", "ndjson"]);
        let row: Value = serde_json::from_str(lines.stdout.trim()).expect("one line");
        assert_eq!((&row["address"], &row["reason"]), (&json!(EMAIL), &json!("hard_bounce")));
        let wrong = program.run(["export", "suppressions", "--reason", "dislike"]);
        assert_eq!(wrong.code, 2, "{}", wrong.stderr);
        app.stop().await;
    }

    async fn a_database_of_an_older_program_is_counted_when_it_is_opened(database: TestDatabase) {
        let app = TestServer::start(database.clone()).await;
        let both = json!({"type": "account", "identifiers": {"email": EMAIL, "phone": "+493090182001"}, "data": {"ts": RUN_S}});
        let phone = json!({"type": "account", "identifiers": {"phone": "+493090182001"}, "data": {"ts": RUN_S}});
        send(&app.admin, &[mail("hard_bounce", EMAIL, 5), phone]).await;
        send(&app.admin, &[both, mail("sent", "ben@example.com", 0)]).await;
        let told = |client: Client| async move {
            (reach(&client, "email").await, reach(&client, "sms").await, suppressed(&client, "").await)
        };
        let before = told(app.admin.clone()).await;
        assert_eq!(before.0, ["KNOWN 2", "HAS_ADDRESS 2", "REACHABLE 1", "CONSENTED 1"]);
        app.stop().await;
        let settings = DatabaseSettings { url: database.url().to_owned(), max_connections: 1 };
        let store = store::open(&settings).await.expect("the database opens");
        let done = entity::database_info::Entity::delete_by_id("reach_counted_by_day").exec(store.db()).await;
        assert_eq!(done.expect("it is recorded").rows_affected, 1);
        entity::reach_count::Entity::delete_many().exec(store.db()).await.expect("counts can be removed");
        entity::customer_reach::Entity::delete_many().exec(store.db()).await.expect("they can be removed");
        entity::suppression::Entity::delete_many().exec(store.db()).await.expect("they can be removed");
        store.db().close_by_ref().await.expect("the database closes");
        let app = TestServer::start(database).await;
        // Ingestion waits until everything is counted.
        send(&app.admin, &[mail("open", EMAIL, 9)]).await;
        assert_eq!(told(app.admin.clone()).await, before);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_registers_holds_for_the_next_batch_of_another() {
    let Some(database) = TestDatabase::postgresql() else { return };
    let (first, second) = (TestServer::start(database.clone()).await, TestServer::start(database).await);
    for round in 0..10 {
        let name = format!("card{round}_id");
        let card = |email: &str| {
            json!({"type": "account", "identifiers": {"email": format!("{email}{round}@example.com"), (&name): "1"},
                "data": {"ts": RUN_S}})
        };
        send(&second.admin, &[card("a")]).await;
        register(&first.admin, json!({"name": name, "confidence": "HIGH"})).await;
        send(&second.admin, &[card("b")]).await;
        assert_eq!(reach(&first.admin, "email").await[0], format!("KNOWN {}", round + 1), "both have the card");
    }
    first.stop().await;
    second.stop().await;
}

fn email(address: &str) -> Value {
    json!({"type": "email", "value": address})
}

async fn send(client: &Client, events: &[Value]) {
    let answer = client.post("/v3/events", &json!(events)).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}

/// A mutation of an address; its payload.
async fn update(client: &Client, field: &str, input: Value) -> Value {
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let query = format!(
        "mutation($input: {input_type}!) {{ {field}(input: $input) {{ status event {{ type data }} \
         reachability {{ isReachable consent subscriptions {{ isSubscribed }} }} userErrors {{ code field message }} }} }}"
    );
    client.data(&query, json!({"input": input})).await[field].clone()
}

async fn try_set(client: &Client, input: Value) -> Value {
    let query = "mutation($input: WorkspaceUpdateInput!) { workspaceUpdate(input: $input) { \
        workspace { name timeZone currency softBounceLimit } userErrors { code field message } } }";
    client.data(query, json!({"input": input})).await["workspaceUpdate"].clone()
}

async fn set(client: &Client, input: Value) -> Value {
    let payload = try_set(client, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload}");
    payload["workspace"].clone()
}

async fn register(client: &Client, input: Value) -> Value {
    let query = "mutation($input: IdentifierTypeRegisterInput!) { identifierTypeRegister(input: $input) { \
        identifierType { name origin } userErrors { code field message } } }";
    client.data(query, json!({"input": input})).await["identifierTypeRegister"].clone()
}

async fn suppressed(client: &Client, arguments: &str) -> Vec<String> {
    let query = format!("{{ suppressions{arguments} {{ nodes {{ identifier {{ value }} reason }} }} }}");
    let data = client.data(&query, json!({})).await;
    let row = |row: &Value| format!("{} {}", row["identifier"]["value"], row["reason"]).replace('"', "");
    data["suppressions"]["nodes"].as_array().expect("rows").iter().map(row).collect()
}

async fn history(client: &Client, address: &str) -> Vec<String> {
    let query = "query($id: IdentifierInput!) { reachability(identifier: $id) { \
        history { nodes { change type event { id } } } } }";
    let data = client.data(query, json!({"id": email(address)})).await;
    let row = |row: &Value| format!("{} {}", row["change"], row["type"]).replace('"', "");
    data["reachability"]["history"]["nodes"].as_array().expect("rows").iter().map(row).collect()
}

async fn reach(client: &Client, channel: &str) -> Vec<String> {
    let query = "query($channel: String!) { reachabilityFunnel(channel: $channel) { steps { step customers } } }";
    let data = client.data(query, json!({"channel": channel})).await;
    let row = |row: &Value| format!("{} {}", row["step"], row["customers"]).replace('"', "");
    data["reachabilityFunnel"]["steps"].as_array().expect("steps").iter().map(row).collect()
}
