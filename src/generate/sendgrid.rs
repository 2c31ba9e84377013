//! SendGrid's event webhook, one event a line: the campaign is a marketing campaign, a single send or an argument of the
//! sender's own.

use serde_json::{Value, json};

use super::campaign::{Campaign, Channel, Genre};
use super::scene::{Scene, uuid};
use super::vendor::{Vendor, nothing_besides};
use crate::domain::event::{Automation, Dialect, Namespace};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::SendGrid,
    namespace: Namespace::SendGrid,
    genres: &[Genre::single(Channel::Email), Genre::series(Channel::Email), Genre::single(Channel::Email)],
    tick_ms: 1_000,
    has_treatments: false,
    retries: true,
    says,
    judges: |kind| kind == Kind::Opened,
    names_message: |_, _| true,
    besides: nothing_besides,
    campaign_id,
    run_id: None,
    record,
};

fn says(_campaign: &Campaign, kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Sent
            | Kind::Skipped
            | Kind::Deferred
            | Kind::Delivered
            | Kind::SoftBounced
            | Kind::HardBounced
            | Kind::Opened
            | Kind::Clicked
            | Kind::SpamReported
            | Kind::ListUnsubscribed
            | Kind::OptedOut
    )
}

fn campaign_id(campaign: &Campaign) -> String {
    match campaign.number % 3 {
        0 => (880_100 + campaign.number).to_string(),
        1 => uuid(&format!("{:032x}", u128::from(campaign.key) << 32 | u128::from(campaign.number))),
        _ => format!("letter-{}", campaign.number),
    }
}

fn record(scene: &Scene<'_>) -> Value {
    let mut record = json!({
        "email": scene.person.email(), "timestamp": scene.at_s(), "event": name(scene.happening.kind),
        "smtp-id": format!("<{}@ismtpd-1>", scene.message_digits()), "category": ["marketing"],
        "sg_event_id": scene.record_digits(), "sg_message_id": format!("{}.filter0001.0", scene.message_digits()),
    });
    let id = campaign_id(scene.campaign);
    match scene.campaign.number % 3 {
        0 => {
            record["marketing_campaign_id"] = (880_100 + scene.campaign.number).into();
            record["marketing_campaign_name"] = scene.campaign.name().into();
        }
        1 => {
            record["singlesend_id"] = id.into();
            record["singlesend_name"] = scene.campaign.name().into();
        }
        _ => record["campaign_id"] = id.into(),
    }
    for more in [details(scene), reader(scene)] {
        if let (Value::Object(record), Value::Object(more)) = (&mut record, more) {
            record.extend(more);
        }
    }
    record
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Skipped => "dropped",
        Kind::Deferred => "deferred",
        Kind::Delivered => "delivered",
        Kind::SoftBounced | Kind::HardBounced => "bounce",
        Kind::Opened => "open",
        Kind::Clicked => "click",
        Kind::SpamReported => "spamreport",
        Kind::ListUnsubscribed => "group_unsubscribe",
        Kind::OptedOut => "unsubscribe",
        _ => "processed",
    }
}

/// What only some events tell.
fn details(scene: &Scene<'_>) -> Value {
    match scene.happening.kind {
        Kind::Skipped => json!({"reason": scene.pick(&["Bounced Address", "Unsubscribed Address"]), "status": "5.0.0"}),
        Kind::Deferred => json!({"response": "421 4.7.0 try again later", "attempt": "2"}),
        Kind::Delivered => json!({"response": "250 OK", "ip": "192.0.2.11", "tls": 1}),
        Kind::SoftBounced => json!({
            "type": "blocked", "reason": "452 4.2.2 mailbox full", "status": "4.2.2", "ip": "192.0.2.11", "tls": 1,
        }),
        Kind::HardBounced => json!({
            "type": "bounce", "reason": "550 5.1.1 user unknown", "status": "5.1.1", "ip": "192.0.2.11", "tls": 1,
        }),
        Kind::Opened => match scene.happening.verdict {
            Automation::Unknown => json!({}),
            Automation::Human => json!({"sg_machine_open": false}),
            Automation::Machine => json!({"sg_machine_open": true}),
        },
        Kind::Clicked => {
            json!({"url": scene.link(), "url_offset": {"index": scene.happening.choice, "type": "html"}})
        }
        Kind::ListUnsubscribed => json!({"asm_group_id": 4_711}),
        _ => json!({}),
    }
}

/// Who looked, for what people do.
fn reader(scene: &Scene<'_>) -> Value {
    if !matches!(scene.happening.kind, Kind::Opened | Kind::Clicked | Kind::ListUnsubscribed) {
        return json!({});
    }
    json!({
        "ip": format!("198.51.100.{}", scene.person.0 % 250),
        "useragent": scene.pick(&["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)", "Mozilla/5.0 (Windows NT 10.0)"]),
    })
}
