//! The hot path's own connection: a few set-based statements over the tables that ingestion keeps, the same for both
//! databases. SQLite has one writer with prepared statements; Postgres takes whole columns as arrays.
//!
//! A statement is made from a [`Table`]'s shape; nothing outside this folder knows which database it talks to.

mod columns;
mod postgres;
mod sqlite;
pub mod tables;

pub use columns::{Column, Rows, Type};

use self::postgres::PostgresWriter;
use self::sqlite::SqliteWriter;
use crate::store::Store;
use crate::{Error, Result};

/// The shape of a table: its key columns, then its other columns.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// Columns of the primary key, in order.
    pub key: &'static [(&'static str, Type)],
    /// The other columns, in order.
    pub values: &'static [(&'static str, Type)],
}

impl Table {
    /// All columns, key first.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, Type)> {
        self.key.iter().chain(self.values).copied()
    }

    fn names(columns: &[(&'static str, Type)]) -> String {
        let quoted: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        quoted.join(", ")
    }

    fn all_names(&self) -> String {
        Self::names(&self.columns().collect::<Vec<_>>())
    }

    /// `SET` list of an upsert, or nothing to do where all columns are key.
    fn conflict_update(&self) -> String {
        let sets: Vec<String> =
            self.values.iter().map(|(name, _)| format!("\"{name}\" = excluded.\"{name}\"")).collect();
        if sets.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", sets.join(", ")) }
    }
}

/// How much of the identity map a transaction may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityLock {
    /// New customers and identifiers only.
    Shared,
    /// Merges and moves too: no other ingestion runs meanwhile.
    Exclusive,
}

/// A connection of the hot path. Not for sharing: one transaction at a time.
#[derive(Debug)]
pub enum HotConnection {
    /// The one writer of a SQLite file.
    Sqlite(SqliteWriter),
    /// A connection to Postgres.
    Postgres(Box<PostgresWriter>),
}

/// Calls the same function of whichever connection it is.
macro_rules! on_either {
    ($self:ident, $connection:ident => $sqlite:expr, $postgres:expr) => {
        match $self {
            Self::Sqlite($connection) => $sqlite,
            Self::Postgres($connection) => $postgres,
        }
    };
}

impl HotConnection {
    /// Opens a connection to the store's database.
    pub async fn open(store: &Store) -> Result<Self> {
        if store.url().starts_with("sqlite:") {
            Ok(Self::Sqlite(SqliteWriter::open(store.url())?))
        } else {
            Ok(Self::Postgres(Box::new(PostgresWriter::open(store.url()).await?)))
        }
    }

    /// Starts a transaction that holds the identity lock.
    pub async fn begin(&mut self, lock: IdentityLock) -> Result<()> {
        on_either!(self, c => c.begin(), c.begin(lock).await)
    }

    /// Locks shards until the end of the transaction, in order of their numbers.
    pub async fn lock_shards(&mut self, shards: &[i16]) -> Result<()> {
        on_either!(self, _c => Ok(()), _c.lock_shards(shards).await)
    }

    /// Makes other transactions of the same imports wait until the end of this one. Called before keys are inserted.
    pub async fn lock_imports(&mut self, runs: &[[u8; 16]]) -> Result<()> {
        on_either!(self, _c => Ok(()), _c.lock_imports(runs).await)
    }

    /// Makes everything since `begin` durable.
    pub async fn commit(&mut self) -> Result<()> {
        on_either!(self, c => c.commit(), c.commit().await)
    }

    /// Forgets everything since `begin`.
    pub async fn rollback(&mut self) -> Result<()> {
        on_either!(self, c => c.rollback(), c.rollback().await)
    }

    /// Inserts rows whose keys are not there yet; returns the keys of those that were inserted. Keys must be distinct.
    pub async fn insert_new(&mut self, table: &'static Table, rows: &Rows) -> Result<Rows> {
        if rows.is_empty() {
            return Ok(Rows::of_types(table.key));
        }
        on_either!(self, c => c.insert_new(table, rows), c.insert_new(table, rows).await)
    }

    /// Inserts rows that cannot be there yet.
    pub async fn insert(&mut self, table: &'static Table, rows: &Rows) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        on_either!(self, c => c.insert(table, rows), c.insert(table, rows).await)
    }

    /// Inserts rows, or replaces the value columns of those that are there. Keys must be distinct.
    pub async fn put(&mut self, table: &'static Table, rows: &Rows) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        on_either!(self, c => c.put(table, rows), c.put(table, rows).await)
    }

