//! Asks about customers: their attributes, lists of them by random filters, and random audiences, of all and of each.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::event::Namespace;
use campaignql::domain::identifier::Identifier;
use campaignql::domain::kind::Kind;
use serde_json::{Map, Value, json};

use super::acts::{ATTRIBUTES, value};
use super::ask::{identifier_of, input, list, number, text};
use super::crowd::CAMPAIGNS;
use super::dice::Dice;
use super::events::LISTS;
use crate::kit::Client;
use crate::oracle::Oracle;
use crate::oracle::rule::{Comparison, Rule};

const AUDIENCES: usize = 12;
const FILTERS: usize = 12;
const STEPS: [Kind; 4] = [Kind::Sent, Kind::Delivered, Kind::Opened, Kind::Clicked];
const CHANNELS: [&str; 4] = ["email", "sms", "push", "web_push"];

/// Asks everything, and compares.
pub async fn compare(clients: &[Client], oracle: &Oracle, seed: u64) {
    let client = &clients[seed as usize % clients.len()];
    let (dice, ids) = (Dice::new(seed + 5_000), Ids::load(client).await);
    compare_attributes(client, oracle, seed).await;
    for _ in 0..FILTERS {
        let parts = (0..dice.between(1, 3)).map(|_| filter_part(&dice)).collect::<Vec<_>>();
        compare_filter(client, oracle, &parts, (&ids, seed)).await;
    }
    let rules: Vec<Rule> = (0..AUDIENCES).map(|_| rule(&dice, 3)).collect();
    compare_audiences(clients, oracle, &rules, (&ids, seed)).await;
}

/// Ids of the campaigns and lists.
struct Ids {
    campaigns: BTreeMap<String, Value>,
    lists: BTreeMap<String, Value>,
}

impl Ids {
    async fn load(client: &Client) -> Self {
        // A list that nobody joined or left in this trial is made, so that it can be asked about.
        for name in LISTS {
            let create = "mutation($name: String!) { listCreate(input: { name: $name }) { list { id } } }";
            client.data(create, json!({ "name": name })).await;
        }
        let data =
            client.data("{ lists { nodes { id name } } campaigns { nodes { id externalId } } }", json!({})).await;
        let named = |rows: &Value, name: &str| {
            let named = |row: &Value| (text(&row[name]), row["id"].clone());
            list(&rows["nodes"]).iter().map(named).collect()
        };
        Self { campaigns: named(&data["campaigns"], "externalId"), lists: named(&data["lists"], "name") }
    }
}

async fn compare_attributes(client: &Client, oracle: &Oracle, seed: u64) {
    let query = "query($input: IdentifierInput!) { customer(identifier: $input) { attributes { name value } } }";
    for (names, expected) in oracle.people.iter().zip(&oracle.attributes) {
        let first = names.first().expect("it has a name");
        let found = client.data(query, json!({ "input": input(first) })).await["customer"]["attributes"].clone();
        let found: BTreeMap<String, Value> =
            list(&found).iter().map(|row| (text(&row["name"]), row["value"].clone())).collect();
        assert_eq!(found, *expected, "left: server, right: replayed; seed {seed}, {first:?}");
    }
}

/// The people who fit, each as the set of its names.
fn fitting(oracle: &Oracle, rule: &Rule) -> BTreeSet<BTreeSet<Identifier>> {
    let fits = |person: &usize| oracle.fits(*person, rule);
    (0..oracle.people.len()).filter(fits).map(|person| oracle.people[person].clone()).collect()
}

fn people_of(nodes: &Value) -> BTreeSet<BTreeSet<Identifier>> {
    let names = |node: &Value| list(&node["identifiers"]).iter().map(identifier_of).collect();
    list(nodes).iter().map(names).collect()
}

