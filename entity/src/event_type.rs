//! Catalogue of (type, action, kind) seen in a workspace.

use sea_orm::entity::prelude::*;

/// Catalogue of (type, action, kind) seen in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event_type")]
pub struct Model {
    /// Hash of the other columns.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Workspace.
    pub workspace: i32,
    /// The vendor's word, lower-case.
    pub r#type: String,
    /// The vendor's second word.
    pub action: Option<String>,
    /// Code of the kind.
    pub kind: i16,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
