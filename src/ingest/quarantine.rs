//! Keeps the records that could not be taken, once each.

use std::collections::BTreeMap;

use super::group::Work;
use super::prepare::{PreparedBatch, RejectedRecord};
use crate::Result;
use crate::store::hot::{Column, Rows, tables};

struct Kept<'a> {
    batch: &'a PreparedBatch,
    index: u64,
    dialect: &'static str,
    record: &'a RejectedRecord,
}

/// Writes the group's bad records; a repeat of one adds nothing.
pub(super) async fn keep(work: &mut Work<'_>, batches: &[&PreparedBatch]) -> Result<()> {
    let mut kept: BTreeMap<(i16, [u8; 16]), Kept<'_>> = BTreeMap::new();
    for batch in batches {
        for prepared in &batch.records {
            if let Err(record) = &prepared.outcome {
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
        texts(|kept| kept.record.rejection.path.replace('\0', "\u{fffd}")),
        texts(|kept| kept.record.rejection.message.replace('\0', "\u{fffd}")),
        Column::Bytes(kept.values().map(|kept| kept.record.raw.clone()).collect()),
        Column::I64(kept.values().map(|kept| kept.record.raw_len.cast_signed()).collect()),
        texts(|kept| kept.batch.source.clone()),
        Column::I64(kept.values().map(|kept| kept.index.cast_signed()).collect()),
        Column::I64(kept.values().map(|kept| kept.record.offset.cast_signed()).collect()),
        Column::I64(kept.values().map(|kept| kept.batch.received_at.0).collect()),
        Column::OptText(kept.values().map(|kept| kept.record.whole_hash.as_ref().map(hexadecimal)).collect()),
    ]);
    work.connection.insert_new(&tables::QUARANTINE, &rows).await?;
    Ok(())
}

fn hexadecimal(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
