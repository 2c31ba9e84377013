//! The one way in: a bounded queue of parsed batches, and committers that take all that waits, deduplicate, identify,
//! fold and commit it in one transaction, and then answer each request.
//!
//! A group's way through the files: `queue` -> `prepare` -> `committer` -> `group` -> `dedupe` -> `identify` ->
//! `catalogue` -> `sequence` -> `fold` -> `profile` -> `address` -> `reach` -> `count` -> `quarantine` -> `report`.

mod committer;
mod prepare;
mod queue;

mod address;
mod catalogue;
mod count;
mod dedupe;
mod fold;
mod group;
mod identify;
mod profile;
mod quarantine;
mod reach;
pub mod report;
mod sequence;

mod ids;
mod memory;

pub mod recount;
mod upgrade;

pub use queue::{Ingest, IngestSettings};
pub use report::{Batch, EventId, RecordResult, RecordStatus, Report};
