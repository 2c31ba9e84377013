//! A list that addresses join and leave.

use sea_orm::entity::prelude::*;

/// A list that addresses join and leave.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "list")]
pub struct Model {
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// Hash of the name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The id that its source gave it, or the name that a person did.
    pub name: String,
    /// UTC microseconds.
    pub created_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
