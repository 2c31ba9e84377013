//! A named rule over customers.

use sea_orm::entity::prelude::*;

/// A named rule over customers.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audience")]
pub struct Model {
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// Hash of the name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// What clients ask for it by.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The rule as JSON (domain/audience).
    pub rule: String,
    /// UTC microseconds.
    pub created_at: i64,
    /// UTC microseconds.
    pub updated_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
