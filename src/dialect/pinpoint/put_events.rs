//! `PutEvents`, "Events" of Amazon Pinpoint's API: events that an app itself reports, several endpoints' in one request.
//! Each becomes a record of its own, which is a request with that single event, so that it can be corrected and replayed.
//!
//! | request | read as, in the stream's words |
//! |---|---|
//! | `ApplicationId` (of the route) | `application.app_id` |
//! | key of `BatchItem` | `client.client_id` |
//! | `Endpoint` | `endpoint` |
//! | key of `Events` | `event_id` |
//! | `EventType`, `Timestamp` | `event_type`, `event_timestamp` |
//! | `Attributes`, `Metrics`, `Session` | `attributes`, `metrics`, `session` |
//! | everything else | as it is called |
//!
//! A repeat is recognised by app, endpoint, event id, type and timestamp.

use serde_json::{Map, Value, json};

use crate::dialect::field::{Fields, shorten, wrong_type};
use crate::dialect::json;
use crate::dialect::key::vendor_key;
use crate::dialect::vendor::FannedOut;
use crate::domain::event::{Dialect, NewEvent, Rejection, RejectionCode};

/// Most events of one request, as in Pinpoint.
pub const MAX_EVENTS: usize = 100;
/// Longest request, as in Pinpoint: 4 MB.
pub const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// Longest event, as in Pinpoint: 1,000 KB.
const MAX_EVENT_BYTES: usize = 1_000 * 1024;
/// Longest endpoint document. Pinpoint takes 15 KB; it is repeated in the record of every event.
const MAX_ENDPOINT_BYTES: usize = 64 * 1024;

const APP: &str = "ApplicationId";
const BATCH: &str = "BatchItem";
const ENDPOINT: &str = "Endpoint";
const EVENTS: &str = "Events";

/// Names of the event with those of the stream.
const NAMES: [(&str, &str); 5] = [
    ("EventType", "event_type"),
    ("Timestamp", "event_timestamp"),
    ("Attributes", "attributes"),
    ("Metrics", "metrics"),
    ("Session", "session"),
];

/// One event of a request, with a record of its own.
#[derive(Debug)]
pub struct PutEvent {
    /// The endpoint that it is reported for.
    pub endpoint: String,
    /// Its id; none where the endpoint's part cannot be told apart into events.
    pub event_id: Option<String>,
    /// The request with this event alone.
    pub record: Map<String, Value>,
}

/// The events of a request to the route of an app.
pub fn read_request(body: &[u8], app: &str) -> Result<Vec<PutEvent>, Rejection> {
    let mut record = json::parse_body(body)?;
    record.insert(APP.to_owned(), app.into());
    split(record)
}

pub(super) fn is_one(record: &Map<String, Value>) -> bool {
    record.contains_key(BATCH)
}

/// Whether the time of an event comes from this form. The stream's records have no event id.
pub(super) fn is_from(event: &NewEvent) -> bool {
    event.data.contains_key("event_id")
}

/// One record per event. A request with a single one is that record as it is.
pub(super) fn fan_out(record: Map<String, Value>) -> FannedOut {
    if !is_one(&record) || is_single(&record) {
        return FannedOut::Single(record);
    }
    FannedOut::Several(match split(record) {
        Ok(events) => events.into_iter().map(|event| Ok(event.record)).collect(),
        Err(rejection) => vec![Err(rejection)],
    })
}

fn is_single(record: &Map<String, Value>) -> bool {
    let items = record.get(BATCH).and_then(Value::as_object);
    let only = items.filter(|items| items.len() == 1).and_then(|items| items.values().next());
    only.is_some_and(|item| item.get(EVENTS).and_then(Value::as_object).is_none_or(|events| events.len() <= 1))
}

fn split(mut record: Map<String, Value>) -> Result<Vec<PutEvent>, Rejection> {
    let items = match record.remove(BATCH) {
        Some(Value::Object(items)) if !items.is_empty() => items,
        None | Some(Value::Null | Value::Object(_)) => return Err(Fields::new(&record).missing(BATCH, "an object")),
        Some(other) => return Err(wrong_type(BATCH, &other, "an object")),
    };
    let events_of = |item: &Value| item.get(EVENTS).and_then(Value::as_object).map_or(0, Map::len);
    let count: usize = items.values().map(events_of).sum();
    if count > MAX_EVENTS {
        let message = format!("{BATCH} holds {count} events, more than the maximum of {MAX_EVENTS} in one request");
        return Err(Rejection::new(RejectionCode::TooLarge, BATCH, message));
    }
    Ok(items.into_iter().flat_map(|(endpoint, item)| split_item(&record, &endpoint, item)).collect())
}

