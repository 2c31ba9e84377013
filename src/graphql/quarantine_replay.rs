//! `quarantineReplay`: quarantined records, read again.

use async_graphql::{Context, ID, InputObject, SimpleObject};
use serde_json::Value;

use super::context::{audited, caller, ingest, store};
use super::error::Result;
use super::limits::{DEFAULT_QUARANTINE_CHANGES, MAX_LISTED_REFUSALS, MAX_QUARANTINE_CHANGES};
use super::node::NodeId;
use super::page::CursorText;
use super::quarantine::{self, QuarantinedRecord, read_position, write_position};
use super::quarantine_filter::QuarantineFilter;
use super::scalar::{BigInt, Json};
use super::source::EventDialect;
use super::user_error::{UserError, UserErrorCode};
use crate::domain::audit::AuditEntry;
use crate::domain::event::Rejection;
use crate::ingest::replay::{self, Correction, ReplayContext, ReplayRange, Replayed};
use crate::store;
use crate::store::quarantine::QuarantinedHead;

/// Which records are to be replayed, by exactly one of `id` and `filter`, and how they are to be read.
#[derive(Clone, Debug, InputObject)]
pub struct QuarantineReplayInput {
    /// One record: waiting or discarded.
    id: Option<ID>,
    /// With `id`, what to take in place of what is stored: a string is the corrected text, which may hold several records;
    /// an object or a list is the record itself. They are taken all or not at all. Without it, the record as it came.
    record: Option<Json>,
    /// The form to read in; without it, the form that it came in, or that it is recognised by.
    dialect: Option<EventDialect>,
    /// All records that this admits, as they came, the earliest received first.
    filter: Option<QuarantineFilter>,
    /// With a filter, most records to replay, 1 to 10,000.
    #[graphql(default_with = "Some(1_000)")]
    limit: Option<i32>,
    /// With a filter, only records received after those of this `endCursor`: without it, those that were refused again
    /// would be tried again.
    after: Option<String>,
}

/// A record that was refused again. It keeps its state.
#[derive(Debug, SimpleObject)]
pub struct QuarantineRefusal {
    /// The record.
    record: QuarantinedRecord,
    /// Stable reason code of this time.
    code: String,
    /// JSON path of the offending field; empty for the whole record.
    path: String,
    /// What is wrong, naming the value and the rule.
    message: String,
}

/// What became of the records that were replayed. It answers when everything is committed: queries that follow see it.
#[derive(Debug, Default, SimpleObject)]
pub struct QuarantineReplayPayload {
    /// The record of `id` as it is now; null with a filter or where the id names nothing.
    record: Option<QuarantinedRecord>,
    /// Quarantined records that were taken and are now REPLAYED.
    replayed: i32,
    /// Of these, those all of whose events were there already, such as from a repeat that came since.
    duplicates: i32,
    /// New events.
    events: i32,
    /// Quarantined records that were refused again, by a rule or because only their beginning is kept.
    refused: i32,
    /// Quarantined records that somebody else replayed meanwhile.
    already_replayed: i32,
    /// Those that were refused again, in order; at most 100.
    refusals: Vec<QuarantineRefusal>,
    /// With a filter, where to go on with `after`; null when no record is left.
    end_cursor: Option<String>,
    /// With a filter, records that it still admits behind `endCursor`; 0 when no record is left. Otherwise null.
    remaining: Option<BigInt>,
    /// What a person can mend; then nothing was changed.
    user_errors: Vec<UserError>,
}

impl QuarantineReplayPayload {
    fn refused_for(error: UserError) -> Self {
        Self { user_errors: vec![error], ..Self::default() }
    }

    fn told_by(&self, entry: AuditEntry) -> AuditEntry {
        entry.with("replayed", self.replayed).with("events", self.events).with("refused", self.refused)
    }

    fn count(&mut self, head: QuarantinedHead, replayed: Replayed) -> Result<()> {
        let refusal = match replayed {
            Replayed::Taken(report) => {
                self.replayed += 1;
                self.duplicates += i32::from(report.events == 0 && report.dropped == 0);
                self.events = self.events.saturating_add(i32::try_from(report.events).unwrap_or(i32::MAX));
                return Ok(());
            }
            Replayed::Before => {
                self.already_replayed += 1;
                return Ok(());
            }
            Replayed::Refused(rejection) => rejection,
            Replayed::Incomplete => replay::incomplete(&head),
        };
        self.refused += 1;
        if self.refusals.len() < MAX_LISTED_REFUSALS {
            let Rejection { code, path, message } = refusal;
            let record = QuarantinedRecord::try_from(head)?;
            self.refusals.push(QuarantineRefusal { record, code: code.name().to_owned(), path, message });
        }
        Ok(())
    }
}

/// As the audit log has it: replays take several transactions, so that the entry is written before the first.
const MUTATION: &str = "quarantineReplay";

/// Replays one record, or those of a filter.
pub async fn replay(ctx: &Context<'_>, input: QuarantineReplayInput) -> Result<QuarantineReplayPayload> {
    let ambiguous = |message: &str| {
        Ok(QuarantineReplayPayload::refused_for(UserError::new(UserErrorCode::Ambiguous, &["input"], message)))
    };
    match (&input.id, &input.filter) {
        (Some(_), None) if input.after.is_some() => ambiguous("after goes with filter, not with id"),
        (Some(id), None) => replay_one(ctx, id, &input).await,
        (None, Some(_)) if input.record.is_some() => {
            ambiguous("a corrected record takes the place of one: give its id")
        }
        (None, Some(_)) => match changes_at_once(input.limit) {
            Ok(limit) => replay_many(ctx, input, limit).await,
            Err(error) => Ok(QuarantineReplayPayload::refused_for(error)),
        },
        _ => ambiguous("give exactly one of id and filter"),
    }
}

