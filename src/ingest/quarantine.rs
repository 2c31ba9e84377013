//! Keeps the records that could not be taken, once each, and marks those that are taken after all.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use super::group::Work;
use super::prepare::{PreparedBatch, RejectedRecord};
use super::screen::Screened;
use crate::Result;
use crate::domain::quarantine::{RecordState, kept_path, kept_text};
use crate::domain::time::Micros;
use crate::store::hot::{Column, Rows, tables};

struct Kept<'a> {
    batch: &'a PreparedBatch,
    index: u64,
    dialect: &'static str,
    record: &'a RejectedRecord,
}

/// Marks the quarantined records that batches replay; the numbers of the batches whose record was replayed before, within
/// this group or by anybody: nothing of them may be taken. Rows of the quarantine come before all others that a
/// transaction waits for.
pub(super) async fn claim(work: &mut Work<'_>, batches: &[&PreparedBatch]) -> Result<HashSet<usize>> {
    let mut claims: BTreeMap<(i16, [u8; 16]), (usize, i32, &str)> = BTreeMap::new();
    let mut replayed_before = HashSet::new();
    for (number, batch) in batches.iter().enumerate() {
        if let Some(replay) = &batch.replay {
            let key = (work.shards.of_bytes(&replay.id), replay.id);
            match claims.entry(key) {
                Entry::Vacant(first) => {
                    first.insert((number, batch.workspace, replay.resolution.as_str()));
                }
                Entry::Occupied(_) => {
                    replayed_before.insert(number);
                }
            }
        }
    }
    let rows = Rows::new(vec![
        Column::I16(claims.keys().map(|key| key.0).collect()),
        Column::Bytes(claims.keys().map(|key| key.1.to_vec()).collect()),
        Column::I32(claims.values().map(|claim| claim.1).collect()),
        Column::I64(vec![Micros::now().0; claims.len()]),
        Column::Text(claims.values().map(|claim| claim.2.to_owned()).collect()),
    ]);
    let claimed = work.connection.claim_quarantined(&rows).await?;
    let claimed: HashSet<&[u8]> = claimed.bytes(1)?.iter().map(Vec::as_slice).collect();
    claims.retain(|key, _| !claimed.contains(&key.1[..]));
    replayed_before.extend(claims.into_values().map(|claim| claim.0));
    Ok(replayed_before)
}

/// Writes the group's bad records, but for those that may not be kept; a repeat of one adds nothing.
pub(super) async fn keep(work: &mut Work<'_>, batches: &[&PreparedBatch], screened: &Screened) -> Result<()> {
    let mut kept: BTreeMap<(i16, [u8; 16]), Kept<'_>> = BTreeMap::new();
    for (batch_number, batch) in batches.iter().enumerate() {
        for (number, prepared) in batch.records.iter().enumerate() {
            if let Err(record) = &prepared.outcome
                && screened.keeps(batch_number, number)
            {
                let key = (work.shards.of_bytes(&record.id), record.id);
                let (index, dialect) = (prepared.index, prepared.dialect);
                kept.entry(key).or_insert(Kept { batch, index, dialect, record });
            }
        }
    }
    let texts = |text: fn(&Kept<'_>) -> String| Column::Text(kept.values().map(text).collect());
    let rows = Rows::new(vec![
        Column::I16(kept.keys().map(|key| key.0).collect()),
        Column::Bytes(kept.keys().map(|key| key.1.to_vec()).collect()),
        Column::I32(kept.values().map(|kept| kept.batch.workspace).collect()),
        texts(|kept| kept.dialect.to_owned()),
        texts(|kept| kept.record.rejection.code.name().to_owned()),
        texts(|kept| kept_path(&kept.record.rejection.path)),
        texts(|kept| kept_text(&kept.record.rejection.message)),
        Column::Bytes(kept.values().map(|kept| kept.record.raw.clone()).collect()),
        Column::I64(kept.values().map(|kept| kept.record.raw_len.cast_signed()).collect()),
        texts(|kept| kept.batch.source.clone()),
        Column::I64(kept.values().map(|kept| kept.index.cast_signed()).collect()),
        Column::I64(kept.values().map(|kept| kept.record.offset.cast_signed()).collect()),
        Column::I64(kept.values().map(|kept| kept.batch.received_at.0).collect()),
        Column::OptText(kept.values().map(|kept| kept.record.whole_hash.as_ref().map(hexadecimal)).collect()),
        Column::I16(vec![RecordState::Open.code(); kept.len()]),
        Column::OptI64(vec![None; kept.len()]),
        Column::OptText(vec![None; kept.len()]),
    ]);
    work.connection.insert_new(&tables::QUARANTINE, &rows).await?;
    Ok(())
}

fn hexadecimal(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
