//! JSON bodies of the routes that take one object or an array of them.

use actix_web::HttpRequest;
use actix_web::web::{Payload, block};
use serde_json::Value;

use crate::http::body;
use crate::http::error::{ApiError, ApiResult};
use crate::http::server::AppState;

/// The elements of the body: those of an array, or the one value that it is.
pub async fn elements(state: &AppState, request: &HttpRequest, payload: Payload) -> ApiResult<Vec<Value>> {
    let elements = match json(state, request, payload).await? {
        Value::Array(elements) => elements,
        one => vec![one],
    };
    if elements.is_empty() {
        return Err(ApiError::bad_input("the body holds no object; send at least one"));
    }
    Ok(elements)
}

/// The body as JSON.
pub async fn json(state: &AppState, request: &HttpRequest, payload: Payload) -> ApiResult<Value> {
    let body = body::read(request.headers(), payload, state.settings.max_body_bytes).await?;
    let parse = move || serde_json::from_slice(&body);
    let parsed = block(parse).await.map_err(|_| ApiError::internal())?;
    parsed.map_err(|error| ApiError::bad_input(format!("the body is not JSON: {error}")))
}
