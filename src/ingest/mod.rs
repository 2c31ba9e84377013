//! The one way in: a bounded queue of parsed batches, and committers that take all that waits, deduplicate, identify,
//! fold and commit it in one transaction, and then answer each request.
//!
//! A group's way through the files: `queue` -> `prepare` -> `committer` -> `group` -> `journal` -> `screen` -> `quarantine` -> `dedupe` ->
//! `identify` (with `merge`) -> `catalogue` -> `profile` -> `sequence` -> `identity_history` -> `order` -> `conversion` -> `fold` ->
//! `address` -> `reach` -> `count` -> `report`. `replay` sends quarantined records the same way again.

mod committer;
mod prepare;
mod queue;

mod address;
mod audit;
mod catalogue;
mod claim;
mod conversion;
mod count;
mod dedupe;
mod detail;
pub mod erase;
mod fold;
mod group;
mod identify;
mod identity_history;
mod journal;
mod merge;
mod order;
mod profile;
mod quarantine;
mod reach;
pub mod replay;
pub mod report;
mod screen;
mod sequence;
mod tally;

mod ids;
mod memory;

mod detail_upgrade;
pub mod recount;
mod upgrade;

pub use claim::Claim;
pub use journal::{Mark, MarkedFile};
pub use merge::{MergeOutcome, MergeRequest, NamedCustomer};
pub use prepare::PreparedBatch;
pub use queue::{Ingest, IngestSettings};
pub use report::{Batch, DialectCounts, EventId, RecordResult, RecordStatus, Replay, Report};
pub use tally::Tally;
