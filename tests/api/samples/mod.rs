//! Vendors' own payloads and requests recorded of their clients, taken in three times over. They stand in a folder beside
//! the project that `CAMPAIGNQL_SAMPLES` names; without it there is nothing to test here.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::kit::server::ADMIN_KEY;
use crate::kit::{Client, Program, TestServer, both_databases};

mod expected;

both_databases! {
    async fn a_second_and_third_import_of_every_sample_adds_nothing(database: TestDatabase) {
        let Some(folder) = folder() else { return };
        let program = Program::over(database.url());
        let mut states = Vec::new();
        for round in 0..3 {
            for (vendor, format) in VENDORS {
                let summary = import(&program, &folder.join("samples").join(vendor), format);
                assert_eq!(summary["accepted"].as_u64() > Some(0), round == 0, "{vendor}, round {round}: {summary}");
            }
            let app = TestServer::start(database.clone()).await;
            states.push(state(&app.admin).await);
            app.stop().await;
        }
        assert_eq!(states[0]["kinds"], expected_kinds(), "{:#}", states[0]);
        assert_eq!(states[1], states[0]);
        assert_eq!(states[2], states[0]);
    }

    // The table has 52 events; one is told by two of SendGrid's records and two in both forms of ActivatePro's. Three of
    // SES's records, with four events, carry neither a time nor a key: those are new every time.
    async fn all_samples_are_told_apart_and_a_second_import_adds_those_without_time_and_key_alone(database: TestDatabase) {
        let Some(folder) = folder() else { return };
        let program = Program::over(database.url());
        let rounds = [(); 3].map(|()| import(&program, &folder.join("samples"), "auto"));
        assert_eq!(rounds.each_ref().map(|summary| summary["events"].as_u64()), [Some(49), Some(4), Some(4)]);
        let kept = rounds.each_ref().map(|summary| summary["quarantined"].as_u64());
        assert_eq!((kept[1], kept[2]), (kept[0], kept[0]));
        let app = TestServer::start(database).await;
        let listed = app.admin.data("{ quarantine(first: 100) { nodes { code } } eventTypes { count } }", json!({})).await;
        let stored: u64 = listed["eventTypes"].as_array().expect("a list").iter().map(|seen| count(&seen["count"])).sum();
        assert_eq!(stored, 57);
        let mut codes: Vec<&str> =
            listed["quarantine"]["nodes"].as_array().expect("a list").iter().filter_map(|row| row["code"].as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes, ["MISSING_IDENTIFIER", "NOT_JSON", "UNKNOWN_FORMAT"]);
        app.stop().await;
    }

    async fn recorded_requests_are_accepted_and_their_repeats_are_duplicates(database: TestDatabase) {
        let Some(folder) = folder() else { return };
        let app = TestServer::start(database).await;
        let bodies = recorded_bodies(&folder.join("recorded"));
        assert!(bodies.len() > 10, "only {} requests", bodies.len());
        for round in 0..3 {
            for body in &bodies {
                let answer = app.admin.post_text("/v3/events", body).await;
                assert_eq!(answer.status, 202, "{body}: {}", answer.text);
                let results = answer.json["results"].as_array().expect("a result each");
                for (record, result) in records(body).iter().zip(results) {
                    let expected = if round > 0 && is_recognisable(record) { &["DUPLICATE"][..] } else { &["ACCEPTED", "DUPLICATE"] };
                    let status = result["status"].as_str().unwrap_or_default();
                    assert!(expected.contains(&status), "round {round}: {record}: {result}");
                }
            }
        }
    }

    async fn every_recorded_request_gets_an_answer_of_the_recorded_shape(database: TestDatabase) {
        let Some(folder) = folder() else { return };
        let app = TestServer::start(database).await;
        // The recorded clients ask after an address that none of them wrote before.
        let seen = json!({"type": "email", "action": "sent", "identifiers": {"email": "a+x@b.co"}, "data": {"ts": 1_700_000_000}});
        assert_eq!(app.admin.post("/v3/events", &seen).await.status, 202);
        let requests: Vec<Value> = recorded(&folder.join("recorded")).into_iter().filter(is_answered_here).collect();
        let mut routes: Vec<&str> = requests.iter().map(route_of).collect();
        for round in 0..2 {
            for request in &requests {
                // A list is made once.
                if round == 0 || (route_of(request), request["method"].as_str()) != ("/v3/lists", Some("POST")) {
                    replay(&app, request).await;
                }
            }
        }
        routes.sort_unstable();
        routes.dedup();
        assert_eq!(routes, ["/v2/zaius.gif", "/v3/consent", "/v3/consent/email", "/v3/events", "/v3/graphql", "/v3/lists",
            "/v3/lists/subscriptions", "/v3/profiles", "/v3/reachability", "/v3/reachability/email"]);
    }
}

