//! Reads conversions from SQLite, along the key, by a connection that reads alone.

use rusqlite::{Connection, OpenFlags};

use super::{PAGE_ROWS, Pages, Row, Wanted, put_row};
use crate::domain::time::Micros;
use crate::store::Store;
use crate::store::connect::sqlite_path;
use crate::{Error, Result};

const SQL: &str = "SELECT \"at\", \"customer\", \"key\", \"packed\" FROM \"conversion\"
    WHERE \"shard\" = ?1 AND \"workspace\" = ?2 AND \"at\" >= ?3 AND \"at\" < ?4";

/// Sends every row.
pub(super) async fn read(store: &Store, wanted: Wanted, pages: Pages) -> Result<()> {
    let path = sqlite_path(store.url())?.to_owned();
    let shards = store.all_shards();
    let reading = tokio::task::spawn_blocking(move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        shards.into_iter().try_for_each(|shard| read_shard(&connection, shard, &wanted, &pages))
    });
    reading.await.map_err(|error| Error::Database(Box::new(error)))?
}

fn read_shard(connection: &Connection, shard: i16, wanted: &Wanted, pages: &Pages) -> Result<()> {
    let mut statement = connection.prepare(SQL)?;
    let (times, mut count, mut page) = (&wanted.times, 0, Vec::new());
    let mut rows = statement.query((shard, wanted.workspace, times.start.0, times.end.0))?;
    while let Some(row) = rows.next()? {
        let (key, packed) = (blob(row, 2)?, blob(row, 3)?);
        let key = key.try_into().map_err(|_| Error::Corrupt("the key of a conversion".to_owned()))?;
        put_row(&mut page, &Row { at: Micros(row.get(0)?), customer: row.get(1)?, key, packed });
        count += 1;
        if count % PAGE_ROWS == 0 {
            let capacity = page.len() + page.len() / 8;
            if pages.blocking_send(std::mem::replace(&mut page, Vec::with_capacity(capacity))).is_err() {
                return Ok(());
            }
        }
    }
    // Where nobody takes pages any more, nobody waits for them.
    let _ = pages.blocking_send(page);
    Ok(())
}

fn blob<'a>(row: &'a rusqlite::Row<'_>, column: usize) -> Result<&'a [u8]> {
    row.get_ref(column)?.as_blob().map_err(|error| Error::Corrupt(error.to_string()))
}
