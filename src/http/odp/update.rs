//! Updates of an address that become ODP events: what the routes of consent and reachability share.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde_json::{Map, Value, json};

use super::body::elements;
use super::profiles::not_found;
use crate::dialect::field::Fields;
use crate::dialect::{Reading, read_value};
use crate::domain::access::Permission;
use crate::domain::event::{Dialect, Format, Record, Rejection, RejectionCode};
use crate::domain::hash::identifier_id;
use crate::domain::identifier::{Identifier, Normalized, normalize};
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::reachability::{AddressState, EventRef};
use crate::graphql::RequestContext;
use crate::http::error::{ApiError, ApiResult};
use crate::http::server::AppState;
use crate::ingest::{Batch, Report};
use crate::store::event_details::EventDetails;
use crate::store::{self, customer, event};

/// Makes an ODP event of one element of a body.
pub type ToEvent = fn(&Fields<'_>, &IdentifierTypes) -> Result<Value, Rejection>;

/// Reads the body's elements, makes events of them and takes those in. An element that is no update goes to the quarantine
/// as it came.
pub async fn take_in(
    state: &AppState,
    request: &HttpRequest,
    payload: Payload,
    to_event: ToEvent,
) -> ApiResult<(Vec<Value>, Report)> {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::IngestEvents).await?;
    let elements = elements(state, request, payload).await?;
    let reading = state.ingest.reading(Format::Of(Dialect::Odp));
    let types = &caller.workspace.settings.identifier_types;
    let to_event = |element: &Value| match element {
        Value::Object(map) => to_event(&Fields::new(map), types),
        _ => Err(Rejection::new(RejectionCode::WrongType, "", "an update is an object")),
    };
    let records = elements.iter().flat_map(|element| records(&reading, element, to_event(element))).collect();
    let report = state.ingest.submit(Batch::new(caller.workspace.id, request.path(), records)).await?;
    Ok((elements, report))
}

fn records(reading: &Reading, element: &Value, event: Result<Value, Rejection>) -> Vec<Record> {
    match event {
        Ok(event) => read_value(reading.clone(), &event),
        Err(rejection) => {
            let raw = element.to_string().into_bytes();
            let raw_len = raw.len() as u64;
            vec![Record {
                raw,
                raw_len,
                whole_hash: None,
                offset: 0,
                dialect: Some(Dialect::Odp),
                outcome: Err(rejection),
            }]
        }
    }
}

/// The address of an update: its type, which must name an address, and its value.
fn address(fields: &Fields<'_>, types: &IdentifierTypes) -> Result<Map<String, Value>, Rejection> {
    let name = fields.required_text(FIELD_NAME)?;
    let value = fields.required_id(FIELD_VALUE)?;
    if let Normalized::Identifier(identifier) = normalize(&name, &value)
        && !types.is_messaging(&identifier.name)
    {
        return Err(Rejection::new(RejectionCode::InvalidValue, FIELD_NAME, no_address(&identifier.name)));
    }
    Ok(Map::from_iter([(name, Value::String(value))]))
}

const FIELD_NAME: &str = "identifier_field_name";
const FIELD_VALUE: &str = "identifier_value";

fn no_address(name: &str) -> String {
    format!("{name} names no address that can be written to, so it has neither consent nor reachability")
}

/// What an update becomes.
pub struct Update<'a> {
    /// Type and action of the event.
    pub pair: (&'a str, &'a str),
    /// The field that tells when.
    pub time: &'a str,
    /// Fields that are kept under their own names.
    pub kept: &'a [&'a str],
}

/// The event of an update: `event_data`, and beside it the fields of the update under their own names and its time.
pub fn event(fields: &Fields<'_>, types: &IdentifierTypes, update: &Update<'_>) -> Result<Value, Rejection> {
    let identifiers = address(fields, types)?;
    let mut data = fields.object("event_data")?.map(|data| data.map().clone()).unwrap_or_default();
    for name in update.kept {
        if let Some(value) = fields.get(name) {
            data.insert((*name).to_owned(), value.clone());
        }
    }
    // Checked here, so that a refusal names the field as the client knows it.
    if fields.time(update.time)?.is_some()
        && let Some(at) = fields.get(update.time)
    {
        data.insert("ts".to_owned(), at.clone());
    }
    Ok(json!({"type": update.pair.0, "action": update.pair.1, "identifiers": identifiers, "data": data}))
}

/// An address that somebody has, and its state.
pub struct KnownAddress {
    /// The address.
    pub identifier: Identifier,
    /// Whose it is: the customer's number.
    pub customer: i64,
    /// Its state.
    pub state: AddressState,
}

/// The address that a GET asks for: `/{field}?id=value`; 404 when nobody has it.
pub async fn find(
    state: &AppState,
    caller: &RequestContext,
    field: &str,
    value: Option<&str>,
) -> ApiResult<KnownAddress> {
    let value = value.ok_or_else(|| ApiError::bad_input("the parameter id is missing: ?id=VALUE"))?;
    let Normalized::Identifier(identifier) = normalize(field, value) else {
        return Err(ApiError::bad_input(format!("{field} with this value names nobody")));
    };
    if !caller.workspace.settings.identifier_types.is_messaging(&identifier.name) {
        return Err(ApiError::bad_input(no_address(&identifier.name)));
    }
    let workspace = caller.workspace.id;
    let id = identifier_id(workspace.0, &identifier.name, &identifier.value);
    let Some(row) = customer::find_identifier(&state.store, workspace, &id).await? else {
        return Err(not_found(&identifier));
    };
    let kept = store::reachability::state_of(&state.store, workspace, &identifier).await?;
    Ok(KnownAddress { identifier, customer: row.customer, state: kept })
}

/// What an event says under a key of its data, or its reason.
pub async fn told_by(
    state: &AppState,
    caller: &RequestContext,
    id: Option<EventRef>,
    key: &str,
) -> ApiResult<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    let Some(row) = event::find(&state.store, caller.workspace.id, id).await? else { return Ok(None) };
    let details = EventDetails::decode(&row.details)?;
    let told = details.data.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(told.or(details.reason).filter(|text| !text.is_empty()))
}
