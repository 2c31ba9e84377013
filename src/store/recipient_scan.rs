//! All states of a campaign as they stood at one moment, packed, in large pages: what answers are computed from that no kept
//! count gives. Read past the query builder, which would make a row of every state: SQLite's by a connection of its own on
//! a thread that may block; Postgres puts a page together itself, in one transaction for all pages.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use sea_orm::DatabaseBackend;
use sqlx::{Postgres, Row, Transaction, ValueRef};
use tokio::sync::mpsc::Sender;
use tokio::task::{JoinError, spawn_blocking};

use super::Store;
use super::connect::sqlite_path;
use crate::domain::workspace::WorkspaceId;
use crate::{Error, Result};

/// Packed states, one after the other, each behind its length (four bytes, the highest first).
#[derive(Debug, Default)]
pub struct StatePage(Vec<u8>);

/// Bytes after which a page is full: some thousand recipients.
const PAGE_BYTES: usize = 256 * 1024;
/// Recipients of a page that Postgres makes.
const PAGE_ROWS: i64 = 4_000;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

impl StatePage {
    /// Every state of the page.
    pub fn states(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first_chunk::<4>()?;
            let (state, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            rest = behind;
            Some(state)
        })
    }

    fn push(&mut self, state: &[u8]) {
        self.0.extend_from_slice(&(state.len() as u32).to_be_bytes());
        self.0.extend_from_slice(state);
    }
}

/// The states of a campaign at the moment when the scan began.
pub struct RecipientScan {
    campaign: i64,
    version: i64,
    source: Source,
}

enum Source {
    Sqlite(Connection),
    Postgres(Transaction<'static, Postgres>, Vec<i16>),
}

impl RecipientScan {
    /// Begins a scan of a campaign of the workspace.
    pub async fn begin(store: &Store, workspace: WorkspaceId, campaign: i64) -> Result<Self> {
        if store.db().get_database_backend() == DatabaseBackend::Sqlite {
            let url = store.url().to_owned();
            let begin = spawn_blocking(move || begin_sqlite(&url, workspace, campaign));
            let (connection, version) = begin.await.map_err(stopped)??;
            return Ok(Self { campaign, version, source: Source::Sqlite(connection) });
        }
        let pool = store.db().get_postgres_connection_pool();
        let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let version = sqlx::query_scalar(VERSION).bind(workspace.0).bind(campaign).fetch_one(&mut *transaction).await?;
        Ok(Self { campaign, version, source: Source::Postgres(transaction, store.all_shards()) })
    }

    /// The version of the states: see `store::campaign::version`.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Sends every page. Ends early where nobody takes any more.
    pub async fn send(self, pages: Sender<StatePage>) -> Result<()> {
        let campaign = self.campaign;
        match self.source {
            Source::Sqlite(connection) => {
                spawn_blocking(move || send_sqlite(&connection, campaign, &pages)).await.map_err(stopped)?
            }
            Source::Postgres(mut transaction, shards) => {
                for shard in shards {
                    send_postgres(&mut transaction, (shard, campaign), &pages).await?;
                }
                Ok(transaction.commit().await?)
            }
        }
    }
}

/// Both databases take `$1` for a parameter.
const VERSION: &str = "SELECT CAST(coalesce(sum(\"version\"), 0) AS bigint) FROM \"campaign_activity\"
    WHERE \"workspace\" = $1 AND \"campaign\" = $2";

fn stopped(error: JoinError) -> Error {
    Error::Database(Box::new(error))
}

fn begin_sqlite(url: &str, workspace: WorkspaceId, campaign: i64) -> Result<(Connection, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(sqlite_path(url)?, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch("PRAGMA mmap_size = 1073741824; BEGIN")?;
    // The first look at the database is the moment that the transaction stays at.
    let version = connection.query_row(VERSION, (workspace.0, campaign), |row| row.get(0))?;
    Ok((connection, version))
}

fn send_sqlite(connection: &Connection, campaign: i64, pages: &Sender<StatePage>) -> Result<()> {
    // One shard: SQLite's databases have no more.
    let sql = "SELECT \"state\" FROM \"recipient\" WHERE \"shard\" = 0 AND \"campaign\" = ?1";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([campaign])?;
    let mut page = StatePage::default();
    while let Some(row) = rows.next()? {
        page.push(row.get_ref(0)?.as_blob().map_err(|error| Error::Database(Box::new(error)))?);
        if page.0.len() >= PAGE_BYTES {
            let next = StatePage(Vec::with_capacity(page.0.len() + 4_096));
            if pages.blocking_send(std::mem::replace(&mut page, next)).is_err() {
                return Ok(());
            }
        }
    }
    let _ = pages.blocking_send(page);
    Ok(())
}

async fn send_postgres(
    transaction: &mut Transaction<'static, Postgres>,
    (shard, campaign): (i16, i64),
    pages: &Sender<StatePage>,
) -> Result<()> {
    let sql = "SELECT max(customer), string_agg(int4send(octet_length(state)) || state, ''::bytea) FROM (
        SELECT customer, state FROM recipient WHERE shard = $1 AND campaign = $2 AND customer > $3
        ORDER BY customer LIMIT $4) AS page";
    let mut after = i64::MIN;
    loop {
        let query = sqlx::query(sql).bind(shard).bind(campaign).bind(after).bind(PAGE_ROWS);
        let row = query.fetch_one(&mut **transaction).await?;
        let Some(last) = row.try_get::<Option<i64>, _>(0)? else { return Ok(()) };
        after = last;
        let page = row.try_get_raw(1)?;
        let page = if page.is_null() { &[] } else { page.as_bytes().map_err(sqlx::Error::Decode)? };
        if pages.send(StatePage(page.to_vec())).await.is_err() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gives_back_what_was_put_in() {
        let mut page = StatePage::default();
        page.push(b"one");
        page.push(b"");
        page.push(b"three");
        assert_eq!(page.states().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
    }
}