/// Path of a recorded request.
fn route_of(request: &Value) -> &str {
    request["url"].as_str().unwrap_or_default().split('?').next().unwrap_or_default()
}

/// Requests of routes that the server has, but for those whose recorded answer was made to be bad.
fn is_answered_here(request: &Value) -> bool {
    let foreign = ["/v3/exports", "/v3/schema", "/v3/objects", "/v3/identifiers", "/zaius-outgoing"];
    let is_ours = !foreign.iter().any(|prefix| route_of(request).starts_with(prefix));
    is_ours && request["reply"]["status"].as_u64().is_some_and(|status| status < 300)
}

async fn replay(app: &TestServer, request: &Value) {
    let url = request["url"].as_str().expect("a url").replace("TEST-PUBLIC-KEY", ADMIN_KEY);
    let body = request["body_raw"].as_str().unwrap_or_default();
    let answer =
        if request["method"] == "GET" { app.admin.get(&url).await } else { app.admin.post_text(&url, body).await };
    if url.starts_with("/v2/zaius.gif") {
        assert_eq!((answer.status, answer.headers["content-type"].as_bytes()), (200, &b"image/gif"[..]), "{url}");
        return;
    }
    if serde_json::from_str::<Value>(body).is_err() && request["method"] == "POST" {
        // What some clients make of a user id with quotes.
        assert_eq!((answer.status, &answer.json["title"]), (400, &json!("Bad Request")), "{body}: {}", answer.text);
        return;
    }
    assert!((200..300).contains(&answer.status), "{url} {body}: {} {}", answer.status, answer.text);
    let reply: Value = serde_json::from_str(request["reply"]["body"].as_str().unwrap_or_default()).unwrap_or_default();
    if answer.json["errors"].is_array() {
        let error = &answer.json["errors"][0];
        assert_eq!(error["extensions"]["code"], "INVALID_IDENTIFIER_EXCEPTION", "{body}: {}", answer.text);
        assert!(error["locations"].is_array() && answer.json["data"]["customer"].is_null(), "{}", answer.text);
        return;
    }
    assert!(
        reply.get("errors").is_some() || has_keys_of(&answer.json, &reply),
        "{url} {body}: {} for {reply}",
        answer.text
    );
}

/// Whether an answer has every key of the recorded one, at every depth.
fn has_keys_of(answer: &Value, recorded: &Value) -> bool {
    match (answer, recorded) {
        (Value::Object(answer), Value::Object(recorded)) => {
            let extra = ["extensions", "pageInfo", "errors"];
            recorded
                .iter()
                .filter(|(name, _)| !extra.contains(&name.as_str()))
                .all(|(name, value)| answer.get(name).is_some_and(|own| has_keys_of(own, value)))
        }
        (Value::Array(answer), Value::Array(recorded)) => match (answer.first(), recorded.first()) {
            (Some(answer), Some(recorded)) => has_keys_of(answer, recorded),
            _ => true,
        },
        (Value::Object(_) | Value::Array(_), _) => false,
        // A reply that says "customer": null is one of a customer that is not there.
        (_, Value::Object(_) | Value::Array(_)) => answer.is_null(),
        _ => true,
    }
}

