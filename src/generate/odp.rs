//! Optimizely Data Platform, "Events" and "Channel events": mails report no deliveries; bounces and consents of some
//! campaigns come through the reachability and consent endpoints, with the campaign's fields inside.

use serde_json::{Map, Value, json};

use super::campaign::{Campaign, Channel, Genre};
use super::purchase::Order;
use super::scene::{Scene, rfc3339_s, uuid};
use super::vendor::{Vendor, is_of_campaign, nothing_besides};
use crate::domain::event::{Dialect, Namespace};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::Odp,
    namespace: Namespace::Odp,
    genres: &[
        Genre::single(Channel::Email),
        Genre::single(Channel::Email),
        Genre::series(Channel::Email),
        Genre::single(Channel::Sms),
        Genre::single(Channel::Push),
        Genre::single(Channel::WebModal),
    ],
    tick_ms: 1_000,
    has_treatments: false,
    retries: true,
    says,
    judges: |_| false,
    names_message: |_, _| false,
    besides: nothing_besides,
    campaign_id: |campaign| campaign_id(campaign).to_string(),
    run_id: Some(|campaign, run| run_s(campaign, run).to_string()),
    record,
};

fn says(campaign: &Campaign, kind: Kind) -> bool {
    let on = |channels: &[Channel]| channels.contains(&campaign.genre.channel);
    match kind {
        Kind::Targeted | Kind::HeldOut | Kind::Deferred | Kind::Failed => false,
        Kind::Skipped | Kind::SpamReported | Kind::ListUnsubscribed => on(&[Channel::Email]),
        Kind::Delivered => on(&[Channel::Sms, Channel::Push]),
        Kind::DeliveryUnknown => on(&[Channel::Sms]),
        Kind::Opened => !on(&[Channel::Sms]),
        Kind::Other => !on(&[Channel::Push]),
        _ => true,
    }
}

fn campaign_id(campaign: &Campaign) -> u32 {
    4_101 + campaign.number
}

fn run_s(campaign: &Campaign, run: usize) -> i64 {
    campaign.runs[run] / 1_000
}

fn record(scene: &Scene<'_>) -> Value {
    let kind = scene.happening.kind;
    let mut data = if is_of_campaign(kind) { campaign_data(scene) } else { Map::new() };
    let (event_type, action) = pair(scene);
    data.insert("ts".to_owned(), time(scene));
    // Records without a key of their own are recognised by their content.
    if scene.campaign.number.is_multiple_of(2) || !is_of_campaign(kind) {
        data.insert("idempotence_id".to_owned(), uuid(&scene.record_digits()).into());
    }
    data.extend(details(scene));
    let mut record = json!({"type": event_type, "identifiers": identifiers(scene), "data": data});
    if !action.is_empty() {
        record["action"] = action.into();
    }
    record
}

/// Type and action. Some campaigns run through apps, which report by the endpoints for reachability and consent.
fn pair(scene: &Scene<'_>) -> (&'static str, &'static str) {
    let is_app = scene.campaign.number % 3 == 1;
    let channel = match scene.campaign.genre.channel {
        Channel::Email => "email",
        Channel::Sms => "sms",
        Channel::Push => "push",
        Channel::Voice => "voice",
        Channel::WebModal => "web_modal",
    };
    match scene.happening.kind {
        Kind::HardBounced if is_app => ("reachability", "unreachable"),
        Kind::OptedOut if is_app => ("consent", "opt-out"),
        Kind::OptedIn => ("consent", "opt-in"),
        Kind::ListSubscribed => ("list", "subscribe"),
        Kind::PageViewed => ("pageview", ""),
        Kind::ProductViewed => ("product", "detail"),
        Kind::CartAdded => ("product", "add_to_cart"),
        Kind::CartRemoved => ("product", "remove_from_cart"),
        Kind::Purchased => ("order", "purchase"),
        Kind::OrderCancelled => ("order", "cancel"),
        Kind::OrderReturned => ("order", "return"),
        Kind::OrderRefunded => ("order", "refund"),
        Kind::Other => ("account", "registered"),
        of_channel => (channel, action(of_channel, is_app)),
    }
}

