//! A value that names a customer.

use sea_orm::entity::prelude::*;

/// A value that names a customer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identifier")]
pub struct Model {
    /// Hash of the id modulo V.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// 128-bit hash of (workspace, type, value).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    /// Workspace.
    pub workspace: i32,
    /// Type, such as `email`.
    pub name: String,
    /// Normalised value.
    pub value: String,
    /// The customer it names; never a merged one.
    pub customer: i64,
    /// Channels that it was seen on, separated by spaces, sorted (only for types without channels of their own).
    pub channels: String,
    /// When it was linked to this customer, UTC microseconds.
    pub linked_at: i64,
    /// The earliest day, in the workspace's zone, on which an event or profile update named it, as days since 1970-01-01.
    pub first_day: i32,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
