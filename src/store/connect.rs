//! Opening a database: connect, check, migrate, record what must not change later. Every failure says which setting to
//! look at.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ActiveValue, ConnectOptions, Database, DatabaseBackend, DatabaseConnection, EntityTrait};
use sea_orm::{QueryOrder, QuerySelect};

use super::Store;
use crate::domain::hash::ShardCount;
use crate::domain::time::Micros;
use crate::{Error, Result};

/// Where the database is and how it may be used.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `sqlite://path?mode=rwc` or `postgres://…`. Never print it: it may hold a password.
    pub url: String,
    /// Most connections that queries may use.
    pub max_connections: u32,
}

/// Number of shards of a new database on Postgres.
const POSTGRES_SHARDS: i16 = 8;
/// The advisory lock under which one server at a time migrates.
const MIGRATION_LOCK: i64 = 0x0043_5100_0000_0000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the database, creating and migrating it where needed.
pub async fn open(settings: &DatabaseSettings) -> Result<Store> {
    let db = connect(settings).await?;
    refuse_newer(&db).await?;
    migrate(&db, None).await?;
    let shards = record_facts(&db).await?;
    Ok(Store { db, shards, url: settings.url.clone(), memo: Arc::default() })
}

/// Opens the database as it is, for looking at its migrations.
pub async fn connect_without_migrating(settings: &DatabaseSettings) -> Result<DatabaseConnection> {
    connect(settings).await
}

/// Applies the steps that are missing (`None`: all of them).
pub async fn migrate(db: &DatabaseConnection, steps: Option<u32>) -> Result<()> {
    let lock = MigrationLock::take(db).await?;
    let outcome = Migrator::up(db, steps).await.map_err(|error| setting_error("cannot be migrated", &error));
    lock.release().await?;
    outcome
}

/// Takes back the latest steps (`None`: all of them). Their tables go with everything in them.
pub async fn migrate_down(db: &DatabaseConnection, steps: Option<u32>) -> Result<()> {
    Migrator::down(db, steps).await.map_err(|error| setting_error("cannot be migrated down", &error))
}

/// Every known step with whether it was applied, in order.
pub async fn migration_status(db: &DatabaseConnection) -> Result<Vec<(String, bool)>> {
    let applied = applied_steps(db).await?;
    let known = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect::<Vec<_>>();
    Ok(known.into_iter().map(|name| (name.clone(), applied.contains(&name))).collect())
}

/// The file of a SQLite URL.
pub fn sqlite_path(url: &str) -> Result<&Path> {
    let rest = url.strip_prefix("sqlite:").unwrap_or(url);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let path = rest.split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" {
        return Err(Error::Config(format!(
            "database_url: got `{url}`, but SQLite needs a file, such as sqlite://campaignql.db?mode=rwc; use \
             `serve --demo` for a temporary database"
        )));
    }
    Ok(Path::new(path))
}

async fn connect(settings: &DatabaseSettings) -> Result<DatabaseConnection> {
    let url = &settings.url;
    let mut options = ConnectOptions::new(url);
    options.max_connections(settings.max_connections.max(1)).connect_timeout(CONNECT_TIMEOUT).sqlx_logging(false);
    options.acquire_timeout(CONNECT_TIMEOUT);
    if url.starts_with("sqlite:") {
        sqlite_path(url)?;
        options.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(10))
        });
    } else if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        let scheme = url.split(':').next().unwrap_or_default();
        return Err(Error::Config(format!(
            "database_url: got a URL of scheme `{scheme}`; it takes sqlite://FILE?mode=rwc or postgres://USER@HOST/NAME"
        )));
    }
    Database::connect(options).await.map_err(|error| setting_error("cannot be opened", &error))
}

