//! Which events of a group are new. The first content under a key stays; the key tables decide, within the transaction.

use std::collections::HashSet;

use super::group::{Fresh, Position, Work};
use super::prepare::{PreparedBatch, PreparedKey};
use super::screen::Screened;
use crate::Result;
use crate::domain::time::{MICROS_PER_SECOND, Micros};
use crate::store::hot::{Column, Rows, tables};

/// How long an event without a time of its own is recognised.
const UNDATED_KEY_DAYS: i64 = 90;

/// The events that were not there before, in order, but for those of the batches left out and those dropped. Their keys
/// are inserted.
pub(super) async fn fresh_events<'a>(
    work: &mut Work<'_>,
    batches: &[&'a PreparedBatch],
    (left_out, screened): (&HashSet<usize>, &'a Screened),
) -> Result<Vec<Fresh<'a>>> {
    let mut seen = HashSet::new();
    let mut candidates = Vec::new();
    for (batch_number, batch) in batches.iter().enumerate().filter(|(number, _)| !left_out.contains(number)) {
        for (record_number, record) in batch.records.iter().enumerate() {
            let position = Position { batch: batch_number, record: record_number };
            let events = record.outcome.iter().flatten().enumerate();
            let taken = events.filter_map(|(number, event)| screened.event(position, number, event));
            let first_of_key = taken.filter(|event| seen.insert(event.key.id()));
            candidates.extend(first_of_key.map(|event| Fresh { event, batch, position }));
        }
    }
    let mut new = insert_dated(work, &candidates).await?;
    new.extend(insert_undated(work, &candidates).await?);
    candidates
        .retain(|fresh| matches!(fresh.event.key, PreparedKey::None { .. }) || new.contains(&fresh.event.key.id()));
    Ok(candidates)
}

async fn insert_dated(work: &mut Work<'_>, candidates: &[Fresh<'_>]) -> Result<HashSet<[u8; 16]>> {
    let mut keys: Vec<(i16, i32, [u8; 16])> = candidates
        .iter()
        .filter_map(|fresh| match fresh.event.key {
            PreparedKey::Dated { day, id } => Some((work.shards.of_bytes(&id), day, id)),
            _ => None,
        })
        .collect();
    keys.sort_unstable();
    let rows = Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::I32(keys.iter().map(|key| key.1).collect()),
        Column::Bytes(keys.iter().map(|key| key.2.to_vec()).collect()),
    ]);
    let inserted = work.connection.insert_new(&tables::EVENT_KEY, &rows).await?;
    Ok(ids_of(inserted.bytes(2)?))
}

async fn insert_undated(work: &mut Work<'_>, candidates: &[Fresh<'_>]) -> Result<HashSet<[u8; 16]>> {
    let mut keys: Vec<(i16, [u8; 16])> = candidates
        .iter()
        .filter_map(|fresh| match fresh.event.key {
            PreparedKey::Undated { id } => Some((work.shards.of_bytes(&id), id)),
            _ => None,
        })
        .collect();
    keys.sort_unstable();
    let now = Micros::now().0;
    let rows = Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::Bytes(keys.iter().map(|key| key.1.to_vec()).collect()),
        Column::I64(vec![now; keys.len()]),
    ]);
    let cutoff = now - UNDATED_KEY_DAYS * 86_400 * MICROS_PER_SECOND;
    let inserted = work.connection.insert_undated_keys(&rows, cutoff).await?;
    Ok(ids_of(inserted.bytes(1)?))
}

fn ids_of(keys: &[Vec<u8>]) -> HashSet<[u8; 16]> {
    keys.iter().filter_map(|key| key.as_slice().try_into().ok()).collect()
}
