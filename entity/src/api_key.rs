//! A key that admits requests to one workspace. Only a hash of it is stored.

use sea_orm::entity::prelude::*;

/// A key that admits requests to one workspace. Only a hash of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// Random number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The workspace it admits to.
    pub workspace: i32,
    /// What it is for.
    pub name: String,
    /// `ingest`, `odp_public`, `report`, `read` or `admin`.
    pub scope: String,
    /// First characters, to recognise it by.
    pub prefix: String,
    /// SHA-256 or BLAKE3 hash of the key, unique.
    pub hash: Vec<u8>,
    /// UTC microseconds.
    pub created_at: i64,
    /// UTC microseconds; null: never.
    pub expires_at: Option<i64>,
    /// UTC microseconds; null: not revoked.
    pub revoked_at: Option<i64>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
