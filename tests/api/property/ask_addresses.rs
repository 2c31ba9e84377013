//! Asks about addresses: their states, their history, who can be reached and who must not be written to.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::identifier::{Identifier, rule_by_name};
use serde_json::{Value, json};

use super::ask::{identifier_of, input, list, number, text};
use super::ask_days;
use super::events::LISTS;
use crate::kit::Client;
use crate::oracle::Oracle;
use crate::oracle::address::{Loss, Losses, Reach};

/// Channels that addresses are asked about.
pub const CHANNELS: [&str; 6] = ["email", "sms", "voice", "push", "web_push", "custom"];

/// Asks everything, and compares.
pub async fn compare(client: &Client, oracle: &Oracle, seed: u64) {
    compare_states(client, oracle, seed).await;
    compare_suppressions(client, oracle, seed).await;
    let lists = lists(client).await;
    ask_days::compare(client, oracle, &lists, seed).await;
    for channel in CHANNELS {
        for name in std::iter::once(None).chain(LISTS.map(Some)) {
            let Some(id) = name.map_or(Some(Value::Null), |name| lists.get(name).cloned()) else { continue };
            let got = reach(client, channel, &id).await;
            assert_eq!(
                got,
                oracle.reach(channel, name),
                "left: server, right: recounted; seed {seed}, {channel} {name:?}"
            );
            for person in &oracle.people {
                let first = person.first().expect("it has a name");
                let loss = eligibility(client, first, channel, &id).await;
                let expected: Loss = oracle.persons_loss(person, channel, name);
                assert_eq!(
                    loss,
                    expected.map(|loss| loss.1),
                    "right: recounted; seed {seed}, {first:?} {channel} {name:?}"
                );
            }
        }
    }
}

/// Every list that was joined or left, by name.
async fn lists(client: &Client) -> BTreeMap<String, Value> {
    let data = client.data("{ lists { nodes { id name } totalCount } }", json!({})).await;
    let nodes = list(&data["lists"]["nodes"]);
    assert_eq!(nodes.len() as i64, number(&data["lists"]["totalCount"]));
    nodes.iter().map(|node| (text(&node["name"]), node["id"].clone())).collect()
}

async fn compare_states(client: &Client, oracle: &Oracle, seed: u64) {
    let query = "query($input: IdentifierInput!) { reachability(identifier: $input) { isReachable type consent \
        subscriptions { list { name } isSubscribed } history(first: 1) { totalCount } } }";
    let is_address = |identifier: &&Identifier| rule_by_name(&identifier.name).is_some_and(|rule| rule.is_messaging());
    let mentioned = oracle.mentioned_addresses();
    for identifier in oracle.people.iter().flatten().filter(is_address) {
        let context = format!("left: server, right: recounted; seed {seed}, {identifier:?}");
        let state = client.data(query, json!({ "input": input(identifier) })).await["reachability"].clone();
        let expected = oracle.address(identifier);
        let consent = match expected.consent {
            None => "NONE",
            Some(true) => "OPTED_IN",
            Some(false) => "OPTED_OUT",
        };
        let reason = expected.unreachable.map(|reason| reason.name().to_uppercase());
        assert_eq!(state["isReachable"], json!(reason.is_none()), "{context}");
        assert_eq!((&state["type"], &state["consent"]), (&json!(reason), &json!(consent)), "{context}");
        let lists: BTreeMap<String, bool> = list(&state["subscriptions"])
            .iter()
            .map(|one| (text(&one["list"]["name"]), one["isSubscribed"].as_bool().expect("yes or no")))
            .collect();
        assert_eq!(lists, expected.lists, "{context}");
        let changes = mentioned.get(identifier).copied().unwrap_or(0);
        assert_eq!(number(&state["history"]["totalCount"]), changes as i64, "{context}");
    }
}

/// Pages through everything that must not be written to.
async fn compare_suppressions(client: &Client, oracle: &Oracle, seed: u64) {
    let query = "query($after: String) { suppressions(first: 7, after: $after) { \
        nodes { identifier { type value } reason since event { id } } pageInfo { hasNextPage endCursor } totalCount } }";
    let (mut got, mut after, mut times) = (BTreeSet::new(), Value::Null, Vec::new());
    loop {
        let page = client.data(query, json!({ "after": after })).await["suppressions"].clone();
        for row in list(&page["nodes"]) {
            assert!(row["event"]["id"].is_string(), "{row}");
            times.push(text(&row["since"]));
            got.insert((identifier_of(&row["identifier"]), text(&row["reason"])));
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(number(&page["totalCount"]), got.len() as i64);
            break;
        }
    }
    let at = |text: &String| chrono::DateTime::parse_from_rfc3339(text).expect("a time");
    assert!(times.iter().map(at).rev().is_sorted(), "the latest come first: {times:?}");
    let mentioned = oracle.mentioned_addresses().into_keys();
    let expected: BTreeSet<_> = mentioned
        .filter_map(|address| {
            let reason = oracle.address(&address).unreachable?;
            Some((address, reason.name().to_uppercase()))
        })
        .collect();
    assert_eq!(got, expected, "left: server, right: recounted; seed {seed}");
}

async fn reach(client: &Client, channel: &str, id: &Value) -> (Reach, Losses) {
    let query = "query($channel: String!, $list: ID) { reachabilityFunnel(channel: $channel, list: $list) { \
        steps { step customers lost { reason customers } } } }";
    let data = client.data(query, json!({ "channel": channel, "list": id })).await;
    let steps = list(&data["reachabilityFunnel"]["steps"]);
    let mut losses = Losses::new();
    for (before, step) in steps.iter().zip(&steps[1..]) {
        let lost: i64 = list(&step["lost"]).iter().map(|loss| number(&loss["customers"])).sum();
        assert_eq!(lost, number(&before["customers"]) - number(&step["customers"]), "{channel}: {steps:?}");
        losses.extend(list(&step["lost"]).iter().map(|loss| (text(&loss["reason"]), number(&loss["customers"]))));
    }
    let customers = |name: &str| steps.iter().find(|step| step["step"] == name).map(|step| number(&step["customers"]));
    let always = |name| customers(name).expect("the step is there");
    let reach = Reach {
        known: always("KNOWN"),
        has_address: always("HAS_ADDRESS"),
        reachable: always("REACHABLE"),
        consented: always("CONSENTED"),
        subscribed: customers("SUBSCRIBED"),
    };
    (reach, losses)
}

/// Why a customer may not be messaged; none: it may.
async fn eligibility(client: &Client, named: &Identifier, channel: &str, id: &Value) -> Option<String> {
    let query = "query($input: IdentifierInput!, $channel: String!, $list: ID) { customer(identifier: $input) { \
        eligibility(channel: $channel, list: $list) { isEligible reason steps { isReached } addresses { isEligible } } } }";
    let variables = json!({ "input": input(named), "channel": channel, "list": id });
    let found = client.data(query, variables).await["customer"]["eligibility"].clone();
    let is_eligible = found["isEligible"] == true;
    assert_eq!(is_eligible, list(&found["addresses"]).iter().any(|address| address["isEligible"] == true), "{found}");
    assert_eq!(is_eligible, list(&found["steps"]).iter().all(|step| step["isReached"] == true), "{found}");
    let reason = found["reason"].as_str().map(str::to_owned);
    assert_eq!(is_eligible, reason.is_none(), "{found}");
    reason
}
