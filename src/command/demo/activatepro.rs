//! The demo's ActivatePro feed: win-back mails, through an integration that reports deliveries.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::cast::{Bounce, Person, Shop};

const CAMPAIGN: &str = "77120";

/// All records, mailing by mailing.
pub fn records(shop: &mut Shop) -> Vec<Value> {
    let mut records = Vec::new();
    for (number, days_ago) in [26, 12].into_iter().enumerate() {
        for person in shop.people(1_500) {
            message(shop, &person, (number, days_ago), &mut records);
        }
    }
    records
}

fn message(shop: &mut Shop, person: &Person, (number, days_ago): (usize, i64), records: &mut Vec<Value>) {
    let sent_s = shop.at(days_ago, 10) + shop.number(0..1_800);
    let fate = shop.fate(sent_s, 0.27);
    let message = format!("{number}-{}", person.number);
    let mut add = |name: &str, at: i64| records.push(event(person, &message, name, at));
    add("Message Sent", sent_s);
    match fate.bounce {
        Some(Bounce::Hard) => add("Message hard_bounced", sent_s + 2),
        Some(Bounce::Soft) => add("Message soft_bounced", sent_s + 2),
        None => add("Message Delivered", sent_s + 2),
    }
    fate.opened.iter().for_each(|at| add("Message Viewed", *at));
    fate.complained.into_iter().for_each(|at| add("Message marked_as_spam", at));
    fate.unsubscribed.into_iter().for_each(|at| add("Message Unsubscribed", at));
    for (at, url) in fate.clicked {
        let mut click = event(person, &message, "Message Clicked", at);
        click["url"] = json!(url);
        records.push(click);
    }
}

fn event(person: &Person, message: &str, name: &str, at: i64) -> Value {
    let time = DateTime::from_timestamp(at, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({
        "id": person.activatepro_id, "event": name, "timestamp": time, "channel": "Email", "type": "Win-back",
        "campaignId": CAMPAIGN, "messageId": message,
    })
}
