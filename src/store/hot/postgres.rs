//! Postgres' side of the hot path: one statement per table and group, whole columns as arrays through `unnest`.

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Postgres, Row};

use super::columns::{Column, Rows, Type};
use super::{IdentityLock, Repoint, Table, tables};
use crate::Result;
use crate::domain::quarantine::{ERASED, RecordState};

/// A connection for one transaction at a time.
#[derive(Debug)]
pub struct PostgresWriter {
    connection: PgConnection,
}

/// First half of the advisory lock that guards the identity map; the second is 0.
const IDENTITY_LOCK: i32 = 0x0043_5101;
/// First half of the advisory locks of shards; the second is the shard's number.
const SHARD_LOCK: i32 = 0x0043_5102;
/// First half of the advisory locks of imports; the second is made of the run's hash.
const IMPORT_LOCK: i32 = 0x0043_5103;
const STATEMENTS_KEPT: usize = 256;

impl PostgresWriter {
    pub(super) async fn open(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.statement_cache_capacity(STATEMENTS_KEPT).application_name("campaignql ingestion");
        Ok(Self { connection: options.connect().await? })
    }

    pub(super) async fn begin(&mut self, lock: IdentityLock) -> Result<()> {
        self.connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        let sql = match lock {
            IdentityLock::Shared => "SELECT pg_advisory_xact_lock_shared($1, 0)",
            IdentityLock::Exclusive => "SELECT pg_advisory_xact_lock($1, 0)",
        };
        sqlx::query(sql).bind(IDENTITY_LOCK).execute(&mut self.connection).await?;
        Ok(())
    }

    pub(super) async fn lock_shards(&mut self, shards: &[i16]) -> Result<()> {
        let numbers: Vec<i32> = shards.iter().copied().map(i32::from).collect();
        let sql = "SELECT pg_advisory_xact_lock($1, shard) FROM unnest($2::integer[]) AS shard";
        sqlx::query(sql).bind(SHARD_LOCK).bind(numbers).execute(&mut self.connection).await?;
        Ok(())
    }

    pub(super) async fn lock_imports(&mut self, runs: &[[u8; 16]]) -> Result<()> {
        let mut numbers: Vec<i32> =
            runs.iter().map(|run| i32::from_be_bytes([run[0], run[1], run[2], run[3]])).collect();
        numbers.sort_unstable();
        let sql = "SELECT pg_advisory_xact_lock($1, run) FROM unnest($2::integer[]) AS run";
        sqlx::query(sql).bind(IMPORT_LOCK).bind(numbers).execute(&mut self.connection).await?;
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        self.connection.execute("COMMIT").await?;
        Ok(())
    }

    pub(super) async fn rollback(&mut self) -> Result<()> {
        self.connection.execute("ROLLBACK").await?;
        Ok(())
    }

    /// Whether the connection still answers.
    pub async fn is_alive(&mut self) -> bool {
        self.connection.ping().await.is_ok()
    }

    pub(super) async fn insert_new(&mut self, table: &Table, rows: &Rows) -> Result<Rows> {
        let sql = format!("{} ON CONFLICT DO NOTHING RETURNING {}", insert_sql(table), Table::names(table.key));
        self.query(sql, table.key, rows).await
    }

    pub(super) async fn insert(&mut self, table: &Table, rows: &Rows) -> Result<()> {
        self.execute(insert_sql(table), rows).await
    }

    pub(super) async fn put(&mut self, table: &Table, rows: &Rows) -> Result<()> {
        let sql =
            format!("{} ON CONFLICT ({}) DO {}", insert_sql(table), Table::names(table.key), table.conflict_update());
        self.execute(sql, rows).await
    }

