//! A vendor's campaign id and the campaign that it means.

use sea_orm::entity::prelude::*;

/// A vendor's campaign id and the campaign that it means.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign_alias")]
pub struct Model {
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// Who issued the id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub namespace: String,
    /// The vendor's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub external_id: String,
    /// The campaign meant.
    pub campaign: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
