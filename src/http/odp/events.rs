//! `POST /v3/events`: one event or an array of them.

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};

use super::answer::accepted_or_refused;
use crate::dialect::{Given, Proof};
use crate::domain::access::Permission;
use crate::domain::event::{Dialect, Format};
use crate::http::error::ApiResult;
use crate::http::ingest::{Intake, take_in};
use crate::http::server::AppState;

const EVENTS: &str = "/v3/events";

/// One event or an array of them.
pub async fn post(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let intake = Intake {
        format: Format::Of(Dialect::Odp),
        source: EVENTS,
        permission: Permission::SendOdpEvents,
        proof: Proof::OfMessages,
        given: Given::default(),
    };
    Ok(accepted_or_refused(&take_in(&state, &request, payload, intake).await?))
}
