//! Profiles: the attributes of customers, and the mutation that sets them.

use async_graphql::{Context, Enum, InputObject, SimpleObject};

use super::context::{caller, ingest};
use super::customer::{self, Customer};
use super::error::{Fault, Result};
use super::identifier::IdentifierInput;
use super::limits::MAX_FILTER_VALUES;
use super::loader::{ProfileKey, load};
use super::scalar::{DateTime, Json};
use super::user_error::{UserError, UserErrorCode};
use crate::domain::access::Permission;
use crate::domain::identifier::Identifier;
use crate::domain::profile::{self, AttributeValue, ProfileUpdate};
use crate::domain::time::Micros;

/// The type of an attribute's value. Times are texts, kept as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AttributeType {
    /// A text.
    String,
    /// A number, with all its digits.
    Number,
    /// True or false.
    Boolean,
    /// Cleared.
    Null,
}

/// An attribute of a customer's profile. Attributes are set by `customerUpsert`, by profile updates over HTTP, and by
/// imported endpoints and members of lists, never by what happened to a message.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustomerAttribute {
    /// The name, as given.
    name: String,
    /// The value: a string, a number, true or false; null where it was cleared.
    value: Option<Json>,
    /// The type of the value.
    #[graphql(name = "type")]
    kind: AttributeType,
    /// When the value became so.
    updated_at: DateTime,
}

/// The attributes of a customer, all or those of some names.
pub async fn attributes(
    ctx: &Context<'_>,
    customer: i64,
    names: Option<Vec<String>>,
) -> Result<Vec<CustomerAttribute>> {
    let profile = load(ctx, ProfileKey(customer)).await?.unwrap_or_default();
    let wanted = |name: &String| names.as_ref().is_none_or(|names| names.contains(name));
    let shown = profile.into_iter().filter(|(name, _)| wanted(name)).map(|(name, attribute)| CustomerAttribute {
        name,
        kind: type_of(&attribute.value),
        value: Some(attribute.value).filter(|value| *value != AttributeValue::Null).map(|value| Json(value.to_json())),
        updated_at: DateTime(attribute.updated_at),
    });
    Ok(shown.collect())
}

fn type_of(value: &AttributeValue) -> AttributeType {
    match value {
        AttributeValue::Null => AttributeType::Null,
        AttributeValue::Bool(_) => AttributeType::Boolean,
        AttributeValue::Number(_) => AttributeType::Number,
        AttributeValue::Text(_) => AttributeType::String,
    }
}

/// Who, and what is known of them.
#[derive(Debug, InputObject)]
pub struct CustomerUpsertInput {
    /// Values that all name the customer, 1 to 100: found, made or merged by them as by those of an event.
    identifiers: Vec<IdentifierInput>,
    /// Attributes to set: an object of names (1 to 100 characters) and values (string of up to 1,024 characters, number,
    /// boolean; null clears), at most 500. Those that are left out stay.
    attributes: Option<Json>,
    /// When the values became so; now when missing. Of one attribute the value with the latest time stays, whatever the
    /// order of updates; at the same time, that of the later update.
    updated_at: Option<DateTime>,
}

/// A customer as it is now, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct CustomerUpsertPayload {
    /// The customer; null where nothing was changed because of an error, or where the key may write but not read.
    customer: Option<Customer>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// Sets attributes of the customer that the identifiers name.
pub async fn upsert(ctx: &Context<'_>, input: CustomerUpsertInput) -> Result<CustomerUpsertPayload> {
    let update = match parse(input, ingest(ctx)?.reading(crate::domain::event::Format::Auto).latest()) {
        Ok(update) => update,
        Err(user_errors) => return Ok(CustomerUpsertPayload { customer: None, user_errors }),
    };
    let customers = ingest(ctx)?.submit_profiles(caller(ctx)?.workspace_id(), vec![update]).await?;
    if customers.first() == Some(&None) {
        let message = "the customer was erased, and all identifiers given are blocked for a while";
        let error = UserError::new(UserErrorCode::Erased, &["input", "identifiers"], message);
        return Ok(CustomerUpsertPayload { customer: None, user_errors: vec![error] });
    }
    let may_read = caller(ctx)?.scope.allows(Permission::ReadPersonalData);
    let customer = match customers.first() {
        Some(Some(id)) if may_read => customer::find(ctx, *id).await?,
        _ => None,
    };
    Ok(CustomerUpsertPayload { customer, user_errors: Vec::new() })
}

fn parse(input: CustomerUpsertInput, latest: Micros) -> Result<ProfileUpdate, Vec<UserError>> {
    let mut errors = Vec::new();
    let identifiers = parse_identifiers(&input.identifiers, &mut errors);
    let attributes = match input.attributes.map(|json| json.0) {
        None | Some(serde_json::Value::Null) => Ok(std::collections::BTreeMap::new()),
        Some(serde_json::Value::Object(object)) => profile::parse_attributes(&object),
        Some(_) => Err(vec![(String::new(), "is not an object of names and values".to_owned())]),
    };
    let attributes = attributes.unwrap_or_else(|refused| {
        errors.extend(refused.into_iter().map(|(name, rule)| attribute_error(&name, &rule)));
        std::collections::BTreeMap::new()
    });
    let at = input.updated_at.map(|at| at.0);
    if at.is_some_and(|at| at > latest) {
        let message = "updatedAt lies further in the future than the server admits (setting future_limit_s)";
        errors.push(UserError::new(UserErrorCode::Invalid, &["input", "updatedAt"], message));
    }
    if errors.is_empty() { Ok(ProfileUpdate { identifiers, attributes, at }) } else { Err(errors) }
}

fn attribute_error(name: &str, rule: &str) -> UserError {
    match name {
        "" => UserError::new(UserErrorCode::Invalid, &["input", "attributes"], format!("attributes: {rule}")),
        name => UserError::new(UserErrorCode::Invalid, &["input", "attributes", name], format!("{name} {rule}")),
    }
}

fn parse_identifiers(given: &[IdentifierInput], errors: &mut Vec<UserError>) -> Vec<Identifier> {
    let field = ["input", "identifiers"];
    if given.is_empty() {
        errors.push(UserError::new(UserErrorCode::Blank, &field, "at least one identifier must name the customer"));
    }
    if given.len() > MAX_FILTER_VALUES {
        let message = format!("{} identifiers exceed the maximum of {MAX_FILTER_VALUES}", given.len());
        errors.push(UserError::new(UserErrorCode::TooMany, &field, message));
        return Vec::new();
    }
    let mut identifiers = Vec::new();
    for (index, identifier) in given.iter().enumerate() {
        match identifier.parse() {
            Ok((parsed, _)) => identifiers.push(parsed),
            Err(fault) => errors.push(identifier_error(index, &fault)),
        }
    }
    identifiers.sort();
    identifiers.dedup();
    identifiers
}

fn identifier_error(index: usize, fault: &Fault) -> UserError {
    UserError::new(UserErrorCode::Invalid, &["input", "identifiers", &index.to_string()], fault.to_string())
}
