//! What a customer adds to the counts of who can be reached.

use sea_orm::entity::prelude::*;

/// What a customer adds to the counts of who can be reached.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_reach")]
pub struct Model {
    /// Shard of the customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// The customer; it stands for itself.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer: i64,
    /// Packed contributions (domain/reach).
    pub reach: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
