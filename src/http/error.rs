//! What a request gets when it cannot be served: one error, rendered in the form that the route's clients understand.
//! Client text and log text are two texts: what `crate::Error` keeps as its source goes to the log only.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};

use super::{firehose, odp, put_events};
use crate::Error;

/// A request that could not be served.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    header: Option<(header::HeaderName, HeaderValue)>,
}

/// How the clients of a route are told of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// `{code, message}`.
    Plain,
    /// The same for webhooks, which send a key from their URL only when they are asked for one.
    Webhook,
    /// As in a GraphQL answer.
    GraphQl,
    /// As ODP's route of the path.
    Odp {
        /// The path.
        path: String,
    },
    /// As Firehose wants it, with the id of its request.
    Firehose {
        /// The id, where it is known.
        request_id: Option<String>,
    },
    /// As Amazon Pinpoint.
    Pinpoint {
        /// The id of the request, which its errors repeat.
        request_id: String,
    },
}

impl ErrorForm {
    /// The form of a route, for a request of this id.
    pub fn of(path: &str, headers: &HeaderMap, request_id: &str) -> Self {
        match path {
            "/graphql" => Self::GraphQl,
            _ if path.starts_with("/v3/") || path.starts_with("/v2/") => Self::Odp { path: path.to_owned() },
            _ if path.starts_with("/v1/") => Self::Pinpoint { request_id: request_id.to_owned() },
            _ if path.starts_with("/ingest/firehose/") => Self::Firehose { request_id: firehose::request_id(headers) },
            _ if path.starts_with("/ingest/") => Self::Webhook,
            _ => Self::Plain,
        }
    }
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

    /// 403, for a reason that may be told.
    pub fn forbidden_because(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
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

    /// The answer, in a form that the route's clients understand.
    pub fn render(&self, form: &ErrorForm) -> HttpResponse {
        let plain = json!({"code": self.code, "message": self.message});
        match form {
            ErrorForm::Webhook if self.status == StatusCode::UNAUTHORIZED => {
                let challenge = HeaderValue::from_static("Basic realm=\"campaignql\", charset=\"UTF-8\"");
                self.clone().with_header(header::WWW_AUTHENTICATE, challenge).respond(&plain)
            }
            ErrorForm::Plain | ErrorForm::Webhook => self.respond(&plain),
            ErrorForm::GraphQl => {
                let error = json!({"message": self.message, "extensions": {"code": self.code}});
                self.respond(&json!({"errors": [error]}))
            }
            ErrorForm::Odp { path } => {
                let respond = |status, body: &Value| Self { status, ..self.clone() }.respond(body);
                odp::error(path, self.status, &self.message, respond)
            }
            ErrorForm::Firehose { request_id } => {
                self.respond(&firehose::error_body(request_id.as_deref(), &self.message))
            }
            ErrorForm::Pinpoint { request_id } => {
                let answer = Self { status: put_events::error_status(self.status), ..self.clone() };
                let mut response = answer.respond(&json!({"RequestID": request_id, "Message": self.message}));
                let name = HeaderValue::from_static(put_events::error_type(answer.status));
                response.headers_mut().insert(HeaderName::from_static("x-amzn-errortype"), name);
                response
            }
        }
    }

    fn respond(&self, body: &Value) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(header) = self.header.as_ref().filter(|(name, _)| self.may_carry(name)) {
            response.insert_header(header.clone());
        }
        response.json(body)
    }

    /// A challenge belongs to 401 alone: the refusals of ODP and Pinpoint are 403.
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
        self.render(&ErrorForm::Plain)
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
