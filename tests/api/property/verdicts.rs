//! Asks the server who did what, and compares it with the recount.

use std::collections::BTreeMap;

use campaignql::domain::identifier::Identifier;
use campaignql::domain::kind::Kind;
use serde_json::{Value, json};

use crate::kit::Client;
use crate::oracle::Oracle;

/// What is told of an act: person, when, link, verdict, rule.
type Told = (usize, String, Option<String>, String, Option<String>);

/// Every open and click of every person has the verdict, and the rule, that all events together give it.
pub async fn compare(client: &Client, oracle: &Oracle, seed: u64) {
    let mut expected: BTreeMap<Told, usize> = BTreeMap::new();
    for (happened, (verdict, rule)) in oracle.events.iter().zip(oracle.verdicts()) {
        // Nobody is asked about who was erased.
        let is_somebody = happened.person < oracle.people.len();
        if is_somebody && matches!(happened.event.kind, Kind::Opened | Kind::Clicked) {
            let at = happened.at.to_datetime().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
            let told = (happened.person, at, happened.event.url.clone(), verdict.to_owned(), rule.map(str::to_owned));
            *expected.entry(told).or_default() += 1;
        }
    }
    let mut got: BTreeMap<Told, usize> = BTreeMap::new();
    for (person, names) in oracle.people.iter().enumerate() {
        for told in acts(client, person, names.first().expect("somebody has a name")).await {
            *got.entry(told).or_default() += 1;
        }
    }
    let differing = |some: &BTreeMap<Told, usize>, others: &BTreeMap<Told, usize>| -> Vec<(Told, usize)> {
        some.iter().filter(|(told, number)| others.get(*told) != Some(number)).map(|(t, n)| (t.clone(), *n)).collect()
    };
    assert_eq!(differing(&got, &expected), differing(&expected, &got), "left: server, right: recounted; seed {seed}");
}

async fn acts(client: &Client, person: usize, name: &Identifier) -> Vec<Told> {
    let query = "query($input: IdentifierInput!, $after: String) { customer(identifier: $input) { \
        events(kinds: [OPENED, CLICKED], first: 100, after: $after) { \
        pageInfo { hasNextPage endCursor } nodes { occurredAt url automation automationRule } } } }";
    let (mut told, mut after) = (Vec::new(), Value::Null);
    loop {
        let input = json!({ "type": name.name, "value": name.value });
        let data = client.data(query, json!({ "input": input, "after": after })).await;
        let events = &data["customer"]["events"];
        for event in events["nodes"].as_array().expect("a list") {
            let text = |field: &str| event[field].as_str().map(str::to_owned);
            let at = chrono::DateTime::parse_from_rfc3339(&text("occurredAt").expect("a time")).expect("a time");
            let at = at.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
            told.push((person, at, text("url"), text("automation").expect("a verdict"), text("automationRule")));
        }
        if events["pageInfo"]["hasNextPage"] != true {
            return told;
        }
        after = events["pageInfo"]["endCursor"].clone();
    }
}