/// The events of one endpoint. A part that cannot be told apart stays whole, and is refused when it is read.
fn split_item(shared: &Map<String, Value>, endpoint: &str, item: Value) -> Vec<PutEvent> {
    let put = |event_id: Option<String>, item: Value| {
        let mut record = shared.clone();
        record.insert(BATCH.to_owned(), json!({ endpoint: item }));
        PutEvent { endpoint: endpoint.to_owned(), event_id, record }
    };
    let is_apart = item.get(EVENTS).and_then(Value::as_object).is_some_and(|events| !events.is_empty());
    if !is_apart || check_endpoint(&item, endpoint).is_err() {
        return vec![put(None, item)];
    }
    let Value::Object(mut item) = item else { return Vec::new() };
    let Some(Value::Object(events)) = item.remove(EVENTS) else { return Vec::new() };
    let with_event = |(id, event): (String, Value)| {
        let mut item = item.clone();
        item.insert(EVENTS.to_owned(), json!({ id.as_str(): event }));
        put(Some(id), Value::Object(item))
    };
    events.into_iter().map(with_event).collect()
}

fn check_endpoint(item: &Value, endpoint: &str) -> Result<(), Rejection> {
    let length = item.get(ENDPOINT).map_or(0, |document| document.to_string().len());
    if length <= MAX_ENDPOINT_BYTES {
        return Ok(());
    }
    let path = format!("{}.{ENDPOINT}", item_path(endpoint));
    let message = format!("{path} has {length} bytes, more than the maximum of {MAX_ENDPOINT_BYTES}");
    Err(Rejection::new(RejectionCode::TooLarge, path, message))
}

/// The events of a record with one event.
pub(super) fn parse(record: &Map<String, Value>) -> Result<Vec<NewEvent>, Rejection> {
    let fields = Fields::new(record);
    let app = fields.id(APP)?.unwrap_or_default();
    let items = fields.required_object(BATCH)?.map();
    let Some((endpoint, item)) = items.iter().next() else { return Err(fields.missing(BATCH, "an object")) };
    let path = item_path(endpoint);
    let Value::Object(item_map) = item else { return Err(wrong_type(&path, item, "an object")) };
    check_endpoint(item, endpoint)?;
    let item = Fields::at(item_map, path);
    let events = item.required_object(EVENTS)?;
    let Some((id, event)) = events.map().iter().next() else { return Err(item.missing(EVENTS, "an object")) };
    let path = events.path(&shorten(id));
    let Value::Object(event) = event else { return Err(wrong_type(&path, event, "an object")) };
    let event = Fields::at(event, path.as_str());
    check_event(&event, &path)?;
    let in_words = in_stream_words(record, (endpoint, item_map), (id, event.map()));
    let read = super::read_event(&in_words).map_err(|refused| in_own_words(refused, &event))?;
    let with_key = |mut read: NewEvent| {
        let at = read.occurred_at.map(|at| at.0.to_string()).unwrap_or_default();
        let (dialect, kind) = (Dialect::Pinpoint.name(), read.kind.name());
        read.key = vendor_key(&[dialect, "put_events", &app, endpoint, id, &read.event_type, &at, kind]);
        read
    };
    Ok(read.into_iter().map(with_key).collect())
}

fn check_event(event: &Fields<'_>, path: &str) -> Result<(), Rejection> {
    let length = serde_json::to_string(event.map()).map_or(0, |text| text.len());
    if length > MAX_EVENT_BYTES {
        let message = format!("{path} has {length} bytes, more than the maximum of {MAX_EVENT_BYTES}");
        return Err(Rejection::new(RejectionCode::TooLarge, path, message));
    }
    event.required_text("EventType")?;
    if event.time("Timestamp")?.is_none() {
        return Err(event.missing("Timestamp", "a time in ISO 8601"));
    }
    Ok(())
}

/// The record that the event stream would have for the event.
fn in_stream_words(
    record: &Map<String, Value>,
    (endpoint, item): (&str, &Map<String, Value>),
    (id, event): (&str, &Map<String, Value>),
) -> Map<String, Value> {
    let mut words: Map<String, Value> = Map::new();
    let extra = record.iter().filter(|(name, _)| ![APP, BATCH].contains(&name.as_str()));
    let extra = extra.chain(item.iter().filter(|(name, _)| ![ENDPOINT, EVENTS].contains(&name.as_str())));
    words.extend(extra.map(|(name, value)| (name.clone(), value.clone())));
    for (name, value) in event {
        let known = NAMES.iter().find(|(own, _)| own == name).map_or(name.as_str(), |(_, stream)| stream);
        words.insert(known.to_owned(), value.clone());
    }
    if let Some(app) = record.get(APP) {
        words.insert("application".to_owned(), json!({ "app_id": app }));
    }
    words.insert("client".to_owned(), json!({ "client_id": endpoint }));
    words.insert("event_id".to_owned(), id.into());
    if let Some(document) = item.get(ENDPOINT) {
        words.insert("endpoint".to_owned(), document.clone());
    }
    words
}

/// A refusal with the path that the field has in the request.
fn in_own_words(refused: Rejection, event: &Fields<'_>) -> Rejection {
    let (first, rest) = refused.path.split_once('.').unwrap_or((&refused.path, ""));
    let Some((own, _)) = NAMES.iter().find(|(_, stream)| *stream == first) else { return refused };
    let path = if rest.is_empty() { event.path(own) } else { format!("{}.{rest}", event.path(own)) };
    Rejection { message: refused.message.replacen(&refused.path, &path, 1), path, ..refused }
}

fn item_path(endpoint: &str) -> String {
    format!("{BATCH}.{}", shorten(endpoint))
}
