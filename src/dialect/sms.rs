//! AWS End User Messaging SMS, "Event types for SMS, MMS and voice": what became of a text, a media message or a call.
//!
//! The status is `messageStatus`, else what follows `TEXT_`, `MEDIA_` or `VOICE_` in `eventType`. All in any case.
//!
//! | status of `TEXT_…`, `MEDIA_…` | kind |
//! |---|---|
//! | `SENT`, `QUEUED`, `PENDING` | `SENT` |
//! | `DELIVERED`, `SUCCESSFUL` | `DELIVERED`; with `isFinal: false` `SENT` |
//! | `UNKNOWN` | `DELIVERY_UNKNOWN` |
//! | `UNREACHABLE`, `CARRIER_UNREACHABLE`, `TTL_EXPIRED` | `SOFT_BOUNCED` |
//! | `INVALID`, `BLOCKED` | `HARD_BOUNCED` |
//! | `CARRIER_BLOCKED`, `SPAM` (a carrier's block), `INVALID_MESSAGE` | `FAILED` |
//! | anything else | `OTHER` |
//!
//! | status of `VOICE_…` | kind |
//! |---|---|
//! | `INITIATED`, `RINGING` | `SENT` |
//! | `ANSWERED`, `COMPLETED` | `DELIVERED` |
//! | anything else | `SOFT_BOUNCED` |
//!
//! | field | from |
//! |---|---|
//! | `occurred_at`, `sent_at` | `eventTimestamp`, `messageRequestTimestamp` |
//! | channel | `TEXT_` is sms, `MEDIA_` is mms, `VOICE_` is voice |
//! | identifiers | `destinationPhoneNumber` (`phone`) |
//! | campaign | the first of the configured names in `context` |
//! | `message_id` | `messageId` |
//! | reason | the status of what was neither `SENT` nor `DELIVERED` |
//! | data | prices, `messageStatus` and everything else |
//!
//! Records have no id: a repeat is recognised by its content.

use serde_json::{Map, Value};

use super::blank_event;
use super::field::Fields;
use super::key::content_key;
use super::path::remove_moved;
use super::rules::Rules;
use super::vendor::{FannedOut, Vendor};
use super::who::Who;
use crate::domain::event::{CampaignRef, Dialect, Namespace, NewEvent, Rejection};
use crate::domain::identifier::Identifier;
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor = Vendor { dialect: Dialect::Sms, recognise, fan_out: FannedOut::Single, parse, time_path };

const PHONE: &str = "destinationPhoneNumber";
const MESSAGE_ID: &str = "messageId";

/// The beginnings of event types with the channel that each speaks of.
const FAMILIES: [(&str, &str); 3] = [("TEXT_", "sms"), ("MEDIA_", "mms"), ("VOICE_", "voice")];

/// Kinds of texts and media messages by their status. An unknown status is none of them.
const MESSAGES: [(&str, Kind); 14] = [
    ("SENT", Kind::Sent),
    ("QUEUED", Kind::Sent),
    ("PENDING", Kind::Sent),
    ("DELIVERED", Kind::Delivered),
    ("SUCCESSFUL", Kind::Delivered),
    ("UNKNOWN", Kind::DeliveryUnknown),
    ("UNREACHABLE", Kind::SoftBounced),
    ("CARRIER_UNREACHABLE", Kind::SoftBounced),
    ("TTL_EXPIRED", Kind::SoftBounced),
    ("INVALID", Kind::HardBounced),
    ("BLOCKED", Kind::HardBounced),
    ("CARRIER_BLOCKED", Kind::Failed),
    ("SPAM", Kind::Failed),
    ("INVALID_MESSAGE", Kind::Failed),
];

/// Kinds of calls by their status. Every other status is a call that was not taken.
const CALLS: [(&str, Kind); 4] =
    [("INITIATED", Kind::Sent), ("RINGING", Kind::Sent), ("ANSWERED", Kind::Delivered), ("COMPLETED", Kind::Delivered)];

