//! Random typed events: the form that gives verdicts on who acted, and clicks outside any campaign.

use serde_json::{Value, json};

use super::dice::Dice;
use super::world::{World, link, moment, soon_after, text};

const KINDS: [&str; 8] = ["SENT", "DELIVERED", "OPENED", "OPENED", "CLICKED", "CLICKED", "SKIPPED", "HELD_OUT"];
const VERDICTS: [Option<&str>; 6] = [None, None, None, Some("UNKNOWN"), Some("HUMAN"), Some("MACHINE")];

/// A random event.
pub fn record(world: &World, dice: &Dice) -> Value {
    let (_, email) = world.somebody_with("email", dice);
    event(dice.pick(&KINDS), &email, moment(dice), dice)
}

/// Clicks of one message within about a second, of a campaign or of none, named by any of the person's names.
pub fn burst(world: &World, dice: &Dice) -> Vec<Value> {
    let person = world.anybody(dice);
    let names: Vec<_> = person.names().collect();
    let start = moment(dice);
    let model = event("CLICKED", "", start, dice);
    let click = |_| {
        let (name, value) = names[dice.below(names.len())];
        let mut click = model.clone();
        click["identifiers"] = json!({ *name: value });
        click["occurredAt"] = json!(text(soon_after(start, dice)));
        click["url"] = json!(link(dice));
        set(&mut click, "automation", if dice.chance(80) { None } else { dice.pick(&VERDICTS) });
        click
    };
    (0..dice.between(3, 7)).map(click).collect()
}

/// Campaign 101 is the sender's own; ODP's and ActivatePro's of that id are others.
fn event(kind: &str, email: &str, at: i64, dice: &Dice) -> Value {
    let mut event = json!({
        "type": "letter", "kind": kind, "channel": "email", "occurredAt": text(at), "identifiers": {"email": email},
    });
    if dice.chance(60) {
        event["campaign"] = json!({"externalId": "101"});
    }
    set(&mut event, "run", dice.maybe(50, "r1"));
    set(&mut event, "treatment", dice.maybe(50, dice.pick(&["0", "1"])));
    set(&mut event, "messageId", dice.maybe(70, dice.pick(&["m1", "m2", "m3"])));
    set(&mut event, "url", dice.maybe(if kind == "CLICKED" { 90 } else { 0 }, link(dice)));
    set(&mut event, "automation", dice.pick(&VERDICTS));
    set(&mut event, "reason", dice.maybe(if kind == "CLICKED" { 0 } else { 50 }, dice.pick(&["full", "closed"])));
    set(&mut event, "sentAt", dice.maybe(20, text(moment(dice))));
    event
}

fn set(event: &mut Value, field: &str, value: Option<impl Into<Value>>) {
    let fields = event.as_object_mut().expect("an event is an object");
    match value {
        Some(value) => fields.insert(field.to_owned(), value.into()),
        None => fields.remove(field),
    };
}
