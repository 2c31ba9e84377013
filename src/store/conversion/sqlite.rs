//! Reads conversions from SQLite along the key. Connections that only read are opened as they are needed: through the pool,
//! every row would be handed from thread to thread.

use rusqlite::{Connection, OpenFlags, OptionalExtension, Params};

use super::computed::Found;
use super::{PAGE_ROWS, Position, Row, Stretch, Wanted, put_row};
use crate::domain::order::EventKey;
use crate::domain::time::Micros;
use crate::store::Store;
use crate::store::connect::sqlite_path;
use crate::{Error, Result};

const CACHE: &str = "PRAGMA cache_size = -8192; PRAGMA mmap_size = 1073741824;";

async fn with_connection<T: Send + 'static>(
    store: &Store,
    read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
) -> Result<T> {
    let path = sqlite_path(store.url())?.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.execute_batch(CACHE)?;
        read(&connection)
    });
    reading.await.map_err(|error| Error::Database(Box::new(error)))?
}

/// Times of the first and the last conversion of a shard.
pub(super) async fn ends(store: &Store, wanted: Wanted, shard: i16) -> Result<Option<(Micros, Micros)>> {
    with_connection(store, move |connection| {
        let end = |order: &str| {
            let sql = format!(
                "SELECT \"at\" FROM \"conversion\" WHERE \"shard\" = ?1 AND \"workspace\" = ?2 AND \"at\" >= ?3
                 AND \"at\" < ?4 ORDER BY \"at\" {order} LIMIT 1"
            );
            let parameters = (shard, wanted.workspace.0, wanted.at.start.0, wanted.at.end.0);
            connection.query_row(&sql, parameters, |row| row.get(0)).optional()
        };
        Ok(end("ASC")?.zip(end("DESC")?).map(|(first, last)| (Micros(first), Micros(last))))
    })
    .await
}

/// The rows of a page, one after the other.
pub(super) async fn page(store: &Store, stretch: Stretch) -> Result<Vec<u8>> {
    let sql = format!(
        "SELECT \"at\", \"customer\", \"key\", \"packed\" FROM \"conversion\" WHERE \"shard\" = ?1 AND \"workspace\" = ?2
         AND (\"at\", \"key\") > (?3, ?4) AND \"at\" < ?5 ORDER BY \"at\", \"key\" LIMIT {PAGE_ROWS}"
    );
    with_connection(store, move |connection| {
        let (at, key) = stretch.start();
        let mut page = Vec::new();
        each_row(connection, &sql, (stretch.shard, stretch.workspace, at, key, stretch.at.end.0), |row| {
            let (at, customer) = (Micros(row.get(0)?), row.get(1)?);
            put_row(&mut page, &Row { at, customer, key: key_of(row, 2)?, packed: blob(row, 3)? });
            Ok(())
        })?;
        Ok(page)
    })
    .await
}

/// The events of a kind.
pub(super) async fn events(store: &Store, wanted: Wanted, (shard, is_indexed): (i16, bool)) -> Result<Vec<Found>> {
    let (index, condition) =
        if is_indexed { (" INDEXED BY \"event_kind_time\"", super::computed::INDEXED) } else { ("", "1 = 1") };
    let sql = format!(
        "SELECT \"customer\", \"occurred_at\", \"key\" FROM \"event\"{index} WHERE \"shard\" = ?1 AND \"kind\" = ?2
         AND \"occurred_at\" >= ?3 AND \"occurred_at\" < ?4 AND \"workspace\" = ?5 AND {condition}"
    );
    with_connection(store, move |connection| {
        let mut found = Vec::new();
        let parameters = (shard, wanted.kind.code(), wanted.at.start.0, wanted.at.end.0, wanted.workspace.0);
        each_row(connection, &sql, parameters, |row| {
            let position: Position = (Micros(row.get(1)?), key_of(row, 2)?);
            found.push((row.get(0)?, position));
            Ok(())
        })?;
        Ok(found)
    })
    .await
}

fn each_row(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    mut take: impl FnMut(&rusqlite::Row<'_>) -> Result<()>,
) -> Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

fn blob<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Result<&'a [u8]> {
    row.get_ref(column)?.as_blob().map_err(|error| Error::Corrupt(error.to_string()))
}

fn key_of(row: &rusqlite::Row<'_>, column: usize) -> Result<EventKey> {
    blob(row, column)?.try_into().map_err(|_| Error::Corrupt("the key of a conversion".to_owned()))
}
