//! `POST /v3/graphql`: the audiences of one customer, as ODP's clients ask for them. A GraphQL answer is always HTTP 200, and
//! without an error it has no key `errors`: clients break on anything else.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use async_graphql::Pos;
use serde_json::{Map, Value, json};

use super::body::json as read_json;
use super::query::{Field, Wrong, read};
use crate::analytics::audience as analytics;
use crate::domain::access::Permission;
use crate::domain::hash::identifier_id;
use crate::domain::identifier::{Normalized, canonical_name, normalize};
use crate::domain::profile::AttributeValue;
use crate::graphql::RequestContext;
use crate::http::error::{ApiError, ApiResult};
use crate::http::server::AppState;
use crate::store::{self, audience, customer, profile};

/// Most audiences that are asked about by name.
const MAX_SUBSET: usize = 1_000;

/// Answers a query.
pub async fn post(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::AskAudiences).await?;
    let body = read_json(&state, &request, payload).await?;
    let Some(text) = body["query"].as_str() else {
        return Err(ApiError::bad_input("query is missing; the body is {\"query\": TEXT, \"variables\": {}}"));
    };
    let variables = match &body["variables"] {
        Value::Null => Map::new(),
        Value::Object(variables) => variables.clone(),
        _ => return Err(ApiError::bad_input("variables is no object of names and values")),
    };
    let asker = Asker { state: &state, caller: &caller };
    let answered = match read(text, &variables) {
        Ok(fields) => asker.root(&fields).await?,
        Err(wrong) => Err(wrong),
    };
    let body = answered.unwrap_or_else(|wrong| json!({"errors": [wrong.to_json()], "data": null}));
    Ok(HttpResponse::Ok().json(body))
}

/// The answer, or why the query cannot be answered.
type Answer<T> = ApiResult<Result<T, Wrong>>;

struct Asker<'a> {
    state: &'a AppState,
    caller: &'a RequestContext,
}

impl Asker<'_> {
    async fn root(&self, fields: &[Field]) -> Answer<Value> {
        let (mut data, mut errors) = (Map::new(), Vec::new());
        for field in fields {
            match field.name.as_str() {
                "__typename" => _ = data.insert(field.key.clone(), json!("Query")),
                // One identifier a request is what a key in a browser admits to, and what clients ask for.
                "customer" if data.contains_key(&field.key) => {}
                "customer" if data.values().any(Value::is_object) || !errors.is_empty() => {
                    return Ok(Err(Wrong::invalid(field.at, "a query asks for one customer")));
                }
                "customer" => match self.customer(field).await? {
                    Ok(Some(found)) => _ = data.insert(field.key.clone(), found),
                    Ok(None) => {
                        errors.push(unresolved(field));
                        data.insert(field.key.clone(), Value::Null);
                    }
                    Err(wrong) => return Ok(Err(wrong)),
                },
                name => return Ok(Err(undefined(field.at, name, "Query"))),
            }
        }
        Ok(Ok(if errors.is_empty() { json!({"data": data}) } else { json!({"errors": errors, "data": data}) }))
    }

    /// None where nobody has the identifier.
    async fn customer(&self, field: &Field) -> Answer<Option<Value>> {
        let mut arguments = field.arguments.iter();
        let (Some((name, value)), None) = (arguments.next(), arguments.next()) else {
            return Ok(Err(Wrong::invalid(field.at, "customer takes exactly one identifier as its argument")));
        };
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Ok(Ok(None)),
        };
        let Normalized::Identifier(named) = normalize(name, &value) else { return Ok(Ok(None)) };
        let workspace = self.caller.workspace.id;
        let id = identifier_id(workspace.0, &named.name, &named.value);
        let Some(row) = customer::find_identifier(&self.state.store, workspace, &id).await? else {
            return Ok(Ok(None));
        };
        self.fields_of(row.customer, &field.fields).await.map(|answered| answered.map(Some))
    }

    async fn fields_of(&self, customer: i64, fields: &[Field]) -> Answer<Value> {
        let mut answer = Map::new();
        let (mut known, asks_more) = (None, |name: &str| !["audiences", "__typename"].contains(&name));
        if let Some(other) = fields.iter().find(|field| asks_more(&field.name)) {
            if !self.caller.scope.allows(Permission::ReadPersonalData) {
                let message = format!("this key does not admit to the field {}", other.name);
                return Ok(Err(Wrong::invalid(other.at, message)));
            }
            known = Some(self.known(customer).await?);
        }
        for field in fields {
            let value = match field.name.as_str() {
                "__typename" => json!("Customer"),
                "audiences" => match self.audiences(customer, field).await? {
                    Ok(audiences) => audiences,
                    Err(wrong) => return Ok(Err(wrong)),
                },
                name => {
                    let values = known.as_ref();
                    values
                        .and_then(|values| values.get(name).or_else(|| values.get(&canonical_name(name))).cloned())
                        .unwrap_or_default()
                }
            };
            answer.insert(field.key.clone(), value);
        }
        Ok(Ok(Value::Object(answer)))
    }

    /// The attributes of a customer, and of each identifier type the value linked last.
    async fn known(&self, customer: i64) -> ApiResult<Map<String, Value>> {
        let (store, workspace) = (&self.state.store, self.caller.workspace.id);
        let mut known = Map::new();
        let profile = profile::of_customers(store, workspace, &[customer], None).await?.remove(&customer);
        for (name, attribute) in profile.unwrap_or_default() {
            if attribute.value != AttributeValue::Null {
                known.insert(name, attribute.value.to_json());
            }
        }
        let identifiers = customer::identifiers(store, workspace, &[customer]).await?.remove(&customer);
        for row in identifiers.unwrap_or_default().into_iter().rev() {
            known.insert(row.name, Value::String(row.value));
        }
        Ok(known)
    }

    /// Those of the subset that the customer is in; without a subset, of all.
    async fn audiences(&self, customer: i64, field: &Field) -> Answer<Value> {
        let subset = match field.arguments.get("subset") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(vec![name.clone()]),
            Some(Value::Array(names)) if names.len() <= MAX_SUBSET => {
                Some(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>())
            }
            Some(_) => {
                let rule = format!("subset takes a list of at most {MAX_SUBSET} names");
                return Ok(Err(Wrong::invalid(field.at, rule)));
            }
        };
        let (store, workspace) = (&self.state.store, self.caller.workspace.id);
        let asked = audience::find_many(store, workspace, subset.as_deref()).await?;
        // As it is now: the settings that come with the key may be a second old.
        let workspace = store::workspace::find(store, workspace).await?.ok_or_else(ApiError::forbidden)?;
        let found = analytics::of_customers(store, &workspace, &[customer], &asked).await?.remove(&customer);
        Ok(connection(&found.unwrap_or_default(), field))
    }
}

