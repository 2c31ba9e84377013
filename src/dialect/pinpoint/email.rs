//! `_email.*`: what became of an e-mail, told once per address that it went to.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::envelope::{Draft, Envelope};
use super::path::{array_at, id_at, link_at, object_at, time_at};
use crate::dialect::field::{Fields, wrong_type};
use crate::dialect::who::Who;
use crate::domain::event::{NewEvent, Note, Rejection};
use crate::domain::identifier::Identifier;
use crate::domain::kind::Kind;
use crate::domain::time::Micros;

const MAIL_EVENT: &str = "facets.email_channel.mail_event";
const MESSAGE_ID: &str = "facets.email_channel.mail_event.mail.message_id";
const DESTINATION: &str = "facets.email_channel.mail_event.mail.destination";
const SENT_AT: &str = "facets.email_channel.mail_event.mail.message_send_timestamp";

/// Where a reason may stand in the object of the event, the most telling first.
const REASONS: [&str; 7] = [
    "bounce_sub_type",
    "bounce_type",
    "complaint_feedback_type",
    "reason",
    "error_message",
    "smtp_response",
    "diagnostic_code",
];

/// The events of an e-mail record.
pub(super) fn read(envelope: &Envelope<'_>) -> Result<Vec<NewEvent>, Rejection> {
    let details = details(envelope.record)?;
    let mut draft = envelope.draft()?;
    let event = &mut draft.event;
    event.kind = kind(envelope.action());
    event.channel = Some("email".to_owned());
    event.reason = reason(event.kind, details.as_ref(), envelope.action());
    if event.kind == Kind::Clicked {
        let link = details.map_or(Ok(None), |click| click.long_text("link"))?;
        event.url = link.map_or_else(|| link_at(envelope.record, "attributes.feedback"), |link| Ok(Some(link)))?;
    }
    event.message_id = id_at(envelope.record, MESSAGE_ID)?;
    let message_id = event.message_id.clone();
    set_times(event, envelope);
    draft.moved(MESSAGE_ID, message_id.as_deref());
    one_per_address(draft, &addresses(envelope.record)?)
}

fn kind(action: &str) -> Kind {
    match action {
        "send" => Kind::Sent,
        "delivered" => Kind::Delivered,
        "open" => Kind::Opened,
        "click" => Kind::Clicked,
        "softbounce" => Kind::SoftBounced,
        "hardbounce" => Kind::HardBounced,
        "complaint" => Kind::SpamReported,
        "unsubscribe" => Kind::ListUnsubscribed,
        "rejected" | "rendering_failure" => Kind::Skipped,
        _ => Kind::Other,
    }
}

/// `event_timestamp` is when the mail was sent, whatever the event: only the arrival tells when something happened to
/// it. A record without an arrival keeps its own time all the same, so that a repeat of it is still recognised.
fn set_times(event: &mut NewEvent, envelope: &Envelope<'_>) {
    event.sent_at = sent_at(envelope.record).or(envelope.event_time);
    if event.kind == Kind::Sent {
        return;
    }
    event.occurred_at = envelope.arrival_time.or(envelope.event_time);
    if envelope.arrival_time.is_none() && envelope.event_time.is_some() {
        let message = "arrival_timestamp is missing: the time shown is when the mail was sent".to_owned();
        event.notes.push(Note { code: "TIME_OF_SENDING", message });
    }
}

/// The stamp of sending: milliseconds in every record seen, a mail date (RFC 822) in the vendor's table.
fn sent_at(record: &Map<String, Value>) -> Option<Micros> {
    if let Ok(at) = time_at(record, SENT_AT) {
        return at;
    }
    let date = id_at(record, SENT_AT).ok()??;
    let at = Micros::from(chrono::DateTime::parse_from_rfc2822(&date).ok()?.to_utc());
    (Micros::EARLIEST..Micros::LATEST).contains(&at).then_some(at)
}

/// The object named after the event, beside `mail`.
fn details(record: &Map<String, Value>) -> Result<Option<Fields<'_>>, Rejection> {
    let Some(mail_event) = object_at(record, MAIL_EVENT)? else { return Ok(None) };
    let name = mail_event.map().iter().find(|(name, value)| *name != "mail" && value.is_object());
    name.map_or(Ok(None), |(name, _)| mail_event.object(name))
}

/// Why: what the mail system said, else the vendor's own word for not sending.
fn reason(kind: Kind, details: Option<&Fields<'_>>, action: &str) -> Option<String> {
    let has_reason = matches!(kind, Kind::SoftBounced | Kind::HardBounced | Kind::SpamReported | Kind::Skipped);
    if !has_reason {
        return None;
    }
    let told = details.and_then(|details| REASONS.iter().find_map(|field| details.long_text(field).ok().flatten()));
    told.or_else(|| (kind == Kind::Skipped).then(|| action.to_owned()))
}

/// The addresses that the mail went to.
fn addresses(record: &Map<String, Value>) -> Result<BTreeSet<&str>, Rejection> {
    let list = array_at(record, DESTINATION)?.map_or(&[][..], Vec::as_slice);
    let mut addresses = BTreeSet::new();
    for (index, value) in list.iter().enumerate() {
        let refuse = || wrong_type(&format!("{DESTINATION}[{index}]"), value, "an e-mail address");
        addresses.insert(value.as_str().ok_or_else(refuse)?);
    }
    Ok(addresses)
}

/// One event per address. An endpoint is one person's: it stays off a mail that went to several, whose addresses it
/// would merge into one customer.
fn one_per_address(mut draft: Draft, addresses: &BTreeSet<&str>) -> Result<Vec<NewEvent>, Rejection> {
    let mut named = BTreeSet::new();
    for address in addresses {
        named.extend(draft.identify("email", address, DESTINATION)?);
    }
    if named.len() < 2 {
        return Ok(vec![draft.finish(DESTINATION)?]);
    }
    let to_one = |address: &Identifier| {
        let mut to_one = Draft { event: draft.event.clone(), who: Who::default() };
        to_one.identify(&address.name, &address.value, DESTINATION)?;
        to_one.finish(DESTINATION)
    };
    named.iter().map(to_one).collect()
}
