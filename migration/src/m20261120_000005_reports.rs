//! What is kept up to date with every event: recipient states, rollups, address states, counts.

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
            "recipient",
            &["shard", "campaign", "customer"],
            vec![
                table::small_integer("shard"),
                table::big_integer("campaign"),
                table::big_integer("customer"),
                table::blob("state"),
            ],
        )
        .await?;
        table::index(manager, "recipient", "recipient_customer", &["shard", "customer"]).await?;
        table::create(
            manager,
            "rollup",
            &["shard", "campaign", "grouping", "group_id", "day"],
            vec![
                table::small_integer("shard"),
                table::big_integer("campaign"),
                table::small_integer("grouping"),
                table::big_integer("group_id"),
                table::integer("day"),
                table::blob("counts"),
            ],
        )
        .await?;
        table::create(
            manager,
            "address_state",
            &["shard", "id"],
            vec![
                table::small_integer("shard"),
                table::blob("id"),
                table::integer("workspace"),
                table::small_integer("unreachable"),
                table::small_integer("consent"),
                table::blob("state"),
            ],
        )
        .await?;
        table::create(
            manager,
            "event_type_count",
            &["shard", "event_type"],
            vec![
                table::small_integer("shard"),
                table::big_integer("event_type"),
                table::integer("workspace"),
                table::big_integer("events"),
                table::big_integer("first_at"),
                table::big_integer("last_at"),
            ],
        )
        .await?;
        table::create(
            manager,
            "campaign_activity",
            &["shard", "campaign"],
            vec![
                table::small_integer("shard"),
                table::big_integer("campaign"),
                table::integer("workspace"),
                table::big_integer("events"),
                table::big_integer("delivered"),
                table::big_integer("first_at"),
                table::big_integer("last_at"),
            ],
        )
        .await?;
        let often = ["recipient", "rollup", "address_state", "event_type_count", "campaign_activity"];
        table::rewritten_often(manager, &often).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["campaign_activity", "event_type_count", "address_state", "rollup", "recipient"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}
