//! What goes into ingestion and what comes out: a batch of parsed records, and a verdict on each.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::group::Position;
use super::merge::MergeOutcome;
use super::prepare::{PreparedBatch, PreparedRecord};
use super::screen::Screened;
use crate::domain::audit::AuditEntry;
use crate::domain::event::Record;
use crate::domain::kind::Kind;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// Parsed records of one request or one piece of a file.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The workspace they belong to.
    pub workspace: WorkspaceId,
    /// The route or file that they came by, for the quarantine.
    pub source: String,
    /// Index of the first record in its request or file.
    pub first_index: u64,
    /// The records.
    pub records: Vec<Record>,
    /// The quarantined record that they were read from again.
    pub replay: Option<Replay>,
    /// What the audit log is to say, in the same transaction, if a new event comes of it.
    pub audit: Option<AuditEntry>,
}

/// A quarantined record that is replayed. With the events of its batch it becomes REPLAYED, or neither happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The record.
    pub id: [u8; 16],
    /// When it was received: the time of its events that have none of their own.
    pub received_at: Micros,
    /// How it was replayed, for its readers.
    pub resolution: String,
}

impl Batch {
    /// The records of one request, by the name of its route.
    pub fn new(workspace: WorkspaceId, source: impl Into<String>, records: Vec<Record>) -> Self {
        Self { workspace, source: source.into(), first_index: 0, records, replay: None, audit: None }
    }

    /// The records, none of them refused, that a quarantined record was read as.
    pub fn replaying(workspace: WorkspaceId, source: impl Into<String>, records: Vec<Record>, replay: Replay) -> Self {
        Self { replay: Some(replay), ..Self::new(workspace, source, records) }
    }
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
    /// It names nobody but erased customers, whose identifiers are blocked: nothing of it is kept.
    Dropped,
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
    /// What is wrong, when quarantined or dropped.
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
    /// Records that name nobody but erased customers, of which nothing is kept.
    pub dropped: u64,
    /// New events.
    pub events: u64,
    /// The same by the form that records came in; `auto` where that could not be told.
    pub dialects: BTreeMap<&'static str, DialectCounts>,
    /// New events by kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// One verdict per record, in order.
    pub results: Vec<RecordResult>,
    /// Whether nothing was taken because the quarantined record of the batch had been replayed before.
    pub was_replayed_before: bool,
    /// The customer of each profile update, in order; none where it named nobody but erased customers and was dropped.
    pub customers: Vec<Option<i64>>,
    /// What became of each merge by hand, in order.
    pub merges: Vec<MergeOutcome>,
}

/// What became of the records of one form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DialectCounts {
    /// Records with at least one new event.
    pub accepted: u64,
    /// Records whose events were all there already.
    pub duplicates: u64,
    /// Records that went to the quarantine.
    pub quarantined: u64,
    /// Records that name nobody but erased customers.
    pub dropped: u64,
    /// New events.
    pub events: u64,
}

/// What is said of a record that is dropped.
const DROPPED: &str = "it names an erased customer, whose identifiers are blocked for a while: nothing of it is kept";

/// The report of each batch, given where the new events stand and what their ids are.
pub(super) fn reports(
    batches: &[&PreparedBatch],
    (replayed_before, screened): (&HashSet<usize>, &Screened),
    new_events: impl Iterator<Item = (Position, Kind, EventId)>,
) -> Vec<Report> {
    let mut new: HashMap<(usize, usize), (EventId, u64)> = HashMap::new();
    let mut kinds = vec![BTreeMap::new(); batches.len()];
    for (position, kind, id) in new_events {
        let known = new.entry((position.batch, position.record)).or_insert((id, 0));
        known.1 += 1;
        *kinds[position.batch].entry(kind).or_default() += 1;
    }
    let report_of = |(number, batch): (usize, &&PreparedBatch)| {
        let was_replayed_before = replayed_before.contains(&number);
        let mut report = Report { kinds: std::mem::take(&mut kinds[number]), was_replayed_before, ..Report::default() };
        for (position, record) in batch.records.iter().enumerate() {
            let events = record.outcome.as_ref().map_or(0, Vec::len);
            let is_dropped = screened.drops(Position { batch: number, record: position }, events);
            report.take(record, new.get(&(number, position)), is_dropped);
        }
        report
    };
    batches.iter().enumerate().map(report_of).collect()
}

impl Report {
    fn take(&mut self, record: &PreparedRecord, new: Option<&(EventId, u64)>, is_dropped: bool) {
        let index = record.index;
        let plain = RecordResult {
            index,
            status: RecordStatus::Duplicate,
            event_id: None,
            code: None,
            message: None,
            path: None,
        };
        let of_dialect = self.dialects.entry(record.dialect).or_default();
        let result = match (&record.outcome, new) {
            (_, None) if is_dropped => {
                self.dropped += 1;
                of_dialect.dropped += 1;
                RecordResult { status: RecordStatus::Dropped, message: Some(DROPPED.to_owned()), ..plain }
            }
            (Err(rejected), _) => {
                self.quarantined += 1;
                of_dialect.quarantined += 1;
                let rejection = &rejected.rejection;
                RecordResult {
                    status: RecordStatus::Quarantined,
                    code: Some(rejection.code.name()),
                    message: Some(rejection.message.clone()),
                    path: Some(rejection.path.clone()).filter(|path| !path.is_empty()),
                    ..plain
                }
            }
            (Ok(_), Some((id, events))) => {
                self.accepted += 1;
                self.events += events;
                of_dialect.accepted += 1;
                of_dialect.events += events;
                RecordResult { status: RecordStatus::Accepted, event_id: Some(*id), ..plain }
            }
            (Ok(_), None) => {
                self.duplicates += 1;
                of_dialect.duplicates += 1;
                plain
            }
        };
        self.results.push(result);
    }
}
