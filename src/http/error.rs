//! What a request gets when it cannot be served: one error, rendered in the form that the route's clients understand.
//! Client text and log text are two texts: what `crate::Error` keeps as its source goes to the log only.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};

use super::odp;
use crate::Error;

/// A request that could not be served.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    header: Option<(header::HeaderName, HeaderValue)>,
}

/// The result of a handler.
pub type ApiResult<T = HttpResponse> = Result<T, ApiError>;

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    fn with_header(self, name: header::HeaderName, value: impl Into<HeaderValue>) -> Self {
        Self { header: Some((name, value.into())), ..self }
    }

    /// 400: the caller can mend it.
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_INPUT", message)
    }

    /// 401: no key, or one that admits to nothing. The two are not told apart.
    pub fn unauthenticated() -> Self {
        let message = "a valid key is required: Authorization: Bearer KEY, or x-api-key: KEY";
        let challenge = HeaderValue::from_static("Bearer");
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message).with_header(header::WWW_AUTHENTICATE, challenge)
    }

    /// 403: the key's scope does not admit to this.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", "this key does not admit to that")
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// 405, naming the methods that the route takes.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let message = format!("this route takes {allow} only");
        let allow = HeaderValue::from_static(allow);
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message).with_header(header::ALLOW, allow)
    }

    /// 413: a body over the limit, before or after decompression.
    pub fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes, the limit as sent and after decompression");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED", message)
    }

    /// 415: a content type or encoding that the route does not take.
    pub fn unsupported_media(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_INPUT", message)
    }

    /// 503 with Retry-After: nothing was taken.
    pub fn unavailable(retry_after_s: u64) -> Self {
        Error::Unavailable { retry_after_s }.into()
    }

    /// 504: the request took longer than the limit.
    pub fn timeout(limit_s: u64) -> Self {
        let message = format!("the request took longer than {limit_s} s and was given up");
        Self::new(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", message)
    }

    /// 500: a fault of this program. The log has the cause.
    pub fn internal() -> Self {
        let message = "the server could not answer; its log has the cause under the request's id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The answer, in the form that the clients of `path` understand.
    pub fn render(&self, path: &str) -> HttpResponse {
        if path.starts_with("/v3/") || path.starts_with("/v2/") {
            let respond = |status, body: &Value| Self { status, ..self.clone() }.respond(body);
            return odp::error(path, self.status, &self.message, respond);
        }
        if path == "/graphql" {
            let error = json!({"message": self.message, "extensions": {"code": self.code}});
            return self.respond(&json!({"errors": [error]}));
        }
        self.respond(&json!({"code": self.code, "message": self.message}))
    }

    fn respond(&self, body: &Value) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(header) = self.header.as_ref().filter(|(name, _)| self.may_carry(name)) {
            response.insert_header(header.clone());
        }
        response.json(body)
    }

    /// A challenge belongs to 401 alone, and ODP's refusals are 403.
    fn may_carry(&self, name: &header::HeaderName) -> bool {
        *name != header::WWW_AUTHENTICATE || self.status == StatusCode::UNAUTHORIZED
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.render("")
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let (code, message) = (error.code(), error.to_string());
        match error {
            Error::BadInput(_) => Self::new(StatusCode::BAD_REQUEST, code, message),
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, code, message),
            Error::Unavailable { retry_after_s } => Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
                .with_header(header::RETRY_AFTER, retry_after_s),
            Error::Database(cause) => {
                tracing::error!(%cause, "the database could not answer");
                Self::internal()
            }
            Error::Config(text) | Error::Corrupt(text) => {
                tracing::error!(cause = text, "the request could not be answered");
                Self::internal()
            }
        }
    }
}
