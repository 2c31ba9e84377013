//! Cross-origin requests: a browser asks before it sends a key to another site. Any site may, because the key is in the
//! request and not in a cookie.

use actix_web::HttpResponse;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    HeaderMap, HeaderValue,
};
use actix_web::middleware::Next;

/// What scripts in browsers may use.
pub const OPEN_PATHS: [&str; 3] = ["/v3/events", "/v3/graphql", "/v2/zaius.gif"];

const MAX_AGE_S: &str = "86400";

/// Answers a browser's question, and allows every origin to read the answers.
pub async fn allow<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> actix_web::Result<ServiceResponse<EitherBody<B>>> {
    let mut response = if request.method() == Method::OPTIONS {
        let answer = HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "content-type, x-api-key"))
            .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE_S))
            .finish();
        request.into_response(answer).map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    open(response.headers_mut());
    Ok(response)
}

/// Allows every origin to read an answer.
pub fn open(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}
