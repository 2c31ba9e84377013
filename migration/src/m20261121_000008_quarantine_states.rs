//! Quarantined records have a state: open, replayed or discarded. The indexes serve lists by time of receipt, by time
//! within one reason, and counts by form, reason and path without a look at the records themselves.

use sea_orm_migration::prelude::*;

use crate::table;

/// This step.
#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "quarantine";
/// A path is part of an index, whose entries are bounded.
const BOUND_PATHS: &str = "UPDATE quarantine SET path = substr(path, 1, 500) WHERE length(path) > 500";
const INDEXES: [&str; 3] = ["quarantine_grouped", "quarantine_coded", "quarantine_listed"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let alter = || Table::alter().table(Alias::new(TABLE)).to_owned();
        let state = ColumnDef::new(Alias::new("state")).small_integer().not_null().default(0).to_owned();
        let resolved_at = ColumnDef::new(Alias::new("resolved_at")).big_integer().to_owned();
        let resolution = ColumnDef::new(Alias::new("resolution")).text().to_owned();
        for column in [state, resolved_at, resolution] {
            manager.alter_table(alter().add_column(column).to_owned()).await?;
        }
        manager.get_connection().execute_unprepared(BOUND_PATHS).await?;
        manager.drop_index(Index::drop().name("quarantine_received").table(Alias::new(TABLE)).to_owned()).await?;
        // The narrowest first: of indexes that look alike to it, SQLite takes the one that was made first.
        let [grouped, coded, listed] = INDEXES;
        let columns = ["workspace", "state", "dialect", "code", "path", "received_at", "id"];
        table::index(manager, TABLE, grouped, &columns).await?;
        table::index(manager, TABLE, coded, &["workspace", "state", "code", "received_at", "id"]).await?;
        table::index(manager, TABLE, listed, &["workspace", "state", "received_at", "id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in INDEXES {
            manager.drop_index(Index::drop().name(name).table(Alias::new(TABLE)).to_owned()).await?;
        }
        table::index(manager, TABLE, "quarantine_received", &["workspace", "received_at"]).await?;
        for column in ["resolution", "resolved_at", "state"] {
            let drop = Table::alter().table(Alias::new(TABLE)).drop_column(Alias::new(column)).to_owned();
            manager.alter_table(drop).await?;
        }
        Ok(())
    }
}
