//! `POST /v1/apps/{app}/events`: what apps sent to Amazon Pinpoint by its SDKs. Answers and refusals have the forms that
//! those SDKs parse.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::auth::{Door, Presented};
use super::body;
use super::error::{ApiError, ApiResult};
use super::ingest::{admit, off_thread, submit};
use super::server::AppState;
use crate::dialect::pinpoint::put_events::{self, MAX_REQUEST_BYTES, PutEvent};
use crate::dialect::{self, Reading};
use crate::domain::access::Permission;
use crate::domain::event::{Dialect, Format, Record};
use crate::ingest::{RecordResult, RecordStatus};

/// Events of several endpoints of an app.
pub async fn events(state: Data<AppState>, request: HttpRequest, app: Path<String>, payload: Payload) -> ApiResult {
    let presented = Presented::at(Door::Aws, request.headers());
    let caller = admit(&state, presented, Permission::IngestEvents).await?;
    let limit = state.settings.max_body_bytes.min(MAX_REQUEST_BYTES);
    let body = body::read(request.headers(), payload, limit).await?;
    let reading = state.ingest.reading(Format::Of(Dialect::Pinpoint));
    let (events, records) = off_thread(body, move |body| read(&reading, &body, &app)).await??;
    let report = submit(&state, &caller, request.path(), records).await?;
    Ok(HttpResponse::Accepted().json(answer(&events, &report.results)))
}

/// The events, and the record of each. Every one is read by itself, so that none holds up another.
fn read(reading: &Reading, body: &[u8], app: &str) -> ApiResult<(Vec<PutEvent>, Vec<Record>)> {
    let events = put_events::read_request(body, app).map_err(|refused| ApiError::bad_input(refused.message))?;
    let record = |event: &PutEvent| dialect::read_value(reading.clone(), &Value::Object(event.record.clone()));
    let records: Vec<Record> = events.iter().flat_map(record).collect();
    if records.len() == events.len() { Ok((events, records)) } else { Err(ApiError::internal()) }
}

fn answer(events: &[PutEvent], results: &[RecordResult]) -> Value {
    let mut answered: Map<String, Value> = Map::new();
    for (event, result) in events.iter().zip(results) {
        let endpoint = answered
            .entry(&event.endpoint)
            .or_insert_with(|| json!({"EndpointItemResponse": verdict(None), "EventsItemResponse": {}}));
        let verdict = verdict(Some(result));
        match &event.event_id {
            Some(id) => endpoint["EventsItemResponse"][id] = verdict,
            None => endpoint["EndpointItemResponse"] = verdict,
        }
    }
    json!({ "Results": answered })
}

/// What became of an event; of an endpoint nothing can be wrong that its events do not tell.
fn verdict(result: Option<&RecordResult>) -> Value {
    match result {
        Some(RecordResult { status: RecordStatus::Quarantined, message, .. }) => {
            json!({"StatusCode": 400, "Message": message})
        }
        _ => json!({"StatusCode": 202, "Message": "Accepted"}),
    }
}

/// Pinpoint knows no 401: a refused key is forbidden, without a hint.
pub fn error_status(status: StatusCode) -> StatusCode {
    if status == StatusCode::UNAUTHORIZED { StatusCode::FORBIDDEN } else { status }
}

/// The name of the exception that SDKs raise.
pub fn error_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "ForbiddenException",
        404 => "NotFoundException",
        405 => "MethodNotAllowedException",
        413 => "PayloadTooLargeException",
        429 => "TooManyRequestsException",
        503 => "ServiceUnavailableException",
        400..500 => "BadRequestException",
        _ => "InternalServerErrorException",
    }
}