/// Folders of samples with the form that they are in, whose records all carry a time or a key.
const VENDORS: [(&str, &str); 4] =
    [("pinpoint", "pinpoint"), ("activatepro", "activatepro"), ("aws_eum_sms", "sms"), ("sendgrid", "sendgrid")];

/// Imports a folder and returns the summary.
fn import(program: &Program, folder: &Path, format: &str) -> Value {
    let ended = program.run(["import", "--format", format, "--output", "json", &folder.display().to_string()]);
    assert!(matches!(ended.code, 0 | 3), "{format}: {}", ended.stderr);
    let summary: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert!(summary["read"].as_u64() > Some(0), "{format}: {summary}");
    summary
}

/// A number that came as text.
fn count(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no count"))
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CAMPAIGNQL_SAMPLES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("CAMPAIGNQL_SAMPLES is not set: no samples are imported");
    }
    folder
}

/// What must not change by a repeat.
async fn state(client: &Client) -> Value {
    let query = "{ eventTypes { type action kind count firstAt lastAt } quarantine(first: 100) { totalCount nodes { code raw } }
        campaigns(first: 100) { nodes { externalId funnel { steps { step total unique } beside { kind total unique } } } }
        reachabilityFunnel(channel: \"email\") { steps { step customers } } }";
    let mut data = client.data(query, json!({})).await;
    let kinds = data["eventTypes"].as_array().expect("a list").iter();
    let mut kinds: Vec<String> =
        kinds.map(|seen| format!("{} {} {}", seen["type"], seen["kind"], seen["count"])).collect();
    kinds.sort();
    data["kinds"] = json!(kinds.iter().map(|kind| kind.replace('"', "")).collect::<Vec<_>>());
    data
}

/// Type, kind and number of the events that the samples hold.
fn expected_kinds() -> Value {
    json!([
        "_campaign.send SENT 2",
        "_campaign.send TARGETED 2",
        "_email.click CLICKED 1",
        "_email.delivered DELIVERED 1",
        "_email.open OPENED 1",
        "_email.send SENT 1",
        "_journey.send TARGETED 1",
        "_session.stop OTHER 1",
        "_sms.success DELIVERED 1",
        "bounce HARD_BOUNCED 1",
        "click CLICKED 1",
        "deferred DEFERRED 1",
        "delivered DELIVERED 1",
        "dropped SKIPPED 3",
        "message delivered DELIVERED 1",
        "message sent SENT 1",
        "open OPENED 1",
        "processed SENT 1",
        "text_carrier_unreachable SOFT_BOUNCED 1",
        "text_delivered DELIVERED 2",
        "text_successful DELIVERED 1",
        "text_successful SENT 1",
    ])
}

/// The bodies of every recorded `POST /v3/events`, as they were sent.
fn recorded_bodies(folder: &Path) -> Vec<String> {
    let events = recorded(folder)
        .into_iter()
        .filter(|request| request["method"] == "POST" && request["url"].as_str() == Some("/v3/events"));
    events.filter_map(|request| request["body_raw"].as_str().map(str::to_owned)).collect()
}

/// Every recorded request, file by file, in the order in which they were sent.
fn recorded(folder: &Path) -> Vec<Value> {
    let files = std::fs::read_dir(folder).expect("the folder of the recordings").flatten();
    let mut paths: Vec<PathBuf> = files.map(|file| file.path()).collect();
    paths.sort();
    let recordings = paths.iter().filter_map(|path| serde_json::from_slice::<Value>(&std::fs::read(path).ok()?).ok());
    recordings.flat_map(|recording| recording["requests"].as_array().cloned().unwrap_or_default()).collect()
}

fn records(body: &str) -> Vec<Value> {
    match serde_json::from_str(body).expect("clients send JSON") {
        Value::Array(records) => records,
        one => vec![one],
    }
}

/// A record with neither a key nor a time is new every time.
fn is_recognisable(record: &Value) -> bool {
    let given = |name: &str| !matches!(&record["data"][name], Value::Null) && record["data"][name] != "";
    given("idempotence_id") || given("ts")
}
