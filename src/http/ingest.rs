//! `POST /ingest/{format}`: records in a vendor's own form, and the path that every ingesting route takes.

use actix_web::web::{self, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::auth::Presented;
use super::error::{ApiError, ApiResult};
use super::report::{self, Shown};
use super::server::AppState;
use super::{body, signature};
use crate::dialect::envelope::Proof;
use crate::dialect::lists::{Given, parse_as_of, parse_reason};
use crate::dialect::{self, Reading};
use crate::domain::access::Permission;
use crate::domain::event::{Dialect, Format, Record, RejectionCode};
use crate::graphql::RequestContext;
use crate::ingest::{Batch, Report};

/// What an ingesting route takes, and from whom.
#[derive(Clone, Debug)]
pub struct Intake<'a> {
    /// The form of its records.
    pub format: Format,
    /// The route, for the quarantine.
    pub source: &'a str,
    /// What a key must admit to.
    pub permission: Permission,
    /// What wrappers must prove, where the settings have a key for it.
    pub proof: Proof,
    /// What is said of the rows of a list.
    pub given: Given,
}

/// `?results=`, and of lists what holds of all rows: `?list=`, `?at=`, `?reason=`.
#[derive(Debug, Deserialize)]
pub struct Options {
    results: Option<String>,
    list: Option<String>,
    at: Option<String>,
    reason: Option<String>,
}

impl Options {
    fn given(&self) -> ApiResult<Given> {
        let parsed = |text: &Option<String>, parse: fn(&str) -> Result<String, String>| {
            text.as_deref().map(parse).transpose().map_err(ApiError::bad_input)
        };
        let (time, reason) = (parsed(&self.at, parse_as_of)?, parsed(&self.reason, parse_reason)?);
        Ok(Given { list: self.list.clone(), time, reason, ..Given::default() })
    }
}

/// Records of the format named in the path: NDJSON, an array, or objects one after the other, lists as CSV too; gzip or
/// not.
pub async fn records(
    state: Data<AppState>,
    request: HttpRequest,
    format: Path<String>,
    options: web::Query<Options>,
    payload: Payload,
) -> ApiResult {
    let shown = shown(options.results.as_deref())?;
    let format = format_of(&format)?;
    let (source, permission) = (request.path(), Permission::IngestEvents);
    let intake = Intake { format, source, permission, proof: Proof::OfMessages, given: options.given()? };
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
    let caller = admit(state, request.headers(), intake.permission).await?;
    let limit = state.settings.max_body_bytes;
    let sent = body::receive(request.headers(), payload, limit).await?;
    // What stands in messages of SNS was sent by SNS, which signs the messages instead.
    if intake.format == Format::Of(Dialect::SendGrid) && intake.proof != Proof::MessagesOnly {
        signature::check_sendgrid(&state.settings, request.headers(), &sent)?;
    }
    let body = body::unpack(request.headers(), sent, limit).await?;
    let reading = Reading { given: intake.given.into(), ..state.ingest.reading(intake.format) };
    let records = off_thread(body, move |body| parse(reading, &body, limit, intake.proof)).await?;
    if records.is_empty() {
        return Err(ApiError::bad_input("the body holds no record; send at least one"));
    }
    submit(state, &caller, intake.source, records).await
}

/// Who calls, if it may do that.
pub async fn admit<'a>(
    state: &AppState,
    presented: impl Into<Presented<'a>>,
    permission: Permission,
) -> ApiResult<RequestContext> {
    state.keys.authorize(&state.store, presented, permission).await
}

/// Returns when the records are committed or quarantined.
pub async fn submit(
    state: &AppState,
    caller: &RequestContext,
    source: &str,
    records: Vec<Record>,
) -> ApiResult<Report> {
    records.iter().for_each(warn);
    Ok(state.ingest.submit(Batch::new(caller.workspace.id, source, records)).await?)
}

/// Works on a body; on a large one in a thread of its own, so that the worker goes on serving others.
pub async fn off_thread<T: Send + 'static>(
    body: Vec<u8>,
    work: impl FnOnce(Vec<u8>) -> T + Send + 'static,
) -> ApiResult<T> {
    if body.len() <= body::INLINE_BYTES {
        return Ok(work(body));
    }
    web::block(move || work(body)).await.map_err(|_| ApiError::internal())
}

fn parse(reading: Reading, body: &[u8], unpacked_bytes: usize, proof: Proof) -> Vec<Record> {
    dialect::read(reading, body).unpacking_at_most(unpacked_bytes as u64).asking_for(proof).collect()
}

/// What somebody should look at soon is said in the log, beside the quarantine.
fn warn(record: &Record) {
    let Err(rejection) = &record.outcome else { return };
    if matches!(rejection.code, RejectionCode::ConfirmationRequired | RejectionCode::InvalidSignature) {
        tracing::warn!(code = rejection.code.name(), "{}", rejection.message);
    }
}

/// The format that a path names.
pub fn format_of(name: &str) -> ApiResult<Format> {
    Format::from_name(name).ok_or_else(|| unknown_format(name))
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
