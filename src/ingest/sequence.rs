//! Numbers the new events within their shards, in order of commit and without gaps, and writes them.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::group::{Fresh, Work};
use super::identify::Identified;
use super::report::EventId;
use crate::Result;
use crate::store::hot::{Column, Rows, tables};

/// Where a shard's events stand.
#[derive(Clone, Copy, Debug, Default)]
struct Stand {
    last_seq: i64,
    last_received_at: i64,
}

/// Writes the events; returns their ids, in order. The shards must be locked.
pub(super) async fn write_events(
    work: &mut Work<'_>,
    fresh: &[Fresh<'_>],
    identified: &Identified,
    catalogue: &Catalogue,
) -> Result<Vec<EventId>> {
    let shards: Vec<i16> = identified.customers.iter().map(|customer| work.shards.of_id(*customer)).collect();
    let mut stands = load_stands(work, &shards).await?;
    let mut ids = Vec::with_capacity(fresh.len());
    let mut received = Vec::with_capacity(fresh.len());
    for (event, shard) in fresh.iter().zip(&shards) {
        let stand = stands.entry(*shard).or_default();
        stand.last_seq += 1;
        stand.last_received_at = stand.last_received_at.max(event.batch.received_at.0);
        ids.push(EventId { shard: *shard, seq: stand.last_seq });
        received.push(stand.last_received_at);
    }
    put_stands(work, &stands).await?;
    let mut order: Vec<usize> = (0..fresh.len()).collect();
    order.sort_unstable_by_key(|index| ids[*index]);
    let event = |index: &usize| &fresh[*index];
    let rows = Rows::new(vec![
        Column::I16(order.iter().map(|index| ids[*index].shard).collect()),
        Column::I64(order.iter().map(|index| ids[*index].seq).collect()),
        Column::I32(order.iter().map(|index| event(index).batch.workspace).collect()),
        Column::I64(order.iter().map(|index| identified.customers[*index]).collect()),
        Column::I64(order.iter().map(|index| catalogue.cells[*index]).collect()),
        Column::I64(order.iter().map(|index| event(index).event.event_type).collect()),
        Column::I16(order.iter().map(|index| i16::from(event(index).event.kind.code())).collect()),
        Column::I16(order.iter().map(|index| event(index).event.automation as i16).collect()),
        Column::I64(order.iter().map(|index| event(index).occurred_at().0).collect()),
        Column::I64(order.iter().map(|index| received[*index]).collect()),
        Column::I64(order.iter().map(|index| event(index).event.message).collect()),
        Column::Bytes(order.iter().map(|index| event(index).event.key.id().to_vec()).collect()),
        Column::Bytes(order.iter().map(|index| event(index).event.details.clone()).collect()),
    ]);
    work.connection.insert(&tables::EVENT, &rows).await?;
    Ok(ids)
}

async fn load_stands(work: &mut Work<'_>, shards: &[i16]) -> Result<BTreeMap<i16, Stand>> {
    let mut distinct = shards.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let rows = work.connection.select(&tables::SHARD, &["id"], &Rows::new(vec![Column::I16(distinct)])).await?;
    let mut stands = BTreeMap::new();
    for (row, shard) in rows.i16s(0)?.iter().enumerate() {
        stands.insert(*shard, Stand { last_seq: rows.i64s(1)?[row], last_received_at: rows.i64s(2)?[row] });
    }
    Ok(stands)
}

async fn put_stands(work: &mut Work<'_>, stands: &BTreeMap<i16, Stand>) -> Result<()> {
    let rows = Rows::new(vec![
        Column::I16(stands.keys().copied().collect()),
        Column::I64(stands.values().map(|stand| stand.last_seq).collect()),
        Column::I64(stands.values().map(|stand| stand.last_received_at).collect()),
    ]);
    work.connection.put(&tables::SHARD, &rows).await
}
