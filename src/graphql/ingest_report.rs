//! The answer to an ingesting mutation.

use async_graphql::{Context, Enum, ID, SimpleObject};

use super::context::{caller, ingest};
use super::error::Result;
use super::limits::MAX_INGEST_RECORDS;
use super::node::NodeId;
use super::user_error::{UserError, UserErrorCode};
use crate::domain::event::Record;
use crate::ingest::{self, Batch, RecordResult};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ingest::RecordStatus")]
pub enum IngestResultStatus {
    /// At least one of its events is new and now stored.
    Accepted,
    /// All its events were there already.
    Duplicate,
    /// It could not be taken and is kept in the quarantine.
    Quarantined,
    /// It names nobody but erased customers, whose identifiers are blocked for a while: nothing of it is kept.
    Dropped,
}

/// Which records are answered one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum IngestResultSelection {
    /// Those that could not be taken, or were dropped.
    Failures,
    /// All.
    All,
}

/// What became of one record.
#[derive(Clone, Debug, SimpleObject)]
pub struct IngestResult {
    /// Index of the record in the request, from 0.
    index: i32,
    /// What became of it.
    status: IngestResultStatus,
    /// Its first new event; null where it has none.
    event_id: Option<ID>,
    /// Stable reason code, such as `MISSING_IDENTIFIER`; null unless quarantined.
    code: Option<String>,
    /// What is wrong, naming the value and the rule; null unless quarantined or dropped.
    message: Option<String>,
    /// JSON path of the offending field, such as `data.ts`; empty for the whole record, null unless quarantined.
    path: Option<String>,
}

impl From<RecordResult> for IngestResult {
    fn from(result: RecordResult) -> Self {
        Self {
            index: i32::try_from(result.index).unwrap_or(i32::MAX),
            status: result.status.into(),
            event_id: result.event_id.map(|id| NodeId::Event((id.shard, id.seq)).encode()),
            code: result.code.map(str::to_owned),
            message: result.message,
            path: result.path,
        }
    }
}

/// What became of the records of a request. It answers when everything is committed: queries that follow see it.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct EventsIngestPayload {
    /// Records with at least one new event.
    accepted: i32,
    /// Records whose events were all there already.
    duplicates: i32,
    /// Records that could not be taken; they are kept in the quarantine.
    quarantined: i32,
    /// Records that name nobody but erased customers, whose identifiers are blocked for a while: nothing of them is kept.
    dropped: i32,
    /// New events. A vendor's record may become several.
    events: i32,
    /// What became of the records, in their order: of those that failed or were dropped, or of all with `results: ALL`.
    results: Vec<IngestResult>,
    /// What a person can mend about the request as a whole; then nothing was taken.
    user_errors: Vec<UserError>,
}

impl EventsIngestPayload {
    /// Nothing was taken.
    pub fn refused(error: UserError) -> Self {
        Self { user_errors: vec![error], ..Self::default() }
    }
}

/// What is wrong with a number of records.
pub fn check_number(number: usize, field: &str) -> Option<UserError> {
    let path = ["input", field];
    match number {
        0 => Some(UserError::new(UserErrorCode::Blank, &path, format!("{field} is empty: give at least one"))),
        1..=MAX_INGEST_RECORDS => None,
        _ => {
            let message = format!("{number} {field} exceed the maximum of {MAX_INGEST_RECORDS}: send several requests");
            Some(UserError::new(UserErrorCode::TooMany, &path, message))
        }
    }
}

/// Takes records in, and tells what became of them.
pub async fn submit(
    ctx: &Context<'_>,
    mutation: &str,
    records: Vec<Record>,
    selection: Option<IngestResultSelection>,
) -> Result<EventsIngestPayload> {
    let workspace = caller(ctx)?.workspace_id();
    let source = format!("/graphql {mutation}");
    let report = ingest(ctx)?.submit(Batch::new(workspace, source, records)).await?;
    let is_wanted = |result: &RecordResult| {
        let is_failure = matches!(result.status, ingest::RecordStatus::Quarantined | ingest::RecordStatus::Dropped);
        selection == Some(IngestResultSelection::All) || is_failure
    };
    let number = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(EventsIngestPayload {
        accepted: number(report.accepted),
        duplicates: number(report.duplicates),
        quarantined: number(report.quarantined),
        dropped: number(report.dropped),
        events: number(report.events),
        results: report.results.into_iter().filter(is_wanted).map(IngestResult::from).collect(),
        user_errors: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_between_one_and_the_maximum_of_records() {
        let code = |number| check_number(number, "events").map(|error| error.code);
        assert_eq!(code(0), Some(UserErrorCode::Blank));
        assert_eq!(code(1), None);
        assert_eq!(code(MAX_INGEST_RECORDS), None);
        assert_eq!(code(MAX_INGEST_RECORDS + 1), Some(UserErrorCode::TooMany));
    }
}
