//! What one customer did in one campaign: every message with its times, packed.

use sea_orm::entity::prelude::*;

/// What one customer did in one campaign: every message with its times, packed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recipient")]
pub struct Model {
    /// Shard of the customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Campaign.
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign: i64,
    /// Customer; never a merged one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer: i64,
    /// Packed state (domain/recipient).
    pub state: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
