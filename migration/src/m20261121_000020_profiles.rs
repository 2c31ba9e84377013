//! Attributes of customers, and the indexes that lists of customers are filtered by.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

use crate::table;

/// This step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::create(
            manager,
            "profile_attribute",
            &["shard", "customer", "name"],
            vec![
                table::small_integer("shard"),
                table::big_integer("customer"),
                table::text("name"),
                table::integer("workspace"),
                table::blob("sort_key"),
                table::text("value"),
                table::big_integer("updated_at"),
            ],
        )
        .await?;
        let by_value = &["workspace", "name", "sort_key", "customer"];
        table::index(manager, "profile_attribute", "profile_attribute_value", by_value).await?;
        table::rewritten_often(manager, &["profile_attribute"]).await?;
        // By bytes on both databases: the collation of a Postgres database may order texts in any other way, by which
        // no prefix is a stretch of the index.
        let collation = match manager.get_database_backend() {
            DatabaseBackend::Postgres => " COLLATE \"C\"",
            _ => "",
        };
        let sql = format!(
            "CREATE INDEX \"identifier_value\" ON \"identifier\" (\"workspace\", \"name\", \"value\"{collation}, \"customer\")"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX \"identifier_value\"").await?;
        table::remove(manager, "profile_attribute").await
    }
}
