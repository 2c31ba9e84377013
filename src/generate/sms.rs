//! AWS End User Messaging, texts and calls: the campaign stands in the context that the sender gave.

use serde_json::{Value, json};

use super::campaign::{Campaign, Channel, Genre};
use super::scene::{Scene, uuid};
use super::vendor::{Vendor, nothing_besides};
use crate::domain::event::{Dialect, Namespace};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::Sms,
    namespace: Namespace::Aws,
    genres: &[Genre::single(Channel::Sms), Genre::series(Channel::Sms), Genre::single(Channel::Voice)],
    tick_ms: 1,
    has_treatments: false,
    retries: false,
    says,
    judges: |_| false,
    names_message: |_, _| true,
    besides: nothing_besides,
    campaign_id,
    run_id: None,
    record,
};

fn says(campaign: &Campaign, kind: Kind) -> bool {
    match kind {
        Kind::Sent | Kind::Delivered | Kind::SoftBounced => true,
        Kind::HardBounced | Kind::Failed | Kind::DeliveryUnknown => campaign.genre.channel == Channel::Sms,
        _ => false,
    }
}

fn campaign_id(campaign: &Campaign) -> String {
    format!("text-{}", 300 + campaign.number)
}

fn record(scene: &Scene<'_>) -> Value {
    let (status, is_final) = status(scene);
    let is_call = scene.campaign.genre.channel == Channel::Voice;
    let family = if is_call { "VOICE" } else { "TEXT" };
    let mut record = json!({
        "eventType": format!("{family}_{status}"), "eventVersion": "1.0", "eventTimestamp": scene.at_ms(),
        "isFinal": is_final, "originationPhoneNumber": "+15555550100",
        "destinationPhoneNumber": scene.person.phone(), "isoCountryCode": "US", "isInternationalSend": false,
        "messageId": uuid(&scene.message_digits()), "messageRequestTimestamp": scene.sent_ms,
        "messageType": "PROMOTIONAL", "messageStatus": status,
        "messageStatusDescription": description(scene.happening.kind), "context": {},
    });
    let name = if scene.campaign.number.is_multiple_of(2) { "campaign" } else { "campaign_id" };
    record["context"] = json!({"account": "shop"});
    record["context"][name] = campaign_id(scene.campaign).into();
    if is_call {
        record["callDurationInSeconds"] = scene.message_number(90).into();
        record["totalDurationPrice"] = 0.013.into();
    } else {
        let parts = 1 + scene.message_number(2);
        record["messageEncoding"] = "GSM".into();
        record["mcc"] = "310".into();
        record["mnc"] = "800".into();
        record["totalMessageParts"] = parts.into();
        record["totalMessagePrice"] = (0.00645 * parts as f64).into();
        record["totalCarrierFee"] = 0.003.into();
    }
    record
}

/// The status, and whether nothing comes after it.
fn status(scene: &Scene<'_>) -> (&'static str, bool) {
    let is_call = scene.campaign.genre.channel == Channel::Voice;
    match scene.happening.kind {
        Kind::Sent if is_call => (if scene.slot == 0 { "INITIATED" } else { "RINGING" }, false),
        Kind::Delivered if is_call => (scene.pick(&["ANSWERED", "COMPLETED"]), true),
        Kind::SoftBounced if is_call => (scene.pick(&["BUSY", "NO_ANSWER", "FAILED", "TTL_EXPIRED"]), true),
        Kind::Delivered => (scene.pick(&["DELIVERED", "SUCCESSFUL"]), true),
        Kind::SoftBounced => (scene.pick(&["UNREACHABLE", "CARRIER_UNREACHABLE", "TTL_EXPIRED"]), true),
        Kind::HardBounced => (scene.pick(&["INVALID", "BLOCKED"]), true),
        Kind::Failed => (scene.pick(&["CARRIER_BLOCKED", "SPAM", "INVALID_MESSAGE"]), true),
        Kind::DeliveryUnknown => ("UNKNOWN", true),
        _ => (scene.pick(&["QUEUED", "PENDING", "SENT", "SUCCESSFUL"]), false),
    }
}

fn description(kind: Kind) -> &'static str {
    match kind {
        Kind::Sent => "Message is on its way",
        Kind::Delivered => "Message has been accepted by phone",
        _ => "Message could not be delivered",
    }
}
