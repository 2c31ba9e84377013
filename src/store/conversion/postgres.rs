//! Reads conversions from Postgres: the database puts the rows of a page together, so that a page is one value.

use sqlx::{AssertSqlSafe, Row as _};

use super::computed::Found;
use super::{PAGE_ROWS, Stretch, Wanted};
use crate::domain::time::Micros;
use crate::store::Store;
use crate::{Error, Result};

/// Times of the first and the last conversion of a shard.
pub(super) async fn ends(store: &Store, wanted: &Wanted, shard: i16) -> Result<Option<(Micros, Micros)>> {
    let sql = "SELECT min(\"at\"), max(\"at\") FROM \"conversion\"
        WHERE \"shard\" = $1 AND \"workspace\" = $2 AND \"at\" >= $3 AND \"at\" < $4";
    let query = sqlx::query(sql).bind(shard).bind(wanted.workspace.0).bind(wanted.at.start.0).bind(wanted.at.end.0);
    let row = query.fetch_one(store.db().get_postgres_connection_pool()).await?;
    let (first, last): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(first.zip(last).map(|(first, last)| (Micros(first), Micros(last))))
}

/// The rows of a page, one after the other.
pub(super) async fn page(store: &Store, stretch: Stretch) -> Result<Vec<u8>> {
    let sql = format!(
        "SELECT string_agg(int8send(\"at\") || int8send(\"customer\") || \"key\" || int4send(length(\"packed\")) || \"packed\",
         ''::bytea) FROM (SELECT \"at\", \"customer\", \"key\", \"packed\" FROM \"conversion\" WHERE \"shard\" = $1
         AND \"workspace\" = $2 AND (\"at\", \"key\") > ($3, $4) AND \"at\" < $5
         ORDER BY \"at\", \"key\" LIMIT {PAGE_ROWS}) AS page"
    );
    let (at, key) = stretch.start();
    let query = sqlx::query(AssertSqlSafe(sql)).bind(stretch.shard).bind(stretch.workspace);
    let query = query.bind(at).bind(key).bind(stretch.at.end.0);
    let row = query.fetch_one(store.db().get_postgres_connection_pool()).await?;
    Ok(row.try_get::<Option<Vec<u8>>, _>(0)?.unwrap_or_default())
}

/// The events of a kind.
pub(super) async fn events(store: &Store, wanted: &Wanted, (shard, is_indexed): (i16, bool)) -> Result<Vec<Found>> {
    let condition = if is_indexed { super::computed::INDEXED } else { "true" };
    let sql = format!(
        "SELECT \"customer\", \"occurred_at\", \"key\" FROM \"event\" WHERE \"shard\" = $1 AND \"kind\" = $2
         AND \"occurred_at\" >= $3 AND \"occurred_at\" < $4 AND \"workspace\" = $5 AND {condition}"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(shard).bind(i16::from(wanted.kind.code()));
    let query = query.bind(wanted.at.start.0).bind(wanted.at.end.0).bind(wanted.workspace.0);
    let rows = query.fetch_all(store.db().get_postgres_connection_pool()).await?;
    let found = |row: &sqlx::postgres::PgRow| {
        let key: &[u8] = row.try_get(2)?;
        let key = key.try_into().map_err(|_| Error::Corrupt("the key of an event".to_owned()))?;
        Ok((row.try_get(0)?, (Micros(row.try_get(1)?), key)))
    };
    rows.iter().map(found).collect()
}
