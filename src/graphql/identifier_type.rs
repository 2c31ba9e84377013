//! Identifier types: built in, created on first sight, registered by an administrator.

use std::collections::BTreeMap;

use async_graphql::{Context, Enum, InputObject, SimpleObject};

use super::context::{audited, caller, store};
use super::error::Result;
use super::identifier::IdentifierConfidence;
use super::scalar::DateTime;
use super::user_error::{UserError, UserErrorCode};
use super::workspace;
use crate::domain::identifier::{BUILT_IN, CREATED_SUFFIXES, MAX_NAME_CHARS, built_in, canonical_name, rule_by_name};
use crate::domain::identifier_type::{IdentifierTypes, RegisteredType};
use crate::domain::time::Micros;
use crate::ingest::recount::{WorkspaceChange, change_workspace};
use crate::store;

/// Where a type comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum IdentifierTypeOrigin {
    /// Known to every workspace.
    BuiltIn,
    /// Created when an event named it first, by the ending of its name.
    Created,
    /// Registered or changed by an administrator.
    Registered,
}

/// What the values of a type may do.
#[derive(Clone, Debug, SimpleObject)]
pub struct IdentifierType {
    /// Its name, such as `email`.
    name: String,
    /// How far its values may be trusted to name one person.
    confidence: IdentifierConfidence,
    /// Whether its values are addresses that can be written to.
    is_messaging: bool,
    /// Channels that its values can be written to, sorted. Empty where it is no address, and for `pinpoint_endpoint`, whose
    /// values are addresses on the channels that they were seen on.
    channels: Vec<String>,
    /// Where it comes from.
    origin: IdentifierTypeOrigin,
    /// When an event named it first; null where none did.
    first_seen_at: Option<DateTime>,
    /// When it was registered or changed last; null where it never was.
    registered_at: Option<DateTime>,
}

/// A type to be registered, or to be changed.
#[derive(Clone, Debug, InputObject)]
pub struct IdentifierTypeRegisterInput {
    /// Its name: a built-in type, or one in a-z, 0-9 and _ that ends in `_id`, `_hash`, `_number`, `_token`, `_alias`,
    /// `_address` or `_key`, at most 64 characters.
    name: String,
    /// How far its values may be trusted to name one person. It holds for events that are taken from now on: what was merged
    /// or moved before stays.
    confidence: IdentifierConfidence,
    /// Channels that its values can be written to, at most 20; empty: it is no address. Left out for a built-in type, whose
    /// channels cannot be changed.
    channels: Option<Vec<String>>,
}

/// A registered type, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct IdentifierTypeRegisterPayload {
    /// The type as it is now; null where nothing was changed because of an error.
    identifier_type: Option<IdentifierType>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// Every type of the workspace, by name.
pub async fn list(ctx: &Context<'_>) -> Result<Vec<IdentifierType>> {
    let types = workspace::types(ctx).await?;
    let seen = store::identifier_type::seen(store(ctx)?, caller(ctx)?.workspace_id()).await?;
    let mut names: BTreeMap<String, Option<i64>> =
        BUILT_IN.iter().map(|(name, _)| ((*name).to_owned(), None)).collect();
    names.extend(types.0.keys().map(|name| (name.clone(), None)));
    names.extend(seen.into_iter().map(|row| (row.name, Some(row.created_at))));
    Ok(names.into_iter().map(|(name, seen_at)| shown(&types, name, seen_at)).collect())
}

fn shown(types: &IdentifierTypes, name: String, seen_at: Option<i64>) -> IdentifierType {
    let registered = types.registered(&name);
    let origin = match registered {
        Some(_) => IdentifierTypeOrigin::Registered,
        None if built_in(&name).is_some() => IdentifierTypeOrigin::BuiltIn,
        None => IdentifierTypeOrigin::Created,
    };
    IdentifierType {
        confidence: types.confidence(&name).into(),
        is_messaging: types.is_messaging(&name),
        channels: types.channels(&name, ""),
        origin,
        first_seen_at: seen_at.map(|at| DateTime(Micros(at))),
        registered_at: registered.map(|registered| DateTime(Micros(registered.registered_at))),
        name,
    }
}

