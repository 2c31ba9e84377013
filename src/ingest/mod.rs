//! The one way in: a bounded queue of parsed batches, and committers that take all that waits, deduplicate, identify,
//! fold and commit it in one transaction, and then answer each request.

pub mod report;

pub use report::{Batch, EventId, RecordResult, RecordStatus, Report};
