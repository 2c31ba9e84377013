//! Random events of AWS End User Messaging.

use serde_json::{Value, json};

use super::dice::Dice;
use super::world::{World, moment};

/// Families of events with the statuses that they may have, the frequent ones more than once.
const EVENTS: [(&str, &str); 20] = [
    ("TEXT", "SENT"),
    ("TEXT", "QUEUED"),
    ("TEXT", "DELIVERED"),
    ("TEXT", "DELIVERED"),
    ("TEXT", "SUCCESSFUL"),
    ("TEXT", "UNKNOWN"),
    ("TEXT", "UNREACHABLE"),
    ("TEXT", "CARRIER_UNREACHABLE"),
    ("TEXT", "INVALID"),
    ("TEXT", "CARRIER_BLOCKED"),
    ("TEXT", "NO_SUCH_STATUS"),
    ("MEDIA", "PENDING"),
    ("MEDIA", "DELIVERED"),
    ("MEDIA", "BLOCKED"),
    ("MEDIA", "SPAM"),
    ("VOICE", "INITIATED"),
    ("VOICE", "RINGING"),
    ("VOICE", "ANSWERED"),
    ("VOICE", "COMPLETED"),
    ("VOICE", "BUSY"),
];

/// A random record.
pub fn record(world: &World, dice: &Dice) -> Value {
    event(dice.pick(&EVENTS), &world.somebody_with("phone", dice).1, dice)
}

/// A phone that is switched off: four to seven texts to one number that did not arrive.
pub fn burst(world: &World, dice: &Dice) -> Vec<Value> {
    let (_, phone) = world.somebody_with("phone", dice);
    (0..dice.between(4, 7)).map(|_| event(("TEXT", "UNREACHABLE"), &phone, dice)).collect()
}

/// Campaign `camp`, which is Pinpoint's too, and `texts` report deliveries, `quiet` never does.
fn event((family, status): (&str, &str), phone: &str, dice: &Dice) -> Value {
    let arrives = matches!(status, "DELIVERED" | "SUCCESSFUL" | "ANSWERED" | "COMPLETED");
    let campaign = dice.pick(if arrives { &["camp", "texts"] } else { &["camp", "texts", "quiet"][..] });
    json!({
        "eventType": format!("{family}_{status}"),
        "eventVersion": "1.0",
        "eventTimestamp": moment(dice),
        "messageRequestTimestamp": dice.maybe(70, moment(dice)),
        "isFinal": dice.chance(70),
        "destinationPhoneNumber": phone,
        "messageId": dice.pick(&["text-1", "text-2", "text-3"]),
        "messageStatus": dice.maybe(80, status),
        "context": dice.maybe(90, json!({ "campaign": campaign })),
        "totalMessagePrice": 0.00581,
        "totalCarrierFee": f64::from(dice.pick(&[1, 2])) / 1_000.0,
    })
}
