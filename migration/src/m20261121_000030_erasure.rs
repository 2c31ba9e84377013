//! Erased customers, the identifiers that are blocked after it, and the audit log.
//!
//! Nothing has to be made for databases that hold data already: nobody was erased in them and nothing was logged.

use sea_orm_migration::prelude::*;

use crate::table;

/// This step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::add_column(manager, "customer", table::big_integer("erased_at").nullable()).await?;
        table::create(
            manager,
            "blocked_identifier",
            &["workspace", "hash"],
            vec![
                table::integer("workspace"),
                table::blob("hash"),
                table::big_integer("blocked_at"),
                table::big_integer("blocked_until"),
            ],
        )
        .await?;
        table::create(
            manager,
            "audit",
            &["id"],
            vec![
                table::big_integer("id"),
                table::integer("workspace"),
                table::big_integer("at"),
                table::big_integer("api_key").nullable(),
                table::text("actor"),
                table::text("action"),
                table::text("object").nullable(),
                table::text("summary"),
                table::text("request").nullable(),
            ],
        )
        .await?;
        // The narrowest last: with the key by time as its primary one, SQLite would walk that for every filter.
        table::index(manager, "audit", "audit_listed", &["workspace", "at", "id"]).await?;
        table::index(manager, "audit", "audit_action", &["workspace", "action", "at", "id"]).await?;
        table::index(manager, "audit", "audit_object", &["workspace", "object", "at", "id"]).await?;
        table::index(manager, "audit", "audit_api_key", &["workspace", "api_key", "at", "id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["audit", "blocked_identifier"] {
            table::remove(manager, name).await?;
        }
        table::remove_column(manager, "customer", "erased_at").await
    }
}
