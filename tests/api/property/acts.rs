//! What a random crowd does to a server: events, profiles, merges, changes by hand and of settings, each with what it means
//! to the oracle.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campaignql::dialect::read_value;
use campaignql::domain::event::{Dialect, NewEvent};
use campaignql::domain::identifier::Identifier;
use campaignql::domain::time::Micros;
use serde_json::{Value, json};

use super::arrival_log::{Place, mark};
use super::dice::Dice;
use super::world::text;
use super::{crowd, updates};
use crate::kit::Client;
use crate::oracle::address::Rules;
use crate::oracle::arrival::Arrived;

/// Something that is done, by its number.
pub enum Act {
    /// Events are sent in one request.
    Send(Vec<Value>),
    /// Attributes are set.
    SetProfile {
        /// Of whom.
        names: Vec<Identifier>,
        /// To what.
        attributes: BTreeMap<String, Value>,
        /// As of when, in milliseconds.
        at: i64,
    },
    /// Two customers are merged.
    Merge {
        /// One of them.
        one: Identifier,
        /// The other.
        other: Identifier,
        /// Whether the first is named by the id of its customer.
        by_id: bool,
    },
    /// Whoever is named is erased.
    Erase(Identifier),
    /// Something is changed by hand.
    ByHand(Box<updates::Update>),
    /// The rules of the workspace are changed.
    SetRules(Rules),
}

/// Names and values of attributes.
pub const ATTRIBUTES: [&str; 3] = ["city", "age", "vip"];
const VALUES: [fn() -> Value; 8] = [
    || json!("London"),
    || json!("Lodz"),
    || json!("Köln"),
    || json!(7),
    || json!(7.5),
    || json!(-2),
    || json!(true),
    || json!(null),
];

/// A random value.
pub fn value(dice: &Dice) -> Value {
    dice.pick(&VALUES)()
}

/// Random acts in random order; some requests come again, whole or in part.
pub fn acts(count: usize, dice: &Dice) -> Vec<Act> {
    let mut acts: Vec<Act> = (0..count).map(|number| act(number, dice)).collect();
    // Every campaign reports a delivery, so that none infers any.
    let delivered = |campaign: &&str| {
        let names = crowd::pairs(&[crowd::any_sure(dice)]);
        json!({ "type": "letter", "kind": "DELIVERED", "identifiers": names, "occurredAt": text(super::world::moment(dice)),
            "campaign": { "externalId": campaign } })
    };
    acts.push(Act::Send(crowd::CAMPAIGNS.iter().map(delivered).collect()));
    let mut again: Vec<Act> = Vec::new();
    for act in &acts {
        if let (Act::Send(events), true) = (act, dice.chance(25)) {
            let mut some: Vec<Value> = events.iter().filter(|_| dice.chance(70)).cloned().collect();
            dice.shuffle(&mut some);
            again.push(Act::Send(some));
        }
    }
    acts.extend(again);
    dice.shuffle(&mut acts);
    acts.retain(|act| !matches!(act, Act::Send(events) if events.is_empty()));
    acts
}

fn act(number: usize, dice: &Dice) -> Act {
    match dice.below(21) {
        0..10 => Act::Send((0..dice.between(1, 8)).map(|_| crowd::event(dice)).collect()),
        10..14 => {
            // No two updates are of one time, whatever the order of their numbers.
            let at = 1_772_000_000_000 + (number as i64 * 7_919) % 1_000_003;
            let chosen = ATTRIBUTES.iter().filter(|_| dice.chance(60));
            let attributes = chosen.map(|name| ((*name).to_owned(), value(dice))).collect();
            Act::SetProfile { names: crowd::together(dice), attributes, at }
        }
        14..16 => {
            // An id is that of a sure name, which never changes hands.
            let by_id = dice.chance(50);
            let one = if by_id { crowd::any_sure(dice) } else { crowd::anybody(dice) };
            Act::Merge { one, other: crowd::anybody(dice), by_id }
        }
        16..19 => Act::ByHand(Box::new(updates::update_of(&crowd::any_address(dice), dice))),
        19 => Act::SetRules(updates::rules(dice)),
        _ => Act::Erase(crowd::anybody(dice)),
    }
}

/// Does it. Returns what arrived, and where its place in the order of arrival is written; none where nothing arrived.
pub async fn perform(client: &Client, number: usize, act: &Act) -> Option<(Place, Vec<Arrived>)> {
    match act {
        Act::Send(records) => {
            let place = Place::of_events(&send(client, records).await)?;
            Some((place, sent(records)))
        }
        Act::SetProfile { names, attributes, at } => {
            let mut attributes = attributes.clone();
            attributes.insert(mark(number), json!(true));
            let input = json!({ "identifiers": crowd::pairs(names), "attributes": attributes, "updatedAt": text(*at) });
            let query =
                "mutation($input: CustomerUpsertInput!) { customerUpsert(input: $input) { userErrors { code } } }";
            let payload = client.data(query, json!({ "input": input })).await["customerUpsert"].clone();
            if payload["userErrors"][0]["code"] == "ERASED" {
                return None;
            }
            assert_eq!(payload["userErrors"], json!([]), "{payload}");
            let names: BTreeSet<Identifier> = names.iter().cloned().collect();
            Some((
                Place::Mark(mark(number)),
                vec![Arrived::Profile { names, attributes, at: Micros::from_millis(*at) }],
            ))
        }
        Act::Merge { one, other, by_id } => merge(client, number, (one, other), *by_id)
            .await
            .then(|| (Place::Mark(mark(number)), vec![Arrived::Merge(one.clone(), other.clone())])),
        Act::Erase(name) => {
            erase(client, number, name).await.then(|| (Place::Mark(mark(number)), vec![Arrived::Erase(name.clone())]))
        }
        Act::ByHand(update) => {
            let id = updates::make_one(client, update).await?;
            Some((Place::of_events(&[id])?, vec![Arrived::Event(Box::new(update.event.clone()))]))
        }
        Act::SetRules(rules) => {
            updates::set_rules(client, rules).await;
            None
        }
    }
}

