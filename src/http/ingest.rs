//! `POST /ingest/{format}`: records in a vendor's own form, and the path that every ingesting route takes.

use actix_web::web::{self, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::body;
use super::error::{ApiError, ApiResult};
use super::report::{self, Shown};
use super::server::AppState;
use crate::dialect;
use crate::domain::access::Permission;
use crate::domain::event::{Dialect, Record};
use crate::ingest::{Batch, Report};

/// What an ingesting route takes, and from whom.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a> {
    /// The form of its records.
    pub dialect: Dialect,
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
    let dialect = Dialect::from_name(&format).ok_or_else(|| unknown_format(&format))?;
    let intake = Intake { dialect, source: request.path(), permission: Permission::IngestEvents };
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
    let records = parse(intake.dialect, body).await?;
    if records.is_empty() {
        return Err(ApiError::bad_input("the body holds no record; send at least one"));
    }
    let batch = Batch {
        workspace: caller.workspace.id,
        dialect: intake.dialect,
        source: intake.source.to_owned(),
        first_index: 0,
        records,
    };
    Ok(state.ingest.submit(batch).await?)
}

async fn parse(dialect: Dialect, body: Vec<u8>) -> ApiResult<Vec<Record>> {
    if body.len() <= body::INLINE_BYTES {
        return Ok(dialect::read_body(dialect, &body));
    }
    let parsed = web::block(move || dialect::read_body(dialect, &body)).await;
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
    let known = Dialect::ALL.map(Dialect::name).join(", ");
    ApiError::not_found(format!("the format {shortened} is not known; known formats: {known}"))
}
