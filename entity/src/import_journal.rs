//! How far an import has read a file, and one row more, without a path, that tells which import may write these. Rows live
//! from the import's beginning to its end.

use sea_orm::entity::prelude::*;

/// How far an import has read a file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_journal")]
pub struct Model {
    /// Workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace: i32,
    /// 128-bit hash of what the import was told to do.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run: Vec<u8>,
    /// 128-bit hash of the file's path.
    #[sea_orm(primary_key, auto_increment = false)]
    pub file: Vec<u8>,
    /// The path, for people; empty in the row that tells who may write.
    pub path: String,
    /// Size of the file in bytes when it was opened.
    pub size: i64,
    /// When the file had been changed last, UTC microseconds.
    pub modified_at: i64,
    /// Number of texts, from the beginning of the file, whose records are committed; in the row without a
    /// path the number of the import that may write.
    pub texts: i64,
    /// Where the file goes on behind them: byte offset after decompression.
    pub byte_offset: i64,
    /// Whether that is all of the file.
    pub is_done: bool,
    /// What became of the records, as JSON.
    pub tally: String,
    /// UTC microseconds.
    pub updated_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
