//! Texts behind the hashes that recipients' states hold: clicked urls and given reasons.

use sea_orm::entity::prelude::*;

/// Texts behind the hashes that recipients' states hold: clicked urls and given reasons.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "detail")]
pub struct Model {
    /// Shard of the id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// Hash of the text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The text.
    pub text: String,
    /// The customer whose events alone have it, as first seen: it may have become part of another; null: several have it.
    pub customer: Option<i64>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
