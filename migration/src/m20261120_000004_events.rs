//! Events and the keys by which a repeat is recognised.

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
            "event",
            &["shard", "seq"],
            vec![
                table::small_integer("shard"),
                table::big_integer("seq"),
                table::integer("workspace"),
                table::big_integer("customer"),
                table::big_integer("cell"),
                table::big_integer("event_type"),
                table::small_integer("kind"),
                table::small_integer("automation"),
                table::big_integer("occurred_at"),
                table::big_integer("received_at"),
                table::big_integer("message"),
                table::blob("key"),
                table::blob("details"),
            ],
        )
        .await?;
        table::index(manager, "event", "event_customer_time", &["shard", "customer", "occurred_at"]).await?;
        table::index(manager, "event", "event_cell_time", &["shard", "cell", "occurred_at"]).await?;
        table::create(
            manager,
            "event_key",
            &["shard", "day", "key"],
            vec![table::small_integer("shard"), table::integer("day"), table::blob("key")],
        )
        .await?;
        table::create(
            manager,
            "event_key_undated",
            &["shard", "key"],
            vec![table::small_integer("shard"), table::blob("key"), table::big_integer("seen_at")],
        )
        .await?;
        table::index(manager, "event_key_undated", "event_key_undated_seen_at", &["seen_at"]).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["event_key_undated", "event_key", "event"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}
