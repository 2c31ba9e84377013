//! Customers, the identifiers that name them, and how both changed.

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
            "customer",
            &["shard", "id"],
            vec![
                table::small_integer("shard"),
                table::big_integer("id"),
                table::integer("workspace"),
                table::boolean("is_identified"),
                table::big_integer("merged_into").nullable(),
                table::big_integer("created_at"),
            ],
        )
        .await?;
        table::index(manager, "customer", "customer_merged_into", &["merged_into"]).await?;
        table::index(manager, "customer", "customer_workspace", &["workspace", "id"]).await?;
        table::create(
            manager,
            "identifier",
            &["shard", "id"],
            vec![
                table::small_integer("shard"),
                table::blob("id"),
                table::integer("workspace"),
                table::text("name"),
                table::text("value"),
                table::big_integer("customer"),
                table::text("channels"),
                table::big_integer("linked_at"),
            ],
        )
        .await?;
        table::index(manager, "identifier", "identifier_customer", &["customer"]).await?;
        table::create(
            manager,
            "identity_change",
            &["shard", "id"],
            vec![
                table::small_integer("shard"),
                table::big_integer("id"),
                table::integer("workspace"),
                table::big_integer("customer"),
                table::big_integer("other"),
                table::text("cause"),
                table::text("identifier_name").nullable(),
                table::text("identifier_value").nullable(),
                table::big_integer("changed_at"),
            ],
        )
        .await?;
        table::index(manager, "identity_change", "identity_change_customer", &["customer"]).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["identity_change", "identifier", "customer"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}