fn parsed(record: &Value) -> Vec<NewEvent> {
    let read = read_value(Dialect::Native, record);
    read.into_iter().flat_map(|record| record.outcome.expect("random records are good ones")).collect()
}

fn sent(records: &[Value]) -> Vec<Arrived> {
    records.iter().flat_map(parsed).map(|event| Arrived::Event(Box::new(event))).collect()
}

/// Ids of the new events.
async fn send(client: &Client, records: &[Value]) -> Vec<(i16, i64)> {
    let query = "mutation($input: VendorEventsIngestInput!) { vendorEventsIngest(input: $input, results: ALL) { \
        quarantined results { eventId } userErrors { message } } }";
    let input = json!({ "dialect": "NATIVE", "records": records });
    let payload = client.data(query, json!({ "input": input })).await["vendorEventsIngest"].clone();
    assert_eq!((&payload["userErrors"], &payload["quarantined"]), (&json!([]), &json!(0)), "{payload}");
    let results = payload["results"].as_array().expect("a list").iter();
    results.filter_map(|result| event_number(result["eventId"].as_str()?)).collect()
}

/// Shard and number that an event's id is made of.
pub fn event_number(id: &str) -> Option<(i16, i64)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (shard, number) = text.strip_prefix("Event:")?.split_once(':')?;
    Some((shard.parse().ok()?, number.parse().ok()?))
}

/// Whether they were merged: they may be one already, or nobody may be named so yet.
async fn merge(client: &Client, number: usize, (one, other): (&Identifier, &Identifier), by_id: bool) -> bool {
    let input = |name: &Identifier| json!({ "type": name.name, "value": name.value });
    let mut customer = json!({ "identifier": input(one) });
    if by_id {
        let query = "query($input: IdentifierInput!) { customer(identifier: $input) { id } }";
        let found = client.data(query, json!({ "input": input(one) })).await["customer"]["id"].clone();
        if found.is_null() {
            return false;
        }
        customer = json!({ "id": found });
    }
    let query = "mutation($input: CustomerMergeInput!) { customerMerge(input: $input) { status userErrors { code } } }";
    let input = json!({ "customer": customer, "other": { "identifier": input(other) }, "reason": mark(number) });
    let payload = client.data(query, json!({ "input": input })).await["customerMerge"].clone();
    let code = payload["userErrors"][0]["code"].as_str();
    assert!(payload["status"].is_string() || matches!(code, Some("NOT_FOUND" | "INVALID")), "{payload}");
    payload["status"] == "MERGED"
}

/// Whether somebody was erased: nobody may be named so yet, or any more.
async fn erase(client: &Client, number: usize, name: &Identifier) -> bool {
    let query =
        "mutation($input: CustomerEraseInput!) { customerErase(input: $input) { erasure { id } userErrors { code } } }";
    let input = json!({ "identifier": { "type": name.name, "value": name.value }, "reason": mark(number) });
    let payload = client.data(query, json!({ "input": input })).await["customerErase"].clone();
    let code = payload["userErrors"][0]["code"].as_str();
    assert!(payload["erasure"].is_object() || code == Some("NOT_FOUND"), "{payload}");
    payload["erasure"].is_object()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::arrival::{are_two, is_somebody, rules_applied};

    /// What the crowd is for: without these, the replay would compare less than it seems to.
    #[test]
    fn every_rule_is_needed_to_tell_the_crowd_apart() {
        for seed in 0..3 {
            let mut arrived = Vec::new();
            for act in acts(120, &Dice::new(seed)) {
                match act {
                    Act::Send(records) => arrived.extend(sent(&records)),
                    Act::SetProfile { names, attributes, at } => {
                        let (names, at) = (names.into_iter().collect(), Micros::from_millis(at));
                        arrived.push(Arrived::Profile { names, attributes, at });
                    }
                    Act::Merge { one, other, .. } if are_two(&arrived, &one, &other) => {
                        arrived.push(Arrived::Merge(one, other));
                    }
                    Act::Erase(name) if is_somebody(&arrived, &name) => arrived.push(Arrived::Erase(name)),
                    Act::ByHand(update) => arrived.push(Arrived::Event(Box::new(update.event))),
                    Act::Merge { .. } | Act::Erase(_) | Act::SetRules(_) => {}
                }
            }
            let applied = rules_applied(&arrived);
            for (rule, least) in [("a", 5), ("b", 5), ("c", 10), ("d", 3), ("by hand", 3), ("erased", 2)] {
                assert!(applied.get(rule).is_some_and(|times| *times >= least), "seed {seed}, {rule}: {applied:?}");
            }
        }
    }
}
