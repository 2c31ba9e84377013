//! Amazon SES, "Contents of event data in Amazon SES": event publishing, and the older notifications.
//!
//! | `eventType`, else `notificationType` (any case, blanks alike) | kind | reason |
//! |---|---|---|
//! | `Send` | `SENT` | |
//! | `Delivery` | `DELIVERED` | |
//! | `Open`, `Click` | `OPENED`, `CLICKED` | |
//! | `DeliveryDelay` | `DEFERRED` | `delayType` |
//! | `Reject` | `SKIPPED` | `reason` |
//! | `Rendering Failure` (object `failure`) | `SKIPPED` | `errorMessage` |
//! | `Bounce` `Permanent`, of an account's or tenant's suppression list | `SKIPPED` | `bounceSubType` |
//! | … any other `Permanent` | `HARD_BOUNCED` | `bounceSubType` |
//! | … `Transient`, `Undetermined`: `MessageTooLarge`, `ContentRejected`, `AttachmentRejected` | `FAILED` | `bounceSubType` |
//! | … any other of them | `SOFT_BOUNCED` | `bounceSubType` |
//! | … any other type, or none | `OTHER` | `bounceSubType` |
//! | `Complaint` of an account's or tenant's suppression list | `SKIPPED` | `complaintSubType` |
//! | … `not-spam` | `OTHER` | `complaintFeedbackType` |
//! | … any other | `SPAM_REPORTED` | `complaintFeedbackType` |
//! | `Subscription`, `unsubscribeAll` becoming true | `OPTED_OUT` | |
//! | … and for each topic that changed | `LIST_SUBSCRIBED`, `LIST_UNSUBSCRIBED`, list: the topic | |
//! | … nothing of it | `OTHER` | |
//! | anything else | `OTHER` | |
//!
//! | field | from |
//! |---|---|
//! | `occurred_at` | the `timestamp` of the event's object, else `mail.timestamp` |
//! | `sent_at` | `mail.timestamp` |
//! | identifiers: `email`, one event each | the object's own recipients; `mail.destination` of `Send`, `Reject`, `Rendering Failure` |
//! | … of anything else | `mail.destination`, if it is one address |
//! | … else `ses_message_id`, one event | `mail.messageId` |
//! | campaign | the first value of the first of the configured names in `mail.tags` |
//! | `message_id`, url | `mail.messageId`, `click.link` |
//! | automation | `isBotEvent` of opens and clicks: `Likely` is a machine, `Unlikely` a person |
//! | key | `feedbackId` with kind and recipient, else the content |

mod form;
mod meaning;
mod recipient;
mod subscription;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::form::Form;
use self::meaning::Meaning;
use super::blank_event;
use super::field::{Fields, id_of};
use super::key::{content_key, vendor_key};
use super::path::{id_at, object_at, remove_moved, time_at};
use super::rules::Rules;
use super::vendor::{FannedOut, Vendor};
use crate::domain::event::{Automation, CampaignRef, Dialect, Namespace, NewEvent, Rejection};
use crate::domain::identifier::Identifier;

/// This vendor.
pub const VENDOR: Vendor = Vendor { dialect: Dialect::Ses, recognise, fan_out: FannedOut::Single, parse, time_path };

const MESSAGE_ID: &str = "mail.messageId";
const SENT_AT: &str = "mail.timestamp";
const BOT_RULE: &str = "ses.isBotEvent";

/// No other vendor has a `notificationType`. An `eventType` others have too, but not with the mail or the event's object.
fn recognise(record: &Map<String, Value>) -> bool {
    let Some(name) = record.get("eventType") else { return record.contains_key("notificationType") };
    let of_event = name.as_str().and_then(Form::named).is_some_and(|form| record.contains_key(form.object));
    record.contains_key("mail") || of_event
}

fn time_path(event: &NewEvent) -> &'static str {
    match Form::named(&event.event_type) {
        _ if event.occurred_at == event.sent_at => SENT_AT,
        Some(form) => form.time_path,
        None => "timestamp",
    }
}

