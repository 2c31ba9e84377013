//! One change that an event brought to an address: the narrow index of its history.

use sea_orm::entity::prelude::*;

/// One change that an event brought to an address: the narrow index of its history.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address_change")]
pub struct Model {
    /// Shard of the identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// 128-bit hash of (workspace, type, value).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    /// When, by the change's own time, UTC microseconds.
    #[sea_orm(primary_key, auto_increment = false)]
    pub at: i64,
    /// Shard of the event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_shard: i16,
    /// Number of the event within its shard.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_seq: i64,
    /// Code of the change (domain/reachability).
    #[sea_orm(primary_key, auto_increment = false)]
    pub change: i16,
    /// The list concerned; 0: none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub list: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
