//! An identifier type of a workspace, built in, registered or created on first sight.

use sea_orm::entity::prelude::*;

/// An identifier type of a workspace, built in, registered or created on first sight.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identifier_type")]
pub struct Model {
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// Type name, such as `email`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Whether it merges customers (high confidence).
    pub is_high: bool,
    /// Channels that its values can be written to, separated by spaces; empty: not messaging.
    pub channels: String,
    /// UTC microseconds.
    pub created_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
