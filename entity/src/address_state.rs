//! Reachability and consent of one messaging identifier.

use sea_orm::entity::prelude::*;

/// Reachability and consent of one messaging identifier.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address_state")]
pub struct Model {
    /// Shard of the identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// 128-bit hash of (workspace, type, value).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    /// Workspace.
    pub workspace: i32,
    /// Code of the reachability type; 0: reachable.
    pub unreachable: i16,
    /// 0 none, 1 opted in, 2 opted out.
    pub consent: i16,
    /// Packed state (domain/reachability).
    pub state: Vec<u8>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
