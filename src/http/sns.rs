//! `POST /ingest/sns/{format}`: messages of an SNS topic. SNS sends a message again after 429 and 5xx and gives it up after
//! any other failure, so that what is wrong with a message is answered 200 and kept in the quarantine.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::error::ApiResult;
use super::ingest::{Intake, format_of, take_in};
use super::report::{self, Shown};
use super::server::AppState;
use crate::dialect::Given;
use crate::dialect::envelope::Proof;
use crate::domain::access::Permission;

/// A message, whatever content type it comes with; SNS says that it is plain text.
pub async fn message(state: Data<AppState>, request: HttpRequest, format: Path<String>, payload: Payload) -> ApiResult {
    let format = format_of(&format)?;
    let (source, permission) = (request.path(), Permission::IngestEvents);
    let intake = Intake { format, source, permission, proof: Proof::MessagesOnly, given: Given::default() };
    let report = take_in(&state, &request, payload, intake).await?;
    Ok(HttpResponse::Ok().json(report::body(&report, Shown::Failures)))
}
