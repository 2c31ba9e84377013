//! One attribute of a customer's profile.

use sea_orm::entity::prelude::*;

/// One attribute of a customer's profile.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_attribute")]
pub struct Model {
    /// Shard of the customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Customer; never a merged one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer: i64,
    /// Name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Workspace.
    pub workspace: i32,
    /// Bytes whose order is the order of values (domain/profile).
    pub sort_key: Vec<u8>,
    /// The value as JSON text: a string, a number, true, false or null.
    pub value: String,
    /// When it became so, UTC microseconds.
    pub updated_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
