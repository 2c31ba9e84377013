//! ActivatePro, "Outbound Events": messages sent through it or uploaded to it, as API calls or as a feed.
//!
//! | `event` (any case; blanks, `_` and `-` alike) | kind |
//! |---|---|
//! | Message Sent | SENT |
//! | Message Delivered | DELIVERED |
//! | Message Viewed | OPENED |
//! | Message Clicked | CLICKED |
//! | Message Unsubscribed | LIST_UNSUBSCRIBED, list: `type`, where given |
//! | Message soft_bounced | SOFT_BOUNCED |
//! | Message hard_bounced | HARD_BOUNCED |
//! | Message marked_as_spam | SPAM_REPORTED |
//! | anything else | OTHER |
//!
//! | field | from |
//! |---|---|
//! | identifiers | `id` or `userId` (`activatepro_id`) |
//! | occurred_at | `timestamp`, else the time of ingestion |
//! | channel, url, campaign, message_id | `channel` (lower-cased), `url`, `campaignId`, `messageId` |
//! | data | `type` (the message's category) and everything else |
//!
//! The API form holds a customer's events in `events`, their fields in `properties`; the feed form is one flat object
//! per event. Both of one event make the same event, with the same key.

use serde_json::{Map, Value};

use super::blank_event;
use super::field::{Fields, shorten, shown, wrong_type};
use super::key::content_key;
use super::who::Who;
use crate::domain::event::{CampaignRef, Dialect, Namespace, NewEvent, Rejection, RejectionCode};
use crate::domain::kind::Kind;

/// Event names, plain, with what they mean.
const KINDS: [(&str, Kind); 8] = [
    ("message sent", Kind::Sent),
    ("message delivered", Kind::Delivered),
    ("message viewed", Kind::Opened),
    ("message clicked", Kind::Clicked),
    ("message unsubscribed", Kind::ListUnsubscribed),
    ("message soft bounced", Kind::SoftBounced),
    ("message hard bounced", Kind::HardBounced),
    ("message marked as spam", Kind::SpamReported),
];

/// Channels by the names people write, plain. Any other name is the channel's own, lower-cased.
const CHANNELS: [(&str, &str); 14] = [
    ("e mail", "email"),
    ("text message", "sms"),
    ("app push", "push"),
    ("mobile push", "push"),
    ("push notification", "push"),
    ("web push", "web_push"),
    ("browser push", "web_push"),
    ("whats app", "whatsapp"),
    ("in app", "in_app"),
    ("in app message", "in_app"),
    ("web modal", "web_modal"),
    ("web embed", "web_embed"),
    ("direct mail", "direct_mail"),
    ("voice call", "voice"),
];

/// The fields that the event has places of its own for.
const MOVED: [&str; 8] = ["id", "userId", "event", "timestamp", "channel", "url", "campaignId", "messageId"];

/// One record per inner event of the API form, each in the feed form; a record in the feed form as the only one. A bad
/// inner event does not hold up the others.
pub fn fan_out(record: Map<String, Value>) -> Vec<Result<Map<String, Value>, Rejection>> {
    if !record.contains_key("events") {
        return vec![flatten(record, "")];
    }
    let mut shared = record;
    match shared.remove("events") {
        Some(Value::Array(events)) if !events.is_empty() => {
            let feed_form = |(index, event)| in_feed_form(&shared, event, &format!("events[{index}]"));
            events.into_iter().enumerate().map(feed_form).collect()
        }
        None | Some(Value::Null | Value::Array(_)) => {
            let message = "events is empty; it must hold at least one event";
            vec![Err(Rejection::new(RejectionCode::MissingField, "events", message))]
        }
        Some(other) => vec![Err(wrong_type("events", &other, "an array of events"))],
    }
}

/// An inner event with what the record around it says about all of them.
fn in_feed_form(shared: &Map<String, Value>, event: Value, path: &str) -> Result<Map<String, Value>, Rejection> {
    let Value::Object(event) = event else { return Err(wrong_type(path, &event, "an object")) };
    merge(shared.clone(), flatten(event, &format!("{path}."))?, path)
}

/// An event with the fields of `properties` beside its own.
fn flatten(mut event: Map<String, Value>, prefix: &str) -> Result<Map<String, Value>, Rejection> {
    let path = format!("{prefix}properties");
    match event.remove("properties") {
        None | Some(Value::Null) => Ok(event),
        Some(Value::Object(properties)) => merge(event, properties, &path),
        Some(other) => Err(wrong_type(&path, &other, "an object")),
    }
}

/// Both objects as one; `path` is where `from` stands. A field that both have with different values is refused, for
/// neither may be lost.
fn merge(mut into: Map<String, Value>, from: Map<String, Value>, path: &str) -> Result<Map<String, Value>, Rejection> {
    for (name, value) in from {
        match into.get(&name).filter(|present| !present.is_null()) {
            Some(present) if !value.is_null() && *present != value => {
                let path = format!("{path}.{}", shorten(&name));
                let message = format!("{path} is {}, but further out it is {}", shown(&value), shown(present));
                return Err(Rejection::new(RejectionCode::DuplicateKey, path, message));
            }
            Some(_) => {}
            None => _ = into.insert(name, value),
        }
    }
    Ok(into)
}

/// The event of one record in the feed form.
pub fn parse(record: &Map<String, Value>) -> Result<Vec<NewEvent>, Rejection> {
    let fields = Fields::new(record);
    let name = fields.required_text("event")?.to_lowercase();
    let category = fields.id("type")?;
    let mut event = blank_event(Dialect::ActivatePro, name.as_str());
    event.kind = kind(&name);
    event.occurred_at = fields.time("timestamp")?;
    event.channel = fields.text("channel")?.map(|channel| channel_name(&channel));
    event.url = fields.long_text("url")?;
    event.message_id = fields.id("messageId")?;
    let in_namespace = |external_id| CampaignRef { namespace: Namespace::ActivatePro, external_id, name: None };
    event.campaign = fields.id("campaignId")?.map(in_namespace);
    event.list = category.filter(|_| event.kind == Kind::ListUnsubscribed);
    (event.identifiers, event.notes) = who(&fields)?.finish("id")?;
    event.data = record.clone();
    event.data.retain(|name, _| !MOVED.contains(&name.as_str()));
    event.key = content_key(&event);
    Ok(vec![event])
}

/// The customer, who has one id under either of two names.
fn who(fields: &Fields<'_>) -> Result<Who, Rejection> {
    let (id, user_id) = (fields.id("id")?, fields.id("userId")?);
    if let (Some(id), Some(user_id)) = (&id, &user_id)
        && id != user_id
    {
        return Err(fields.invalid("userId", user_id, &format!("the same customer as id, {id:?}")));
    }
    let path = if id.is_some() { "id" } else { "userId" };
    let mut who = Who::default();
    if let Some(value) = id.or(user_id) {
        who.add("activatepro_id", &value, path)?;
    }
    Ok(who)
}

fn kind(name: &str) -> Kind {
    let name = plain(name);
    KINDS.iter().find(|(known, _)| *known == name).map_or(Kind::Other, |(_, kind)| *kind)
}

fn channel_name(channel: &str) -> String {
    let name = plain(channel);
    let known = CHANNELS.iter().find(|(known, _)| *known == name);
    known.map_or_else(|| channel.to_lowercase(), |(_, channel)| (*channel).to_owned())
}

/// A name in one spelling: lower-case words with single blanks between.
fn plain(name: &str) -> String {
    let words = name.split(|mark: char| mark.is_whitespace() || mark == '_' || mark == '-');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase()
}