/// The events of one record: one for each recipient and for each thing that it says about them.
fn parse(record: &Map<String, Value>, rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let fields = Fields::new(record);
    let name = name(&fields)?;
    let form = Form::named(&name);
    let empty = Map::new();
    let object = form.map_or_else(|| object_of_unknown(record), |form| form.object);
    let details = fields.object(object)?.unwrap_or_else(|| Fields::at(&empty, object));
    let mut event = blank_event(Dialect::Ses, name.to_lowercase());
    event.channel = Some("email".to_owned());
    event.sent_at = time_at(record, SENT_AT)?;
    event.occurred_at = details.time("timestamp")?.or(event.sent_at);
    event.message_id = id_at(record, MESSAGE_ID)?;
    event.campaign = campaign(record, rules)?;
    event.data = data(record);
    remove_moved(&mut event.data, MESSAGE_ID, event.message_id.as_deref());
    if form.is_some_and(Form::is_act) {
        tell_act(&mut event, &details)?;
    }
    let recipients;
    (recipients, event.notes) = recipient::recipients(record, form, &details)?;
    let meanings = meaning::meanings(form, &details)?;
    let feedback_id = details.id("feedbackId")?;
    let about = |recipient: &Identifier, meaning: &Meaning| {
        let mut event = event.clone();
        (event.kind, event.reason, event.list) = (meaning.kind, meaning.reason.clone(), meaning.list.clone());
        event.identifiers = vec![recipient.clone()];
        event.key = match &feedback_id {
            Some(id) => vendor_key(&[Dialect::Ses.name(), id, event.kind.name(), &recipient.value]),
            None => content_key(&event),
        };
        event
    };
    Ok(recipients.iter().flat_map(|recipient| meanings.iter().map(|meaning| about(recipient, meaning))).collect())
}

fn name(fields: &Fields<'_>) -> Result<String, Rejection> {
    match fields.text("eventType")? {
        None if fields.get("notificationType").is_some() => fields.required_text("notificationType"),
        None => Err(fields.missing("eventType", "a string")),
        Some(name) => Ok(name),
    }
}

/// The object of an event that the table does not know: the one beside the mail.
fn object_of_unknown(record: &Map<String, Value>) -> &str {
    let found = record.iter().find(|(name, value)| *name != "mail" && value.is_object());
    found.map_or("", |(name, _)| name)
}

/// The record without its name. The older `notificationType` stays, for it tells which form this was.
fn data(record: &Map<String, Value>) -> Map<String, Value> {
    let rest = record.iter().filter(|(name, _)| *name != "eventType");
    rest.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The campaign that the sender put into a tag. Tags hold lists of values: the first counts.
fn campaign(record: &Map<String, Value>, rules: &Rules) -> Result<Option<CampaignRef>, Rejection> {
    let Some(tags) = object_at(record, "mail.tags")? else { return Ok(None) };
    for tag in &rules.campaign_tags {
        if let Some(external_id) = first_value(&tags, tag)? {
            return Ok(Some(CampaignRef { namespace: Namespace::Aws, external_id, name: None }));
        }
    }
    Ok(None)
}

fn first_value(tags: &Fields<'_>, tag: &str) -> Result<Option<String>, Rejection> {
    let Some(Value::Array(values)) = tags.get(tag) else { return tags.id(tag) };
    for (index, value) in values.iter().enumerate() {
        let found = id_of(value, &format!("{}[{index}]", tags.path(tag)))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// What a recipient, or a machine in front of it, did with the mail.
fn tell_act(event: &mut NewEvent, details: &Fields<'_>) -> Result<(), Rejection> {
    event.url = details.long_text("link")?;
    remove_moved(&mut event.data, "click.link", event.url.as_deref());
    let verdict = match details.get("isBotEvent").and_then(Value::as_str) {
        Some(word) if word.eq_ignore_ascii_case("Likely") => Automation::Machine,
        Some(word) if word.eq_ignore_ascii_case("Unlikely") => Automation::Human,
        _ => return Ok(()),
    };
    (event.automation, event.automation_rule) = (verdict, Some(BOT_RULE));
    Ok(())
}
