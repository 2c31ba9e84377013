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
        table::index(manager, "identity_change", "identity_change_other", &["other"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name("identity_change_other").table(Alias::new("identity_change")).to_owned();
        manager.drop_index(index).await?;
        for column in ["reason", "api_key", "event_seq", "event_shard"] {
            table::remove_column(manager, "identity_change", column).await?;
        }
        Ok(())
    }
}
