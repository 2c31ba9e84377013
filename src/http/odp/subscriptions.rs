//! `POST /v3/lists/subscriptions` takes updates of subscriptions, each an event `list/subscribe` or `list/unsubscribe`;
//! `GET /v3/lists/subscriptions?<identifier>=` tells those of an address. The list `zaius_all`, and `opted_in` without a
//! list, mean consent to everything.

use std::collections::BTreeMap;

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::answer::{accepted, refused};
use super::named::tell_apart;
use super::profiles::{not_found, only_identifier};
use super::update;
use crate::dialect::field::Fields;
use crate::domain::access::Permission;
use crate::domain::event::{Rejection, RejectionCode};
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::time::MICROS_PER_SECOND;
use crate::http::error::{ApiError, ApiResult};
use crate::http::server::AppState;
use crate::ingest::{RecordStatus, Report};
use crate::store;

/// The list that stands for consent.
const EVERYTHING: &str = "zaius_all";
const LIST: &str = "list_id";
const SUBSCRIBED: &str = "subscribed";
const OPTED_IN: &str = "opted_in";

/// One update or an array of them.
pub async fn post(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let (elements, report) = update::take_in(&state, &request, payload, to_event).await?;
    Ok(refused(&report).unwrap_or_else(|| accepted("updates", updates(elements, &report))))
}

/// The updates that were taken, as they came.
fn updates(elements: Vec<Value>, report: &Report) -> Value {
    let taken = elements
        .into_iter()
        .zip(&report.results)
        .filter(|(_, r)| !matches!(r.status, RecordStatus::Quarantined | RecordStatus::Dropped));
    taken.map(|(element, _)| element).collect()
}

fn to_event(fields: &Fields<'_>, types: &IdentifierTypes) -> Result<Value, Rejection> {
    let (list, is_in) = (fields.id(LIST)?, subscribed(fields)?);
    let mut data = fields.object("event_data")?.map(|data| data.map().clone()).unwrap_or_default();
    let known = types.0.keys().cloned().collect();
    let own = [LIST, SUBSCRIBED, OPTED_IN, "event_data"];
    let others = fields.map().iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let named = tell_apart(others.map(|(name, value)| (name.clone(), value.clone())).collect(), &known);
    data.extend(named.others);
    let (event_type, action) = match list {
        Some(list) if list != EVERYTHING => {
            data.insert(LIST.to_owned(), Value::String(list));
            ("list", if is_in { "subscribe" } else { "unsubscribe" })
        }
        None if fields.get(OPTED_IN).is_none() => {
            return Err(Rejection::new(RejectionCode::MissingField, LIST, "list_id is missing"));
        }
        _ => ("consent", if is_in { "opt-in" } else { "opt-out" }),
    };
    Ok(json!({"type": event_type, "action": action, "identifiers": named.identifiers, "data": data}))
}

fn subscribed(fields: &Fields<'_>) -> Result<bool, Rejection> {
    let given = fields.flag(SUBSCRIBED)?;
    let given = if given.is_some() { given } else { fields.flag(OPTED_IN)? };
    let missing =
        || Rejection::new(RejectionCode::MissingField, SUBSCRIBED, "subscribed is missing; it takes true or false");
    given.ok_or_else(missing)
}

/// The consent and the subscriptions of the address that the only parameter names.
pub async fn get(state: Data<AppState>, request: HttpRequest, parameters: Query<Vec<(String, String)>>) -> ApiResult {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::ReadPersonalData).await?;
    let (workspace, named) = (&caller.workspace, only_identifier(parameters.into_inner())?);
    if !workspace.settings.identifier_types.is_messaging(&named.name) {
        let name = &named.name;
        return Err(ApiError::bad_input(format!(
            "{name} names no address that can be written to, so it is on no list"
        )));
    }
    if store::customer::find_by_identifier(&state.store, workspace.id, &named).await?.is_none() {
        return Err(not_found(&named));
    }
    let address = store::reachability::state_of(&state.store, workspace.id, &named).await?;
    let ids: Vec<i64> = address.subscriptions.keys().copied().collect();
    let lists = store::list::find_many(&state.store, workspace.id, &ids).await?;
    let named_lists =
        address.subscriptions.iter().filter_map(|(id, update)| Some((lists.get(id)?.name.clone(), update)));
    let sorted: BTreeMap<String, _> = named_lists.collect();
    let subscriptions: Vec<Value> = sorted
        .into_iter()
        .map(|(name, update)| {
            let at_s = update.at.0.div_euclid(MICROS_PER_SECOND);
            json!({"name": name, LIST: name, SUBSCRIBED: update.is_in, "ts_status_updated": at_s})
        })
        .collect();
    let by_default = default_consent(workspace, &named.name);
    let customer = Map::from_iter([(named.name, Value::String(named.value))]);
    Ok(HttpResponse::Ok().json(json!({
        "customer": customer,
        OPTED_IN: address.consent.map_or(by_default, |consent| consent.is_in),
        "explicit_opt_in": address.consent.is_some_and(|consent| consent.is_in),
        "subscriptions": subscriptions,
    })))
}

/// How an address counts whose owner said nothing: as on the first of its channels.
fn default_consent(workspace: &crate::domain::workspace::Workspace, name: &str) -> bool {
    let channels = workspace.settings.identifier_types.channels(name, "");
    channels.first().is_none_or(|channel| workspace.settings.consents_by_default(channel))
}
