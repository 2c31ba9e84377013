//! Reads conversions from Postgres: the database puts the rows of a page together, so that a page is one value.

use futures_util::stream::{self, TryStreamExt};
use sqlx::{AssertSqlSafe, Row as _};

use super::{PAGE_ROWS, Pages, Wanted, take_row};
use crate::Result;
use crate::domain::order::EventKey;
use crate::domain::time::Micros;
use crate::store::Store;

/// Shards that are read at a time.
const AT_ONCE: usize = 2;

/// Sends every row.
pub(super) async fn read(store: &Store, wanted: Wanted, pages: Pages) -> Result<()> {
    let shards = stream::iter(store.all_shards().into_iter().map(Ok));
    shards.try_for_each_concurrent(AT_ONCE, |shard| read_shard(store, shard, &wanted, &pages)).await
}

async fn read_shard(store: &Store, shard: i16, wanted: &Wanted, pages: &Pages) -> Result<()> {
    let pool = store.db().get_postgres_connection_pool();
    let mut after: (Micros, Vec<u8>) = (wanted.times.start, Vec::new());
    loop {
        let sql = format!(
            "SELECT string_agg(int8send(\"at\") || int8send(\"customer\") || \"key\" || int4send(length(\"packed\"))
             || \"packed\", ''::bytea) FROM (SELECT * FROM \"conversion\"
             WHERE \"shard\" = $1 AND \"workspace\" = $2 AND (\"at\", \"key\") > ($3, $4) AND \"at\" < $5
             ORDER BY \"at\", \"key\" LIMIT {PAGE_ROWS}) AS page"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(shard).bind(wanted.workspace);
        let query = query.bind(after.0.0).bind(&after.1).bind(wanted.times.end.0);
        let page: Option<Vec<u8>> = query.fetch_one(pool).await?.try_get(0)?;
        let Some(page) = page else { return Ok(()) };
        let Some((at, key)) = last_row(&page)? else { return Ok(()) };
        after = (at, key.to_vec());
        if pages.send(page).await.is_err() {
            return Ok(());
        }
    }
}

fn last_row(mut page: &[u8]) -> Result<Option<(Micros, EventKey)>> {
    let mut last = None;
    while let Some(row) = take_row(&mut page)? {
        last = last.max(Some((row.at, row.key)));
    }
    Ok(last)
}
