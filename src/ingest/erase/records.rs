//! Quarantined records that name the customer: their text goes, their rows stay by their keys, so that a repeat adds
//! nothing. A record is read as `domain::mention` says, whatever its form and its faults.

use std::collections::BTreeSet;

use super::Names;
use crate::Result;
use crate::domain::mention::Mentions;
use crate::domain::quarantine::{ERASED, RecordState};
use crate::domain::time::{MICROS_PER_SECOND, Micros};
use crate::domain::workspace::WorkspaceId;
use crate::ingest::group::Work;
use crate::store::hot::Type::{Bytes, I16, I64};
use crate::store::hot::{Column, Rows, Table, Walk, tables};

/// Of a record: shard and id.
pub(in crate::ingest) type RecordKey = (i16, Vec<u8>);

/// Records that were found before the transaction.
pub(super) struct Found {
    /// The names that were looked for.
    pub(super) names: Names,
    /// The records.
    pub(super) records: BTreeSet<RecordKey>,
    /// When the search began.
    pub(super) since: Micros,
}

impl Found {
    /// These, and those that came since.
    pub(super) async fn with_latest(&self, work: &mut Work<'_>, workspace: WorkspaceId) -> Result<BTreeSet<RecordKey>> {
        let from = Micros(self.since.0 - MOST_ON_THE_WAY_S * MICROS_PER_SECOND);
        let mut records = naming(work, workspace, &self.names, Some(from)).await?;
        records.extend(self.records.iter().cloned());
        Ok(records)
    }
}

/// A record is dated when its batch is made and stored when it is committed; no batch is on its way for so long.
const MOST_ON_THE_WAY_S: i64 = 3_600;

/// A record without its text.
static HEAD: Table = Table {
    name: "quarantine",
    key: &[("shard", I16), ("id", Bytes)],
    values: &[("received_at", I64), ("raw_len", I64)],
};
const LISTED: Walk =
    Walk { table: &HEAD, index: "quarantine_listed", by: &["workspace", "state"], order: &["received_at", "id"] };
const PAGE: u32 = 1_000;
/// Bytes of texts that are held at a time; a longer text is held alone.
const BYTES_AT_ONCE: i64 = 16 * 1024 * 1024;
const RAW: usize = 7;

/// The records of a workspace that name somebody: all, or those received from a time on.
pub(super) async fn naming(
    work: &mut Work<'_>,
    workspace: WorkspaceId,
    names: &Names,
    from: Option<Micros>,
) -> Result<BTreeSet<RecordKey>> {
    let mentions = Mentions::of(names.values());
    let mut found = BTreeSet::new();
    for state in RecordState::ALL {
        let by = Rows::new(vec![Column::I32(vec![workspace.0]), Column::I16(vec![state.code()])]);
        let mut last = from.map(|from| Rows::new(vec![Column::I64(vec![from.0]), Column::Bytes(vec![Vec::new()])]));
        loop {
            let page = work.connection.walk(&LISTED, &by, last.as_ref(), PAGE).await?;
            let Some(end) = page.last()? else { break };
            last = Some(Rows::new(vec![end.columns[2].clone(), end.columns[1].clone()]));
            for portion in portions(&page)? {
                let keys = keys_of(&portion);
                let rows = work.connection.select(&tables::QUARANTINE, &["shard", "id"], &keys).await?;
                for (key, raw) in portion_keys(&rows)?.into_iter().zip(rows.bytes(RAW)?) {
                    if mentions.in_record(raw) {
                        found.insert(key);
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The records of a page, as many at a time as may be held.
fn portions(page: &Rows) -> Result<Vec<Vec<RecordKey>>> {
    let mut portions: Vec<Vec<RecordKey>> = Vec::new();
    let mut bytes = 0;
    for (key, length) in portion_keys(page)?.into_iter().zip(page.i64s(3)?) {
        bytes += (*length).min(BYTES_AT_ONCE);
        match portions.last_mut() {
            Some(portion) if bytes <= BYTES_AT_ONCE => portion.push(key),
            _ => {
                bytes = (*length).min(BYTES_AT_ONCE);
                portions.push(vec![key]);
            }
        }
    }
    Ok(portions)
}

fn portion_keys(rows: &Rows) -> Result<Vec<RecordKey>> {
    Ok(rows.i16s(0)?.iter().copied().zip(rows.bytes(1)?.iter().cloned()).collect())
}

fn keys_of(records: &[RecordKey]) -> Rows {
    Rows::new(vec![
        Column::I16(records.iter().map(|record| record.0).collect()),
        Column::Bytes(records.iter().map(|record| record.1.clone()).collect()),
    ])
}

/// Removes everything of the records but their keys and what counts; the number of those that were there.
pub(in crate::ingest) async fn forget(work: &mut Work<'_>, records: &BTreeSet<RecordKey>) -> Result<u64> {
    let mut number = 0;
    for records in records.iter().cloned().collect::<Vec<_>>().chunks(1) {
        let mut rows = work.connection.select(&tables::QUARANTINE, &["shard", "id"], &keys_of(records)).await?;
        let length = rows.len();
        let empty = || Column::Text(vec![String::new(); length]);
        // path, message, raw, whole_hash, state, resolution
        (rows.columns[5], rows.columns[6]) = (empty(), empty());
        rows.columns[RAW] = Column::Bytes(vec![Vec::new(); length]);
        rows.columns[13] = Column::OptText(vec![None; length]);
        rows.columns[14] = Column::I16(vec![ERASED; length]);
        rows.columns[16] = Column::OptText(vec![None; length]);
        work.connection.put(&tables::QUARANTINE, &rows).await?;
        number += length as u64;
    }
    Ok(number)
}
