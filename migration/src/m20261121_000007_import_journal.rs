//! How far interrupted imports came, and the hash of bad records that are too long to be kept whole.

use sea_orm_migration::prelude::*;

use crate::table;

/// This step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::create(
            manager,
            "import_journal",
            &["workspace", "run", "file"],
            vec![
                table::integer("workspace"),
                table::blob("run"),
                table::blob("file"),
                table::text("path"),
                table::big_integer("size"),
                table::big_integer("modified_at"),
                table::big_integer("texts"),
                table::big_integer("byte_offset"),
                table::boolean("is_done"),
                table::text("tally"),
                table::big_integer("updated_at"),
            ],
        )
        .await?;
        table::rewritten_often(manager, &["import_journal"]).await?;
        table::add_column(manager, "quarantine", table::text("whole_hash").nullable()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::remove_column(manager, "quarantine", "whole_hash").await?;
        table::remove(manager, "import_journal").await
    }
}
