//! Our own typed form, which can say everything.

use serde_json::{Value, json};

use super::campaign::{Campaign, Channel, Genre};
use super::purchase::Order;
use super::scene::{Scene, rfc3339_ms, uuid};
use super::vendor::{Vendor, is_of_campaign, nothing_besides};
use crate::domain::event::{Automation, Dialect, Namespace};
use crate::domain::kind::Kind;

/// This form.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::Native,
    namespace: Namespace::Native,
    genres: &[
        Genre::single(Channel::Email),
        Genre::single(Channel::Push),
        Genre::series(Channel::Email),
        Genre::single(Channel::Sms),
        Genre::single(Channel::WebModal),
        Genre::single(Channel::Voice),
    ],
    tick_ms: 1,
    has_treatments: true,
    retries: true,
    says: |_, _| true,
    judges: |kind| matches!(kind, Kind::Opened | Kind::Clicked),
    names_message,
    besides: nothing_besides,
    campaign_id,
    run_id: Some(run_id),
    record,
};

/// Whoever was not sent anything got no message.
fn names_message(campaign: &Campaign, kind: Kind) -> bool {
    let has_ids = matches!(campaign.genre.channel, Channel::Email | Channel::Sms);
    has_ids && !matches!(kind, Kind::Targeted | Kind::HeldOut | Kind::Skipped)
}

fn campaign_id(campaign: &Campaign) -> String {
    format!("{}-{}", campaign.name().to_lowercase().replace([' ', '\''], "-"), 100 + campaign.number)
}

fn run_id(campaign: &Campaign, run: usize) -> String {
    format!("{}-{}", rfc3339_ms(campaign.runs[run]).get(..10).unwrap_or_default(), run + 1)
}

fn record(scene: &Scene<'_>) -> Value {
    let kind = scene.happening.kind;
    let mut record = json!({
        "type": if is_of_campaign(kind) { channel(scene.campaign) } else { "shop" }, "kind": kind.name(),
        "occurredAt": rfc3339_ms(scene.at_ms()), "identifiers": identifiers(scene),
    });
    if scene.campaign.number.is_multiple_of(2) || !is_of_campaign(kind) {
        record["idempotencyKey"] = uuid(&scene.record_digits()).into();
    }
    if is_of_campaign(kind) {
        add_campaign(&mut record, scene);
    }
    add_details(&mut record, scene);
    record
}

fn channel(campaign: &Campaign) -> &'static str {
    match campaign.genre.channel {
        Channel::Email => "email",
        Channel::Sms => "sms",
        Channel::Push => "push",
        Channel::Voice => "voice",
        Channel::WebModal => "web_modal",
    }
}

/// Both forms of the list.
fn identifiers(scene: &Scene<'_>) -> Value {
    let person = scene.person;
    if !is_of_campaign(scene.happening.kind) {
        return json!([{"type": "email", "value": person.email()}, {"type": "user_id", "value": person.user_id()}]);
    }
    match scene.campaign.genre.channel {
        Channel::Email | Channel::WebModal => json!({"email": person.email()}),
        Channel::Sms | Channel::Voice => json!([{"type": "phone", "value": person.phone()}]),
        Channel::Push => json!({"user_id": person.user_id(), "gcm_push_token": person.push_token()}),
    }
}

fn add_campaign(record: &mut Value, scene: &Scene<'_>) {
    let campaign = scene.campaign;
    record["channel"] = channel(campaign).into();
    record["campaign"] = json!({"externalId": campaign_id(campaign), "name": campaign.name()});
    record["run"] = run_id(campaign, scene.run).into();
    record["treatment"] = scene.treatment.to_string().into();
    record["touchpoint"] = scene.touchpoint().into();
    record["sentAt"] = rfc3339_ms(scene.sent_ms).into();
    if names_message(campaign, scene.happening.kind) {
        record["messageId"] = scene.message_digits().into();
    }
}

fn add_details(record: &mut Value, scene: &Scene<'_>) {
    match scene.happening.verdict {
        Automation::Unknown => {}
        Automation::Human => record["automation"] = "HUMAN".into(),
        Automation::Machine => record["automation"] = "MACHINE".into(),
    }
    match scene.happening.kind {
        Kind::Clicked => record["url"] = scene.link().into(),
        Kind::Skipped => record["reason"] = scene.pick(&["frequency cap", "quiet hours"]).into(),
        Kind::Failed => record["reason"] = "content refused".into(),
        Kind::SoftBounced => record["reason"] = scene.pick(&["mailbox full", "timeout"]).into(),
        Kind::HardBounced => record["reason"] = "no such address".into(),
        Kind::ListSubscribed | Kind::ListUnsubscribed => record["list"] = "newsletter".into(),
        Kind::PageViewed => record["data"] = json!({"page": scene.link()}),
        Kind::Purchased => record["data"] = json!({"order": Order::of(scene).purchase()}),
        Kind::OrderCancelled | Kind::OrderReturned | Kind::OrderRefunded => {
            record["data"] = json!({"order": Order::of(scene).reversal()});
        }
        _ => {}
    }
}
