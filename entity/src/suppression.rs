//! An address that cannot be reached, or that bounced without being given up yet.

use sea_orm::entity::prelude::*;

/// An address that cannot be reached, or that bounced without being given up yet.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suppression")]
pub struct Model {
    /// Shard of the identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// 128-bit hash of (workspace, type, value).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    /// Workspace.
    pub workspace: i32,
    /// Type, such as `email`.
    pub name: String,
    /// Normalised value.
    pub value: String,
    /// Code of the reachability type; 0: it bounced, and can still be reached.
    pub reason: i16,
    /// Since when, UTC microseconds.
    pub since: i64,
    /// Shard of the event that made it so.
    pub event_shard: i16,
    /// Number of that event within its shard.
    pub event_seq: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