/// `{edges {node {name state description} cursor} pageInfo {…}}`, everything on one page.
fn connection(audiences: &[audience::Audience], field: &Field) -> Result<Value, Wrong> {
    object(&field.fields, "AudienceConnection", |part| match part.name.as_str() {
        "edges" => audiences.iter().map(|audience| edge(audience, part)).collect::<Result<Vec<_>, _>>().map(Into::into),
        "totalCount" => Ok(json!(audiences.len())),
        "pageInfo" => object(&part.fields, "PageInfo", |info| match info.name.as_str() {
            "hasNextPage" | "hasPreviousPage" => Ok(json!(false)),
            "startCursor" => Ok(json!(audiences.first().map(|audience| &audience.name))),
            "endCursor" => Ok(json!(audiences.last().map(|audience| &audience.name))),
            name => Err(undefined(info.at, name, "PageInfo")),
        }),
        name => Err(undefined(part.at, name, "AudienceConnection")),
    })
}

fn edge(audience: &audience::Audience, field: &Field) -> Result<Value, Wrong> {
    object(&field.fields, "AudienceEdge", |part| match part.name.as_str() {
        "cursor" => Ok(json!(audience.name)),
        "node" => object(&part.fields, "Audience", |of_node| match of_node.name.as_str() {
            "name" => Ok(json!(audience.name)),
            "state" => Ok(json!("qualified")),
            "description" => Ok(json!(audience.description)),
            name => Err(undefined(of_node.at, name, "Audience")),
        }),
        name => Err(undefined(part.at, name, "AudienceEdge")),
    })
}

/// An object with the fields that are asked of it.
fn object(fields: &[Field], type_name: &str, answer: impl Fn(&Field) -> Result<Value, Wrong>) -> Result<Value, Wrong> {
    let of_field = |field: &Field| {
        let value = if field.name == "__typename" { json!(type_name) } else { answer(field)? };
        Ok((field.key.clone(), value))
    };
    fields.iter().map(of_field).collect()
}

fn undefined(at: Pos, field: &str, type_name: &str) -> Wrong {
    Wrong::invalid(at, format!("Field '{field}' in type '{type_name}' is undefined"))
}

/// The error for an identifier that nobody has.
fn unresolved(field: &Field) -> Value {
    let named = field.arguments.iter().next();
    let (name, value) = named.map_or_else(Default::default, |(name, value)| (name.clone(), value.clone()));
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let shown: String = value.chars().take(80).collect();
    json!({
        "message": format!("Exception while fetching data (/{}) : could not resolve _{name} = {shown}", field.key),
        "locations": [{"line": field.at.line, "column": field.at.column}],
        "path": [field.key],
        "extensions": {"code": "INVALID_IDENTIFIER_EXCEPTION", "classification": "DataFetchingException"},
    })
}
