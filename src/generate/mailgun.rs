//! Mailgun's webhooks, one a line: the campaign is one of Mailgun's own or a variable of the sender's.

use serde_json::{Value, json};

use super::campaign::{Campaign, Channel, Genre};
use super::scene::Scene;
use super::vendor::{Vendor, nothing_besides};
use crate::domain::event::{Automation, Dialect, Namespace};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::Mailgun,
    namespace: Namespace::Mailgun,
    genres: &[Genre::single(Channel::Email), Genre::series(Channel::Email)],
    tick_ms: 1,
    has_treatments: false,
    retries: false,
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
            | Kind::Failed
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
    if is_mailguns_own(campaign) {
        format!("mg{}", 4_000 + campaign.number)
    } else {
        format!("letter-{}", campaign.number)
    }
}

fn is_mailguns_own(campaign: &Campaign) -> bool {
    campaign.number.is_multiple_of(2)
}

fn record(scene: &Scene<'_>) -> Value {
    let mut event = json!({
        "event": name(scene.happening.kind), "id": scene.record_digits(), "timestamp": scene.at_ms() as f64 / 1_000.0,
        "log-level": "info", "recipient": scene.person.email(), "tags": ["marketing"],
        "message": {"headers": {"message-id": format!("{}@mail.example.net", scene.message_digits())}, "size": 24_118},
    });
    let id = campaign_id(scene.campaign);
    if is_mailguns_own(scene.campaign) {
        event["campaigns"] = json!([{"id": id, "name": scene.campaign.name()}]);
        event["user-variables"] = json!([]);
    } else {
        event["user-variables"] = json!({"campaign_id": id});
    }
    if let (Value::Object(event), Value::Object(more)) = (&mut event, details(scene)) {
        event.extend(more);
    }
    json!({"signature": {"timestamp": scene.at_s().to_string(), "token": scene.record_digits()}, "event-data": event})
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Skipped | Kind::Deferred | Kind::Failed | Kind::SoftBounced | Kind::HardBounced => "failed",
        Kind::Delivered => "delivered",
        Kind::Opened => "opened",
        Kind::Clicked => "clicked",
        Kind::SpamReported => "complained",
        Kind::ListUnsubscribed | Kind::OptedOut => "unsubscribed",
        _ => "accepted",
    }
}

/// What only some events tell.
fn details(scene: &Scene<'_>) -> Value {
    let failed = |severity: &str, reason: &str, code: u32| json!({"severity": severity, "reason": reason, "delivery-status": {"code": code, "attempt-no": 1}});
    match scene.happening.kind {
        Kind::Skipped => failed("permanent", scene.pick(&["suppress-bounce", "suppress-unsubscribe"]), 605),
        Kind::Deferred => failed("temporary", "generic", 451),
        Kind::Failed => failed("permanent", "espblock", 550),
        Kind::SoftBounced => failed("permanent", "old", 602),
        Kind::HardBounced => failed("permanent", "bounce", 550),
        Kind::Delivered => json!({"delivery-status": {"code": 250, "message": "OK", "tls": true}}),
        Kind::Clicked => json!({"url": scene.link(), "client-info": client(scene), "ip": "198.51.100.7"}),
        Kind::Opened => json!({"client-info": client(scene), "ip": "198.51.100.7"}),
        Kind::ListUnsubscribed => json!({"mailing-list": {"address": "news@mail.example.net"}}),
        _ => json!({}),
    }
}

/// Mailgun names machines alone: of all others it says nothing.
fn client(scene: &Scene<'_>) -> Value {
    let bot = if scene.happening.verdict == Automation::Machine { scene.pick(&["apple", "generic"]) } else { "" };
    json!({"client-name": "Mobile Safari", "client-type": "mobile browser", "bot": bot})
}
