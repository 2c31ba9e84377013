//! A campaign, created on first sight of its id.

use sea_orm::entity::prelude::*;

/// A campaign, created on first sight of its id.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign")]
pub struct Model {
    /// Hash of (workspace, namespace, external id).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Workspace.
    pub workspace: i32,
    /// Who issued the external id.
    pub namespace: String,
    /// The vendor's id.
    pub external_id: String,
    /// The name, once an event or a person told it.
    pub name: Option<String>,
    /// JSON array of strings.
    pub tags: String,
    /// UTC microseconds.
    pub created_at: i64,
    /// UTC microseconds; null: not archived.
    pub archived_at: Option<i64>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
