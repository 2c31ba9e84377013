//! Amazon Pinpoint, "Exporting endpoints" and the files of imported segments: endpoints as newline-delimited JSON, or as CSV
//! whose columns have dotted names.
//!
//! | field | from |
//! |---|---|
//! | kind | `OTHER`: an endpoint's state is no step of a campaign |
//! | `occurred_at` | `EffectiveDate`, when the endpoint was changed last; else what the caller says of all endpoints |
//! | identifiers | `Id` (`pinpoint_endpoint`), `User.UserId`, `Address` by its `ChannelType` |
//! | channel | `ChannelType` |
//! | updates | `OptOut: ALL` and `EndpointStatus: INACTIVE`, of the address and of the endpoint |
//! | attributes | `Attributes.*`, `User.UserAttributes.*`, `Metrics.*`, `Location.*`, `Demographic.*`, by these names |
//!
//! An attribute of one value is that value, one of several the JSON of them; an empty one is cleared. Metrics, latitude and
//! longitude are numbers.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::endpoint::{address_type, changes};
use super::path::{id_at, object_at};
use super::send::channel_of;
use crate::dialect::blank_event;
use crate::dialect::field::{shown, wrong_type};
use crate::dialect::key::lasting_key;
use crate::dialect::lists::{Column, DEFAULT_TIME, attributes, column, parse_list_time};
use crate::dialect::rules::Rules;
use crate::dialect::vendor::{FannedOut, Vendor};
use crate::dialect::who::{Added, Who};
use crate::domain::event::{Dialect, NewEvent, Note, Rejection, RejectionCode};
use crate::domain::identifier::ENDPOINT_TYPE as ENDPOINT;
use crate::domain::identifier::{Identifier, Normalized, normalize};
use crate::domain::profile::AttributeValue;
use crate::domain::reachability::AddressUpdate;
use crate::domain::time::Micros;

/// This form.
pub const VENDOR: Vendor = Vendor {
    dialect: Dialect::PinpointEndpoints,
    recognise,
    fan_out: FannedOut::Single,
    parse,
    time_path: |_| "EffectiveDate",
};

/// Groups of attributes whose values are texts.
const TEXTS: [&str; 4] = ["Attributes", "User.UserAttributes", "Location", "Demographic"];
/// The group of numbers.
const METRICS: &str = "Metrics";
/// Numbers beside it.
const NUMBERS: [&str; 2] = ["Location.Latitude", "Location.Longitude"];

/// No event has a channel type beside an address, an id or a state of an endpoint.
fn recognise(record: &Map<String, Value>) -> bool {
    let has = |name| record.contains_key(name);
    has("ChannelType") && (has("Address") || has("Id")) && !has("event_type") && !has("identifiers")
}

/// The event of one endpoint.
fn parse(record: &Map<String, Value>, _rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let document = nested(record)?;
    let mut event = blank_event(Dialect::PinpointEndpoints, "endpoint");
    let channel_type = id_at(&document, "ChannelType")?;
    event.channel = channel_type.as_deref().map(channel_of);
    event.occurred_at = effective_at(&document)?;
    let concerned = identify(&document, channel_type.as_deref(), &mut event)?;
    let changes = changes(id_at(&document, "OptOut")?.as_deref(), id_at(&document, "EndpointStatus")?.as_deref());
    for address in concerned {
        let update = |change| AddressUpdate { address: address.clone(), at: event.occurred_at, change };
        event.updates.extend(changes.iter().copied().map(update));
    }
    let (attributes, notes) = attributes_of(&document)?;
    event.attributes = attributes;
    event.notes.extend(notes);
    event.data = document;
    event.data.remove(DEFAULT_TIME);
    event.key = lasting_key(&event);
    Ok(vec![event])
}

