//! `_campaign.*` and `_journey.send`: who was tried, held out or skipped, and what an app reports about a push.

use super::envelope::{Envelope, Family};
use crate::domain::event::{NewEvent, Rejection};
use crate::domain::kind::Kind;

/// Delivery types (and endpoints' channel types) with the channel they stand for. A contact centre dials.
const CHANNELS: [(&str, &str); 14] = [
    ("EMAIL", "email"),
    ("SMS", "sms"),
    ("VOICE", "voice"),
    ("CONTACT_CENTER", "voice"),
    ("GCM", "push"),
    ("APNS", "push"),
    ("APNS_SANDBOX", "push"),
    ("APNS_VOIP", "push"),
    ("APNS_VOIP_SANDBOX", "push"),
    ("ADM", "push"),
    ("BAIDU", "push"),
    ("PUSH", "push"),
    ("IN_APP", "in_app"),
    ("CUSTOM", "custom"),
];

/// Channels on which no other record says that the message went out, so that a successful send says it.
const WITHOUT_SENT_RECORDS: [&str; 3] = ["push", "voice", "custom"];

/// The channel of a delivery or channel type; an unknown one stands for itself.
pub(super) fn channel_of(delivery_type: &str) -> String {
    CHANNELS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(delivery_type))
        .map_or_else(|| delivery_type.to_lowercase(), |(_, channel)| (*channel).to_owned())
}

/// The events of a campaign or journey record.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<NewEvent>, Rejection> {
    let (delivery_field, status_field) = match envelope.family {
        Family::Journey => ("journey_activity_type", "journey_send_status"),
        _ => ("delivery_type", "campaign_send_status"),
    };
    let endpoint_type = envelope.endpoint.channel_type.as_deref();
    let delivery = envelope.attribute(delivery_field)?;
    let delivery = delivery.as_deref().or(endpoint_type);
    let status = envelope.attribute(status_field)?;
    let kinds = match (envelope.family, envelope.action()) {
        (_, "send") => send_kinds(status.as_deref(), delivery),
        (Family::Campaign, action) => app_report(action),
        _ => &[Kind::Other],
    };
    let mut draft = envelope.draft()?;
    draft.event.channel = channel(delivery, endpoint_type).or_else(|| is_app_report(kinds).then(|| "push".to_owned()));
    draft.event.reason = status.filter(|_| *kinds == [Kind::Skipped]);
    draft.finish_all(kinds)
}

/// What the status of a send means. A status that the table does not know is a reason not to have sent; a send without
/// any status says nothing.
fn send_kinds(status: Option<&str>, delivery: Option<&str>) -> &'static [Kind] {
    match status.map(str::to_ascii_uppercase).as_deref() {
        Some("SUCCESS") if delivery.is_some_and(is_without_sent_records) => &[Kind::Targeted, Kind::Sent],
        Some("SUCCESS") => &[Kind::Targeted],
        Some("HOLDOUT") => &[Kind::HeldOut],
        Some(_) => &[Kind::Skipped],
        None => &[Kind::Other],
    }
}

/// Judged by the delivery type, not by the channel: a custom delivery to an e-mail endpoint is no `_email.send`.
fn is_without_sent_records(delivery: &str) -> bool {
    WITHOUT_SENT_RECORDS.contains(&channel_of(delivery).as_str())
}

/// What an app reports about a push notification.
fn app_report(action: &str) -> &'static [Kind] {
    match action {
        "opened_notification" => &[Kind::Opened],
        "received_foreground" | "received_background" => &[Kind::Delivered],
        _ => &[Kind::Other],
    }
}

fn is_app_report(kinds: &[Kind]) -> bool {
    matches!(kinds, [Kind::Opened | Kind::Delivered])
}

/// The channel of a delivery; a custom one is named by the endpoint that it went to.
fn channel(delivery: Option<&str>, endpoint_type: Option<&str>) -> Option<String> {
    let delivery = delivery?;
    let named_by = if delivery.eq_ignore_ascii_case("CUSTOM") { endpoint_type.unwrap_or(delivery) } else { delivery };
    Some(channel_of(named_by))
}