/// Registers a type, or changes it.
pub async fn register(ctx: &Context<'_>, input: IdentifierTypeRegisterInput) -> Result<IdentifierTypeRegisterPayload> {
    let refused = |error| Ok(IdentifierTypeRegisterPayload { identifier_type: None, user_errors: vec![error] });
    let name = canonical_name(&input.name);
    let channels = match check(&name, input.channels) {
        Ok(channels) => channels,
        Err(error) => return refused(error),
    };
    let is_high = input.confidence == IdentifierConfidence::High;
    let registered = RegisteredType { is_high, channels, registered_at: Micros::now().0 };
    let change = WorkspaceChange { identifier_type: Some((name.clone(), registered)), ..WorkspaceChange::default() };
    let (own, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let entry = audited(ctx, "identifierTypeRegister")?.with("name", name.as_str()).with("isHigh", is_high);
    change_workspace(&own, workspace, &change, &entry).await?;
    let found = list(ctx).await?.into_iter().find(|known| known.name == name);
    Ok(IdentifierTypeRegisterPayload { identifier_type: found, user_errors: Vec::new() })
}

const MAX_CHANNELS: usize = 20;

/// The channels to be stored, or what is wrong with the input.
fn check(name: &str, channels: Option<Vec<String>>) -> Result<Option<Vec<String>>, UserError> {
    if rule_by_name(name).is_none() {
        let shown: String = name.chars().take(80).collect();
        let message = format!(
            "{shown:?} is neither a built-in type nor a name of at most {MAX_NAME_CHARS} characters in a-z, 0-9 and _ that \
             ends in one of {}",
            CREATED_SUFFIXES.join(", ")
        );
        return Err(UserError::new(UserErrorCode::Invalid, &["input", "name"], message));
    }
    let field = ["input", "channels"];
    if built_in(name).is_some() {
        let message = format!("{name} is built in: its channels cannot be changed, so leave them out");
        return match channels {
            None => Ok(None),
            Some(_) => Err(UserError::new(UserErrorCode::Invalid, &field, message)),
        };
    }
    let given = channels.unwrap_or_default();
    if given.len() > MAX_CHANNELS {
        let message = format!("{} channels exceed the maximum of {MAX_CHANNELS}", given.len());
        return Err(UserError::new(UserErrorCode::TooMany, &field, message));
    }
    let mut channels: Vec<String> = given.iter().map(|channel| channel.trim().to_lowercase()).collect();
    let is_wrong = |channel: &&String| {
        channel.is_empty() || channel.chars().count() > MAX_NAME_CHARS || channel.contains(char::is_whitespace)
    };
    if let Some(wrong) = channels.iter().find(is_wrong) {
        let message =
            format!("{wrong:?} is not a channel such as direct_mail: 1 to {MAX_NAME_CHARS} characters, no blanks");
        return Err(UserError::new(UserErrorCode::Invalid, &field, message));
    }
    channels.sort_unstable();
    channels.dedup();
    Ok(Some(channels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_checked_before_it_is_registered() {
        let channels = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(check("loyalty_number", None), Ok(Some(Vec::new())));
        let sorted = check("postal_address", channels(&["Direct_Mail", "custom", "custom"]));
        assert_eq!(sorted, Ok(channels(&["custom", "direct_mail"])));
        assert_eq!(check("user_id", None), Ok(None));
        for (name, given) in [
            ("nickname", None),
            ("user_id", channels(&["email"])),
            ("postal_address", channels(&["direct mail"])),
            ("postal_address", Some(vec!["c".to_owned(); 21])),
        ] {
            assert!(check(name, given).is_err(), "{name}");
        }
    }
}
