//! One event, as it was taken. Never rewritten.

use sea_orm::entity::prelude::*;

/// One event, as it was taken. Never rewritten.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Shard of the customer as stored.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Number within the shard, in order of commit, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Workspace.
    pub workspace: i32,
    /// The customer at the time of ingestion; it may have been merged since.
    pub customer: i64,
    /// Catalogue cell.
    pub cell: i64,
    /// Catalogue event type.
    pub event_type: i64,
    /// Code of the kind.
    pub kind: i16,
    /// The vendor's verdict: 0 none, 1 human, 2 machine.
    pub automation: i16,
    /// UTC microseconds.
    pub occurred_at: i64,
    /// UTC microseconds; never falls within a shard.
    pub received_at: i64,
    /// Hash of the message id; 0: none.
    pub message: i64,
    /// Idempotency key, 128 bits.
    pub key: Vec<u8>,
    /// Deflated JSON of everything else.
    pub details: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
