//! Idempotency keys of events without a time of their own.

use sea_orm::entity::prelude::*;

/// Idempotency keys of events without a time of their own.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_key_undated")]
pub struct Model {
    /// Hash of the key modulo V.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// 128 bits over workspace and key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Vec<u8>,
    /// When it was first seen, UTC microseconds.
    pub seen_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
