//! Random events of SendGrid's webhook.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::world::{World, link, moment, soon_after};

const EVENTS: [&str; 17] = [
    "processed",
    "processed",
    "dropped",
    "deferred",
    "delivered",
    "delivered",
    "open",
    "open",
    "open",
    "click",
    "click",
    "bounce",
    "spamreport",
    "unsubscribe",
    "group_unsubscribe",
    "group_resubscribe",
    "something_new",
];

/// Ids that SendGrid gave to requests to send.
const REQUESTS: [&str; 3] = ["aB3dE6gH9jK2mN5pQ8sT1v", "W4y_Z7b-C0eF3hJ6kL9nP2", "rS5uV8xY1zA4cD7fG0iJ3l"];

/// The names of servers that follow them, which may differ between the events of a message.
const SERVERS: [&str; 3] = [".filterdrecv-7d9f6c-x2k4p-1-65AA0001-1C.0", ".recvd-5b6fd94-lmn0p-1-65AA0001-2.1", ""];

/// A random record.
pub fn record(world: &World, dice: &Dice) -> Value {
    let name = dice.pick(&EVENTS);
    let message = message(name, world, dice);
    event(name, moment(dice), &message, dice)
}

/// A machine at work: many links of one mail within about a second.
pub fn burst(world: &World, dice: &Dice) -> Vec<Value> {
    let (start, message) = (moment(dice), message("click", world, dice));
    let click = |_| event("click", soon_after(start, dice), &message, dice);
    (0..dice.between(3, 6)).map(click).collect()
}

/// The fields that all events of a message share. Campaigns `4711` and `single` report deliveries, `4712` never does.
fn message(name: &str, world: &World, dice: &Dice) -> Map<String, Value> {
    let reporting = [
        ("marketing_campaign_id", "4711"),
        ("singlesend_id", "single"),
        ("campaign", "single"),
        ("category", "no campaign"),
    ];
    let quiet = [("marketing_campaign_id", "4712"), ("campaign_id", "4712")];
    let all = [&reporting[..], &quiet].concat();
    let (field, campaign) = dice.pick(if name == "delivered" { &reporting } else { &all[..] });
    let number = campaign.parse::<u32>().ok().filter(|_| dice.chance(50));
    let campaign = number.map_or(json!(campaign), |number| json!(number));
    let fields = [
        ("email", json!(world.somebody_with("email", dice).1)),
        (field, campaign),
        ("request", json!(dice.pick(&REQUESTS))),
    ];
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

fn event(name: &str, at: i64, message: &Map<String, Value>, dice: &Dice) -> Value {
    let mut record = message.clone();
    let request = record.remove("request").and_then(|id| id.as_str().map(str::to_owned)).expect("a message has one");
    let machine = if name == "open" { 50 } else { 0 };
    let fields = [
        ("event", Some(json!(name))),
        ("timestamp", Some(if at % 1_000 == 0 { json!(at / 1_000) } else { json!(at) })),
        // Never the same twice, for the first content under one would stay.
        ("sg_event_id", dice.maybe(80, json!(format!("{}-{}", dice.below(1_000_000_000), dice.below(1_000_000_000))))),
        ("sg_message_id", dice.maybe(80, json!(format!("{request}{}", dice.pick(&SERVERS))))),
        ("sg_machine_open", dice.maybe(machine, json!(dice.chance(60)))),
        ("url", dice.maybe(if name == "click" { 90 } else { 0 }, json!(link(dice)))),
        (
            "type",
            dice.maybe(if name == "bounce" { 80 } else { 0 }, json!(dice.pick(&["bounce", "blocked", "blocked"]))),
        ),
        ("asm_group_id", dice.maybe(if name.starts_with("group") { 80 } else { 20 }, json!(dice.pick(&[31, 32])))),
    ];
    record.extend(fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))));
    record.into()
}
