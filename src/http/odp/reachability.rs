//! `POST /v3/reachability` takes updates of reachability, each an event `reachability/reachable` or
//! `reachability/unreachable`; `GET /v3/reachability/{field}?id=` tells the state of an address.

use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::answer::accepted_or_refused;
use super::consent::Parameters;
use super::update::{self, Update, event, find, told_by};
use crate::dialect::field::Fields;
use crate::domain::access::Permission;
use crate::domain::event::{Rejection, RejectionCode};
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::reachability::{REACHABILITY_TYPES, ReachabilityType};
use crate::domain::time::MICROS_PER_SECOND;
use crate::graphql::node::NodeId;
use crate::http::error::ApiResult;
use crate::http::server::AppState;

const TYPE: &str = "reachable_update_type";
const REASON: &str = "reachable_update_reason";
const TIME: &str = "reachable_update_ts";

/// One update or an array of them.
pub async fn post(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let (_, report) = update::take_in(&state, &request, payload, to_event).await?;
    Ok(accepted_or_refused(&report))
}

fn to_event(fields: &Fields<'_>, types: &IdentifierTypes) -> Result<Value, Rejection> {
    let Some(is_reachable) = fields.flag("reachable")? else {
        let message = "reachable is missing; it takes true or false";
        return Err(Rejection::new(RejectionCode::MissingField, "reachable", message));
    };
    let kind = fields.text(TYPE)?;
    let known = || REACHABILITY_TYPES.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    let wrong = |code, message: String| Err(Rejection::new(code, TYPE, message));
    match kind.as_deref() {
        Some(_) if is_reachable => {
            wrong(RejectionCode::InvalidValue, format!("{TYPE} must be missing or null where reachable is true"))
        }
        None if !is_reachable => wrong(
            RejectionCode::MissingField,
            format!("{TYPE} is missing where reachable is false; it takes {}", known()),
        ),
        Some(name) if ReachabilityType::from_name(name).is_none() => {
            wrong(RejectionCode::InvalidValue, format!("{TYPE} is {name:?}; it takes {}", known()))
        }
        _ => {
            let action = if is_reachable { "reachable" } else { "unreachable" };
            event(fields, types, &Update { pair: ("reachability", action), time: TIME, kept: &[TYPE, REASON] })
        }
    }
}

/// Whether the address can be reached, and if not, why.
pub async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    field: Path<String>,
    parameters: Query<Parameters>,
) -> ApiResult {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::ReadPersonalData).await?;
    let known = find(&state, &caller, &field, parameters.id.as_deref()).await?;
    let reached = known.state.reachability(caller.workspace.settings.soft_bounce_limit);
    let reason = told_by(&state, &caller, reached.event, REASON).await?;
    // The reason of an update that names none is its type, which stands beside it.
    let reason = reason.filter(|reason| reached.unreachable.is_none_or(|kind| kind.name() != reason));
    Ok(HttpResponse::Ok().json(json!({
        "identifier_field_name": known.identifier.name,
        "identifier_value": known.identifier.value,
        "reachable": reached.unreachable.is_none(),
        TYPE: reached.unreachable.map(ReachabilityType::name),
        REASON: reason,
        TIME: reached.since.map(|since| since.0.div_euclid(MICROS_PER_SECOND)),
        "zaius_id": NodeId::Customer(known.customer).encode(),
    })))
}
