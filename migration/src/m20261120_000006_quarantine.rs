//! Records that could not be taken.

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
            "quarantine",
            &["shard", "id"],
            vec![
                table::small_integer("shard"),
                table::blob("id"),
                table::integer("workspace"),
                table::text("dialect"),
                table::text("code"),
                table::text("path"),
                table::text("message"),
                table::blob("raw"),
                table::big_integer("raw_len"),
                table::text("source"),
                table::big_integer("position"),
                table::big_integer("byte_offset"),
                table::big_integer("received_at"),
            ],
        )
        .await?;
        table::index(manager, "quarantine", "quarantine_received", &["workspace", "received_at"]).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["quarantine"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}