    pub(super) async fn select(&mut self, table: &Table, by: &[&'static str], keys: &Rows) -> Result<Rows> {
        let all: Vec<(&'static str, Type)> = table.columns().collect();
        let names: Vec<String> = all.iter().map(|(name, _)| format!("t.\"{name}\"")).collect();
        let sql = format!("SELECT {} FROM {}", names.join(", "), joined_to_keys(table, by));
        self.query(sql, &all, keys).await
    }

    pub(super) async fn next_rows(&mut self, sql: String, table: &Table, key: &Rows) -> Result<Rows> {
        let query = bind_firsts(sqlx::query(AssertSqlSafe(sql)), key.columns.iter().take(table.key.len()));
        let all: Vec<(&'static str, Type)> = table.columns().collect();
        take_rows(&query.fetch_all(&mut self.connection).await?, &all)
    }

    pub(super) async fn walk(&mut self, sql: String, table: &Table, values: &Rows) -> Result<Rows> {
        let query = bind_firsts(sqlx::query(AssertSqlSafe(sql)), values.columns.iter());
        let all: Vec<(&'static str, Type)> = table.columns().collect();
        take_rows(&query.fetch_all(&mut self.connection).await?, &all)
    }

    pub(super) async fn delete(&mut self, table: &Table, keys: &Rows) -> Result<()> {
        let types: Vec<Type> = table.key.iter().map(|(_, key_type)| *key_type).collect();
        let terms: Vec<String> =
            table.key.iter().enumerate().map(|(index, (name, _))| format!("t.\"{name}\" = k.c{index}")).collect();
        let sql =
            format!("DELETE FROM \"{}\" AS t USING {} WHERE {}", table.name, unnest_as_k(&types), terms.join(" AND "));
        self.execute(sql, keys).await
    }

    pub(super) async fn repoint(&mut self, statement: &Repoint, pairs: &[(i64, i64)]) -> Result<()> {
        let Repoint { table, set, column } = statement;
        let sql = format!(
            "UPDATE \"{table}\" AS t SET \"{set}\" = k.c1 FROM {} WHERE t.\"{column}\" = k.c0",
            unnest_as_k(&[Type::I64, Type::I64])
        );
        let (from, to): (Vec<i64>, Vec<i64>) = pairs.iter().copied().unzip();
        self.execute(sql, &Rows::new(vec![Column::I64(from), Column::I64(to)])).await
    }

    pub(super) async fn name_campaigns(&mut self, names: &[(i64, String)]) -> Result<()> {
        let sql = format!(
            "UPDATE \"campaign\" AS t SET \"name\" = k.c1 FROM {} WHERE t.\"id\" = k.c0 AND t.\"name\" IS NULL",
            unnest_as_k(&[Type::I64, Type::Text])
        );
        let (ids, names): (Vec<i64>, Vec<String>) = names.iter().cloned().unzip();
        self.execute(sql, &Rows::new(vec![Column::I64(ids), Column::Text(names)])).await
    }

    /// The second of two transactions waits for the first, and then finds the record replayed.
    pub(super) async fn claim_quarantined(&mut self, rows: &Rows) -> Result<Rows> {
        let replayed = RecordState::Replayed.code();
        let claims = unnest_as_k(&[Type::I16, Type::Bytes, Type::I32, Type::I64, Type::Text]);
        let sql = format!(
            "UPDATE \"quarantine\" AS t SET \"state\" = {replayed}, \"resolved_at\" = k.c3, \"resolution\" = k.c4
             FROM {claims} WHERE t.\"shard\" = k.c0 AND t.\"id\" = k.c1 AND t.\"workspace\" = k.c2
             AND t.\"state\" NOT IN ({replayed}, {ERASED}) RETURNING t.\"shard\", t.\"id\""
        );
        self.query(sql, tables::QUARANTINE.key, rows).await
    }

    pub(super) async fn insert_undated_keys(&mut self, rows: &Rows, cutoff: i64) -> Result<Rows> {
        let table = &tables::EVENT_KEY_UNDATED;
        let sql = format!(
            "{} ON CONFLICT (\"shard\", \"key\") DO UPDATE SET \"seen_at\" = excluded.\"seen_at\"
             WHERE \"event_key_undated\".\"seen_at\" < {cutoff} RETURNING \"shard\", \"key\"",
            insert_sql(table)
        );
        let query = bind_all(sqlx::query(AssertSqlSafe(sql)), rows).persistent(false);
        take_rows(&query.fetch_all(&mut self.connection).await?, table.key)
    }

    async fn execute(&mut self, sql: String, rows: &Rows) -> Result<()> {
        bind_all(sqlx::query(AssertSqlSafe(sql)), rows).execute(&mut self.connection).await?;
        Ok(())
    }

    async fn query(&mut self, sql: String, result: &[(&'static str, Type)], rows: &Rows) -> Result<Rows> {
        let query = bind_all(sqlx::query(AssertSqlSafe(sql)), rows);
        take_rows(&query.fetch_all(&mut self.connection).await?, result)
    }
}

fn insert_sql(table: &Table) -> String {
    let types: Vec<Type> = table.columns().map(|(_, column_type)| column_type).collect();
    format!("INSERT INTO \"{}\" ({}) SELECT * FROM {}", table.name, table.all_names(), unnest_as_k(&types))
}

fn joined_to_keys(table: &Table, by: &[&'static str]) -> String {
    let type_of = |wanted: &str| table.columns().find(|(name, _)| *name == wanted).map_or(Type::I64, |(_, t)| t);
    let types: Vec<Type> = by.iter().map(|name| type_of(name)).collect();
    let terms: Vec<String> = by.iter().enumerate().map(|(index, name)| format!("t.\"{name}\" = k.c{index}")).collect();
    format!("{} JOIN \"{}\" AS t ON {}", unnest_as_k(&types), table.name, terms.join(" AND "))
}

/// `unnest($1::bigint[], …) AS k(c0, …)`
fn unnest_as_k(types: &[Type]) -> String {
    let numbered = types.iter().enumerate();
    let arrays: Vec<String> = numbered.clone().map(|(i, t)| format!("${}::{}[]", i + 1, t.postgres_name())).collect();
    let names: Vec<String> = numbered.map(|(index, _)| format!("c{index}")).collect();
    format!("unnest({}) AS k({})", arrays.join(", "), names.join(", "))
}

type Arguments<'q> = Query<'q, Postgres, PgArguments>;

fn bind_all<'q>(mut query: Arguments<'q>, rows: &'q Rows) -> Arguments<'q> {
    for column in &rows.columns {
        query = match column {
            Column::I16(values) => query.bind(values),
            Column::I32(values) => query.bind(values),
            Column::I64(values) => query.bind(values),
            Column::OptI64(values) => query.bind(values),
            Column::Bool(values) => query.bind(values),
            Column::Text(values) => query.bind(values),
            Column::OptText(values) => query.bind(values),
            Column::Bytes(values) => query.bind(values),
        };
    }
    query
}

/// Binds the first value of each column by itself.
fn bind_firsts<'q>(mut query: Arguments<'q>, columns: impl Iterator<Item = &'q Column>) -> Arguments<'q> {
    for column in columns {
        query = match column {
            Column::I16(values) => query.bind(values.first()),
            Column::I32(values) => query.bind(values.first()),
            Column::I64(values) => query.bind(values.first()),
            Column::OptI64(values) => query.bind(values.first().copied().flatten()),
            Column::Bool(values) => query.bind(values.first()),
            Column::Text(values) => query.bind(values.first()),
            Column::OptText(values) => query.bind(values.first().and_then(Option::as_ref)),
            Column::Bytes(values) => query.bind(values.first()),
        };
    }
    query
}

fn take_rows(answers: &[PgRow], columns: &[(&'static str, Type)]) -> Result<Rows> {
    let mut rows = Rows::of_types(columns);
    for answer in answers {
        for (index, column) in rows.columns.iter_mut().enumerate() {
            match column {
                Column::I16(values) => values.push(answer.try_get(index)?),
                Column::I32(values) => values.push(answer.try_get(index)?),
                Column::I64(values) => values.push(answer.try_get(index)?),
                Column::OptI64(values) => values.push(answer.try_get(index)?),
                Column::Bool(values) => values.push(answer.try_get(index)?),
                Column::Text(values) => values.push(answer.try_get(index)?),
                Column::OptText(values) => values.push(answer.try_get(index)?),
                Column::Bytes(values) => values.push(answer.try_get(index)?),
            }
        }
    }
    Ok(rows)
}
