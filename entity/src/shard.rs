//! One row per shard: where its event numbers stand.

use sea_orm::entity::prelude::*;

/// One row per shard: where its event numbers stand.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shard")]
pub struct Model {
    /// Shard number, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    /// Number of the latest event committed in this shard; 0: none.
    pub last_seq: i64,
    /// The latest `received_at` committed in this shard, UTC microseconds.
    pub last_received_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
