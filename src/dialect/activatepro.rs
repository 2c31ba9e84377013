//! ActivatePro, "Outbound Events": messages sent through it or uploaded to it, as API calls or as a feed.
//!
//! | `event` (any case; blanks, `_` and `-` alike) | kind |
//! |---|---|
//! | `Message Sent` | `SENT` |
//! | `Message Delivered` | `DELIVERED` |
//! | `Message Viewed` | `OPENED` |
//! | `Message Clicked` | `CLICKED` |
//! | `Message Unsubscribed` | `LIST_UNSUBSCRIBED`, list: `type`, where given |
//! | `Message soft_bounced` | `SOFT_BOUNCED` |
//! | `Message hard_bounced` | `HARD_BOUNCED` |
//! | `Message marked_as_spam` | `SPAM_REPORTED` |
//! | anything else | `OTHER` |
//!
//! | field | from |
//! |---|---|
//! | identifiers | `id` or `userId` (`activatepro_id`) |
//! | `occurred_at` | `timestamp`, else the time of ingestion |
//! | channel, url, campaign, `message_id` | `channel` (lower-cased), `url`, `campaignId`, `messageId` |
//! | data | `type` (the message's category) and everything else |
//!
//! The API form holds a customer's events in `events`, their fields in `properties`; the feed form is one flat object
//! per event. Both of one event make the same event, with the same key.

use serde_json::{Map, Value};

use super::blank_event;
use super::field::{Fields, shorten, shown, wrong_type};
use super::key::content_key;
use super::rules::Rules;
use super::vendor::{FannedOut, Vendor};
use super::who::Who;
use crate::domain::event::{CampaignRef, Dialect, Namespace, NewEvent, Rejection, RejectionCode};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor =
    Vendor { dialect: Dialect::ActivatePro, recognise, fan_out, parse, time_path: |_| "timestamp" };

/// Most bytes that what stands around the events of an upload may take, once for each of them.
const MAX_SHARED_BYTES: usize = 16 * 1024 * 1024;

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

fn recognise(record: &Map<String, Value>) -> bool {
    let has = |name| record.contains_key(name);
    (has("event") || has("events")) && (has("id") || has("userId"))
}

/// One record per inner event of the API form, each in the feed form; a record in the feed form as the only one. A bad
/// inner event does not hold up the others.
fn fan_out(record: Map<String, Value>) -> FannedOut {
    if !record.contains_key("events") {
        return FannedOut::Single(record);
    }
    let mut shared = record;
    FannedOut::Several(match shared.remove("events") {
        Some(Value::Array(events)) if !events.is_empty() => {
            if let Err(rejection) = check_shared(&shared, events.len()) {
                return FannedOut::Several(vec![Err(rejection)]);
            }
            let feed_form = |(index, event)| in_feed_form(&shared, event, &format!("events[{index}]"));
            events.into_iter().enumerate().map(feed_form).collect()
        }
        None | Some(Value::Null | Value::Array(_)) => {
            let message = "events is empty; it must hold at least one event";
            vec![Err(Rejection::new(RejectionCode::MissingField, "events", message))]
        }
        Some(other) => vec![Err(wrong_type("events", &other, "an array of events"))],
    })
}