/// How many records may be changed at once, or what is wrong with a number.
pub fn changes_at_once(limit: Option<i32>) -> Result<u64, UserError> {
    let Some(limit) = limit else { return Ok(DEFAULT_QUARANTINE_CHANGES) };
    let message = format!("limit: {limit} is not within 1 to {MAX_QUARANTINE_CHANGES}");
    let wanted = u64::try_from(limit).ok().filter(|limit| (1..=MAX_QUARANTINE_CHANGES).contains(limit));
    wanted.ok_or_else(|| UserError::new(UserErrorCode::Invalid, &["input", "limit"], message))
}

fn context<'a>(ctx: &Context<'a>) -> Result<ReplayContext<'a>> {
    Ok(ReplayContext { store: store(ctx)?, ingest: ingest(ctx)?, workspace: caller(ctx)?.workspace_id() })
}

async fn replay_one(ctx: &Context<'_>, id: &ID, input: &QuarantineReplayInput) -> Result<QuarantineReplayPayload> {
    let Some((number, record)) = quarantine::find_by_id(ctx, id).await? else {
        return Ok(QuarantineReplayPayload::refused_for(quarantine::unknown(id)));
    };
    let correction = Correction { text: input.record.as_ref().map(text_of), dialect: input.dialect.map(Into::into) };
    let entry = audited(ctx, MUTATION)?.on(NodeId::QuarantinedRecord(number).plain());
    let open = store::audit::open(store(ctx)?, caller(ctx)?.workspace_id(), &entry).await?;
    let replayed = replay::replay_one(context(ctx)?, record.head(), &correction).await?;
    let mut payload = QuarantineReplayPayload::default();
    payload.user_errors.extend(error_of(id, &record, input, &replayed));
    payload.count(record.head().clone(), replayed)?;
    payload.record = quarantine::find(ctx, number).await?;
    store::audit::complete(store(ctx)?, open, &payload.told_by(entry)).await?;
    Ok(payload)
}

/// A corrected record as the text of a request's body.
fn text_of(record: &Json) -> Vec<u8> {
    match &record.0 {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

fn error_of(
    id: &ID,
    record: &QuarantinedRecord,
    input: &QuarantineReplayInput,
    replayed: &Replayed,
) -> Option<UserError> {
    let field = if input.record.is_some() { ["input", "record"] } else { ["input", "id"] };
    match replayed {
        Replayed::Taken(_) => None,
        Replayed::Before => Some(quarantine::already_replayed(id)),
        Replayed::Refused(Rejection { path, message, .. }) if path.is_empty() || message.starts_with(path) => {
            Some(UserError::new(UserErrorCode::Refused, &field, message.clone()))
        }
        Replayed::Refused(Rejection { path, message, .. }) => {
            Some(UserError::new(UserErrorCode::Refused, &field, format!("{path}: {message}")))
        }
        Replayed::Incomplete => {
            let message = replay::incomplete(record.head()).message;
            Some(UserError::new(UserErrorCode::Incomplete, &field, message))
        }
    }
}

async fn replay_many(ctx: &Context<'_>, input: QuarantineReplayInput, limit: u64) -> Result<QuarantineReplayPayload> {
    let context = context(ctx)?;
    let filter = QuarantineFilter::parse(input.filter)?;
    let after = input.after.map(|cursor| read_position(&CursorText::decode(&cursor)?)).transpose()?;
    let dialect = input.dialect.map(Into::into);
    let range = ReplayRange { filter, after, limit, dialect };
    let entry = audited(ctx, MUTATION)?;
    let open = store::audit::open(context.store, context.workspace, &entry).await?;
    let replayed = replay::replay_range(context, &range).await?;
    let mut payload = QuarantineReplayPayload::default();
    for (head, replayed) in replayed.records {
        payload.count(head, replayed)?;
    }
    store::audit::complete(context.store, open, &payload.told_by(entry)).await?;
    let remaining = match &replayed.next {
        Some(next) => {
            store::quarantine::count_behind(context.store, context.workspace, &range.filter, Some(next)).await?
        }
        None => 0,
    };
    payload.remaining = Some(BigInt(remaining));
    payload.end_cursor = replayed.next.as_ref().map(|next| write_position(next).encode());
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_correction_is_text_or_the_record_itself() {
        assert_eq!(text_of(&Json(json!("{\"a\": 1}"))), b"{\"a\": 1}");
        assert_eq!(text_of(&Json(json!({"a": 1}))), b"{\"a\":1}");
    }

    #[test]
    fn a_request_changes_a_bounded_number_of_records() {
        assert_eq!(changes_at_once(None), Ok(DEFAULT_QUARANTINE_CHANGES));
        assert_eq!(changes_at_once(Some(7)), Ok(7));
        for wrong in [0, -1, 10_001] {
            assert_eq!(changes_at_once(Some(wrong)).map_err(|error| error.code), Err(UserErrorCode::Invalid));
        }
    }
}
