//! Random work on the quarantine by several people at once: whatever they do, in whatever order, an event is there once
//! if its record was replayed, and not at all if it was not.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::dice::Dice;
use crate::kit::{Client, TestDatabase, TestServer};

/// Records in one trial.
const RECORDS: usize = 12;
/// People at work at once.
const PEOPLE: u64 = 3;
/// What each of them does.
const ACTS: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_counts_once_on_sqlite() {
    for seed in 0..4 {
        try_seed(seed, TestDatabase::sqlite(), 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_counts_once_on_postgresql_with_two_servers() {
    for seed in 0..4 {
        let Some(database) = TestDatabase::postgresql() else { return };
        try_seed(seed, database, 2).await;
    }
}

/// A typed event, read as ODP's and so refused. It has neither key nor time but every third, which has a key.
fn bad(number: usize) -> Value {
    let mut record = json!({
        "type": format!("record-{number}"), "identifiers": [{"type": "email", "value": format!("p{}@example.test", number % 4)}],
    });
    if number.is_multiple_of(3) {
        record["idempotencyKey"] = json!(format!("key-{number}"));
    }
    record
}

async fn try_seed(seed: u64, database: TestDatabase, servers: usize) {
    let mut running = Vec::new();
    for _ in 0..servers {
        running.push(TestServer::start(database.clone()).await);
    }
    let mut people = JoinSet::new();
    for person in 0..PEOPLE {
        let client = running[person as usize % servers].admin.clone();
        let dice = Dice::new(seed * PEOPLE + person);
        let acts: Vec<Act> = (0..ACTS).map(|_| act(&dice)).collect();
        people.spawn(async move {
            for act in acts {
                work(&client, act).await;
            }
        });
    }
    people.join_all().await;
    let client = &running[0].admin;
    check(client, seed).await;
    for number in 0..RECORDS {
        send(client, number).await;
    }
    for state in ["OPEN", "DISCARDED"] {
        replay(client, json!({"filter": {"states": [state]}, "dialect": "NATIVE"})).await;
    }
    let events = check(client, seed).await;
    assert!((0..RECORDS).all(|number| events.get(&format!("record-{number}")) == Some(&1)), "seed {seed}: {events:?}");
    for server in running {
        server.stop().await;
    }
}

/// Something that somebody does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Send(usize),
    ReplayAll { limit: usize },
    DiscardAll { limit: usize },
    ReplayOne { pick: usize, is_corrected: bool },
}

fn act(dice: &Dice) -> Act {
    match dice.below(6) {
        0 | 1 => Act::Send(dice.below(RECORDS)),
        2 => Act::ReplayAll { limit: dice.between(1, RECORDS) },
        3 => Act::DiscardAll { limit: dice.between(1, 3) },
        _ => Act::ReplayOne { pick: dice.below(RECORDS), is_corrected: dice.chance(50) },
    }
}

async fn work(client: &Client, act: Act) {
    match act {
        Act::Send(number) => send(client, number).await,
        Act::ReplayAll { limit } => replay(client, json!({"filter": {}, "dialect": "NATIVE", "limit": limit})).await,
        Act::DiscardAll { limit } => {
            let input = json!({"filter": {}, "reason": "not now", "limit": limit});
            let query = "mutation($input: QuarantineDiscardInput!) { quarantineDiscard(input: $input) { discarded } }";
            client.data(query, json!({ "input": input })).await;
        }
        Act::ReplayOne { pick, is_corrected } => {
            let records = records(client).await;
            let Some((id, _, raw)) = records.get(pick) else { return };
            let mut input = json!({"id": id, "dialect": "NATIVE"});
            if is_corrected {
                input["record"] = json!(raw);
            }
            replay(client, input).await;
        }
    }
}

async fn send(client: &Client, number: usize) {
    let answer = client.post("/ingest/odp", &json!([bad(number)])).await;
    assert_eq!(answer.json["quarantined"], 1, "{}", answer.text);
}

async fn replay(client: &Client, input: Value) {
    let query = "mutation($input: QuarantineReplayInput!) { quarantineReplay(input: $input) { replayed refused } }";
    let data = client.data(query, json!({ "input": input })).await;
    assert_eq!(data["quarantineReplay"]["refused"], 0, "{data}");
}

/// Id, state and text of every record.
async fn records(client: &Client) -> Vec<(Value, Value, String)> {
    let query = "{ quarantine(filter: {states: [OPEN, REPLAYED, DISCARDED]}, first: 100) { nodes { id state raw } } }";
    let data = client.data(query, json!({})).await;
    let nodes = data["quarantine"]["nodes"].as_array().expect("a list");
    let text = |node: &Value| node["raw"].as_str().expect("a text").to_owned();
    nodes.iter().map(|node| (node["id"].clone(), node["state"].clone(), text(node))).collect()
}

/// Every record is kept once, and its event is there exactly if it was replayed. The number of events by type.
async fn check(client: &Client, seed: u64) -> HashMap<String, usize> {
    let data = client.data("{ eventTypes { type count } }", json!({})).await;
    let number = |row: &Value| row["count"].as_str().and_then(|text| text.parse().ok()).expect("a number");
    let rows = data["eventTypes"].as_array().expect("a list").iter();
    let events: HashMap<String, usize> =
        rows.map(|row| (row["type"].as_str().expect("a text").to_owned(), number(row))).collect();
    let mut kept = HashMap::new();
    for (_, state, raw) in records(client).await {
        let record: Value = serde_json::from_str(&raw).expect("what was sent");
        let before = kept.insert(record["type"].as_str().expect("a text").to_owned(), state);
        assert_eq!(before, None, "a record is kept twice; seed {seed}: {raw}");
    }
    for (name, state) in &kept {
        let expected = usize::from(state == "REPLAYED");
        assert_eq!(events.get(name).copied().unwrap_or(0), expected, "{name} is {state}; seed {seed}");
    }
    assert!(events.keys().all(|name| kept.contains_key(name)), "events from nowhere; seed {seed}: {events:?}");
    events
}
