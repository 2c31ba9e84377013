//! Merging two customers who share 200 campaigns, by an event that names both and by hand.

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::server::Server;

const PAIRS: usize = 20;
const CAMPAIGNS: usize = 200;

/// Milliseconds of merges, sorted, by how they were asked for.
pub async fn measure(server: &Server) -> Result<Vec<(&'static str, Vec<f64>)>> {
    let by_event = merge_all(server, "event", by_event).await?;
    let by_hand = merge_all(server, "hand", by_hand).await?;
    Ok(vec![("merge over 200 campaigns, by an event", by_event), ("merge over 200 campaigns, by hand", by_hand)])
}

async fn merge_all(server: &Server, way: &str, merge: fn(&str) -> (&'static str, Value)) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for pair in 0..PAIRS {
        let name = format!("{way}-{pair}");
        histories(server, &name).await?;
        let (query, variables) = merge(&name);
        let started = Instant::now();
        let answer = server.graphql(query, &variables).await?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        let identifiers = "query($of: IdentifierInput!) { customer(identifier: $of) { identifiers { value } } }";
        let of = json!({"of": {"type": "email", "value": email(&name)}});
        let customer = server.graphql(identifiers, &of).await?;
        let number = customer["customer"]["identifiers"].as_array().map_or(0, Vec::len);
        ensure!(number == 2, "{number} identifiers instead of 2 after {answer}");
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Two people who got, and opened, one message of each of 200 campaigns.
async fn histories(server: &Server, name: &str) -> Result<()> {
    let event = |person: usize, campaign: usize, action: &str| {
        json!({"type": "email", "action": action, "identifiers": identifier(name, person), "data": {
            "campaign_id": 1 + campaign, "campaign_schedule_run_ts": 1_790_000_000, "ts": 1_790_000_000 + campaign,
        }})
    };
    let events: Vec<Value> = (0..2 * CAMPAIGNS)
        .flat_map(|number| ["sent", "delivery", "open"].map(|action| event(number % 2, number / 2, action)))
        .collect();
    let request = server.client.post(format!("{}/ingest/odp", server.address)).json(&events);
    let report: Value = request.send().await?.json().await?;
    ensure!(report["accepted"] == events.len(), "histories were answered {report}");
    Ok(())
}

fn by_event(name: &str) -> (&'static str, Value) {
    let query = "mutation($identifiers: JSON!) { odpEventSend(action: \"login\", type: \"account\", \
                 identifiers: $identifiers) { accepted } }";
    (query, json!({"identifiers": {"email": email(name), "user_id": user(name)}}))
}

fn by_hand(name: &str) -> (&'static str, Value) {
    let query =
        "mutation($input: CustomerMergeInput!) { customerMerge(input: $input) { status userErrors { message } } }";
    let named = |name: &str, value: String| json!({"identifier": {"type": name, "value": value}});
    (query, json!({"input": {"customer": named("email", email(name)), "other": named("user_id", user(name))}}))
}

/// The first person is known by an address, the second by the shop's id.
fn identifier(name: &str, person: usize) -> Value {
    match person {
        0 => json!({"email": email(name)}),
        _ => json!({"user_id": user(name)}),
    }
}

fn email(name: &str) -> String {
    format!("{name}@merged.example.com")
}

fn user(name: &str) -> String {
    format!("user of {name}")
}
