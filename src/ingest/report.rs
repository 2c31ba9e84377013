//! What goes into ingestion and what comes out: a batch of parsed records, and a verdict on each.

use crate::domain::event::{Dialect, Record};
use crate::domain::workspace::WorkspaceId;

/// Parsed records of one request or one piece of a file.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The workspace they belong to.
    pub workspace: WorkspaceId,
    /// The form they came in.
    pub dialect: Dialect,
    /// The route or file that they came by, for the quarantine.
    pub source: String,
    /// Index of the first record in its request or file.
    pub first_index: u64,
    /// The records.
    pub records: Vec<Record>,
}

/// An event as committed: its shard and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId {
    /// Shard.
    pub shard: i16,
    /// Number within the shard.
    pub seq: i64,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordStatus {
    /// At least one of its events is new and now stored.
    Accepted,
    /// All its events were there already.
    Duplicate,
    /// It could not be taken and is kept in the quarantine.
    Quarantined,
}

/// The verdict on one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordResult {
    /// Index of the record in its request or file.
    pub index: u64,
    /// What became of it.
    pub status: RecordStatus,
    /// Its first new event.
    pub event_id: Option<EventId>,
    /// Reason code, when quarantined.
    pub code: Option<&'static str>,
    /// What is wrong, when quarantined.
    pub message: Option<String>,
    /// JSON path of the offending field, when quarantined.
    pub path: Option<String>,
}

/// The answer to a batch: counts of records, and of the new events they became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Records with at least one new event.
    pub accepted: u64,
    /// Records whose events were all there already.
    pub duplicates: u64,
    /// Records that went to the quarantine (or were there already).
    pub quarantined: u64,
    /// New events.
    pub events: u64,
    /// One verdict per record, in order.
    pub results: Vec<RecordResult>,
}
