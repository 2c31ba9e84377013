//! Workspaces, their keys, and the facts recorded about the database.

use sea_orm_migration::prelude::*;

use crate::table;

/// This step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::create(manager, "database_info", &["key"], vec![table::text("key"), table::text("value")]).await?;
        table::create(
            manager,
            "shard",
            &["id"],
            vec![table::small_integer("id"), table::big_integer("last_seq"), table::big_integer("last_received_at")],
        )
        .await?;
        table::create(
            manager,
            "workspace",
            &["id"],
            vec![
                table::integer("id"),
                table::text("name"),
                table::text("time_zone"),
                table::text("currency"),
                table::text("settings"),
                table::big_integer("created_at"),
            ],
        )
        .await?;
        table::unique_index(manager, "workspace", "workspace_name", &["name"]).await?;
        table::create(
            manager,
            "api_key",
            &["id"],
            vec![
                table::big_integer("id"),
                table::integer("workspace"),
                table::text("name"),
                table::text("scope"),
                table::text("prefix"),
                table::blob("hash"),
                table::big_integer("created_at"),
                table::big_integer("expires_at").nullable(),
                table::big_integer("revoked_at").nullable(),
            ],
        )
        .await?;
        table::unique_index(manager, "api_key", "api_key_hash", &["hash"]).await?;
        table::index(manager, "api_key", "api_key_workspace", &["workspace"]).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["api_key", "workspace", "shard", "database_info"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}
