//! What an administrator did: one row a change, without personal data.

use sea_orm::entity::prelude::*;

/// What an administrator did: one row a change, without personal data.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// Random number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Workspace.
    pub workspace: i32,
    /// When, UTC microseconds.
    pub at: i64,
    /// The key that it was done with; null: none, as on the command line.
    pub api_key: Option<i64>,
    /// Name of the key at that time, or what else did it.
    pub actor: String,
    /// What was done: the name of the mutation or command.
    pub action: String,
    /// What it was done to, such as `Customer:7`.
    pub object: Option<String>,
    /// Counts and settings as a JSON object.
    pub summary: String,
    /// Id of the request.
    pub request: Option<String>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