/// A message for the person who set the URL. The driver's text has no SQL at this point; passwords are never in it.
fn setting_error(what: &str, error: &sea_orm::DbErr) -> Error {
    let text = error.to_string();
    let hint = [
        ("unable to open database file", "check that the folder exists and can be written, and that mode=rwc is given"),
        ("readonly", "the file or its folder is read-only for this user"),
        ("locked", "another program holds the file; stop it or use another file"),
        ("refused", "no server listens there; check host and port"),
        ("timed out", "the server does not answer; check host and port"),
        ("password", "check user and password"),
        ("does not exist", "create the database first"),
        ("not a database", "the file is no SQLite database"),
    ]
    .iter()
    .find(|(sign, _)| text.contains(sign))
    .map_or(String::new(), |(_, hint)| format!(": {hint}"));
    Error::Config(format!("database_url: the database {what}{hint} ({})", shortened(&text)))
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

async fn applied_steps(db: &DatabaseConnection) -> Result<Vec<String>> {
    let manager = migration::SchemaManager::new(db);
    let has_any = manager.has_table("seaql_migrations").await;
    if !has_any.map_err(|error| setting_error("cannot be read", &error))? {
        return Ok(Vec::new());
    }
    let models = Migrator::get_migration_models(db).await;
    let models = models.map_err(|error| setting_error("cannot be read", &error))?;
    Ok(models.into_iter().map(|model| model.version).collect())
}

async fn refuse_newer(db: &DatabaseConnection) -> Result<()> {
    let known: Vec<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    match applied_steps(db).await?.into_iter().find(|applied| !known.contains(applied)) {
        None => Ok(()),
        Some(unknown) => Err(Error::Config(format!(
            "database_url: the database was written by a newer program: it has the migration `{unknown}`, which version \
             {} does not know; use that newer program, or another database",
            env!("CARGO_PKG_VERSION")
        ))),
    }
}

/// On Postgres, a session's lock; elsewhere nothing, as SQLite has one writer.
struct MigrationLock(Option<sqlx::PgConnection>);

impl MigrationLock {
    async fn take(db: &DatabaseConnection) -> Result<Self> {
        if db.get_database_backend() != DatabaseBackend::Postgres {
            return Ok(Self(None));
        }
        let mut connection = db.get_postgres_connection_pool().acquire().await?.detach();
        sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATION_LOCK).execute(&mut connection).await?;
        Ok(Self(Some(connection)))
    }

    async fn release(self) -> Result<()> {
        if let Some(connection) = self.0 {
            sqlx::Connection::close(connection).await?;
        }
        Ok(())
    }
}

/// Records, once, what a database must not change: V, and the workspace `default`.
async fn record_facts(db: &DatabaseConnection) -> Result<ShardCount> {
    use entity::{database_info, shard, workspace};
    let fresh = if db.get_database_backend() == DatabaseBackend::Postgres { POSTGRES_SHARDS } else { 1 };
    let now = Micros::now().0;
    let fact = database_info::ActiveModel {
        key: ActiveValue::Set("shards".to_owned()),
        value: ActiveValue::Set(fresh.to_string()),
    };
    database_info::Entity::insert(fact).on_conflict_do_nothing().exec_without_returning(db).await?;
    let recorded = database_info::Entity::find_by_id("shards").one(db).await?;
    let shards: i16 = recorded
        .and_then(|fact| fact.value.parse().ok())
        .ok_or_else(|| Error::Corrupt("database_info.shards is not a number".to_owned()))?;
    let rows = (0..shards).map(|id| shard::ActiveModel {
        id: ActiveValue::Set(id),
        last_seq: ActiveValue::Set(0),
        last_received_at: ActiveValue::Set(0),
    });
    shard::Entity::insert_many(rows).on_conflict_do_nothing().exec_without_returning(db).await?;
    let default = workspace::ActiveModel {
        id: ActiveValue::Set(1),
        name: ActiveValue::Set("default".to_owned()),
        time_zone: ActiveValue::Set("UTC".to_owned()),
        currency: ActiveValue::Set("USD".to_owned()),
        settings: ActiveValue::Set("{}".to_owned()),
        created_at: ActiveValue::Set(now),
    };
    workspace::Entity::insert(default).on_conflict_do_nothing().exec_without_returning(db).await?;
    Ok(ShardCount(shards))
}

/// Whether something was recorded to have been done to the database.
pub async fn is_done(store: &Store, what: &str) -> Result<bool> {
    Ok(entity::database_info::Entity::find_by_id(what).one(store.db()).await?.is_some())
}

/// Records that something was done to the database.
pub async fn record_done(store: &Store, what: &str) -> Result<()> {
    let fact = entity::database_info::ActiveModel {
        key: ActiveValue::Set(what.to_owned()),
        value: ActiveValue::Set("done".to_owned()),
    };
    entity::database_info::Entity::insert(fact).on_conflict_do_nothing().exec_without_returning(store.db()).await?;
    Ok(())
}

/// Whether the database answers and has every migration.
pub async fn is_ready(store: &Store) -> Result<bool> {
    let any = entity::shard::Entity::find().order_by_asc(entity::shard::Column::Id).limit(1).one(store.db()).await?;
    Ok(any.is_some())
}
