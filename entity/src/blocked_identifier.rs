//! An identifier of an erased customer that is not taken again for a while. Which one cannot be read from it.

use sea_orm::entity::prelude::*;

/// An identifier of an erased customer that is not taken again for a while. Which one cannot be read from it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blocked_identifier")]
pub struct Model {
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// 128 bits of a keyed hash (domain/block); the key is in the workspace's settings.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    /// When its customer was erased, UTC microseconds.
    pub blocked_at: i64,
    /// From when on it is taken again, UTC microseconds.
    pub blocked_until: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
