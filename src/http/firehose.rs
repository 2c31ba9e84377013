//! `POST /ingest/firehose/{format}`: the HTTP endpoint of an Amazon Data Firehose stream. Firehose sends a request again
//! until it is answered 200 with its own id, and keeps it elsewhere when it gives up: 200 means that all of it is stored or
//! quarantined.

use actix_web::http::header::HeaderMap;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use serde_json::{Value, json};

use super::auth::{Door, Presented};
use super::body;
use super::error::{ApiError, ApiResult, ErrorForm};
use super::ingest::{admit, format_of, off_thread, submit};
use super::server::AppState;
use crate::dialect::{self, FirehoseRequest};
use crate::domain::access::Permission;

const REQUEST_ID: &str = "x-amz-firehose-request-id";

/// A request of a stream.
pub async fn delivery(
    state: Data<AppState>,
    request: HttpRequest,
    format: Path<String>,
    payload: Payload,
) -> ApiResult {
    let format = format_of(&format)?;
    let presented = Presented::at(Door::Firehose, request.headers());
    let caller = admit(&state, presented, Permission::IngestEvents).await?;
    let limit = state.settings.max_body_bytes;
    let body = body::read(request.headers(), payload, limit).await?;
    let delivery = off_thread(body, |body| FirehoseRequest::parse(&body)).await?;
    let delivery = delivery
        .map_err(|refused| ApiError::bad_input(format!("this is no request of Firehose: {}", refused.message)))?;
    let request_id = delivery.request_id.clone();
    let reading = state.ingest.reading(format);
    let records = actix_web::web::block(move || dialect::read_firehose(reading, delivery, limit as u64)).await;
    let records = records.map_err(|_| ApiError::internal())?;
    match submit(&state, &caller, request.path(), records).await {
        Ok(_) => Ok(HttpResponse::Ok().json(json!({"requestId": request_id, "timestamp": now_ms()}))),
        Err(error) => Ok(error.render(&ErrorForm::Firehose { request_id: Some(request_id) })),
    }
}

/// The id that Firehose gave a request in its headers.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(REQUEST_ID)?.to_str().ok()?.to_owned())
}

/// The body of an error, in the form that Firehose shows to its operator.
pub fn error_body(request_id: Option<&str>, message: &str) -> Value {
    json!({"requestId": request_id.unwrap_or_default(), "timestamp": now_ms(), "errorMessage": message})
}

fn now_ms() -> i64 {
    Utc::now().timestamp_millis()
}
