//! Random messages and orders of people who are named in several ways: at moments that lie on, and a microsecond beside, both
//! ends of the window of three days and of the 90 days that are kept.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::dice::Dice;
use super::world::{Person, World, link};

/// 2026-03-05T05:00Z: three days later it is midnight in the workspace's zone.
const START: i64 = 1_772_686_800_000_000;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Days after the start around which something happens.
const DAYS: [i64; 5] = [0, 0, 3, 3, 90];
/// Microseconds around such a moment.
const OFFSETS: [i64; 9] = [-SECOND, -1, 0, 0, 0, 1, SECOND / 2, SECOND, SECOND + 1];

const ACTS: [&str; 10] =
    ["OPENED", "OPENED", "OPENED", "CLICKED", "CLICKED", "CLICKED", "DELIVERED", "ENGAGED", "SENT", "SPAM_REPORTED"];
const REVERSALS: [&str; 3] = ["ORDER_RETURNED", "ORDER_REFUNDED", "ORDER_CANCELLED"];

/// Random events; by chance several of them share one instant.
pub fn records(count: usize, dice: &Dice) -> Vec<Value> {
    let world = World::new();
    let mut records = Vec::new();
    for _ in 0..count {
        let person = &world.people[dice.below(12)];
        match dice.below(10) {
            0..6 => records.push(act(person, dice.pick(&ACTS), moment(dice), dice)),
            6 => records.extend(burst(person, dice)),
            7 => records.push(order(person, dice.pick(&REVERSALS), dice)),
            _ => records.push(order(person, "PURCHASED", dice)),
        }
    }
    records
}

fn moment(dice: &Dice) -> i64 {
    START + dice.pick(&DAYS) * DAY + dice.pick(&OFFSETS)
}

fn act(person: &Person, kind: &str, at: i64, dice: &Dice) -> Value {
    let mut act = event(person, kind, at, dice);
    if dice.chance(90) {
        act["campaign"] = json!({ "externalId": dice.pick(&["c1", "c2", "c3"]) });
    }
    for (field, percent, value) in [
        ("run", 70, dice.pick(&["r1", "r2"])),
        ("treatment", 50, dice.pick(&["0", "1"])),
        ("messageId", 60, dice.pick(&["m1", "m2"])),
        ("automation", 20, dice.pick(&["HUMAN", "MACHINE", "MACHINE"])),
    ] {
        if dice.chance(percent) {
            act[field] = json!(value);
        }
    }
    if kind == "CLICKED" && dice.chance(90) {
        act["url"] = json!(link(dice));
    }
    act
}

/// Clicks of one message within about a second: perhaps a machine's, and then no touches.
fn burst(person: &Person, dice: &Dice) -> Vec<Value> {
    let (start, model) = (moment(dice), act(person, "CLICKED", 0, dice));
    let click = |_| {
        let mut click = model.clone();
        click["occurredAt"] = json!(text(start + dice.pick(&[0, 1, SECOND / 2, SECOND, SECOND + 1])));
        click["identifiers"] = named(person, dice);
        click["url"] = json!(link(dice));
        let fields = click.as_object_mut().expect("an event is an object");
        for unwanted in ["automation", "idempotencyKey"] {
            fields.remove(unwanted);
        }
        click
    };
    (0..dice.between(2, 5)).map(click).collect()
}

fn order(person: &Person, kind: &str, dice: &Dice) -> Value {
    let mut event = event(person, kind, moment(dice), dice);
    let mut order = json!({});
    if dice.chance(85) {
        order["order_id"] = if dice.chance(50) { json!(dice.below(25)) } else { json!(dice.below(25).to_string()) };
    }
    for name in ["subtotal", "total"] {
        let cents = dice.below(20_000) as f64 / 100.0;
        let cents = if kind != "PURCHASED" && dice.chance(50) { -cents } else { cents };
        if dice.chance(70) {
            order[name] = if dice.chance(50) { json!(cents) } else { json!(cents.to_string()) };
        }
    }
    if dice.chance(60) {
        order["currency"] = json!(dice.pick(&["EUR", "USD", "usd"]));
    }
    event["data"] = json!({ "order": order });
    event
}

fn event(person: &Person, kind: &str, at: i64, dice: &Dice) -> Value {
    let mut event = json!({
        "type": "shop", "kind": kind, "channel": "email", "occurredAt": text(at), "identifiers": named(person, dice),
    });
    if dice.chance(50) {
        event["idempotencyKey"] = json!(format!("key-{}", dice.below(1_000_000_000)));
    }
    event
}

fn named(person: &Person, dice: &Dice) -> Value {
    let names: Vec<_> = person.names().collect();
    let (name, value) = names[dice.below(names.len())];
    json!({ *name: value })
}

fn text(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).expect("a time").to_rfc3339_opts(SecondsFormat::Micros, true)
}
