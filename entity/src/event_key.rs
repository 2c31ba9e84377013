//! Idempotency keys of events that carry their own time, in buckets by the UTC day of that time.

use sea_orm::entity::prelude::*;

/// Idempotency keys of events that carry their own time, in buckets by the UTC day of that time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_key")]
pub struct Model {
    /// Hash of the key modulo V.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// UTC day of the event's own time, days since 1970.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    /// 128 bits over workspace, key and own time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
