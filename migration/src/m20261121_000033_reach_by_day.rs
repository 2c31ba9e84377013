//! How many customers can be reached, day by day; and since when every identifier is known, which decides from which day on
//! a customer and its addresses count.
//!
//! Databases that hold data already get both when the program opens them (`src/ingest/upgrade.rs`), from the events that are
//! stored. Until then the day of an identifier is the largest number that there is: not told.

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
            "reach_day",
            &["shard", "workspace", "channel", "list", "block"],
            vec![
                table::small_integer("shard"),
                table::integer("workspace"),
                table::text("channel"),
                table::big_integer("list"),
                table::integer("block"),
                table::blob("changes"),
            ],
        )
        .await?;
        table::rewritten_often(manager, &["reach_day"]).await?;
        table::add_column(manager, "identifier", table::integer("first_day").starting_with(i32::MAX)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::remove_column(manager, "identifier", "first_day").await?;
        table::remove(manager, "reach_day").await
    }
}
