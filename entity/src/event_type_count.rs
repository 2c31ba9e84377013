//! How often and when an event type was seen, per shard.

use sea_orm::entity::prelude::*;

/// How often and when an event type was seen, per shard.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_type_count")]
pub struct Model {
    /// Shard of the customers.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Event type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_type: i64,
    /// Workspace.
    pub workspace: i32,
    /// Number of events.
    pub events: i64,
    /// Earliest occurrence, UTC microseconds.
    pub first_at: i64,
    /// Latest occurrence, UTC microseconds.
    pub last_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