    /// The rows whose `by` columns equal one of the given tuples: all columns, key first, in no particular order.
    pub async fn select(&mut self, table: &'static Table, by: &'static [&'static str], keys: &Rows) -> Result<Rows> {
        if keys.is_empty() {
            return Ok(Rows::of_types(&table.columns().collect::<Vec<_>>()));
        }
        on_either!(self, c => c.select(table, by, keys), c.select(table, by, keys).await)
    }

    /// The next rows in order of their keys, behind the key of a row (its first columns) where one is given.
    pub async fn next_rows(&mut self, table: &'static Table, after: Option<&Rows>, limit: u32) -> Result<Rows> {
        let sql = next_rows_sql(table, after.is_some(), limit);
        let none = Rows::default();
        let key = after.unwrap_or(&none);
        on_either!(self, c => c.next_rows(&sql, table, key), c.next_rows(sql, table, key).await)
    }

    /// The next rows of a walk along an index, of those whose `by` columns have the values given: behind a place, the values of
    /// the `order` columns of the row before, where one is given.
    pub async fn walk(&mut self, walk: &Walk, by: &Rows, after: Option<&Rows>, limit: u32) -> Result<Rows> {
        let mut values = by.columns.clone();
        values.extend(after.into_iter().flat_map(|after| after.columns.iter().cloned()));
        let (values, has_start) = (Rows { columns: values }, after.is_some());
        on_either!(self, c => c.walk(&walk.sql(Dialect::Sqlite, has_start, limit), walk.table, &values),
            c.walk(walk.sql(Dialect::Postgres, has_start, limit), walk.table, &values).await)
    }

    /// Deletes rows by key.
    pub async fn delete(&mut self, table: &'static Table, keys: &Rows) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        on_either!(self, c => c.delete(table, keys), c.delete(table, keys).await)
    }

    /// In every row where `column` equals the first of a pair, sets `set` to the second.
    pub async fn repoint(&mut self, statement: &Repoint, pairs: &[(i64, i64)]) -> Result<()> {
        if pairs.is_empty() {
            return Ok(());
        }
        on_either!(self, c => c.repoint(statement, pairs), c.repoint(statement, pairs).await)
    }

    /// Names campaigns that have no name yet.
    pub async fn name_campaigns(&mut self, names: &[(i64, String)]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        on_either!(self, c => c.name_campaigns(names), c.name_campaigns(names).await)
    }

    /// Marks quarantined records as replayed, unless they are already: each at most once, whoever else tries. `rows` are
    /// (shard, id, workspace, time, resolution), with distinct keys; returns the keys of those that were marked.
    pub async fn claim_quarantined(&mut self, rows: &Rows) -> Result<Rows> {
        if rows.is_empty() {
            return Ok(Rows::of_types(tables::QUARANTINE.key));
        }
        on_either!(self, c => c.claim_quarantined(rows), c.claim_quarantined(rows).await)
    }

    /// Inserts undated keys, or renews those last seen before `cutoff`; returns the keys that count as new.
    pub async fn insert_undated_keys(&mut self, rows: &Rows, cutoff: i64) -> Result<Rows> {
        if rows.is_empty() {
            return Ok(Rows::of_types(tables::EVENT_KEY_UNDATED.key));
        }
        on_either!(self, c => c.insert_undated_keys(rows, cutoff), c.insert_undated_keys(rows, cutoff).await)
    }
}

/// Both databases compare rows of values and take `$1` for a parameter.
fn next_rows_sql(table: &Table, has_start: bool, limit: u32) -> String {
    let key = Table::names(table.key);
    let parameters: Vec<String> = (1..=table.key.len()).map(|number| format!("${number}")).collect();
    let start = if has_start { format!("WHERE ({key}) > ({})", parameters.join(", ")) } else { String::new() };
    format!("SELECT {} FROM \"{}\" {start} ORDER BY {key} LIMIT {limit}", table.all_names(), table.name)
}

/// A walk along an index: all rows in which the columns `by` have one value each, in the order of the columns `order`,
/// which follow them in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The columns that are read, in their order.
    pub table: &'static Table,
    /// The index. SQLite, without statistics, would take another one.
    pub index: &'static str,
    /// Columns of one value.
    pub by: &'static [&'static str],
    /// Columns of the order.
    pub order: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Sqlite,
    Postgres,
}

impl Walk {
    fn sql(&self, dialect: Dialect, has_start: bool, limit: u32) -> String {
        let Self { table, index, by, order } = self;
        let quoted = |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let equal: Vec<String> = by.iter().zip(1..).map(|(name, number)| format!("\"{name}\" = ${number}")).collect();
        let places: Vec<String> = (by.len() + 1..=by.len() + order.len()).map(|number| format!("${number}")).collect();
        let start =
            if has_start { format!(" AND ({}) > ({})", quoted(order), places.join(", ")) } else { String::new() };
        let along = if dialect == Dialect::Sqlite { format!(" INDEXED BY \"{index}\"") } else { String::new() };
        let (columns, order) = (table.all_names(), quoted(order));
        format!(
            "SELECT {columns} FROM \"{}\"{along} WHERE {}{start} ORDER BY {order} LIMIT {limit}",
            table.name,
            equal.join(" AND ")
        )
    }
}

/// An update of one column by equality of another, over both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repoint {
    /// Table.
    pub table: &'static str,
    /// Column to set.
    pub set: &'static str,
    /// Column to compare.
    pub column: &'static str,
}

/// Whether a failed transaction may succeed when run again: a deadlock or serialisation failure of Postgres, a key that
/// another server inserted first, or a SQLite file that another program is writing to.
pub fn is_worth_repeating(error: &Error) -> bool {
    let Error::Database(source) = error else { return false };
    if let Some(error) = source.downcast_ref::<rusqlite::Error>() {
        return error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
    }
    let Some(sqlx::Error::Database(database)) = source.downcast_ref::<sqlx::Error>() else { return false };
    matches!(database.code().as_deref(), Some("40001" | "40P01" | "23505"))
}
