//! A campaign's events as a whole, per shard.

use sea_orm::entity::prelude::*;

/// A campaign's events as a whole, per shard.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_activity")]
pub struct Model {
    /// Shard of the customers.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Campaign.
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign: i64,
    /// Workspace.
    pub workspace: i32,
    /// Number of events.
    pub events: i64,
    /// Number of DELIVERED events as reported; 0 in all shards: deliveries are inferred.
    pub delivered: i64,
    /// Earliest occurrence, UTC microseconds.
    pub first_at: i64,
    /// Latest occurrence, UTC microseconds. Without an event (the shard has states of merged customers alone) the times are
    /// those that any other comes before and behind.
    pub last_at: i64,
    /// Rises with every change of the recipients' states in this shard: the sum over the shards tells states apart.
    pub version: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
