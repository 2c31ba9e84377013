//! `POST /ingest/{format}`: records in a vendor's own form, and the path that every ingesting route takes.

use actix_web::web::{self, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::body;
use super::error::{ApiError, ApiResult};
use super::report::{self, Shown};
use super::server::AppState;
use crate::dialect::{self, Reading};
use crate::domain::access::Permission;
use crate::domain::event::{Format, Record};
use crate::ingest::{Batch, Report};

/// What an ingesting route takes, and from whom.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a> {
    /// The form of its records.
    pub format: Format,
    /// The route, for the quarantine.
    pub source: &'a str,
    /// What a key must admit to.
    pub permission: Permission,
}

/// `?results=`.
#[derive(Debug, Deserialize)]
pub struct Options {
    results: Option<String>,
}

/// Records of the format named in the path: NDJSON, an array, or objects one after the other; gzip or not.
pub async fn records(
    state: Data<AppState>,
    request: HttpRequest,
    format: Path<String>,
    options: web::Query<Options>,
    payload: Payload,
) -> ApiResult {
    let shown = shown(options.results.as_deref())?;
    let format = Format::from_name(&format).ok_or_else(|| unknown_format(&format))?;
    let intake = Intake { format, source: request.path(), permission: Permission::IngestEvents };
    let report = take_in(&state, &request, payload, intake).await?;
    Ok(HttpResponse::Ok().json(report::body(&report, shown)))
}

/// Checks the key, reads and parses the body, and returns when everything in it is committed or quarantined.
pub async fn take_in(
    state: &AppState,
    request: &HttpRequest,
    payload: Payload,
    intake: Intake<'_>,
) -> ApiResult<Report> {
    let caller = state.keys.authorize(&state.store, request.headers(), intake.permission).await?;
    let body = body::read(request.headers(), payload, state.settings.max_body_bytes).await?;
    let records = parse(state.ingest.reading(intake.format), body).await?;
    if records.is_empty() {
        return Err(ApiError::bad_input("the body holds no record; send at least one"));
    }
    Ok(state.ingest.submit(Batch::new(caller.workspace.id, intake.source, records)).await?)
}

async fn parse(reading: Reading, body: Vec<u8>) -> ApiResult<Vec<Record>> {
    if body.len() <= body::INLINE_BYTES {
        return Ok(dialect::read_body(reading, &body));
    }
    let parsed = web::block(move || dialect::read_body(reading, &body)).await;
    parsed.map_err(|_| ApiError::internal())
}

fn shown(results: Option<&str>) -> ApiResult<Shown> {
    match results {
        None | Some("failures") => Ok(Shown::Failures),
        Some("all") => Ok(Shown::All),
        Some(other) => Err(ApiError::bad_input(format!("results={other} is not known; it takes failures or all"))),
    }
}

fn unknown_format(format: &str) -> ApiError {
    let shortened: String = format.chars().take(80).collect();
    let known = Format::all().map(Format::name).collect::<Vec<_>>().join(", ");
    ApiError::not_found(format!("the format {shortened} is not known; known formats: {known}"))
}
