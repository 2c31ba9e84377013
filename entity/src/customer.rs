//! A person, or a device not yet known to be anybody's.

use sea_orm::entity::prelude::*;

/// A person, or a device not yet known to be anybody's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// Hash of the id modulo V.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Time-ordered number: the smaller id is the older customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Workspace.
    pub workspace: i32,
    /// Whether it has, or had, a high-confidence identifier.
    pub is_identified: bool,
    /// The customer it became part of; null: it stands for itself. Always points at a customer that stands for itself.
    pub merged_into: Option<i64>,
    /// UTC microseconds.
    pub created_at: i64,
    /// When it was erased, UTC microseconds: only a nameless shell is left, which no answer shows. Null: it was not.
    pub erased_at: Option<i64>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
