//! Maintained counts of a campaign: one packed row per grouping, group and day.

use sea_orm::entity::prelude::*;

/// Maintained counts of a campaign: one packed row per grouping, group and day.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rollup")]
pub struct Model {
    /// Shard of the customers counted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Campaign.
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign: i64,
    /// 0 none, 1 run, 2 treatment, 3 touchpoint, 4 channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub grouping: i16,
    /// Hash of the group's value; 0 for grouping 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_id: i64,
    /// Day in the workspace's time zone, days since 1970.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    /// Packed counts (domain/rollup).
    pub counts: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
