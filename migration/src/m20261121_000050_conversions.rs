//! Orders, and conversions with the touches before them.

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
            "purchase_order",
            &["shard", "id"],
            vec![table::small_integer("shard"), table::blob("id"), table::integer("workspace"), table::blob("state")],
        )
        .await?;
        table::create(
            manager,
            "conversion",
            &["shard", "workspace", "at", "key"],
            vec![
                table::small_integer("shard"),
                table::integer("workspace"),
                table::big_integer("at"),
                table::blob("key"),
                table::big_integer("customer"),
                table::blob("packed"),
            ],
        )
        .await?;
        table::index(manager, "conversion", "conversion_customer", &["shard", "customer"]).await?;
        table::create(
            manager,
            "conversion_latest",
            &["shard"],
            vec![table::small_integer("shard"), table::big_integer("at")],
        )
        .await?;
        table::rewritten_often(manager, &["purchase_order", "conversion", "conversion_latest"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["conversion_latest", "conversion", "purchase_order"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}