fn effective_at(document: &Map<String, Value>) -> Result<Option<Micros>, Rejection> {
    for name in ["EffectiveDate", DEFAULT_TIME] {
        if let Some(at) = document.get(name).map_or(Ok(None), |value| parse_list_time(value, name))? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Puts the identifiers of an endpoint into its event. Returns those whose state it tells.
fn identify(
    document: &Map<String, Value>,
    channel_type: Option<&str>,
    event: &mut NewEvent,
) -> Result<Vec<Identifier>, Rejection> {
    let (mut who, mut concerned) = (Who::default(), Vec::new());
    let mut add = |name: &str, value: Option<String>, path: &str| -> Result<Option<Identifier>, Rejection> {
        let Some(value) = value else { return Ok(None) };
        let added = who.add(name, &value, path)?;
        match normalize(name, &value) {
            Normalized::Identifier(identifier) if added == Added::Taken => Ok(Some(identifier)),
            _ => Ok(None),
        }
    };
    add("user_id", id_at(document, "User.UserId")?, "User.UserId")?;
    if let Some(name) = channel_type.and_then(address_type) {
        concerned.extend(add(name, id_at(document, "Address")?, "Address")?);
    }
    concerned.extend(add(ENDPOINT, id_at(document, "Id")?, "Id")?);
    (event.identifiers, event.notes) = who.finish("Id")?;
    Ok(concerned)
}

/// The document as Pinpoint nests it, whether it came so or with dotted names.
fn nested(record: &Map<String, Value>) -> Result<Map<String, Value>, Rejection> {
    let mut document = Map::new();
    // Whole objects first, for a dotted name beside one goes into it.
    let (objects, others): (Vec<_>, Vec<_>) = record.iter().partition(|(_, value)| value.is_object());
    for (name, value) in objects.into_iter().chain(others) {
        let known = match column(Dialect::PinpointEndpoints, name) {
            Column::Field(field, _) => field.to_owned(),
            Column::Attribute(attribute) => attribute,
            Column::Unknown => name.clone(),
        };
        insert(&mut document, &known, name, value)?;
    }
    Ok(document)
}

fn insert(document: &mut Map<String, Value>, path: &str, name: &str, value: &Value) -> Result<(), Rejection> {
    let steps: Vec<&str> = match path.split('.').next() {
        Some("User") if path.starts_with("User.UserAttributes.") => path.splitn(3, '.').collect(),
        Some("User" | "Attributes" | "Metrics" | "Location" | "Demographic") => path.splitn(2, '.').collect(),
        _ => vec![path],
    };
    let (last, groups) = steps.split_last().map_or((path, &[][..]), |(last, groups)| (*last, groups));
    let mut object = document;
    for group in groups {
        let inner = object.entry((*group).to_owned()).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(inner) = inner else { return Err(wrong_type(group, inner, "an object")) };
        object = inner;
    }
    match object.get(last) {
        Some(known) if known != value => {
            let (known, value) = (shown(known), shown(value));
            let message = format!("{name} is {path} as another column is, and they say {known} and {value}");
            Err(Rejection::new(RejectionCode::DuplicateKey, name, message))
        }
        _ => {
            object.insert(last.to_owned(), value.clone());
            Ok(())
        }
    }
}

fn attributes_of(document: &Map<String, Value>) -> Result<(BTreeMap<String, AttributeValue>, Vec<Note>), Rejection> {
    let mut named = Vec::new();
    for group in TEXTS.into_iter().chain([METRICS]) {
        let Some(fields) = object_at(document, group)? else { continue };
        // What an endpoint does not tell is null in some exports.
        for (name, value) in fields.map().iter().filter(|(_, value)| !value.is_null()) {
            let path = format!("{group}.{name}");
            let is_number = group == METRICS || NUMBERS.contains(&path.as_str());
            named.push((path, if is_number { number(value) } else { one_or_all(value) }));
        }
    }
    Ok(attributes(named.into_iter()))
}

/// The value of an attribute: profiles have no lists.
fn one_or_all(value: &Value) -> Value {
    match value {
        Value::Array(values) => match values.as_slice() {
            [] => Value::Null,
            [one] => one.clone(),
            _ => Value::String(value.to_string()),
        },
        other => other.clone(),
    }
}

/// A cell of CSV is a text.
fn number(value: &Value) -> Value {
    let Some(text) = value.as_str().map(str::trim) else { return value.clone() };
    let whole = text.parse::<i64>().ok().map(Number::from);
    let parsed = whole.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
    parsed.map_or_else(|| value.clone(), Value::Number)
}

#[cfg(test)]
mod tests;
