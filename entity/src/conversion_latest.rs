//! How far the conversions of a shard reach.

use sea_orm::entity::prelude::*;

/// A time after which no customer of a shard has a conversion: touches from then on credit none.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversion_latest")]
pub struct Model {
    /// Shard.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// UTC microseconds.
    pub at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
