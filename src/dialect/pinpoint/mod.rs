//! Amazon Pinpoint, "Streaming events with Amazon Pinpoint": campaign, journey, e-mail, SMS and app events.
//!
//! | `event_type` (any case) | kind |
//! |---|---|
//! | `_campaign.send`, `_journey.send`, status `SUCCESS` | `TARGETED`; by push, voice and custom deliveries `SENT` besides |
//! | … `HOLDOUT` | `HELD_OUT` |
//! | … any other status | `SKIPPED`, reason: the status |
//! | … no status | `OTHER` |
//! | `_campaign.opened_notification` | `OPENED` |
//! | `_campaign.received_foreground`, `_campaign.received_background` | `DELIVERED` |
//! | `_email.send` / `.delivered` / `.open` / `.click` | `SENT` / `DELIVERED` / `OPENED` / `CLICKED` |
//! | `_email.softbounce` / `.hardbounce` | `SOFT_BOUNCED` / `HARD_BOUNCED` |
//! | `_email.complaint` / `.unsubscribe` | `SPAM_REPORTED` / `LIST_UNSUBSCRIBED` (of no list: an opt-out) |
//! | `_email.rejected`, `_email.rendering_failure` | `SKIPPED` |
//! | `_SMS.BUFFERED` / `_SMS.SUCCESS` / `_SMS.OPTOUT` | `SENT` (never final) / `DELIVERED` / `OPTED_OUT` |
//! | `_SMS.FAILURE`: `UNREACHABLE`, `CARRIER_UNREACHABLE`, `TTL_EXPIRED` | `SOFT_BOUNCED` |
//! | … `UNKNOWN` | `DELIVERY_UNKNOWN` |
//! | … `INVALID`, `BLOCKED`, `INVALID_PHONE_NUMBER` | `HARD_BOUNCED` |
//! | … `SPAM` (a carrier's block), `CARRIER_BLOCKED`, `INVALID_MESSAGE`, or no status | `FAILED` |
//! | … `OPTED_OUT` | `SKIPPED`, and the number is opted out |
//! | … any other status | `SKIPPED`, reason: the status |
//! | `_monetization.purchase` | `PURCHASED` |
//! | `_session.*`, `_userauth.*`, an app's own, anything else | `OTHER` |
//!
//! | field | from |
//! |---|---|
//! | `occurred_at` | `event_timestamp` |
//! | … of `_email.*` but `send` | `arrival_timestamp`, for `event_timestamp` is when the mail was sent |
//! | campaign, run, treatment | `campaign_id`, `campaign_activity_id`, `treatment_id` of `attributes` |
//! | campaign, run, touchpoint | else `journey_id`, `journey_run_id`, `journey_activity_id` |
//! | channel | `delivery_type`, `journey_activity_type`; of a `CUSTOM` one the endpoint's `ChannelType` |
//! | identifiers | `client.client_id` (`pinpoint_endpoint`), the mail's `destination`, `destination_phone_number` |
//! | more identifiers | `User.UserId` and `Address` of the endpoint document |
//! | updates | the endpoint document's `OptOut: ALL` and `EndpointStatus: INACTIVE`, at its `EffectiveDate` |
//!
//! Records of the stream have no id: a repeat is recognised by its content. Requests of `PutEvents` are read as the
//! stream's records of the same events.

mod email;
mod endpoint;
mod envelope;
pub mod export;
pub mod put_events;
mod send;
mod sms;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::envelope::{Envelope, Family};
use super::path;
use super::rules::Rules;
use super::vendor::Vendor;
use crate::domain::event::{Dialect, NewEvent, Rejection};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor =
    Vendor { dialect: Dialect::Pinpoint, recognise, fan_out: put_events::fan_out, parse, time_path };

fn recognise(record: &Map<String, Value>) -> bool {
    let has = |name| record.contains_key(name);
    put_events::is_one(record) || has("event_type") && (has("event_timestamp") || has("arrival_timestamp"))
}

/// The arrival tells when something happened to a mail.
fn time_path(event: &NewEvent) -> &'static str {
    if put_events::is_from(event) {
        return "Timestamp";
    }
    let is_mail = event.event_type.starts_with("_email.") && event.kind != Kind::Sent;
    if is_mail { "arrival_timestamp" } else { "event_timestamp" }
}

/// The events of one record of the event stream, or of one event of `PutEvents`.
pub fn parse(record: &Map<String, Value>, _rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    if put_events::is_one(record) { put_events::parse(record) } else { read_event(record) }
}

fn read_event(record: &Map<String, Value>) -> Result<Vec<NewEvent>, Rejection> {
    let envelope = Envelope::read(record)?;
    match envelope.family {
        Family::Campaign | Family::Journey => send::read(&envelope),
        Family::Email => email::read(&envelope),
        Family::Sms => Ok(vec![sms::read(&envelope)?]),
        Family::App => envelope.draft()?.finish_all(app_kinds(&envelope.name)),
    }
}

/// What an app's event means.
fn app_kinds(name: &str) -> &'static [Kind] {
    match name {
        "_monetization.purchase" => &[Kind::Purchased],
        _ => &[Kind::Other],
    }
}
