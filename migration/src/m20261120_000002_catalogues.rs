//! Small tables that every report joins: campaigns, cells, event types, identifier types.

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
            "identifier_type",
            &["workspace", "name"],
            vec![
                table::integer("workspace"),
                table::text("name"),
                table::boolean("is_high"),
                table::text("channels"),
                table::big_integer("created_at"),
            ],
        )
        .await?;
        table::create(
            manager,
            "campaign",
            &["id"],
            vec![
                table::big_integer("id"),
                table::integer("workspace"),
                table::text("namespace"),
                table::text("external_id"),
                table::text("name").nullable(),
                table::text("tags"),
                table::big_integer("created_at"),
                table::big_integer("archived_at").nullable(),
            ],
        )
        .await?;
        table::unique_index(
            manager,
            "campaign",
            "campaign_workspace_external_id",
            &["workspace", "namespace", "external_id"],
        )
        .await?;
        table::create(
            manager,
            "campaign_alias",
            &["workspace", "namespace", "external_id"],
            vec![
                table::integer("workspace"),
                table::text("namespace"),
                table::text("external_id"),
                table::big_integer("campaign"),
            ],
        )
        .await?;
        table::index(manager, "campaign_alias", "campaign_alias_campaign", &["campaign"]).await?;
        create_event_catalogues(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["event_type", "cell", "campaign_alias", "campaign", "identifier_type"] {
            table::remove(manager, name).await?;
        }
        Ok(())
    }
}

async fn create_event_catalogues(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table::create(
        manager,
        "cell",
        &["id"],
        vec![
            table::big_integer("id"),
            table::integer("workspace"),
            table::big_integer("campaign"),
            table::text("run").nullable(),
            table::text("treatment").nullable(),
            table::text("touchpoint").nullable(),
            table::text("channel").nullable(),
            table::text("source"),
        ],
    )
    .await?;
    table::index(manager, "cell", "cell_campaign", &["campaign"]).await?;
    table::create(
        manager,
        "event_type",
        &["id"],
        vec![
            table::big_integer("id"),
            table::integer("workspace"),
            table::text("type"),
            table::text("action").nullable(),
            table::small_integer("kind"),
        ],
    )
    .await?;
    table::index(manager, "event_type", "event_type_workspace", &["workspace"]).await?;
    Ok(())
}
