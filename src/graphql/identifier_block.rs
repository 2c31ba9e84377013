//! Blocked identifiers of erased customers: how many there are, and lifting one.

use async_graphql::{Context, InputObject, SimpleObject};

use super::context::{audited, caller, store};
use super::error::Result;
use super::identifier::IdentifierInput;
use super::limits::MAX_BLOCK_GROUPS;
use super::scalar::{BigInt, DateTime};
use super::user_error::{UserError, UserErrorCode};
use crate::domain::time::Micros;
use crate::ingest::erase;
use crate::store;

/// Identifiers that were blocked when a customer was erased.
#[derive(Clone, Debug, SimpleObject)]
pub struct IdentifierBlockGroup {
    /// When the customer was erased.
    blocked_at: DateTime,
    /// From when on they are taken again.
    blocked_until: DateTime,
    /// Their number.
    identifiers: BigInt,
}

/// The blocks that hold now.
#[derive(Clone, Debug, SimpleObject)]
pub struct IdentifierBlocks {
    /// Number of blocked identifiers.
    identifiers: BigInt,
    /// When the last block ends; null where there is none.
    last_until: Option<DateTime>,
    /// By the erasure that they come from, the first to end first; at most 1,000.
    groups: Vec<IdentifierBlockGroup>,
}

/// A block to be lifted.
#[derive(Clone, Debug, InputObject)]
pub struct IdentifierBlockLiftInput {
    /// The identifier, in any spelling.
    identifier: IdentifierInput,
}

/// What became of a block.
#[derive(Debug, SimpleObject)]
pub struct IdentifierBlockLiftPayload {
    /// Whether the block was lifted.
    is_lifted: bool,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// The blocks that hold now.
pub async fn list(ctx: &Context<'_>) -> Result<IdentifierBlocks> {
    let (store, workspace, now) = (store(ctx)?, caller(ctx)?.workspace_id(), Micros::now());
    let (identifiers, last_until) = store::block::total(store, workspace, now).await?;
    let groups = store::block::groups(store, workspace, now, MAX_BLOCK_GROUPS).await?;
    let shown = |group: store::block::BlockGroup| IdentifierBlockGroup {
        blocked_at: DateTime(group.blocked_at),
        blocked_until: DateTime(group.blocked_until),
        identifiers: BigInt(group.identifiers),
    };
    Ok(IdentifierBlocks {
        identifiers: BigInt(identifiers),
        last_until: last_until.map(DateTime),
        groups: groups.into_iter().map(shown).collect(),
    })
}

/// Lifts a block.
pub async fn lift(ctx: &Context<'_>, input: IdentifierBlockLiftInput) -> Result<IdentifierBlockLiftPayload> {
    let field = ["input", "identifier"];
    let refused = |code, message: String| {
        Ok(IdentifierBlockLiftPayload { is_lifted: false, user_errors: vec![UserError::new(code, &field, message)] })
    };
    let named = match input.identifier.parse() {
        Ok((named, _)) => named,
        Err(fault) => return refused(UserErrorCode::Invalid, fault.to_string()),
    };
    let entry = audited(ctx, "identifierBlockLift")?.with("type", named.name.as_str());
    if erase::lift(store(ctx)?, caller(ctx)?.workspace_id(), &named, &entry).await? {
        return Ok(IdentifierBlockLiftPayload { is_lifted: true, user_errors: Vec::new() });
    }
    refused(UserErrorCode::NotFound, format!("this {} is not blocked", named.name))
}