fn action(kind: Kind, is_app: bool) -> &'static str {
    match kind {
        Kind::Sent => "sent",
        Kind::Skipped => "abort",
        Kind::Delivered => "delivery",
        Kind::DeliveryUnknown => "delivery_unknown",
        Kind::Impression => "impression",
        Kind::Opened => "open",
        Kind::Clicked => "click",
        Kind::Submitted => "submission",
        Kind::Engaged => "engage",
        Kind::Exited => "exit",
        Kind::Disengaged => "disengage",
        Kind::SoftBounced if is_app => "soft-bounce",
        Kind::SoftBounced => "soft_bounce",
        Kind::HardBounced => "hard_bounce",
        Kind::SpamReported if is_app => "spam_report",
        Kind::SpamReported => "spamreport",
        Kind::ListUnsubscribed => "list_unsubscribe",
        _ => "opt-out",
    }
}

/// Senders write times as they like.
fn time(scene: &Scene<'_>) -> Value {
    let text = rfc3339_s(scene.at_ms());
    match scene.campaign.number % 4 {
        1 => text.into(),
        2 => text.replace('T', " ").replace('Z', "+00:00").into(),
        _ => scene.at_s().into(),
    }
}

fn identifiers(scene: &Scene<'_>) -> Value {
    let person = scene.person;
    match (scene.happening.kind, scene.campaign.genre.channel) {
        (Kind::Other, _) => json!({
            "email": person.email(), "phone": person.phone(), "user_id": person.user_id(),
            "activatepro_id": person.activatepro_id(), "vuid": person.vuid(),
        }),
        (Kind::PageViewed | Kind::ProductViewed | Kind::CartAdded | Kind::CartRemoved, _) => {
            json!({"vuid": person.vuid()})
        }
        (Kind::Purchased, _) => {
            json!({"email": person.email(), "user_id": person.user_id(), "vuid": person.vuid()})
        }
        (Kind::OrderCancelled | Kind::OrderReturned | Kind::OrderRefunded, _) => json!({"user_id": person.user_id()}),
        (Kind::ListSubscribed | Kind::OptedIn, _) | (_, Channel::Email | Channel::WebModal) => {
            json!({"email": person.email()})
        }
        (_, Channel::Sms | Channel::Voice) => json!({"phone": person.phone()}),
        (Kind::Sent, Channel::Push) => {
            json!({"android_push_token": person.push_token(), "user_id": person.user_id()})
        }
        (_, Channel::Push) => json!({"android_push_token": person.push_token()}),
    }
}

fn campaign_data(scene: &Scene<'_>) -> Map<String, Value> {
    let (key, address) = match scene.campaign.genre.channel {
        Channel::Email | Channel::WebModal => ("email", scene.person.email()),
        Channel::Sms | Channel::Voice => ("phone", scene.person.phone()),
        Channel::Push => ("android_push_token", scene.person.push_token()),
    };
    let data = json!({
        "campaign": scene.campaign.name(), "campaign_id": campaign_id(scene.campaign),
        "campaign_schedule_run_ts": run_s(scene.campaign, scene.run), "touchpoint_id": scene.touchpoint(),
        "content": format!("{} {}", scene.campaign.name(), scene.touchpoint()), "identifier_key": key,
        "target_address": address, "data_source": "shop",
    });
    match data {
        Value::Object(data) => data,
        _ => Map::new(),
    }
}

/// What only some events tell.
fn details(scene: &Scene<'_>) -> Map<String, Value> {
    let details = match scene.happening.kind {
        Kind::Clicked => json!({"url": scene.link()}),
        Kind::SoftBounced => json!({"value": scene.pick(&["mailbox full", "greylisted", "timeout", "device offline"])}),
        Kind::HardBounced => json!({"reachability_update_type": "hard_bounce", "reason": "address not found"}),
        Kind::Skipped => json!({"reason": scene.pick(&["missing content", "frequency cap"])}),
        Kind::ListSubscribed | Kind::ListUnsubscribed => json!({"list_id": "newsletter"}),
        Kind::PageViewed => json!({"page": scene.link(), "title": "Shop"}),
        Kind::ProductViewed | Kind::CartAdded | Kind::CartRemoved => {
            json!({"product_id": format!("P-{}", 100 + u32::from(scene.happening.choice))})
        }
        Kind::Purchased => json!({"order": Order::of(scene).purchase()}),
        Kind::OrderCancelled | Kind::OrderReturned | Kind::OrderRefunded => {
            json!({"order": Order::of(scene).reversal()})
        }
        _ => Value::Null,
    };
    match details {
        Value::Object(details) => details,
        _ => Map::new(),
    }
}
