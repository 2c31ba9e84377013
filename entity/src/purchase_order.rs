//! Orders.

use sea_orm::entity::prelude::*;

/// An order: its earliest purchase, and what was given back of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase_order")]
pub struct Model {
    /// Shard of the id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// 128-bit hash of the workspace and the order's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    /// Workspace.
    pub workspace: i32,
    /// Packed state (domain/order).
    pub state: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
