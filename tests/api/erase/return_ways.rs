//! Erased identifiers do not come back while they are blocked, by no route, import or mutation; afterwards they may.

use reqwest::Method;
use serde_json::{Value, json};

use super::somebody::{ANN, BOB, PHONE, erase, id_of, load, reports, traces};
use crate::kit::client::read;
use crate::kit::record::{RUN_S, pinpoint};
use crate::kit::server::ADMIN_KEY;
use crate::kit::wrapped::{base64, firehose, notification};
use crate::kit::{Answer, Client, Program, TestServer, both_databases};

/// New events of hers, each in a form that names her alone, by a route.
fn events_of_hers() -> Vec<(&'static str, Value)> {
    let later = RUN_S + 5_000;
    let odp = json!({"type": "email", "action": "open", "identifiers": {"email": ANN}, "data": {"ts": later, "campaign_id": 71}});
    let ses = json!({"eventType": "Delivery", "delivery": {"timestamp": "2026-03-03T08:00:00.000Z", "recipients": [ANN]},
        "mail": {"timestamp": "2026-03-03T08:00:00.000Z", "messageId": "ses-9", "destination": [ANN]}});
    let sendgrid = json!([{"email": "ANN@erasmus.example", "timestamp": later, "event": "open", "sg_event_id": "sg-9", "sg_message_id": "m9.filter1"}]);
    let sms = json!({"eventType": "TEXT_DELIVERED", "eventVersion": "1.0", "eventTimestamp": later * 1_000, "isFinal": true,
        "originationPhoneNumber": "+12065550123", "destinationPhoneNumber": PHONE, "messageId": "sms-9", "messageStatus": "DELIVERED"});
    let letter = json!({"id": "CUST-erasmus", "event": "Message Sent", "timestamp": "2026-03-03T09:15:00Z", "channel": "Email", "messageId": "9"});
    let native = json!({"type": "x", "occurredAt": "2026-03-03T08:00:00Z", "identifiers": [{"type": "vuid", "value": "vuid-erasmus"}]});
    let mailgun = json!({"signature": {"timestamp": "1", "token": "t", "signature": "00"}, "event-data": {"event": "delivered",
        "id": "mg-9", "timestamp": later, "recipient": ANN, "message": {"headers": {"message-id": "9@x.example"}}}});
    let address = json!({"identifier_field_name": "email", "identifier_value": ANN});
    let with = |name: &str, value: Value| {
        let mut address = address.clone();
        address[name] = value;
        address
    };
    vec![
        ("/v3/events", odp.clone()),
        ("/v3/profiles", json!({"attributes": {"email": ANN, "street": "Erasmusweg 8"}})),
        ("/v3/consent", with("consent", json!(false))),
        ("/v3/reachability", with("reachable", json!(true))),
        ("/v3/lists/subscriptions", json!({"list_id": "letters", "email": ANN, "subscribed": false})),
        ("/ingest/odp", odp.clone()),
        ("/ingest/ses", ses.clone()),
        ("/ingest/sendgrid", sendgrid),
        ("/ingest/sms", sms),
        ("/ingest/activatepro", letter),
        ("/ingest/native", native),
        ("/ingest/mailgun", mailgun),
        ("/ingest/pinpoint", pinpoint("shop.visit", "endpoint-erasmus", later, json!({}))),
        ("/ingest/sns/ses", notification(&ses.to_string())),
        ("/ingest/firehose/odp", firehose("r-1", &[base64(odp.to_string())])),
    ]
}

async fn put_events(server: &TestServer) -> Answer {
    let credential = format!("{ADMIN_KEY}/20260302/eu-central-1/mobiletargeting/aws4_request");
    let signature = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=00");
    let endpoint = json!({"ChannelType": "EMAIL", "Address": ANN, "User": {"UserId": "erasmus-4711"}});
    let events = json!({"e": {"EventType": "shop.visit", "Timestamp": "2026-03-03T08:00:00Z"}});
    let body = json!({"BatchItem": {"endpoint-erasmus": {"Endpoint": endpoint, "Events": events}}});
    let request = server.anybody().request(Method::POST, "/v1/apps/app-1/events").header("authorization", signature);
    read(request.body(body.to_string())).await
}

