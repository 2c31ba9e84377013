//! A merge of two customers or a move of an identifier, with its cause.

use sea_orm::entity::prelude::*;

/// A merge of two customers or a move of an identifier, with its cause.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_change")]
pub struct Model {
    /// Shard of the customer that gained.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// Time-ordered number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Workspace.
    pub workspace: i32,
    /// The customer that gained, as it was then.
    pub customer: i64,
    /// The customer that was merged, or that lost the identifier, as it was then.
    pub other: i64,
    /// `SHARED_IDENTIFIER`, `ANONYMOUS_NAMED`, `IDENTIFIER_MOVED` or `MANUAL`.
    pub cause: String,
    /// Type of the identifier that caused it.
    pub identifier_name: Option<String>,
    /// Value of the identifier that caused it.
    pub identifier_value: Option<String>,
    /// UTC microseconds.
    pub changed_at: i64,
    /// Shard of the event that caused it.
    pub event_shard: i16,
    /// Number of the event that caused it; 0: none did, or an older program did not keep it.
    pub event_seq: i64,
    /// Number of the key by which somebody asked for it; 0: nobody did.
    pub api_key: i64,
    /// Why it was asked for.
    pub reason: Option<String>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