/// An `eventType` alone is SES's too, which never has a phone number, and whose types never begin like these.
fn recognise(record: &Map<String, Value>) -> bool {
    let has = |name| record.contains_key(name);
    let name = record.get("eventType").and_then(Value::as_str).unwrap_or_default();
    let is_known = !split(name).1.is_empty() && (has("eventVersion") || has(MESSAGE_ID));
    has("eventType") && (has(PHONE) || is_known)
}

fn time_path(event: &NewEvent) -> &'static str {
    if event.sent_at > event.occurred_at { "messageRequestTimestamp" } else { "eventTimestamp" }
}

/// The event of one record.
fn parse(record: &Map<String, Value>, rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let fields = Fields::new(record);
    let name = fields.required_text("eventType")?;
    let (channel, tail) = split(&name);
    let status = fields.text("messageStatus")?.unwrap_or_else(|| tail.to_owned());
    let mut event = blank_event(Dialect::Sms, name.to_lowercase());
    event.kind = kind(channel, &status, fields.flag("isFinal")?);
    event.channel = channel.map(str::to_owned);
    event.occurred_at = fields.time("eventTimestamp")?;
    event.sent_at = fields.time("messageRequestTimestamp")?;
    event.message_id = fields.id(MESSAGE_ID)?;
    event.campaign = campaign(&fields, rules)?;
    let went_well = matches!(event.kind, Kind::Sent | Kind::Delivered);
    event.reason = Some(status).filter(|status| !went_well && !status.is_empty());
    (event.identifiers, event.notes) = who(&fields)?.finish(PHONE)?;
    event.data = data(record, &event.identifiers, event.message_id.as_deref());
    event.key = content_key(&event);
    Ok(vec![event])
}

/// The channel of an event type, where it is known, and the type's second half.
fn split(name: &str) -> (Option<&'static str>, &str) {
    let begins = |family: &str| name.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family));
    let known = FAMILIES.iter().find(|(family, _)| begins(family));
    known.map_or((None, ""), |(family, channel)| (Some(*channel), &name[family.len()..]))
}

/// A success that is not final is the carrier's, not the phone's. A call's status says all: who took it was reached.
fn kind(channel: Option<&str>, status: &str, is_final: Option<bool>) -> Kind {
    let among = |known: &[(&str, Kind)]| {
        known.iter().find(|(known, _)| known.eq_ignore_ascii_case(status)).map(|(_, kind)| *kind)
    };
    match channel {
        None => Kind::Other,
        Some(_) if status.is_empty() => Kind::Other,
        Some("voice") => among(&CALLS).unwrap_or(Kind::SoftBounced),
        Some(_) => match among(&MESSAGES) {
            Some(Kind::Delivered) if is_final == Some(false) => Kind::Sent,
            found => found.unwrap_or(Kind::Other),
        },
    }
}

fn campaign(fields: &Fields<'_>, rules: &Rules) -> Result<Option<CampaignRef>, Rejection> {
    let Some(context) = fields.object("context")? else { return Ok(None) };
    let found = rules.campaign_id(&context)?;
    Ok(found.map(|(external_id, _)| CampaignRef { namespace: Namespace::Aws, external_id, name: None }))
}

fn who(fields: &Fields<'_>) -> Result<Who, Rejection> {
    let mut who = Who::default();
    if let Some(number) = fields.id(PHONE)? {
        who.add("phone", &number, PHONE)?;
    }
    Ok(who)
}

/// The record as it came, but for what moved into fields.
fn data(record: &Map<String, Value>, who: &[Identifier], message_id: Option<&str>) -> Map<String, Value> {
    let rest = record.iter().filter(|(name, _)| *name != "eventType");
    let mut data = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
    remove_moved(&mut data, PHONE, who.first().map(|phone| phone.value.as_str()));
    remove_moved(&mut data, MESSAGE_ID, message_id);
    data
}

#[cfg(test)]
mod tests;
