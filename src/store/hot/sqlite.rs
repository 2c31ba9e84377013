//! SQLite's side of the hot path: one writer with prepared statements, a row at a time without any hop.

use std::time::Duration;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, Statement, ToSql};

use super::columns::{Column, Rows, Type};
use super::{Repoint, Table, tables};
use crate::domain::quarantine::{ERASED, RecordState};
use crate::store::connect::sqlite_path;
use crate::{Error, Result};

/// The one writer of a database file.
#[derive(Debug)]
pub struct SqliteWriter {
    connection: Connection,
}

const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const STATEMENTS_KEPT: usize = 128;

impl SqliteWriter {
    /// Opens the file, which must exist and be migrated.
    pub(super) fn open(url: &str) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(sqlite_path(url)?, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // 128 MiB of pages; the log is folded back every 128 MiB, so that hot pages are written once for many commits.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -131072;
             PRAGMA wal_autocheckpoint = 32768; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF;",
        )?;
        Ok(Self { connection })
    }

    pub(super) fn begin(&mut self) -> Result<()> {
        Ok(self.connection.execute_batch("BEGIN IMMEDIATE")?)
    }

    pub(super) fn commit(&mut self) -> Result<()> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    pub(super) fn rollback(&mut self) -> Result<()> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        Ok(())
    }

    /// Looks, then inserts: the transaction is the only writer, and `RETURNING` would build a table of its own for every
    /// row.
    pub(super) fn insert_new(&mut self, table: &Table, rows: &Rows) -> Result<Rows> {
        let by: Vec<&str> = table.key.iter().map(|(name, _)| *name).collect();
        let look = format!("SELECT 1 FROM \"{}\" WHERE {}", table.name, equal_to_parameters(&by));
        let mut look = self.connection.prepare_cached(&look)?;
        let mut insert = self.connection.prepare_cached(&insert_sql(table))?;
        let mut inserted = Rows::of_types(table.key);
        for row in 0..rows.len() {
            bind(&mut look, &rows.columns[..by.len()], row)?;
            if look.raw_query().next()?.is_none() {
                bind(&mut insert, &rows.columns, row)?;
                insert.raw_execute()?;
                inserted.push_row(rows, row)?;
            }
        }
        Ok(inserted)
    }

    pub(super) fn insert(&mut self, table: &Table, rows: &Rows) -> Result<()> {
        self.execute_each(&insert_sql(table), rows)
    }

    pub(super) fn put(&mut self, table: &Table, rows: &Rows) -> Result<()> {
        let sql =
            format!("{} ON CONFLICT ({}) DO {}", insert_sql(table), Table::names(table.key), table.conflict_update());
        self.execute_each(&sql, rows)
    }

    pub(super) fn select(&mut self, table: &Table, by: &[&str], keys: &Rows) -> Result<Rows> {
        let sql = format!("SELECT {} FROM {} WHERE {}", table.all_names(), indexed(table, by), equal_to_parameters(by));
        self.query_each(&sql, &table.columns().collect::<Vec<_>>(), keys)
    }

    pub(super) fn next_rows(&mut self, sql: &str, table: &Table, key: &Rows) -> Result<Rows> {
        let mut prepared = self.connection.prepare_cached(sql)?;
        if let [_, ..] = key.columns[..] {
            bind(&mut prepared, &key.columns[..table.key.len()], 0)?;
        }
        let mut found = Rows::of_types(&table.columns().collect::<Vec<_>>());
        let mut answers = prepared.raw_query();
        while let Some(answer) = answers.next()? {
            take_row(answer, &mut found)?;
        }
        Ok(found)
    }

    pub(super) fn walk(&mut self, sql: &str, table: &Table, values: &Rows) -> Result<Rows> {
        self.query_each(sql, &table.columns().collect::<Vec<_>>(), values)
    }

    pub(super) fn delete(&mut self, table: &Table, keys: &Rows) -> Result<()> {
        let by: Vec<&str> = table.key.iter().map(|(name, _)| *name).collect();
        let sql = format!("DELETE FROM \"{}\" WHERE {}", table.name, equal_to_parameters(&by));
        self.execute_each(&sql, keys)
    }

    pub(super) fn repoint(&mut self, statement: &Repoint, pairs: &[(i64, i64)]) -> Result<()> {
        let Repoint { table, set, column } = statement;
        let sql = format!("UPDATE \"{table}\" SET \"{set}\" = ?2 WHERE \"{column}\" = ?1");
        let mut prepared = self.connection.prepare_cached(&sql)?;
        for pair in pairs {
            prepared.execute([pair.0, pair.1])?;
        }
        Ok(())
    }

    pub(super) fn name_campaigns(&mut self, names: &[(i64, String)]) -> Result<()> {
        let sql = "UPDATE \"campaign\" SET \"name\" = ?2 WHERE \"id\" = ?1 AND \"name\" IS NULL";
        let mut prepared = self.connection.prepare_cached(sql)?;
        for (campaign, name) in names {
            prepared.execute((campaign, name))?;
        }
        Ok(())
    }

    pub(super) fn claim_quarantined(&mut self, rows: &Rows) -> Result<Rows> {
        let replayed = RecordState::Replayed.code();
        let sql = format!(
            "UPDATE \"quarantine\" SET \"state\" = {replayed}, \"resolved_at\" = ?4, \"resolution\" = ?5
             WHERE \"shard\" = ?1 AND \"id\" = ?2 AND \"workspace\" = ?3 AND \"state\" NOT IN ({replayed}, {ERASED})
             RETURNING \"shard\", \"id\""
        );
        self.query_each(&sql, tables::QUARANTINE.key, rows)
    }

    pub(super) fn insert_undated_keys(&mut self, rows: &Rows, cutoff: i64) -> Result<Rows> {
        let sql = format!(
            "{} ON CONFLICT (\"shard\", \"key\") DO UPDATE SET \"seen_at\" = excluded.\"seen_at\"
             WHERE \"event_key_undated\".\"seen_at\" < {cutoff} RETURNING \"shard\", \"key\"",
            insert_sql(&tables::EVENT_KEY_UNDATED)
        );
        self.query_each(&sql, tables::EVENT_KEY_UNDATED.key, rows)
    }

    fn execute_each(&self, sql: &str, rows: &Rows) -> Result<()> {
        let mut prepared = self.connection.prepare_cached(sql)?;
        for row in 0..rows.len() {
            bind(&mut prepared, &rows.columns, row)?;
            prepared.raw_execute()?;
        }
        Ok(())
    }

    fn query_each(&self, sql: &str, result: &[(&'static str, Type)], rows: &Rows) -> Result<Rows> {
        let mut prepared = self.connection.prepare_cached(sql)?;
        let mut found = Rows::of_types(result);
        for row in 0..rows.len() {
            bind(&mut prepared, &rows.columns, row)?;
            let mut answers = prepared.raw_query();
            while let Some(answer) = answers.next()? {
                take_row(answer, &mut found)?;
            }
        }
        Ok(found)
    }
}

fn insert_sql(table: &Table) -> String {
    let parameters: Vec<String> = (1..=table.columns().count()).map(|number| format!("?{number}")).collect();
    format!("INSERT INTO \"{}\" ({}) VALUES ({})", table.name, table.all_names(), parameters.join(", "))
}

/// A table to be searched by some of its columns. Without statistics the planner takes any beginning of the primary key for
/// better than an index that has all of the columns, and would read a whole shard.
fn indexed(table: &Table, by: &[&str]) -> String {
    let is_key = table.key.iter().map(|(name, _)| *name).take(by.len()).eq(by.iter().copied());
    match by.last() {
        // This one is older than the rule that an index is named after its last column.
        Some(&"occurred_at") => format!("\"{0}\" INDEXED BY \"{0}_customer_time\"", table.name),
        Some(last) if !is_key => format!("\"{0}\" INDEXED BY \"{0}_{last}\"", table.name),
        _ => format!("\"{}\"", table.name),
    }
}

fn equal_to_parameters(columns: &[&str]) -> String {
    let terms: Vec<String> =
        columns.iter().enumerate().map(|(index, name)| format!("\"{name}\" = ?{}", index + 1)).collect();
    terms.join(" AND ")
}

fn bind(statement: &mut Statement<'_>, columns: &[Column], row: usize) -> Result<()> {
    for (index, column) in columns.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Cell { column, row })?;
    }
    Ok(())
}