/// What stands around the events is repeated in each: a short upload must not become a long one by that.
fn check_shared(shared: &Map<String, Value>, events: usize) -> Result<(), Rejection> {
    let length = serde_json::to_vec(shared).map_or(usize::MAX, |text| text.len());
    if length.saturating_mul(events) <= MAX_SHARED_BYTES {
        return Ok(());
    }
    let message = format!(
        "the fields beside events have {length} bytes, repeated in {events} events: more than the maximum of {MAX_SHARED_BYTES}"
    );
    Err(Rejection::new(RejectionCode::TooLarge, "", message))
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
fn parse(record: &Map<String, Value>, _rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let flat;
    let record = if record.contains_key("properties") {
        flat = flatten(record.clone(), "")?;
        &flat
    } else {
        record
    };
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
    let rest = record.iter().filter(|(name, _)| !MOVED.contains(&name.as_str()));
    event.data = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::event::EventKey;
    use crate::domain::time::Micros;

    /// 2024-02-05T09:15:00Z, the time of every event in the fixtures.
    const AT: Option<Micros> = Some(Micros(1_707_124_500_000_000));

    /// What becomes of each event of a fixture, in either form.
    fn parsed(case: &str) -> Vec<Result<NewEvent, Rejection>> {
        let path = format!("{}/tests/fixtures/activatepro/{case}.json", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(&path).expect(&path);
        let records = match serde_json::from_str(&text).expect("a fixture is JSON") {
            Value::Array(records) => records,
            record => vec![record],
        };
        let records = records.iter().map(|record| record.as_object().expect("a record is an object").clone());
        let single = |record: Map<String, Value>| parse(&record, &Rules::default()).map(|mut events| events.remove(0));
        let inner = |record| match fan_out(record) {
            FannedOut::Single(record) => vec![Ok(record)],
            FannedOut::Several(records) => records,
        };
        records.flat_map(inner).map(|record| record.and_then(single)).collect()
    }

    fn events(case: &str) -> Vec<NewEvent> {
        parsed(case).into_iter().map(|event| event.expect(case)).collect()
    }

    fn refusals(case: &str) -> Vec<(RejectionCode, String)> {
        parsed(case).into_iter().filter_map(Result::err).map(|fault| (fault.code, fault.path)).collect()
    }

    fn kinds(events: &[NewEvent]) -> Vec<&'static str> {
        events.iter().map(|event| event.kind.name()).collect()
    }

    #[test]
    fn fields_have_their_places() {
        let event = events("basic").remove(0);
        assert_eq!((event.event_type.as_str(), event.kind, event.occurred_at), ("message sent", Kind::Sent, AT));
        let who: Vec<_> = event.identifiers.iter().map(|pair| (pair.name.as_str(), pair.value.as_str())).collect();
        assert_eq!(who, [("activatepro_id", "CUST-4410")]);
        let campaign = event.campaign.expect("a campaign");
        assert_eq!((campaign.namespace, campaign.external_id.as_str()), (Namespace::ActivatePro, "8812"));
        assert_eq!((event.channel.as_deref(), event.message_id.as_deref()), (Some("email"), Some("550017")));
        assert_eq!((event.list, event.notes), (None, vec![]));
        assert_eq!(Value::Object(event.data), serde_json::json!({"type": "Loyalty letter"}));
    }

    #[test]
    fn every_event_has_its_kind() {
        let events = events("batch");
        let expected = [
            "SENT",
            "DELIVERED",
            "OPENED",
            "CLICKED",
            "LIST_UNSUBSCRIBED",
            "SOFT_BOUNCED",
            "HARD_BOUNCED",
            "SPAM_REPORTED",
        ];
        assert_eq!(kinds(&events), expected);
        assert_eq!(events[3].url.as_deref(), Some("https://shop.example.net/club"));
        assert_eq!(events[4].list.as_deref(), Some("Loyalty letter"));
        assert_eq!(self::events("unsubscribed-without-type")[0].list, None);
    }

    #[test]
    fn both_forms_of_an_event_are_one_event() {
        assert_eq!(events("api-form"), events("batch"));
    }

    #[test]
    fn unknown_events_are_kept_as_other() {
        assert_eq!(kinds(&events("unknown-kind")), ["OTHER", "OTHER", "HARD_BOUNCED", "OTHER"]);
    }

    #[test]
    fn a_repeat_has_the_same_key() {
        let keys: Vec<EventKey> = events("duplicate").into_iter().map(|event| event.key).collect();
        assert_eq!(keys[0], keys[1]);
        assert_ne!(keys[1], keys[2]);
    }

    #[test]
    fn an_event_without_a_time_is_always_new() {
        for event in events("without-time") {
            assert_eq!((event.occurred_at, event.key), (None, EventKey::AlwaysNew));
        }
    }

    #[test]
    fn the_customer_goes_by_either_name_as_text_or_number() {
        let events = events("identifiers");
        assert_eq!(events[0], events[1]);
        assert_eq!(events[0], events[2]);
        assert_eq!(events[3], events[4]);
    }

    #[test]
    fn channels_have_one_spelling() {
        let found: Vec<_> = events("channels").into_iter().map(|event| event.channel).collect();
        let expected =
            ["email", "sms", "push", "push", "web_push", "whatsapp", "in_app", "direct_mail", "semaphore flags"];
        let expected: Vec<_> = expected.map(|name| Some(name.to_owned())).into_iter().chain([None]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn fields_around_the_events_and_beside_the_properties_are_kept() {
        let event = events("extra-fields").remove(0);
        let expected = serde_json::json!({"locale": "en", "segment": {"tier": 2}, "source": "nightly"});
        assert_eq!(Value::Object(event.data), expected);
        assert_eq!(event.campaign.map(|campaign| campaign.external_id).as_deref(), Some("8812"));
    }

    #[test]
    fn bad_records_are_refused_by_path() {
        use RejectionCode::{InvalidTime, InvalidValue, MissingField, MissingIdentifier, WrongType};
        let expected = [
            (MissingField, "event"),
            (WrongType, "event"),
            (MissingIdentifier, "id"),
            (MissingIdentifier, "id"),
            (WrongType, "id"),
            (InvalidValue, "userId"),
            (InvalidTime, "timestamp"),
            (WrongType, "channel"),
            (WrongType, "type"),
            (WrongType, "url"),
            (WrongType, "campaignId"),
            (WrongType, "properties"),
        ];
        assert_eq!(refusals("malformed"), expected.map(|(code, path)| (code, path.to_owned())));
    }

    #[test]
    fn a_bad_inner_event_does_not_hold_up_the_others() {
        use RejectionCode::{DuplicateKey, InvalidTime, WrongType};
        let expected = [
            (WrongType, "events[1]"),
            (WrongType, "events[2].properties"),
            (DuplicateKey, "events[3].properties.event"),
            (InvalidTime, "timestamp"),
        ];
        assert_eq!(refusals("malformed-api"), expected.map(|(code, path)| (code, path.to_owned())));
        let taken: Vec<_> = parsed("malformed-api").into_iter().filter_map(Result::ok).collect();
        assert_eq!(kinds(&taken), ["SENT", "DELIVERED"]);
    }

    #[test]
    fn what_stands_around_many_events_is_bounded() {
        let upload = |note: usize, events: usize| {
            let record = serde_json::json!({"id": "7", "note": "n".repeat(note), "events": vec![serde_json::json!({"event": "Message Sent"}); events]});
            let FannedOut::Several(inner) = fan_out(record.as_object().expect("an object").clone()) else {
                panic!("an upload holds several");
            };
            inner
        };
        assert_eq!(upload(1_000, 2_000).iter().filter(|inner| inner.is_ok()).count(), 2_000);
        let refused = upload(100_000, 2_000);
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].as_ref().map_err(|rejection| rejection.code), Err(RejectionCode::TooLarge));
    }

    #[test]
    fn an_upload_without_events_is_refused() {
        use RejectionCode::{MissingField, WrongType};
        let expected = [(MissingField, "events"), (MissingField, "events"), (WrongType, "events")];
        assert_eq!(refusals("malformed-events"), expected.map(|(code, path)| (code, path.to_owned())));
    }
}
