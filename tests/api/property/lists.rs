//! Random rows of lists that are brought along: exported endpoints, suppressions, members of lists. All are flat and of
//! texts, so that a row of CSV is the same record as its JSON.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::events::LISTS;
use super::world::{World, moment, text};

const REASONS: [&str; 14] = [
    "BOUNCE",
    "hard_bounce",
    "COMPLAINT",
    "spam_report",
    "unsubscribe",
    "opt-out",
    "invalid",
    "blocked",
    "550 5.1.1 no such user",
    "452 mailbox full",
    "soft_bounce",
    "expired",
    "uninstall",
    "manual",
];

const STATUSES: [&str; 8] =
    ["subscribed", "yes", "Unsubscribed", "unsubscribed", "no", "cleaned", "complained", "pending"];

/// A random endpoint of somebody, in one of its states.
pub fn endpoint(world: &World, dice: &Dice) -> Value {
    let (person, id) = world.somebody_with("pinpoint_endpoint", dice);
    let (channel, address) = dice.pick(&[("EMAIL", "email"), ("SMS", "phone"), ("VOICE", "phone"), ("CUSTOM", "none")]);
    row(&[
        ("Id", Some(id)),
        ("ChannelType", Some(channel.to_owned())),
        ("Address", dice.maybe(80, ()).and_then(|()| person.any(address, dice))),
        ("User.UserId", dice.maybe(50, ()).and_then(|()| person.any("user_id", dice))),
        ("OptOut", dice.maybe(70, dice.pick(&["ALL", "ALL", "NONE"]).to_owned())),
        ("EndpointStatus", dice.maybe(70, dice.pick(&["ACTIVE", "INACTIVE"]).to_owned())),
        ("EffectiveDate", Some(text(moment(dice)))),
        ("Attributes.plan", dice.maybe(50, dice.pick(&["gold", "silver"]).to_owned())),
        ("Metrics.orders", dice.maybe(50, dice.below(5).to_string())),
    ])
}

/// Several exports of one endpoint, each of another moment.
pub fn exports(world: &World, dice: &Dice) -> Vec<Value> {
    let first = endpoint(world, dice);
    let later = |_| {
        let mut again = first.clone();
        again["EffectiveDate"] = json!(text(moment(dice)));
        again["OptOut"] = json!(dice.pick(&["ALL", "NONE"]));
        again
    };
    (0..dice.between(2, 4)).map(later).collect()
}

/// A random suppressed address.
pub fn suppression(world: &World, dice: &Dice) -> Value {
    let name = dice.pick(&["email", "email", "phone", "android_push_token", "pinpoint_endpoint"]);
    let (person, value) = world.somebody_with(name, dice);
    let is_plain = matches!(name, "email" | "phone") && dice.chance(50);
    row(&[
        (if is_plain { name } else { "address" }, Some(value)),
        ("type", (!is_plain).then(|| name.to_owned())),
        ("user_id", dice.maybe(20, ()).and_then(|()| person.any("user_id", dice))),
        ("Reason", Some(dice.pick(&REASONS).to_owned())),
        ("Created At", Some(text(moment(dice)))),
        ("note", dice.maybe(20, "a, \"b\"\nc".to_owned())),
    ])
}

/// A random member of a list.
pub fn member(world: &World, dice: &Dice) -> Value {
    let name = dice.pick(&["email", "email", "phone"]);
    let (_, value) = world.somebody_with(name, dice);
    row(&[
        (name, Some(value)),
        ("list", Some(dice.pick(&LISTS).to_owned())),
        ("status", dice.maybe(80, dice.pick(&STATUSES).to_owned())),
        ("subscribed_at", dice.maybe(50, text(moment(dice)))),
        ("unsubscribed_at", dice.maybe(50, text(moment(dice)))),
        ("updated", None),
        ("time", Some(text(moment(dice)))),
    ])
}

/// Somebody who joins and leaves a list again and again, at moments that may be one.
pub fn members(world: &World, dice: &Dice) -> Vec<Value> {
    let first = member(world, dice);
    let change = |_| {
        let mut again = first.clone();
        again["status"] = json!(dice.pick(&STATUSES));
        again["time"] = json!(text(moment(dice)));
        again
    };
    (0..dice.between(2, 4)).map(change).collect()
}

fn row(cells: &[(&str, Option<String>)]) -> Value {
    let told = cells.iter().filter_map(|(name, value)| Some(((*name).to_owned(), json!(value.clone()?))));
    Value::Object(told.collect::<Map<String, Value>>())
}

/// The same records as a CSV file, with any separator and its columns in any order.
pub fn csv(records: &[&Value], dice: &Dice) -> Vec<u8> {
    let cells = |record: &Value| record.as_object().expect("a row is flat").clone();
    let names: BTreeSet<String> =
        records.iter().flat_map(|record| cells(record).into_iter().map(|cell| cell.0)).collect();
    let mut names: Vec<String> = names.into_iter().collect();
    dice.shuffle(&mut names);
    let mut file = csv::WriterBuilder::new().delimiter(dice.pick(b",;\t|")).from_writer(Vec::new());
    file.write_record(&names).expect("memory takes everything");
    for record in records {
        let row = names.iter().map(|name| record[name].as_str().unwrap_or_default());
        file.write_record(row).expect("memory takes everything");
    }
    file.into_inner().expect("memory takes everything")
}
