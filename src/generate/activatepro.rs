//! ActivatePro, "Outbound Events": some integrations report deliveries and some do not; some write the feed's form and
//! some the form of the upload, here with one event each.

use serde_json::{Value, json};

use super::campaign::{Campaign, Channel, Genre};
use super::scene::{Scene, rfc3339_s};
use super::vendor::{Vendor, nothing_besides};
use crate::domain::event::{Dialect, Namespace};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::ActivatePro,
    namespace: Namespace::ActivatePro,
    genres: &[Genre::single(Channel::Email), Genre::series(Channel::Email), Genre::single(Channel::Sms)],
    tick_ms: 1_000,
    has_treatments: false,
    retries: true,
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
        Kind::Delivered => campaign.number % 4 != 1,
        Kind::Opened | Kind::ListUnsubscribed | Kind::SpamReported => campaign.genre.channel == Channel::Email,
        Kind::Sent | Kind::Clicked | Kind::SoftBounced | Kind::HardBounced => true,
        _ => false,
    }
}

fn campaign_id(campaign: &Campaign) -> String {
    (77_120 + campaign.number).to_string()
}

fn record(scene: &Scene<'_>) -> Value {
    let mut properties = json!({
        "channel": if scene.campaign.genre.channel == Channel::Sms { "SMS" } else { "Email" },
        "type": scene.campaign.name(), "campaignId": campaign_id(scene.campaign),
        "messageId": scene.message_digits(),
    });
    if scene.happening.kind == Kind::Clicked {
        properties["url"] = scene.link().into();
    }
    let (id, event) = (scene.person.activatepro_id(), name(scene.happening.kind));
    let timestamp = rfc3339_s(scene.at_ms());
    if scene.campaign.number % 3 == 2 {
        return json!({"id": id, "events": [{"event": event, "timestamp": timestamp, "properties": properties}]});
    }
    properties[if scene.campaign.number % 3 == 1 { "userId" } else { "id" }] = id.into();
    properties["event"] = event.into();
    properties["timestamp"] = timestamp.into();
    properties
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Delivered => "Message Delivered",
        Kind::Opened => "Message Viewed",
        Kind::Clicked => "Message Clicked",
        Kind::ListUnsubscribed => "Message Unsubscribed",
        Kind::SoftBounced => "Message soft_bounced",
        Kind::HardBounced => "Message hard_bounced",
        Kind::SpamReported => "Message marked_as_spam",
        _ => "Message Sent",
    }
}
