//! Random ActivatePro events, in both of the vendor's forms.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::world::{World, link, moment, soon_after, text};

const EVENTS: [&str; 13] = [
    "Message Sent",
    "Message Sent",
    "Message Sent",
    "Message Delivered",
    "Message Viewed",
    "Message Viewed",
    "Message Clicked",
    "Message Clicked",
    "Message Unsubscribed",
    "Message soft_bounced",
    "Message hard_bounced",
    "Message marked_as_spam",
    "Coupon Printed",
];

/// A random record: an event of the feed, or several of one customer as the API takes them.
pub fn record(world: &World, dice: &Dice) -> Value {
    let (_, id) = world.somebody_with("activatepro_id", dice);
    let event = |dice: &Dice| {
        let name = dice.pick(&EVENTS);
        let at = moment(dice);
        (name, at, properties(name, dice))
    };
    if dice.chance(50) {
        let (name, at, properties) = event(dice);
        return feed_form(&id, name, at, &properties, dice);
    }
    let events = (0..dice.between(1, 4)).map(|_| event(dice)).collect::<Vec<_>>();
    api_form(&id, &events)
}

/// One event twice, once in each form: it is one event.
pub fn both_forms(world: &World, dice: &Dice) -> Vec<Value> {
    let (_, id) = world.somebody_with("activatepro_id", dice);
    let name = dice.pick(&EVENTS);
    let (at, properties) = (moment(dice), properties(name, dice));
    vec![feed_form(&id, name, at, &properties, dice), api_form(&id, &[(name, at, properties)])]
}

/// A machine at work: many links of one message within about a second.
pub fn burst(world: &World, dice: &Dice) -> Vec<Value> {
    let (_, id) = world.somebody_with("activatepro_id", dice);
    let start = moment(dice);
    let message = properties("Message Clicked", dice);
    let click = |dice: &Dice| {
        let mut properties = message.clone();
        properties.insert("url".to_owned(), json!(link(dice)));
        feed_form(&id, "Message Clicked", soon_after(start, dice), &properties, dice)
    };
    (0..dice.between(3, 6)).map(|_| click(dice)).collect()
}

/// Campaign 502 reports deliveries; 101, which is not ODP's of that id, never does.
fn properties(name: &str, dice: &Dice) -> Map<String, Value> {
    let campaign = if name == "Message Delivered" { "502" } else { dice.pick(&["101", "502"]) };
    let fields = [
        ("channel", dice.maybe(90, json!(dice.pick(&["Email", "SMS"])))),
        ("type", dice.maybe(50, json!("Newsletter"))),
        ("url", dice.maybe(if name == "Message Clicked" { 90 } else { 0 }, json!(link(dice)))),
        ("campaignId", dice.maybe(90, json!(campaign))),
        ("messageId", dice.maybe(80, json!(dice.pick(&["m1", "m2", "m3"])))),
    ];
    fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect()
}

fn feed_form(id: &str, name: &str, at: i64, properties: &Map<String, Value>, dice: &Dice) -> Value {
    let mut record = properties.clone();
    record.insert(dice.pick(&["id", "userId"]).to_owned(), json!(id));
    record.insert("event".to_owned(), json!(name));
    record.insert("timestamp".to_owned(), json!(text(at)));
    record.into()
}

fn api_form(id: &str, events: &[(&str, i64, Map<String, Value>)]) -> Value {
    let events: Vec<Value> = events
        .iter()
        .map(|(name, at, properties)| json!({ "event": name, "timestamp": text(*at), "properties": properties }))
        .collect();
    json!({ "id": id, "events": events })
}
