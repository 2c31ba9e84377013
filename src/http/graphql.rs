//! GraphQL over HTTP: POST takes `application/json` only, so that no page of another site can write without the
//! browser asking first; GET answers queries only.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ContentType, HeaderMap};
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{Request, Response, Value, Variables};
use serde::Deserialize;
use serde_json::{Map, json};

use super::body;
use super::error::{ApiError, ApiResult, ErrorForm};
use super::server::AppState;
use super::trace::RequestId;
use crate::domain::access::Scope;
use crate::graphql::RequestContext;

/// The body of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestBody {
    query: String,
    operation_name: Option<String>,
    variables: Option<Map<String, serde_json::Value>>,
}

/// The same in a query string, where variables are JSON in text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// Runs a query or a mutation.
pub async fn post(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let caller = caller(&state, &request).await?;
    require_json(request.headers())?;
    let body = body::read(request.headers(), payload, state.settings.max_body_bytes).await?;
    run(&state, caller, parse(&body)?.into()).await
}

/// Runs a query.
pub async fn get(state: Data<AppState>, request: HttpRequest) -> ApiResult {
    let caller = caller(&state, &request).await?;
    let mut graphql = from_query_string(request.query_string())?;
    let name = graphql.operation_name.clone();
    // A document that does not parse is run all the same: that is what gives it the usual answer.
    let kind = graphql.parsed_query().ok().and_then(|document| kind(document, name.as_deref()));
    if kind.is_none_or(|kind| kind == OperationType::Query) {
        return run(&state, caller, graphql).await;
    }
    Err(ApiError::method_not_allowed("POST"))
}

/// A key that an ODP client ships in a browser admits to the ODP routes and to nothing here.
async fn caller(state: &AppState, request: &HttpRequest) -> ApiResult<RequestContext> {
    let caller = state.keys.authenticate(&state.store, request.headers()).await?;
    if caller.scope == Scope::OdpPublic {
        return Err(ApiError::forbidden());
    }
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    Ok(RequestContext { request_id, ..caller })
}

fn require_json(headers: &HeaderMap) -> ApiResult<()> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(ApiError::unsupported_media("POST takes content-type application/json only"))
}

fn parse(body: &[u8]) -> ApiResult<RequestBody> {
    // Without this an array would pass for the object's fields in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::bad_input("the body is not a GraphQL request: it must be one JSON object"));
    }
    let parsed = serde_json::from_slice(body);
    parsed.map_err(|error| ApiError::bad_input(format!("the body is not a GraphQL request: {error}")))
}

fn from_query_string(text: &str) -> ApiResult<Request> {
    let Query(parameters) = Query::<Parameters>::from_query(text)
        .map_err(|error| ApiError::bad_input(format!("the query string is not a GraphQL request: {error}")))?;
    let query = parameters.query.ok_or_else(|| ApiError::bad_input("the parameter query is missing"))?;
    let variables = match parameters.variables.as_deref() {
        None | Some("") => None,
        Some(text) => serde_json::from_str(text)
            .map_err(|error| ApiError::bad_input(format!("the parameter variables is not a JSON object: {error}")))?,
    };
    Ok(RequestBody { query, operation_name: parameters.operation_name, variables }.into())
}

impl From<RequestBody> for Request {
    fn from(operation: RequestBody) -> Self {
        let variables = operation.variables.unwrap_or_default();
        let mut request = Self::new(operation.query).variables(Variables::from_json(variables.into()));
        // An empty name is what some clients send for none.
        request.operation_name = operation.operation_name.filter(|name| !name.is_empty());
        request
    }
}

/// What the operation that would run is; none when the name chooses none.
fn kind(document: &ExecutableDocument, name: Option<&str>) -> Option<OperationType> {
    match &document.operations {
        DocumentOperations::Single(operation) => Some(operation.node.ty),
        DocumentOperations::Multiple(operations) => Some(operations.get(name?)?.node.ty),
    }
}

async fn run(state: &AppState, caller: RequestContext, request: Request) -> ApiResult {
    Ok(answer(&state.schema.execute(request.data(caller)).await))
}

fn answer(response: &Response) -> HttpResponse {
    let (status, body) = if is_refused(response) {
        // Nothing was run, so there is no data to speak of, not even null.
        (StatusCode::BAD_REQUEST, serde_json::to_vec(&json!({"errors": response.errors})))
    } else {
        (StatusCode::OK, serde_json::to_vec(response))
    };
    match body {
        Ok(body) => HttpResponse::build(status).insert_header(ContentType::json()).body(body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            ApiError::internal().render(&ErrorForm::GraphQl)
        }
    }
}

/// Whether nothing was run: the document does not parse, is not valid, or its variables do not fit.
fn is_refused(response: &Response) -> bool {
    let before_running = response.errors.iter().all(|error| error.path.is_empty());
    response.data == Value::Null && before_running && !response.errors.is_empty()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn the_name_chooses_the_operation() {
        let document = parse_query("query A { a } mutation B { b }").unwrap();
        assert_eq!(kind(&document, Some("A")), Some(OperationType::Query));
        assert_eq!(kind(&document, Some("B")), Some(OperationType::Mutation));
        assert_eq!(kind(&document, None), None);
        assert_eq!(kind(&parse_query("mutation { b }").unwrap(), None), Some(OperationType::Mutation));
    }

    #[test]
    fn a_query_string_carries_what_a_body_does() {
        let request = from_query_string("query=%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D").unwrap();
        assert_eq!(request.query, "{a}");
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.len(), 1);
        assert!(from_query_string("operationName=A").is_err());
        assert!(from_query_string("query=a&variables=1").is_err());
    }

    #[test]
    fn a_body_is_one_object_with_a_query() {
        assert_eq!(parse(br#" {"query": "{a}", "variables": null, "extensions": {}}"#).unwrap().query, "{a}");
        assert!(parse(br#"["{a}", null, null]"#).is_err());
        assert!(parse(br#"{"variables": {}}"#).is_err());
        assert!(parse(br#"{"query": "{a}", "variables": "{}"}"#).is_err());
    }

    #[test]
    fn only_json_is_taken() {
        let headers = |value: &str| HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
        assert!(require_json(&headers("application/json; charset=utf-8")).is_ok());
        assert!(require_json(&headers("text/plain")).is_err());
        assert!(require_json(&HeaderMap::new()).is_err());
    }
}
