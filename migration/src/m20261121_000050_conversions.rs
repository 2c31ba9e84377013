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
        // Kinds that few events have and that one may aim at: a form submitted, another positive act, a list joined, consent,
        // a push subscription, a product viewed, something put into the cart. It costs all other events nothing.
        let sql = "CREATE INDEX \"event_kind_time\" ON \"event\" (\"shard\", \"kind\", \"occurred_at\")
            WHERE \"kind\" IN (12, 13, 19, 21, 25, 28, 29)";
        manager.get_connection().execute_unprepared(sql).await?;
        table::rewritten_often(manager, &["purchase_order", "conversion", "conversion_latest"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("event_kind_time").table(Alias::new("event")).to_owned()).await?;
        for name in ["conversion_latest", "conversion", "purchase_order"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}
