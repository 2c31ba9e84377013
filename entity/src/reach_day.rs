//! How many customers of a shard came to be reached how far on the days of a block, per channel and list.

use sea_orm::entity::prelude::*;

/// How many customers of a shard came to be reached how far on the days of a block, per channel and list.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reach_day")]
pub struct Model {
    /// Shard of the customers.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// Channel; empty for the number of all customers.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// List; 0: none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub list: i64,
    /// Which days: 32 to a block, from 1970-01-01 on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub block: i32,
    /// Packed changes (`domain::reach_day`).
    pub changes: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
