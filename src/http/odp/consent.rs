//! `POST /v3/consent` takes updates of consent, each an event `consent/opt-in` or `consent/opt-out`;
//! `GET /v3/consent/{field}?id=` tells the state of an address.

use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::accepted_or_refused;
use super::update::{self, Update, event, find, told_by};
use crate::dialect::field::Fields;
use crate::domain::access::Permission;
use crate::domain::event::{Rejection, RejectionCode};
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::time::MICROS_PER_SECOND;
use crate::graphql::node::NodeId;
use crate::http::error::ApiResult;
use crate::http::server::AppState;

const REASON: &str = "consent_update_reason";
const TIME: &str = "consent_update_ts";

/// The parameters of a GET.
#[derive(Debug, Deserialize)]
pub struct Parameters {
    /// The value of the identifier.
    pub id: Option<String>,
}

/// One update or an array of them.
pub async fn post(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let (_, report) = update::take_in(&state, &request, payload, to_event).await?;
    Ok(accepted_or_refused(&report))
}

fn to_event(fields: &Fields<'_>, types: &IdentifierTypes) -> Result<Value, Rejection> {
    let Some(is_in) = fields.flag("consent")? else {
        return Err(Rejection::new(
            RejectionCode::MissingField,
            "consent",
            "consent is missing; it takes true or false",
        ));
    };
    let action = if is_in { "opt-in" } else { "opt-out" };
    event(fields, types, &Update { pair: ("consent", action), time: TIME, kept: &[REASON] })
}

/// What the owner of the address said: true, false, or null where nothing was said.
pub async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    field: Path<String>,
    parameters: Query<Parameters>,
) -> ApiResult {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::ReadPersonalData).await?;
    let known = find(&state, &caller, &field, parameters.id.as_deref()).await?;
    let consent = known.state.consent;
    let reason = told_by(&state, &caller, consent.map(|consent| consent.event), REASON).await?;
    Ok(HttpResponse::Ok().json(json!({
        "identifier_field_name": known.identifier.name,
        "identifier_value": known.identifier.value,
        "consent": consent.map(|consent| consent.is_in),
        REASON: reason,
        TIME: consent.map(|consent| consent.at.0.div_euclid(MICROS_PER_SECOND)),
        "zaius_id": NodeId::Customer(known.customer).encode(),
    })))
}