/// One value of a column, bound without a copy.
struct Cell<'a> {
    column: &'a Column,
    row: usize,
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let row = self.row;
        let integer = |number: i64| ToSqlOutput::Owned(Value::Integer(number));
        Ok(match self.column {
            Column::I16(values) => integer(i64::from(values[row])),
            Column::I32(values) => integer(i64::from(values[row])),
            Column::I64(values) => integer(values[row]),
            Column::OptI64(values) => values[row].map_or(ToSqlOutput::Owned(Value::Null), integer),
            Column::Bool(values) => integer(i64::from(values[row])),
            Column::Text(values) => ToSqlOutput::Borrowed(ValueRef::Text(values[row].as_bytes())),
            Column::OptText(values) => ToSqlOutput::Borrowed(
                values[row].as_ref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            ),
            Column::Bytes(values) => ToSqlOutput::Borrowed(ValueRef::Blob(&values[row])),
        })
    }
}

fn take_row(row: &Row<'_>, rows: &mut Rows) -> Result<()> {
    for (index, column) in rows.columns.iter_mut().enumerate() {
        match column {
            Column::I16(values) => values.push(row.get(index)?),
            Column::I32(values) => values.push(row.get(index)?),
            Column::I64(values) => values.push(row.get(index)?),
            Column::OptI64(values) => values.push(row.get(index)?),
            Column::Bool(values) => values.push(row.get(index)?),
            Column::Text(values) => values.push(row.get(index)?),
            Column::OptText(values) => values.push(row.get(index)?),
            Column::Bytes(values) => values.push(row.get(index)?),
        }
    }
    Ok::<(), Error>(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_by_less_than_the_beginning_of_the_key_names_its_index() {
        let by_customer = indexed(&tables::RECIPIENT, &["shard", "customer"]);
        assert_eq!(by_customer, r#""recipient" INDEXED BY "recipient_customer""#);
        assert_eq!(indexed(&tables::RECIPIENT, &["shard", "campaign", "customer"]), r#""recipient""#);
        assert_eq!(indexed(&tables::RECIPIENT, &["shard", "campaign"]), r#""recipient""#);
        let by_time = indexed(&tables::EVENT, &["shard", "customer", "occurred_at"]);
        assert_eq!(by_time, r#""event" INDEXED BY "event_customer_time""#);
    }
}