/// Mutations that name her alone; each with the field of its payload that must say so.
fn mutations(list: &Value) -> Vec<(&'static str, Value, &'static str)> {
    let ann = json!({"type": "email", "value": ANN});
    let event = json!({"type": "x", "occurredAt": "2026-03-03T09:00:00Z", "identifiers": [ann]});
    let record =
        json!({"type": "email", "action": "open", "identifiers": {"email": ANN}, "data": {"ts": RUN_S + 6_000}});
    vec![
        (
            "mutation($input: EventsIngestInput!) { done: eventsIngest(input: $input) { dropped } }",
            json!({"input": {"events": [event]}}),
            "dropped",
        ),
        (
            "mutation($input: VendorEventsIngestInput!) { done: vendorEventsIngest(input: $input) { dropped } }",
            json!({"input": {"records": [record]}}),
            "dropped",
        ),
        (
            "mutation($input: JSON!) { done: odpEventSend(action: \"open\", identifiers: $input) { dropped } }",
            json!({"input": {"email": ANN}}),
            "dropped",
        ),
        (
            "mutation($input: CustomerUpsertInput!) { done: customerUpsert(input: $input) { customer { id } userErrors { code } } }",
            json!({"input": {"identifiers": [ann], "attributes": {"street": "Erasmusweg 9"}}}),
            "code",
        ),
        (
            "mutation($input: ConsentSetInput!) { done: consentSet(input: $input) { event { id } userErrors { code } } }",
            json!({"input": {"identifier": ann, "isOptedIn": true}}),
            "code",
        ),
        (
            "mutation($input: ReachabilitySetInput!) { done: reachabilitySet(input: $input) { event { id } userErrors { code } } }",
            json!({"input": {"identifier": ann, "reachable": false}}),
            "code",
        ),
        (
            "mutation($input: ListSubscriptionSetInput!) { done: listSubscriptionSet(input: $input) { event { id } userErrors { code } } }",
            json!({"input": {"identifier": ann, "list": list, "isSubscribed": true}}),
            "code",
        ),
    ]
}

async fn list_id(admin: &Client) -> Value {
    let data = admin.data("{ lists(first: 1) { nodes { id } } }", json!({})).await;
    data["lists"]["nodes"][0]["id"].clone()
}

