//! Identifiers: values that name a customer.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::context::{caller, store};
use super::error::{Fault, Result};
use super::reachability::{self, Reachability};
use super::scalar::DateTime;
use super::workspace;
use crate::domain::hash::identifier_id;
use crate::domain::identifier::{self, IdentifierRule, Normalized};
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::time::Micros;
use crate::store;

/// A value that names a customer.
#[derive(Clone, Debug, InputObject)]
pub struct IdentifierInput {
    /// The type, such as `email`, `phone`, `user_id`, `fs_user_id`, `activatepro_id`, `pinpoint_endpoint`, `vuid`, one that
    /// ends in `_push_token`, or one of the workspace's own.
    #[graphql(name = "type")]
    pub name: String,
    /// The value in any spelling: emails are lower-cased, phone numbers brought to E.164.
    pub value: String,
}

impl IdentifierInput {
    /// The identifier in its normal form, and what its type may do. What names nobody is bad input.
    pub fn parse(&self) -> Result<(identifier::Identifier, IdentifierRule)> {
        let value: String = self.value.chars().take(80).collect();
        let name = &self.name;
        match identifier::normalize(name, &self.value) {
            Normalized::Identifier(parsed) => match identifier::rule_by_name(&parsed.name) {
                Some(rule) => Ok((parsed, rule)),
                None => Err(unknown_type(name)),
            },
            Normalized::UnknownType => Err(unknown_type(name)),
            Normalized::Nobody => Err(Fault::bad_input(format!("identifier {name}: {value:?} means nobody"))),
            Normalized::TooLong => {
                let most = identifier::MAX_VALUE_CHARS;
                Err(Fault::bad_input(format!("identifier {name}: {value:?}… has more than {most} characters")))
            }
        }
    }
}

fn unknown_type(name: &str) -> Fault {
    let name: String = name.chars().take(80).collect();
    let suffixes = identifier::CREATED_SUFFIXES.join(", ");
    Fault::bad_input(format!(
        "identifier type {name:?} is unknown: it is not built in and does not end in one of {suffixes}"
    ))
}

/// A value that names a customer, in its normal form.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct Identifier {
    /// The type, such as `email`.
    #[graphql(name = "type")]
    pub name: String,
    /// The value.
    pub value: String,
}

/// How far an identifier may be trusted to name one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "identifier::Confidence")]
pub enum IdentifierConfidence {
    /// Names one person: customers that share one are the same and merge.
    High,
    /// A device, a cookie or a token: moves to the person that it is named beside.
    Low,
}

/// An identifier of a customer.
#[derive(Clone, Debug)]
pub struct CustomerIdentifier {
    row: entity::identifier::Model,
}

impl From<entity::identifier::Model> for CustomerIdentifier {
    fn from(row: entity::identifier::Model) -> Self {
        Self { row }
    }
}

impl CustomerIdentifier {
    /// The identifier and the channels that it can be written to; none when it is no address.
    pub fn address(&self, types: &IdentifierTypes) -> Option<(identifier::Identifier, Vec<String>)> {
        let parsed = identifier::Identifier { name: self.row.name.clone(), value: self.row.value.clone() };
        types.is_messaging(&parsed.name).then(|| (parsed, types.channels(&self.row.name, &self.row.channels)))
    }
}

/// An identifier of a customer, in its normal form.
#[Object]
impl CustomerIdentifier {
    /// The type, such as `email`.
    #[graphql(name = "type")]
    fn name(&self) -> &str {
        &self.row.name
    }

    /// The value.
    fn value(&self) -> &str {
        &self.row.value
    }

    /// How far it may be trusted to name one person.
    async fn confidence(&self, ctx: &Context<'_>) -> Result<IdentifierConfidence> {
        Ok(workspace::types(ctx).await?.confidence(&self.row.name).into())
    }

    /// Channels that it can be written to, sorted; empty where it is no address.
    async fn channels(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        let types = workspace::types(ctx).await?;
        Ok(self.address(&types).map(|(_, channels)| channels).unwrap_or_default())
    }

    /// When it was linked to this customer.
    fn linked_at(&self) -> DateTime {
        DateTime(Micros(self.row.linked_at))
    }

    /// Whether it can be reached; null where it is no address.
    async fn reachability(&self, ctx: &Context<'_>) -> Result<Option<Reachability>> {
        match self.address(&workspace::types(ctx).await?) {
            Some((address, channels)) => Ok(Some(reachability::of_address(ctx, address, channels).await?)),
            None => Ok(None),
        }
    }
}

/// The channels of an address that may not be known yet.
pub async fn channels_of(
    ctx: &Context<'_>,
    address: &identifier::Identifier,
    types: &IdentifierTypes,
) -> Result<Vec<String>> {
    if !types.is_seen_on_channel(&address.name) {
        return Ok(types.channels(&address.name, ""));
    }
    let workspace = caller(ctx)?.workspace_id();
    let id = identifier_id(workspace.0, &address.name, &address.value);
    let row = store::customer::find_identifier(store(ctx)?, workspace, &id).await?;
    Ok(row.map(|row| types.channels(&row.name, &row.channels)).unwrap_or_default())
}
