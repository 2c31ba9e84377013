//! Around every request: its id in and out, one log line, two metrics, a time limit, panics turned into 500, and the
//! form of its errors.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use futures_util::FutureExt;
use tracing::Instrument;

use super::error::{ApiError, ErrorForm};
use super::server::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where Amazon's SDKs look for it.
const AMAZON_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Longest request id that is taken over from a client.
const MAX_ID_CHARS: usize = 128;

/// The id of a request, for its handler.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// What the log and the metrics say of a request.
struct Facts {
    id: String,
    method: String,
    path: String,
    route: String,
    errors: ErrorForm,
    began: Instant,
}

/// The outermost middleware.
pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let facts = Facts::of(&request);
    let span = tracing::info_span!("request", id = facts.id);
    serve(request, next, facts).instrument(span).await
}

async fn serve(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    facts: Facts,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(state) = request.app_data::<web::Data<AppState>>().cloned() else {
        return Err(ApiError::internal().into());
    };
    let Some(in_flight) = state.drain.enter() else {
        return Err(refused(&facts, &ApiError::unavailable(1)));
    };
    let limit = state.settings.request_timeout;
    request.extensions_mut().insert(RequestId(facts.id.clone()));
    match guarded(request, next, limit).await {
        Ok(response) => {
            let mut response = with_rendered_error(response, &facts.errors);
            insert_id(response.headers_mut(), &facts);
            facts.record(response.status().as_u16());
            Ok(response.map_body(|_, body| in_flight.until_sent(body)))
        }
        Err(error) => Err(refused(&facts, &error)),
    }
}

/// Calls the rest of the server, giving up after the limit and surviving a panic.
async fn guarded(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    limit: Duration,
) -> Result<ServiceResponse<BoxBody>, ApiError> {
    let call = AssertUnwindSafe(next.call(request)).catch_unwind();
    match tokio::time::timeout(limit, call).await {
        Ok(Ok(Ok(response))) => Ok(response.map_into_boxed_body()),
        Ok(Ok(Err(error))) => {
            tracing::error!(%error, "the request could not be routed");
            Err(ApiError::internal())
        }
        // The panic's own text is in the log already: the panic hook wrote it.
        Ok(Err(_)) => Err(ApiError::internal()),
        Err(_) => Err(ApiError::timeout(limit.as_secs())),
    }
}

/// An error of a handler has no path to look at when it becomes an answer: it is rendered again here, where there is.
fn with_rendered_error(response: ServiceResponse<BoxBody>, form: &ErrorForm) -> ServiceResponse<BoxBody> {
    let known = response.response().error().and_then(|error| error.as_error::<ApiError>()).cloned();
    match known {
        Some(error) => response.into_response(error.render(form)),
        None => response,
    }
}

fn refused(facts: &Facts, error: &ApiError) -> actix_web::Error {
    let mut response: HttpResponse = error.render(&facts.errors);
    insert_id(response.headers_mut(), facts);
    facts.record(response.status().as_u16());
    InternalError::from_response(error.clone(), response).into()
}

fn insert_id(headers: &mut HeaderMap, facts: &Facts) {
    if let Ok(value) = HeaderValue::from_str(&facts.id) {
        if matches!(facts.errors, ErrorForm::Pinpoint { .. }) {
            headers.insert(AMAZON_REQUEST_ID, value.clone());
        }
        headers.insert(REQUEST_ID, value);
    }
}

impl Facts {
    fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let usable =
            given.filter(|id| (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
        let id = usable.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        Self {
            errors: ErrorForm::of(request.path(), request.headers(), &id),
            id,
            method: request.method().to_string(),
            path: request.path().to_owned(),
            route: request.match_pattern().unwrap_or_else(|| "unknown".to_owned()),
            began: Instant::now(),
        }
    }

    fn record(&self, status: u16) {
        let took = self.began.elapsed();
        let labels = [("route", self.route.clone()), ("status", status.to_string())];
        metrics::counter!("campaignql_http_requests_total", &labels).increment(1);
        metrics::histogram!("campaignql_http_request_seconds", "route" => self.route.clone()).record(took);
        let took_ms = took.as_secs_f64() * 1_000.0;
        if status >= 500 {
            tracing::warn!(method = self.method, path = self.path, status, took_ms, "answered");
        } else {
            tracing::debug!(method = self.method, path = self.path, status, took_ms, "answered");
        }
    }
}