both_databases! {
    async fn no_way_in_takes_a_blocked_identifier(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        let admin = &server.admin;
        load(&server).await;
        erase(admin, "email", ANN).await;
        let before = reports(admin).await;
        for (route, body) in events_of_hers() {
            let answer = admin.post(route, &body).await;
            assert!(answer.status < 300, "{route}: {} {}", answer.status, answer.text);
            assert_eq!(traces(&database).await, Vec::<String>::new(), "{route}");
            if route.starts_with("/ingest/") && !route.contains("firehose") {
                assert_eq!(answer.json["dropped"], 1, "{route}: {}", answer.text);
                assert_eq!(answer.json["results"][0]["status"], "DROPPED", "{route}: {}", answer.text);
            } else if ["/v3/events", "/v3/profiles", "/v3/consent", "/v3/reachability"].contains(&route) {
                assert_eq!(answer.json["results"][0]["status"], "DROPPED", "{route}: {}", answer.text);
            }
        }
        let pixel = format!("/v2/zaius.gif?tracker_id={ADMIN_KEY}&event_type=web&vdl_action=visit&email={ANN}");
        assert_eq!(read(server.anybody().request(Method::GET, &pixel)).await.status, 200);
        assert_eq!(put_events(&server).await.status, 202);
        for (mutation, variables, field) in mutations(&list_id(admin).await) {
            let done = admin.data(mutation, variables).await["done"].clone();
            let said = if field == "dropped" { &done["dropped"] } else { &done["userErrors"][0]["code"] };
            assert_eq!(said, &if field == "dropped" { json!(1) } else { json!("ERASED") }, "{mutation}: {done}");
        }
        for bad in ["{\"type\": \"email\", \"identifiers\": {\"email\": \"Ann@ERASMUS.example\"}, \"data\": {\"ts\": \"soon\"}}",
            "{\"identifiers\": {\"phone\": \"+49 170 9876543\"", "{\"type\": 5, \"identifiers\": {\"user_id\": \"erasmus-4711\"}}"] {
            let answer = admin.post_text("/ingest/odp", bad).await;
            assert_eq!((&answer.json["quarantined"], &answer.json["dropped"]), (&json!(0), &json!(1)), "{bad}: {}", answer.text);
        }
        assert_eq!(traces(&database).await, Vec::<String>::new());
        assert_eq!(reports(admin).await, before);
        let metrics = read(server.anybody().request(Method::GET, "/metrics")).await.text;
        assert!(metrics.contains("campaignql_ingest_records_total{dialect=\"ses\",status=\"dropped\"}"), "{metrics}");
        server.stop().await;
    }

    async fn an_import_and_a_replay_take_nothing_of_hers(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        let admin = &server.admin;
        load(&server).await;
        erase(admin, "email", ANN).await;
        let open = admin.data("{ quarantine { nodes { id } } }", json!({})).await;
        let corrected = json!({"type": "email", "action": "open", "identifiers": {"email": ANN}, "data": {"ts": RUN_S + 1}});
        let replay = "mutation($input: QuarantineReplayInput!) { quarantineReplay(input: $input) { replayed events userErrors { message } } }";
        let input = json!({"input": {"id": open["quarantine"]["nodes"][0]["id"], "record": corrected, "dialect": "ODP"}});
        assert_eq!(admin.data(replay, input).await["quarantineReplay"]["events"], 0);
        let before = reports(admin).await;
        server.stop().await;
        let program = Program::over(database.url());
        let own = json!({"type": "email", "action": "open", "identifiers": {"email": ANN}, "data": {"ts": RUN_S + 9}});
        let bobs = json!({"type": "crm", "action": "note", "identifiers": {"email": BOB}, "data": {"ts": RUN_S + 9}});
        program.write("hers.ndjson", format!("{own}\n{bobs}\n"));
        let ended = program.run(["import", "--format", "odp", "--output", "json", "hers.ndjson"]);
        let totals: Value = serde_json::from_str(&ended.stdout).expect("the summary is JSON");
        assert_eq!((&totals["read"], &totals["dropped"], &totals["events"]), (&json!(2), &json!(1), &json!(1)), "{totals}");
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert_eq!(traces(&database).await, Vec::<String>::new());
        let server = TestServer::start(database.clone()).await;
        let number = |of: &Value| of["events"]["totalCount"].as_str().expect("a number").parse::<i64>().expect("a number");
        assert_eq!(number(&reports(&server.admin).await), number(&before) + 1);
        server.stop().await;
    }

    async fn an_event_of_somebody_else_too_keeps_only_that_one(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        let admin = &server.admin;
        load(&server).await;
        erase(admin, "email", ANN).await;
        let mixed = json!([
            {"type": "email", "action": "hardbounce", "identifiers": {"email": ANN, "customer_id": "new-1"},
                "data": {"ts": RUN_S + 70, "campaign_id": 71, "target_address": "Ann@Erasmus.example", "url": "https://x.example/erasmus-4711", "to": ["ann@erasmus.example", "x"]}},
            {"type": "email", "action": "hardbounce", "identifiers": {"email": BOB},
                "data": {"ts": RUN_S + 71, "campaign_id": 71, "target_address": "ann@erasmus.example"}},
        ]);
        let answer = admin.post("/ingest/odp", &mixed).await;
        assert_eq!((&answer.json["accepted"], &answer.json.get("dropped")), (&json!(2), &None), "{}", answer.text);
        assert_eq!(id_of(admin, "email", ANN).await, None);
        assert!(id_of(admin, "customer_id", "new-1").await.is_some());
        let suppressed = admin.data("{ suppressions { totalCount } }", json!({})).await;
        assert_eq!(suppressed["suppressions"]["totalCount"], "0", "what was said of her address says nothing of Bob's");
        let left: Vec<String> = traces(&database).await;
        // A link is no identifier: what it says of her besides cannot be told.
        assert_eq!(left, ["event.details"]);
        let profile = json!({"attributes": {"email": ANN, "customer_id": "new-1", "second": "Ann@Erasmus.example", "age": 3}});
        assert_eq!(admin.post("/v3/profiles", &profile).await.json["results"][0]["status"], "ACCEPTED");
        let got = admin.get("/v3/profiles?customer_id=new-1").await;
        assert_eq!(got.json["attributes"], json!({"age": 3, "customer_id": "new-1"}));
        server.stop().await;
    }

    async fn a_block_ends_by_time_or_by_hand(database: TestDatabase) {
        let server = TestServer::start(database.clone()).await;
        let admin = &server.admin;
        load(&server).await;
        let ann = id_of(admin, "email", ANN).await;
        erase(admin, "email", ANN).await;
        let blocks = admin.data("{ identifierBlocks { identifiers lastUntil groups { identifiers blockedUntil } } }", json!({})).await;
        let blocks = &blocks["identifierBlocks"];
        assert_eq!((&blocks["identifiers"], &blocks["groups"][0]["identifiers"]), (&json!("9"), &json!("9")), "{blocks}");
        let lift = "mutation($input: IdentifierBlockLiftInput!) { identifierBlockLift(input: $input) { isLifted userErrors { code } } }";
        let email = json!({"input": {"identifier": {"type": "email", "value": "ANN@erasmus.example"}}});
        assert_eq!(admin.data(lift, email.clone()).await["identifierBlockLift"]["isLifted"], true);
        assert_eq!(admin.data(lift, email).await["identifierBlockLift"]["userErrors"][0]["code"], "NOT_FOUND");
        let visit = |name: &str, value: &str, at: i64| json!({"type": "web", "identifiers": {name: value}, "data": {"ts": RUN_S + at}});
        assert_eq!(admin.post("/ingest/odp", &visit("email", ANN, 800)).await.json["accepted"], 1);
        let new = id_of(admin, "email", ANN).await;
        assert!(new.is_some() && new != ann, "somebody new");
        assert_eq!(admin.post("/ingest/odp", &visit("user_id", "erasmus-4711", 801)).await.json["dropped"], 1);
        database.execute("UPDATE blocked_identifier SET blocked_until = 1");
        assert_eq!(admin.post("/ingest/odp", &visit("user_id", "erasmus-4711", 801)).await.json["accepted"], 1);
        let blocks = admin.data("{ identifierBlocks { identifiers lastUntil } }", json!({})).await;
        assert_eq!(blocks["identifierBlocks"], json!({"identifiers": "0", "lastUntil": null}));
        server.stop().await;
    }
}

both_databases! {
    async fn a_workspace_says_how_long_it_blocks(server: TestServer) {
        let admin = &server.admin;
        let update = "mutation($days: Int!) { workspaceUpdate(input: {blockErasedDays: $days}) { workspace { blockErasedDays } userErrors { code } } }";
        let days = admin.data("{ workspace { blockErasedDays } }", json!({})).await;
        assert_eq!(days["workspace"]["blockErasedDays"], 30);
        for wrong in [-1, 3_651] {
            let refused = admin.data(update, json!({"days": wrong})).await;
            assert_eq!(refused["workspaceUpdate"]["userErrors"][0]["code"], "INVALID", "{wrong}");
        }
        assert_eq!(admin.data(update, json!({"days": 0})).await["workspaceUpdate"]["workspace"]["blockErasedDays"], 0);
        load(&server).await;
        let erased = erase(admin, "email", ANN).await;
        assert_eq!(erased["erasure"]["blockedUntil"], Value::Null);
        let visit = json!({"type": "web", "identifiers": {"email": ANN}, "data": {"ts": RUN_S + 900}});
        assert_eq!(admin.post("/ingest/odp", &visit).await.json["accepted"], 1);
    }
}
