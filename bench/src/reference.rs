//! The reference of every comparison: the same events as plain rows with four indexes (primary key, unique key,
//! campaign and time, customer and time), and nothing else done with them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::Connection;

use crate::events::Event;

const ROWS_PER_TRANSACTION: usize = 5_000;

const TABLE: &str = "CREATE TABLE reference (
    id bigint NOT NULL PRIMARY KEY, event_key BYTES NOT NULL UNIQUE, campaign bigint NOT NULL, customer bigint NOT NULL,
    at_s bigint NOT NULL, action text NOT NULL, data text NOT NULL)";
const INDEXES: [&str; 2] = [
    "CREATE INDEX reference_campaign ON reference (campaign, at_s)",
    "CREATE INDEX reference_customer ON reference (customer, at_s)",
];

/// Inserts with one prepared statement; the seconds it took. Making the rows is not counted.
pub fn sqlite(path: &Path, events: &[Event]) -> Result<f64> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -131_072)?;
    connection
        .execute_batch(&TABLE.replace("BYTES", "blob").replace("id bigint NOT NULL PRIMARY", "id integer PRIMARY"))?;
    INDEXES.iter().try_for_each(|index| connection.execute_batch(index))?;
    let mut spent = Duration::ZERO;
    for (number, chunk) in events.chunks(ROWS_PER_TRANSACTION).enumerate() {
        let rows: Vec<&str> = chunk.iter().map(Event::json).collect();
        let started = Instant::now();
        let transaction = connection.transaction()?;
        let mut insert = transaction.prepare("INSERT INTO reference VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        for (index, (event, data)) in chunk.iter().zip(&rows).enumerate() {
            let id = (number * ROWS_PER_TRANSACTION + index) as i64;
            let key = event.key.to_be_bytes();
            let (campaign, customer) = (event.campaign as i64, event.customer as i64);
            insert.execute((id, key.as_slice(), campaign, customer, event.at_s, event.action, data))?;
        }
        drop(insert);
        transaction.commit()?;
        spent += started.elapsed();
    }
    Ok(spent.as_secs_f64())
}

/// Copies; the seconds it took. Making the rows is not counted.
pub async fn postgres(url: &str, events: &[Event]) -> Result<f64> {
    let mut connection = sqlx::PgConnection::connect(url).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(TABLE.replace("BYTES", "bytea"))).execute(&mut connection).await?;
    for index in INDEXES {
        sqlx::raw_sql(index).execute(&mut connection).await?;
    }
    let mut spent = Duration::ZERO;
    for (number, chunk) in events.chunks(ROWS_PER_TRANSACTION).enumerate() {
        let rows = copy_text(number * ROWS_PER_TRANSACTION, chunk);
        let started = Instant::now();
        let mut copy = connection.copy_in_raw("COPY reference FROM STDIN").await?;
        copy.send(rows.as_bytes()).await?;
        copy.finish().await?;
        spent += started.elapsed();
    }
    connection.close().await?;
    Ok(spent.as_secs_f64())
}

fn copy_text(first: usize, events: &[Event]) -> String {
    let row = |(index, event): (usize, &Event)| {
        let Event { at_s, campaign, customer, key, action, .. } = event;
        format!("{}\t\\\\x{key:032x}\t{campaign}\t{customer}\t{at_s}\t{action}\t{}\n", first + index, event.json())
    };
    events.iter().enumerate().map(row).collect()
}
