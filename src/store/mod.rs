//! The only SQL. One noun per file; what differs by database stands in `connect`, `hot` and `conversion` alone.

pub mod api_key;
pub mod audience;
pub mod audit;
pub mod block;
pub mod campaign;
pub mod cell;
pub mod connect;
pub mod conversion;
pub mod customer;
pub mod customer_conversion;
pub mod customer_set;
pub mod detail;
pub mod event;
pub mod event_by_commit;
pub mod event_by_time;
pub mod event_details;
mod event_lane;
pub mod event_type;
pub mod hot;
pub mod identifier_type;
pub mod identity_change;
pub mod import_journal;
pub mod list;
pub mod memo;
pub mod page;
pub mod profile;
pub mod quarantine;
pub mod quarantine_change;
pub mod quarantine_counts;
pub mod reachability;
pub mod recipient;
pub mod recipient_scan;
pub mod rollup;
pub mod suppression;
pub mod touch;
pub mod workspace;

use std::sync::Arc;

use sea_orm::DatabaseConnection;

use self::memo::Memo;
use crate::domain::hash::ShardCount;
pub use connect::{DatabaseSettings, open};

/// An open, migrated database: readers go through `db`, ingestion has connections of its own.
#[derive(Clone, Debug)]
pub struct Store {
    db: DatabaseConnection,
    shards: ShardCount,
    url: String,
    memo: Arc<Memo>,
}

impl Store {
    /// The pool for queries and for rare writes (workspaces, keys, campaigns' names).
    pub fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// Number of shards, as recorded in the database.
    pub fn shards(&self) -> ShardCount {
        self.shards
    }

    /// The shard numbers, to be given to queries that read one campaign in all shards.
    pub fn all_shards(&self) -> Vec<i16> {
        (0..self.shards.0).collect()
    }

    /// Answers that were computed before, kept while they hold.
    pub fn memo(&self) -> &Memo {
        &self.memo
    }

    /// The URL it was opened with. It may hold a password: never print it.
    pub fn url(&self) -> &str {
        &self.url
    }
}
