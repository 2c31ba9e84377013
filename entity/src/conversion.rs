//! Conversions, each with the touches before it.

use sea_orm::entity::prelude::*;

/// A conversion: the earliest purchase of an order, or a purchase without one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversion")]
pub struct Model {
    /// Shard of the customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// When, UTC microseconds.
    #[sea_orm(primary_key, auto_increment = false)]
    pub at: i64,
    /// Key of its event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Vec<u8>,
    /// The customer; it stands for itself.
    pub customer: i64,
    /// Packed order, money and touches (domain/conversion).
    pub packed: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
