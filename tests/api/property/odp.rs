//! Random ODP events.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::events::LISTS;
use super::world::{Person, World, link, moment, soon_after, text};

/// What may happen in a campaign, the frequent ones more than once.
const ACTS: [(&str, &str); 31] = [
    ("email", "sent"),
    ("email", "sent"),
    ("email", "delivery"),
    ("email", "open"),
    ("email", "open"),
    ("email", "click"),
    ("email", "click"),
    ("email", "soft_bounce"),
    ("email", "soft-bounce"),
    ("email", "hard_bounce"),
    ("email", "spamreport"),
    ("email", "list_unsubscribe"),
    ("email", "opt-out"),
    ("email", "abort"),
    ("email", "engage"),
    ("email", "delivery_unknown"),
    ("push", "sent"),
    ("push", "delivery"),
    ("push", "open"),
    ("push", "remove_token"),
    ("push", "add_token"),
    ("sms", "sent"),
    ("sms", "delivery"),
    ("sms", "click"),
    ("sms", "soft_bounce"),
    ("sms", "opt-out"),
    ("web_modal", "impression"),
    ("web_modal", "submission"),
    ("web_modal", "exit"),
    ("web_embed", "disengage"),
    ("custom_box", "sent"),
];

/// What may happen outside of one.
const OTHERS: [(&str, &str); 12] = [
    ("reachability", "unreachable"),
    ("reachability", "reachable"),
    ("consent", "opt-in"),
    ("consent", "opt-out"),
    ("list", "subscribe"),
    ("list", "subscribe"),
    ("list", "subscribe"),
    ("list", "unsubscribe"),
    ("pageview", ""),
    ("order", "purchase"),
    ("product", "add_to_cart"),
    ("kiosk", "greeted"),
];

const UNREACHABLE: [&str; 6] = ["hard_bounce", "spam_report", "soft_bounce", "uninstall", "expired", "no_such_word"];

/// A random event.
pub fn event(world: &World, dice: &Dice) -> Value {
    let person = world.anybody(dice);
    if dice.chance(20) {
        return other(person, dice);
    }
    let (channel, action) = dice.pick(&ACTS);
    let mut data = at(moment(dice), dice);
    if dice.chance(90) {
        campaign(&mut data, action, dice);
    }
    match action {
        "click" => set(&mut data, "url", dice.maybe(90, link(dice))),
        "list_unsubscribe" => set(&mut data, "list_id", dice.maybe(50, dice.pick(&LISTS))),
        "soft_bounce" => set(&mut data, "value", Some("Reason: mailbox full")),
        _ => {}
    }
    if matches!(channel, "email" | "sms") && dice.chance(20) {
        let name = if channel == "email" { "email" } else { "phone" };
        set(&mut data, "target_address", person.any(name, dice));
    }
    record((channel, action), person, &data, dice)
}

/// For everybody with several sure names, events that name them all, two by two.
pub fn introductions(world: &World, dice: &Dice) -> Vec<Value> {
    let mut events = Vec::new();
    for person in &world.people {
        for pair in person.sure.windows(2) {
            let data = at(moment(dice), dice);
            events.push(json!({ "type": "customer_discovered", "identifiers": identifiers(pair), "data": data }));
        }
    }
    events
}

/// A machine at work: many links of one message within about a second.
pub fn burst(world: &World, dice: &Dice) -> Vec<Value> {
    let person = world.anybody(dice);
    let start = moment(dice);
    let mut data = Map::new();
    campaign(&mut data, "click", dice);
    let click = |dice: &Dice| {
        let mut data = data.clone();
        data.extend(at(soon_after(start, dice), dice));
        set(&mut data, "url", dice.maybe(90, link(dice)));
        record(("email", "click"), person, &data, dice)
    };
    (0..dice.between(3, 6)).map(|_| click(dice)).collect()
}

/// A full mailbox: four to seven soft bounces of one address.
pub fn full_mailbox(world: &World, dice: &Dice) -> Vec<Value> {
    let (_, email) = world.somebody_with("email", dice);
    let bounce = || {
        let mut data = at(moment(dice), dice);
        set(&mut data, "idempotence_id", Some(unique(dice)));
        json!({ "type": "email", "action": "soft_bounce", "identifiers": { "email": email }, "data": data })
    };
    let bounces = (0..7).map(|_| bounce()).collect::<Vec<_>>();
    bounces[..dice.between(4, 7)].to_vec()
}

fn other(person: &Person, dice: &Dice) -> Value {
    let (kind, action) = dice.pick(&OTHERS);
    let mut data = at(moment(dice), dice);
    match (kind, action) {
        (_, "unreachable") => set(&mut data, "reachability_update_type", Some(dice.pick(&UNREACHABLE))),
        ("list", _) => set(&mut data, "list_id", dice.maybe(80, dice.pick(&LISTS))),
        ("order", _) => set(&mut data, "order", Some(json!({ "order_id": dice.below(9).to_string(), "total": 3.5 }))),
        _ => {}
    }
    if dice.chance(30) {
        campaign(&mut data, action, dice);
    }
    record((kind, action), person, &data, dice)
}

fn record((kind, action): (&str, &str), person: &Person, data: &Map<String, Value>, dice: &Dice) -> Value {
    let mut names: Vec<_> = person.names().cloned().collect();
    dice.shuffle(&mut names);
    names.truncate(dice.between(1, 3));
    let mut record = json!({ "type": kind, "identifiers": identifiers(&names), "data": data });
    if !action.is_empty() {
        record["action"] = json!(action);
    }
    record
}

/// Identifiers as an object. Of two of one type the last stays, as an object holds only one.
fn identifiers(names: &[(&'static str, String)]) -> Value {
    names.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Map<_, _>>().into()
}

/// The time, in one of the accepted forms, and sometimes a key.
fn at(moment: i64, dice: &Dice) -> Map<String, Value> {
    let mut data = Map::new();
    let ts = match dice.below(3) {
        0 if moment % 1_000 == 0 => json!(moment / 1_000),
        1 => json!(moment),
        _ => json!(text(moment)),
    };
    data.insert("ts".to_owned(), ts);
    set(&mut data, "idempotence_id", dice.maybe(40, unique(dice)));
    data
}

fn unique(dice: &Dice) -> String {
    format!("id-{}-{}", dice.below(1_000_000_000), dice.below(1_000_000_000))
}

/// Campaign 101 reports deliveries, 102 never does.
fn campaign(data: &mut Map<String, Value>, action: &str, dice: &Dice) {
    let id = if action == "delivery" { 101 } else { dice.pick(&[101, 102]) };
    set(data, "campaign_id", Some(id));
    set(data, "campaign", dice.maybe(50, format!("Campaign {id}")));
    set(data, "campaign_schedule_run_ts", dice.maybe(80, dice.pick(&[1_772_800_000, 1_772_900_000])));
    set(data, "touchpoint_id", dice.maybe(70, dice.pick(&[7, 8])));
}

fn set(data: &mut Map<String, Value>, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        data.insert(field.to_owned(), value.into());
    }
}
