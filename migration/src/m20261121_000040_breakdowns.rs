//! What answers computed from recipients' states need: the texts behind the hashes of urls and reasons, and a number per
//! campaign that rises with every change of its states. The texts of events that are stored already are filled in when the
//! program opens the database; the numbers may start at 0 for everybody.

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
            "detail",
            &["shard", "workspace", "id"],
            vec![
                table::small_integer("shard"),
                table::integer("workspace"),
                table::big_integer("id"),
                table::text("text"),
                table::big_integer("customer").nullable(),
            ],
        )
        .await?;
        table::index(manager, "detail", "detail_customer", &["workspace", "customer"]).await?;
        let version = ColumnDef::new(Alias::new("version")).big_integer().not_null().default(0).to_owned();
        let alter = Table::alter().table(Alias::new("campaign_activity")).add_column(version).to_owned();
        manager.alter_table(alter).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::remove_column(manager, "campaign_activity", "version").await?;
        table::remove(manager, "detail").await
    }
}
