//! What caused each merge and move of customers. Rows that are there keep no event: older programs did not write it down.

use sea_orm_migration::prelude::*;

use crate::table;

/// This step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            table::small_integer("event_shard").or_zero(),
            table::big_integer("event_seq").or_zero(),
            table::big_integer("api_key").or_zero(),
            table::text("reason").nullable(),
        ] {
            table::add_column(manager, "identity_change", column).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["reason", "api_key", "event_seq", "event_shard"] {
            table::remove_column(manager, "identity_change", column).await?;
        }
        Ok(())
    }
}