async fn compare_filter(client: &Client, oracle: &Oracle, parts: &[Rule], (ids, seed): (&Ids, u64)) {
    let mut filter = Map::new();
    let mut used = Vec::new();
    for part in parts {
        let (field, value) = written(part, ids);
        if field == "attribute" {
            let attributes = filter.entry("attributes").or_insert_with(|| json!([]));
            attributes.as_array_mut().expect("a list").push(value);
            used.push(part.clone());
        } else if !filter.contains_key(field) {
            filter.insert(field.to_owned(), value);
            used.push(part.clone());
        }
    }
    let query = "query($filter: CustomerFilter, $after: String) { customers(filter: $filter, first: 5, after: $after) { \
        totalCount nodes { identifiers { type value } } pageInfo { hasNextPage endCursor } } }";
    let expected = fitting(oracle, &Rule::And(used));
    let (mut found, mut after, mut rows) = (BTreeSet::new(), Value::Null, 0);
    loop {
        let page = client.data(query, json!({ "filter": filter, "after": after })).await["customers"].clone();
        assert_eq!(number(&page["totalCount"]), expected.len() as i64, "left: server; seed {seed}, {filter:?}");
        rows += list(&page["nodes"]).len();
        found.extend(people_of(&page["nodes"]));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(
        (found, rows),
        (expected.clone(), expected.len()),
        "left: server, right: replayed; seed {seed}, {filter:?}"
    );
}

async fn compare_audiences(clients: &[Client], oracle: &Oracle, rules: &[Rule], (ids, seed): (&Ids, u64)) {
    let upsert = "mutation($input: AudienceUpsertInput!) { audienceUpsert(input: $input) { \
        audience { size members(first: 100) { totalCount nodes { identifiers { type value } } } } userErrors { message } } }";
    for (index, (rule, client)) in rules.iter().zip(clients.iter().cycle()).enumerate() {
        let input = json!({ "name": format!("audience {index:02}"), "rule": one_of(rule, ids) });
        let made = client.data(upsert, json!({ "input": input })).await["audienceUpsert"].clone();
        assert_eq!(made["userErrors"], json!([]), "{rule:?}");
        let (expected, members) = (fitting(oracle, rule), &made["audience"]["members"]);
        let context = format!("left: server, right: replayed; seed {seed}, {rule:?}");
        assert_eq!(people_of(&members["nodes"]), expected, "{context}");
        let count = expected.len() as i64;
        assert_eq!((number(&made["audience"]["size"]), number(&members["totalCount"])), (count, count), "{context}");
    }
    let query = "query($input: IdentifierInput!) { customer(identifier: $input) { audiences { name } } }";
    for (person, names) in oracle.people.iter().enumerate() {
        let first = names.first().expect("it has a name");
        let found = clients[0].data(query, json!({ "input": input(first) })).await["customer"]["audiences"].clone();
        let found: Vec<String> = list(&found).iter().map(|row| text(&row["name"])).collect();
        let fitting = rules.iter().enumerate().filter(|(_, rule)| oracle.fits(person, rule));
        let expected: Vec<String> = fitting.map(|(index, _)| format!("audience {index:02}")).collect();
        assert_eq!(found, expected, "left: server, right: replayed; seed {seed}, {first:?}");
    }
}

/// A question that lists of customers are filtered by.
fn filter_part(dice: &Dice) -> Rule {
    match dice.below(4) {
        0 => Rule::Reachable(dice.pick(&CHANNELS), dice.chance(50)),
        1 => reached(dice),
        2 => has_identifier(dice),
        _ => attribute(dice),
    }
}

fn rule(dice: &Dice, depth: usize) -> Rule {
    let parts = |dice: &Dice| (0..dice.between(0, 3)).map(|_| rule(dice, depth - 1)).collect::<Vec<_>>();
    match dice.below(if depth == 0 { 4 } else { 9 }) {
        0 => Rule::Eligible(dice.pick(&CHANNELS), dice.maybe(40, dice.pick(&LISTS))),
        1 => reached(dice),
        2 => has_identifier(dice),
        3 => attribute(dice),
        4 | 5 => Rule::And(parts(dice)),
        6 | 7 => Rule::Or(parts(dice)),
        _ => Rule::Not(Box::new(rule(dice, depth - 1))),
    }
}

fn reached(dice: &Dice) -> Rule {
    Rule::Reached((Namespace::Native, dice.pick(&CAMPAIGNS).to_owned()), dice.pick(&STEPS))
}

fn has_identifier(dice: &Dice) -> Rule {
    let (name, starts) = dice.pick(&[
        ("email", "p"),
        ("email", "second"),
        ("vuid", "cookie-1"),
        ("crm_id", ""),
        ("phone", "+4930901821"),
    ]);
    Rule::HasIdentifier(name, starts.to_owned())
}

fn attribute(dice: &Dice) -> Rule {
    let compared = value(dice);
    // Nothing is larger or smaller than null, and no filter asks so.
    let comparison = match dice.below(if compared.is_null() { 1 } else { 4 }) {
        0 => Comparison::Equals(compared),
        3 => Comparison::GreaterThan(compared),
        1 => Comparison::LessThan(compared),
        _ => Comparison::StartsWith(dice.pick(&["", "Lo", "K"])),
    };
    Rule::Attribute(dice.pick(&ATTRIBUTES), comparison)
}

/// A rule as an input with its one field.
fn one_of(rule: &Rule, ids: &Ids) -> Value {
    let all = |parts: &[Rule]| parts.iter().map(|part| one_of(part, ids)).collect::<Vec<_>>();
    match rule {
        Rule::And(parts) => json!({ "and": all(parts) }),
        Rule::Or(parts) => json!({ "or": all(parts) }),
        Rule::Not(part) => json!({ "not": one_of(part, ids) }),
        question => {
            let (field, value) = written(question, ids);
            json!({ if field == "identifier" { "hasIdentifier" } else { field }: value })
        }
    }
}

/// A question as a field and its value.
fn written(question: &Rule, ids: &Ids) -> (&'static str, Value) {
    match question {
        Rule::HasIdentifier(name, starts) => ("identifier", json!({ "type": name, "startsWith": starts })),
        Rule::Attribute(name, comparison) => {
            let (how, with) = match comparison {
                Comparison::Equals(value) => ("equals", value.clone()),
                Comparison::GreaterThan(value) => ("greaterThan", value.clone()),
                Comparison::LessThan(value) => ("lessThan", value.clone()),
                Comparison::StartsWith(text) => ("startsWith", json!(text)),
            };
            ("attribute", json!({ "name": name, how: with }))
        }
        Rule::Reached((_, campaign), step) => {
            ("reached", json!({ "campaign": ids.campaigns[campaign], "step": step.name() }))
        }
        Rule::Eligible(channel, on) => {
            ("eligible", json!({ "channel": channel, "list": on.map(|name| ids.lists[name].clone()) }))
        }
        Rule::Reachable(channel, wanted) => ("reachable", json!({ "channel": channel, "isReachable": wanted })),
        combined => unreachable!("{combined:?} is no question"),
    }
}
