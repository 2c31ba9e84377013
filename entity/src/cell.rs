//! Catalogue of (campaign, run, treatment, touchpoint, channel, source): what an event's report groups are.

use sea_orm::entity::prelude::*;

/// Catalogue of (campaign, run, treatment, touchpoint, channel, source): what an event's report groups are.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cell")]
pub struct Model {
    /// Hash of the other columns.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Workspace.
    pub workspace: i32,
    /// Campaign; 0: none.
    pub campaign: i64,
    /// The vendor's run id.
    pub run: Option<String>,
    /// The vendor's treatment id.
    pub treatment: Option<String>,
    /// The vendor's touchpoint id.
    pub touchpoint: Option<String>,
    /// Channel, lower-case.
    pub channel: Option<String>,
    /// Dialect name.
    pub source: String,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
