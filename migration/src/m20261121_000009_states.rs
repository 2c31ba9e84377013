//! Lists, the history of addresses, addresses that cannot be reached, and the counts of who can be.

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
            "list",
            &["workspace", "id"],
            vec![
                table::integer("workspace"),
                table::big_integer("id"),
                table::text("name"),
                table::big_integer("created_at"),
            ],
        )
        .await?;
        table::index(manager, "list", "list_name", &["workspace", "name"]).await?;
        address_tables(manager).await?;
        reach_tables(manager).await?;
        table::rewritten_often(manager, &["customer_reach", "reach_count"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["reach_count", "customer_reach", "suppression", "address_change", "list"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}

async fn address_tables(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table::create(
        manager,
        "address_change",
        &["shard", "id", "at", "event_shard", "event_seq", "change", "list"],
        vec![
            table::small_integer("shard"),
            table::blob("id"),
            table::big_integer("at"),
            table::small_integer("event_shard"),
            table::big_integer("event_seq"),
            table::small_integer("change"),
            table::big_integer("list"),
        ],
    )
    .await?;
    table::create(
        manager,
        "suppression",
        &["shard", "id"],
        vec![
            table::small_integer("shard"),
            table::blob("id"),
            table::integer("workspace"),
            table::text("name"),
            table::text("value"),
            table::small_integer("reason"),
            table::big_integer("since"),
            table::small_integer("event_shard"),
            table::big_integer("event_seq"),
        ],
    )
    .await?;
    let columns = ["workspace", "reason", "since", "shard", "id"];
    table::index(manager, "suppression", "suppression_reason_since", &columns).await
}

async fn reach_tables(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table::create(
        manager,
        "customer_reach",
        &["shard", "customer"],
        vec![table::small_integer("shard"), table::big_integer("customer"), table::blob("reach")],
    )
    .await?;
    table::create(
        manager,
        "reach_count",
        &["shard", "workspace", "channel", "list", "outcome"],
        vec![
            table::small_integer("shard"),
            table::integer("workspace"),
            table::text("channel"),
            table::big_integer("list"),
            table::integer("outcome"),
            table::big_integer("customers"),
        ],
    )
    .await
}
