//! `POST /v3/profiles` sets attributes of customers, `GET /v3/profiles?<identifier>=` reads them.

use std::collections::HashSet;

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::answer::{accepted, bad_request, invalids};
use super::body::elements;
use super::named::{tell_apart, who};
use crate::domain::access::Permission;
use crate::domain::identifier::Identifier;
use crate::domain::profile::{AttributeValue, ProfileUpdate, parse_attributes};
use crate::http::error::{ApiError, ApiResult};
use crate::http::server::AppState;
use crate::store;

/// Customers are found, made or merged by the identifiers among the attributes. All profiles are set, or none.
pub async fn post(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::IngestEvents).await?;
    let profiles = elements(&state, &request, payload).await?;
    let known = store::profile::identifier_type_names(&state.store, caller.workspace.id).await?;
    let (mut updates, mut wrong) = (Vec::new(), Vec::new());
    for (index, profile) in (0..).zip(profiles) {
        match parse(profile, &known) {
            Ok(update) => updates.push(update),
            Err(rules) => wrong.push((index, rules)),
        }
    }
    if !wrong.is_empty() {
        return Ok(bad_request(invalids(wrong)));
    }
    let customers = state.ingest.submit_profiles(caller.workspace.id, updates).await?;
    let status = |customer: Option<i64>| if customer.is_some() { "ACCEPTED" } else { "DROPPED" };
    let result = |(index, customer)| json!({"index": index, "status": status(customer)});
    Ok(accepted("results", customers.into_iter().enumerate().map(result).collect()))
}

fn parse(profile: Value, known: &HashSet<String>) -> Result<ProfileUpdate, String> {
    let Value::Object(mut profile) = profile else { return Err("a profile is an object with attributes".to_owned()) };
    let Some(Value::Object(fields)) = profile.remove("attributes") else {
        return Err("attributes is missing or no object of names and values".to_owned());
    };
    let named = tell_apart(fields, known);
    let identifiers = who(&named.identifiers, "attributes").map_err(|rejection| rejection.message)?;
    let attributes = parse_attributes(&named.others).map_err(|refused| {
        let rules: Vec<String> = refused.into_iter().map(|(name, rule)| format!("{name} {rule}")).collect();
        rules.join("; ").trim().to_owned()
    })?;
    Ok(ProfileUpdate { identifiers, attributes, at: None })
}

/// The attributes and identifiers of the customer that the only parameter names.
pub async fn get(state: Data<AppState>, request: HttpRequest, parameters: Query<Vec<(String, String)>>) -> ApiResult {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::ReadPersonalData).await?;
    let (workspace, named) = (caller.workspace.id, only_identifier(parameters.into_inner())?);
    let Some(customer) = store::customer::find_by_identifier(&state.store, workspace, &named).await? else {
        return Err(not_found(&named));
    };
    let mut attributes = Map::new();
    let profile =
        store::profile::of_customers(&state.store, workspace, &[customer.id], None).await?.remove(&customer.id);
    for (name, attribute) in profile.unwrap_or_default() {
        if attribute.value != AttributeValue::Null {
            attributes.insert(name, attribute.value.to_json());
        }
    }
    let identifiers = store::customer::identifiers(&state.store, workspace, &[customer.id]).await?.remove(&customer.id);
    // Of each type the latest linked comes first.
    for row in identifiers.unwrap_or_default().into_iter().rev() {
        attributes.insert(row.name, Value::String(row.value));
    }
    Ok(HttpResponse::Ok().json(json!({"attributes": attributes})))
}

/// The identifier that a query string names.
pub fn only_identifier(parameters: Vec<(String, String)>) -> ApiResult<Identifier> {
    let fields: Map<String, Value> = parameters.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    let one = || ApiError::bad_input("the query string takes one identifier, such as ?email=a@b.example");
    if fields.len() != 1 {
        return Err(one());
    }
    let mut found = who(&fields, "the query string").map_err(|rejection| ApiError::bad_input(rejection.message))?;
    found.pop().ok_or_else(one)
}

/// 404 for an identifier that names nobody here.
pub fn not_found(named: &Identifier) -> ApiError {
    ApiError::not_found(format!("Customer with {} {} was not found", named.name, named.value))
}
