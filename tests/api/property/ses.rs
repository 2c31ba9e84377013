//! Random events of Amazon SES, some about mails with several recipients.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::world::{World, link, moment, soon_after, text};

/// What may happen to a mail, with the object of the event.
const ACTS: [(&str, &str); 16] = [
    ("Send", "send"),
    ("Send", "send"),
    ("Delivery", "delivery"),
    ("Delivery", "delivery"),
    ("Open", "open"),
    ("Open", "open"),
    ("Open", "open"),
    ("Click", "click"),
    ("Click", "click"),
    ("Bounce", "bounce"),
    ("Complaint", "complaint"),
    ("DeliveryDelay", "deliveryDelay"),
    ("Reject", "reject"),
    ("Rendering Failure", "failure"),
    ("Subscription", "subscription"),
    ("Something New", "novelty"),
];

const BOUNCES: [(&str, &str); 7] = [
    ("Permanent", "General"),
    ("Permanent", "OnAccountSuppressionList"),
    ("Transient", "MailboxFull"),
    ("Transient", "MailboxFull"),
    ("Transient", "MessageTooLarge"),
    ("Undetermined", "Undetermined"),
    ("Sideways", "General"),
];

/// A mail: when it was sent, to whom, and in which campaign.
#[derive(Clone)]
struct Mail {
    id: &'static str,
    to: Vec<String>,
    tags: Map<String, Value>,
}

impl Mail {
    /// One in four has several recipients; such a mail has an id of its own.
    fn random(world: &World, reports_deliveries: bool, dice: &Dice) -> Self {
        let several = dice.chance(25);
        let to = (0..if several { dice.between(2, 4) } else { 1 }).map(|_| world.somebody_with("email", dice).1);
        let id = if several { dice.pick(&["many-1", "many-2"]) } else { dice.pick(&["one-1", "one-2", "one-3"]) };
        Self { id, to: to.collect(), tags: tags(reports_deliveries, dice) }
    }

    /// What happened to it at a time.
    fn record(&self, (name, object): (&str, &str), at: i64, dice: &Dice) -> Value {
        let mut details = self.details(name, dice);
        let is_own_time = !matches!(name, "Send" | "Reject" | "Rendering Failure");
        let sent_at = if is_own_time { moment(dice) } else { at };
        if is_own_time {
            details["timestamp"] = json!(text(at));
        }
        let to: Vec<String> = self.to.iter().map(|address| written(address, dice)).collect();
        let mail = json!({ "timestamp": text(sent_at), "messageId": self.id, "destination": to, "tags": self.tags });
        let names_it = if matches!(name, "Bounce" | "Complaint" | "Delivery") && dice.chance(30) {
            "notificationType"
        } else {
            "eventType"
        };
        json!({ names_it: name, "mail": mail, object: details })
    }

    fn details(&self, name: &str, dice: &Dice) -> Value {
        let some = &self.to[..dice.between(1, self.to.len())];
        let listed: Vec<Value> = some.iter().map(|to| json!({ "emailAddress": written(to, dice) })).collect();
        match name {
            "Delivery" => json!({ "recipients": some }),
            "DeliveryDelay" => json!({ "delayedRecipients": listed, "delayType": "General" }),
            "Bounce" => {
                let (bounce_type, subtype) = dice.pick(&BOUNCES);
                json!({ "bouncedRecipients": listed, "bounceType": bounce_type, "bounceSubType": subtype,
                    "feedbackId": feedback_id(dice) })
            }
            "Complaint" => {
                let kind = dice.pick(&[None, Some("abuse"), Some("not-spam")]);
                let subtype = dice.maybe(20, "OnTenantSuppressionList");
                json!({ "complainedRecipients": listed, "complaintFeedbackType": kind, "complaintSubType": subtype,
                    "feedbackId": feedback_id(dice) })
            }
            "Click" => json!({ "link": dice.maybe(90, link(dice)), "isBotEvent": verdict(20, dice) }),
            "Open" => json!({ "isBotEvent": verdict(50, dice) }),
            "Subscription" => {
                json!({ "oldTopicPreferences": preferences(dice), "newTopicPreferences": preferences(dice) })
            }
            _ => json!({}),
        }
    }
}

/// A random record.
pub fn record(world: &World, dice: &Dice) -> Value {
    let act = dice.pick(&ACTS);
    let at = moment(dice);
    Mail::random(world, act.0 == "Delivery", dice).record(act, at, dice)
}

/// A machine at work: many links of one mail within about a second, most of them without a verdict.
pub fn burst(world: &World, dice: &Dice) -> Vec<Value> {
    let start = moment(dice);
    let mail = Mail { id: "burst", ..Mail::random(world, false, dice) };
    let click = |_| mail.record(("Click", "click"), soon_after(start, dice), dice);
    (0..dice.between(3, 6)).map(click).collect()
}

/// Campaigns `camp` and `tagged` report deliveries, `quiet` never does; the first two names are Pinpoint's too.
fn tags(reports_deliveries: bool, dice: &Dice) -> Map<String, Value> {
    let campaigns: &[&str] =
        if reports_deliveries { &["camp", "tagged"] } else { &["camp", "quiet", "tagged", "tagged"] };
    let tag = dice.pick(&["campaign", "campaign_id"]);
    let tags = dice.maybe(90, (tag.to_owned(), json!([dice.pick(campaigns)])));
    tags.into_iter().chain([("ses:operation".to_owned(), json!(["SendEmail"]))]).collect()
}

fn verdict(percent: usize, dice: &Dice) -> Option<&'static str> {
    dice.maybe(percent, dice.pick(&["Likely", "Likely", "Unlikely"]))
}

fn preferences(dice: &Dice) -> Value {
    let topic = |name| json!({ "topicName": name, "subscriptionStatus": dice.pick(&["OptIn", "OptOut"]) });
    json!({ "unsubscribeAll": dice.chance(50), "topicSubscriptionStatus": [topic("news"), topic("deals")] })
}

fn written(address: &str, dice: &Dice) -> String {
    if dice.chance(80) { address.to_owned() } else { format!("Somebody <{}>", address.to_uppercase()) }
}

/// Never the same twice, for the first content under one would stay.
fn feedback_id(dice: &Dice) -> Option<String> {
    dice.maybe(80, format!("{}-{}", dice.below(1_000_000_000), dice.below(1_000_000_000)))
}
