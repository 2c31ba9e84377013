//! `quarantineDiscard`: records that are not wanted, with the reason.

use async_graphql::{Context, ID, InputObject, SimpleObject};

use super::context::{audited, caller, store};
use super::error::Result;
use super::limits::MAX_REASON_CHARS;
use super::node::NodeId;
use super::quarantine::{self, QuarantinedRecord};
use super::quarantine_filter::QuarantineFilter;
use super::quarantine_replay::changes_at_once;
use super::scalar::BigInt;
use super::user_error::{UserError, UserErrorCode};
use crate::domain::quarantine::RecordState;
use crate::store;

/// Which records are to be discarded, by exactly one of `id` and `filter`, and why.
#[derive(Clone, Debug, InputObject)]
pub struct QuarantineDiscardInput {
    /// One record.
    id: Option<ID>,
    /// All open records that this admits, the earliest received first.
    filter: Option<QuarantineFilter>,
    /// Why, 1 to 1,000 characters; kept with the records.
    reason: String,
    /// With a filter, most records to discard, 1 to 10,000.
    #[graphql(default_with = "Some(1_000)")]
    limit: Option<i32>,
}

/// What was discarded, or what is wrong.
#[derive(Debug, Default, SimpleObject)]
pub struct QuarantineDiscardPayload {
    /// The record of `id` as it is now; null with a filter or where the id names nothing.
    record: Option<QuarantinedRecord>,
    /// Number of records that were open and are now discarded. One that was discarded before keeps its reason.
    discarded: i32,
    /// With a filter, open records that it still admits: ask again until there are none. Otherwise null.
    remaining: Option<BigInt>,
    /// What a person can mend; then nothing was changed.
    user_errors: Vec<UserError>,
}

impl QuarantineDiscardPayload {
    fn refused(error: UserError) -> Self {
        Self { user_errors: vec![error], ..Self::default() }
    }
}

/// Discards one record, or those of a filter.
pub async fn discard(ctx: &Context<'_>, input: QuarantineDiscardInput) -> Result<QuarantineDiscardPayload> {
    let reason = input.reason.trim().to_owned();
    if let Some(error) = check_reason(&reason) {
        return Ok(QuarantineDiscardPayload::refused(error));
    }
    match (input.id, input.filter) {
        (Some(id), None) => discard_one(ctx, &id, &reason).await,
        (None, Some(filter)) => match changes_at_once(input.limit) {
            Ok(limit) => discard_many(ctx, filter, &reason, limit).await,
            Err(error) => Ok(QuarantineDiscardPayload::refused(error)),
        },
        _ => {
            let message = "give exactly one of id and filter";
            Ok(QuarantineDiscardPayload::refused(UserError::new(UserErrorCode::Ambiguous, &["input"], message)))
        }
    }
}

async fn discard_one(ctx: &Context<'_>, id: &ID, reason: &str) -> Result<QuarantineDiscardPayload> {
    let Some((number, record)) = quarantine::find_by_id(ctx, id).await? else {
        return Ok(QuarantineDiscardPayload::refused(quarantine::unknown(id)));
    };
    if record.head().state == RecordState::Replayed.code() {
        let error = quarantine::already_replayed(id);
        return Ok(QuarantineDiscardPayload { record: Some(record), user_errors: vec![error], ..Default::default() });
    }
    let workspace = caller(ctx)?.workspace_id();
    let object = NodeId::QuarantinedRecord(number).plain();
    let (ids, entry) = ([number.to_vec()], audited(ctx, "quarantineDiscard")?.on(object));
    let discarded = store::quarantine_change::discard(store(ctx)?, workspace, (&ids, reason), &entry).await?;
    let record = quarantine::find(ctx, number).await?;
    Ok(QuarantineDiscardPayload { record, discarded: count(discarded), ..Default::default() })
}

async fn discard_many(
    ctx: &Context<'_>,
    filter: QuarantineFilter,
    reason: &str,
    limit: u64,
) -> Result<QuarantineDiscardPayload> {
    let mut filter = QuarantineFilter::parse(Some(filter))?;
    if !filter.states.is_empty() && !filter.states.contains(&RecordState::Open) {
        return Ok(QuarantineDiscardPayload { remaining: Some(BigInt(0)), ..Default::default() });
    }
    filter.states = vec![RecordState::Open];
    let (store, workspace) = (store(ctx)?, caller(ctx)?.workspace_id());
    let found = store::quarantine::walk(store, workspace, &filter, None, limit).await?;
    let ids: Vec<Vec<u8>> = found.rows.into_iter().map(|row| row.id).collect();
    let entry = audited(ctx, "quarantineDiscard")?;
    let discarded = store::quarantine_change::discard(store, workspace, (&ids, reason), &entry).await?;
    let remaining = store::quarantine::count(store, workspace, &filter).await?;
    Ok(QuarantineDiscardPayload {
        discarded: count(discarded),
        remaining: Some(BigInt(remaining)),
        ..QuarantineDiscardPayload::default()
    })
}

fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn check_reason(reason: &str) -> Option<UserError> {
    let field = ["input", "reason"];
    let length = reason.chars().count();
    if reason.is_empty() {
        return Some(UserError::new(UserErrorCode::Blank, &field, "reason is empty: say why the record is not wanted"));
    }
    let message = format!("reason has {length} characters, above the maximum of {MAX_REASON_CHARS}");
    (length > MAX_REASON_CHARS).then(|| UserError::new(UserErrorCode::TooLong, &field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_needed_and_bounded() {
        let code = |reason: &str| check_reason(reason).map(|error| error.code);
        assert_eq!(code("a test of the sender"), None);
        assert_eq!(code(""), Some(UserErrorCode::Blank));
        assert_eq!(code(&"x".repeat(MAX_REASON_CHARS + 1)), Some(UserErrorCode::TooLong));
    }
}
