//! Audiences: named rules over customers.

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
            "audience",
            &["workspace", "id"],
            vec![
                table::integer("workspace"),
                table::big_integer("id"),
                table::text("name"),
                table::text("description").nullable(),
                table::text("rule"),
                table::big_integer("created_at"),
                table::big_integer("updated_at"),
            ],
        )
        .await?;
        table::index(manager, "audience", "audience_name", &["workspace", "name"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::remove(manager, "audience").await
    }
}
