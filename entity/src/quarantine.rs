//! A record that could not be taken, kept with its raw bytes.

use sea_orm::entity::prelude::*;

/// A record that could not be taken, kept with its raw bytes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantine")]
pub struct Model {
    /// Hash of the id modulo V.
    #[sea_orm(primary_key, auto_increment = false)]
    pub shard: i16,
    /// 128-bit hash of (workspace, bytes of the whole record): a repeat adds nothing, whatever became of the first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Vec<u8>,
    /// Workspace.
    pub workspace: i32,
    /// Dialect name; `auto` where it could not be told.
    pub dialect: String,
    /// Stable reason code.
    pub code: String,
    /// JSON path of the offending field, at most 500 characters; empty: the whole record.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// The record; of one over 16 MiB the first 64 KiB.
    pub raw: Vec<u8>,
    /// Length of the whole record in bytes.
    pub raw_len: i64,
    /// Route or file that it came by.
    pub source: String,
    /// Index of the record in its batch or file.
    pub position: i64,
    /// Byte offset in its body or file.
    pub byte_offset: i64,
    /// UTC microseconds.
    pub received_at: i64,
    /// BLAKE3 of the whole record in lower-case hexadecimal, where `raw` is not all of it.
    pub whole_hash: Option<String>,
    /// 0 open, 1 replayed, 2 discarded.
    pub state: i16,
    /// When it was replayed or discarded, UTC microseconds.
    pub resolved_at: Option<i64>,
    /// What was done with it: how it was replayed, or why it was discarded.
    pub resolution: Option<String>,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
