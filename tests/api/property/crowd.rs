//! A crowd that is hard to tell apart: households that share devices, people who are known under several sure names that
//! are seldom named together, and devices of which nobody knows whose they are.

use campaignql::domain::identifier::Identifier;
use serde_json::{Value, json};

use super::dice::Dice;
use super::world::{link, moment, soon_after, text};

/// Households, each of a few people.
const HOUSEHOLDS: usize = 6;
const PEOPLE_IN_EACH: usize = 3;

/// What most events are, and what says something about an address.
const KINDS: [&str; 14] = [
    "SENT",
    "DELIVERED",
    "DELIVERED",
    "OPENED",
    "OPENED",
    "CLICKED",
    "CLICKED",
    "SOFT_BOUNCED",
    "SOFT_BOUNCED",
    "HARD_BOUNCED",
    "SPAM_REPORTED",
    "OPTED_OUT",
    "LIST_SUBSCRIBED",
    "OTHER",
];
const RARE_KINDS: [&str; 8] = [
    "OPTED_IN",
    "LIST_UNSUBSCRIBED",
    "REACHABLE",
    "UNREACHABLE",
    "TOKEN_REMOVED",
    "TOKEN_ADDED",
    "TARGETED",
    "HELD_OUT",
];

/// The campaigns, as their sender names them.
pub const CAMPAIGNS: [&str; 2] = ["spring", "autumn"];

/// Sure names of a person of a household.
pub fn sure(household: usize, person: usize) -> Vec<Identifier> {
    let all = [
        ("email", format!("p{person}@h{household}.test")),
        ("email", format!("second.p{person}@h{household}.test")),
        ("phone", format!("+493090182{household}{person}")),
        ("user_id", format!("u-{household}-{person}")),
    ];
    all.map(|(name, value)| Identifier { name: name.to_owned(), value }).into()
}

/// Devices, cookies and tokens of a household: anybody of it may be named beside them.
pub fn shared(household: usize) -> Vec<Identifier> {
    let all = [
        ("vuid", format!("cookie-{household}-a")),
        ("vuid", format!("cookie-{household}-b")),
        ("pinpoint_endpoint", format!("endpoint-{household}-a")),
        ("pinpoint_endpoint", format!("endpoint-{household}-b")),
        ("ios_push_token", format!("token-{household}")),
        ("crm_id", format!("crm-{household}")),
    ];
    all.map(|(name, value)| Identifier { name: name.to_owned(), value }).into()
}

/// Any sure name of anybody.
pub fn any_sure(dice: &Dice) -> Identifier {
    let names = sure(dice.below(HOUSEHOLDS), dice.below(PEOPLE_IN_EACH));
    names[dice.below(names.len())].clone()
}

/// Any name of anybody.
pub fn anybody(dice: &Dice) -> Identifier {
    let shared = shared(dice.below(HOUSEHOLDS));
    if dice.chance(50) { any_sure(dice) } else { shared[dice.below(shared.len())].clone() }
}

/// Any address of anybody.
pub fn any_address(dice: &Dice) -> Identifier {
    loop {
        let name = anybody(dice);
        if crate::oracle::rule::is_address(&name) {
            return name;
        }
    }
}

/// A few names that somebody gives at once. Most are one person's; some are a device's alone, and seldom two people's who
/// are one.
pub fn together(dice: &Dice) -> Vec<Identifier> {
    let (household, person) = (dice.below(HOUSEHOLDS), dice.below(PEOPLE_IN_EACH));
    let (mut own, mut devices) = (sure(household, person), shared(household));
    dice.shuffle(&mut own);
    dice.shuffle(&mut devices);
    let (few_own, few_devices) = match dice.below(20) {
        0..8 => (1, 0),
        8..12 => (1, 1),
        12..14 => (0, dice.between(2, 3)),
        14 => (2, dice.below(3)),
        15 => (dice.between(1, 4), 2),
        _ => (0, 1),
    };
    let mut names: Vec<Identifier> =
        own.into_iter().take(few_own).chain(devices.into_iter().take(few_devices)).collect();
    if dice.chance(2) {
        names.push(any_sure(dice));
    }
    if dice.chance(3) {
        // A device that is seen in two households.
        names.extend(shared(dice.below(HOUSEHOLDS)).into_iter().take(1));
    }
    names.sort();
    names.dedup();
    names
}

/// A random event in the sender's own form.
pub fn event(dice: &Dice) -> Value {
    let kind = if dice.chance(80) { dice.pick(&KINDS) } else { dice.pick(&RARE_KINDS) };
    let at = soon_after(moment(dice), dice);
    let mut event =
        json!({ "type": "letter", "kind": kind, "occurredAt": text(at), "identifiers": pairs(&together(dice)) });
    let mut put = |field: &str, percent: usize, value: Value| {
        if dice.chance(percent) {
            event[field] = value;
        }
    };
    put("channel", 80, json!(dice.pick(&["email", "email", "push", "sms"])));
    put("campaign", 80, json!({ "externalId": dice.pick(&CAMPAIGNS) }));
    put("run", 70, json!(dice.pick(&["r1", "r2"])));
    put("treatment", 40, json!(dice.pick(&["0", "1"])));
    put("messageId", 60, json!(dice.pick(&["m1", "m2", "m3"])));
    put("automation", 20, json!(dice.pick(&["HUMAN", "MACHINE"])));
    put("list", if kind.starts_with("LIST") { 90 } else { 0 }, json!(dice.pick(&super::events::LISTS)));
    put("reason", 30, json!(dice.pick(&["expired", "other"])));
    put("url", if kind == "CLICKED" { 90 } else { 0 }, json!(link(dice)));
    event
}

/// Identifiers as they are written in an event and in an input.
pub fn pairs(names: &[Identifier]) -> Value {
    names.iter().map(|name| json!({ "type": name.name, "value": name.value })).collect()
}
