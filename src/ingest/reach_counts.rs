//! What customers add more or less to the counts of who can be reached, collected for a group and written once.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Work;
use crate::Result;
use crate::domain::reach::{self, Contributions};
use crate::domain::reach_day::{self, DayChanges, block_of};
use crate::store::hot::{Column, Rows, tables};

/// A row of counts: (shard, workspace, channel, list, outcome).
type CountKey = (i16, i32, String, i64, i32);
/// A row of changes: (shard, workspace, channel, list, block of days).
type BlockKey = (i16, i32, String, i64, i32);

/// What is to be written.
#[derive(Default)]
pub(super) struct Counted {
    counts: BTreeMap<CountKey, i64>,
    blocks: BTreeMap<BlockKey, DayChanges>,
    reach: BTreeMap<(i16, i64), Vec<u8>>,
    gone: Vec<(i16, i64)>,
}

impl Counted {
    /// Takes what a customer adds in place of what it added before.
    pub(super) fn replace(&mut self, key: (i16, i64), workspace: i32, before: &Contributions, after: &Contributions) {
        if before == after {
            return;
        }
        let series: BTreeSet<&(String, i64)> = before.keys().chain(after.keys()).collect();
        for of in series.into_iter().filter(|of| before.get(*of) != after.get(*of)) {
            for (contributions, sign) in [(before, -1), (after, 1)] {
                if let Some(steps) = contributions.get(of) {
                    self.count((key.0, workspace, of), steps, sign);
                }
            }
        }
        if after.is_empty() {
            self.gone.push(key);
        } else {
            self.reach.insert(key, reach::encode(after));
        }
    }

    /// Every day on which the outcome changes takes the customer from the one before to the new one.
    fn count(&mut self, (shard, workspace, of): (i16, i32, &(String, i64)), steps: &[(i32, i32)], sign: i64) {
        let key = |last: i32| (shard, workspace, of.0.clone(), of.1, last);
        let mut before = None;
        for (day, outcome) in steps {
            let changes = self.blocks.entry(key(block_of(*day))).or_default();
            if let Some(before) = before {
                reach_day::add(changes, (*day, before), -sign);
            }
            reach_day::add(changes, (*day, *outcome), sign);
            before = Some(*outcome);
        }
        if let Some(now) = before {
            *self.counts.entry(key(now)).or_default() += sign;
        }
    }

    /// Writes what changed.
    pub(super) async fn write(mut self, work: &mut Work<'_>) -> Result<()> {
        work.connection.delete(&tables::CUSTOMER_REACH, &customer_keys(self.gone.iter())).await?;
        let mut rows = customer_keys(self.reach.keys());
        rows.columns.push(Column::Bytes(self.reach.into_values().collect()));
        work.connection.put(&tables::CUSTOMER_REACH, &rows).await?;
        self.counts.retain(|_, change| *change != 0);
        write_counts(work, self.counts).await?;
        self.blocks.retain(|_, changes| !changes.is_empty());
        write_blocks(work, self.blocks).await
    }
}

async fn write_counts(work: &mut Work<'_>, mut counts: BTreeMap<CountKey, i64>) -> Result<()> {
    let keys = series_keys(counts.keys());
    let by = &["shard", "workspace", "channel", "list", "outcome"];
    let stored = work.connection.select(&tables::REACH_COUNT, by, &keys).await?;
    for row in 0..stored.len() {
        if let Some(count) = counts.get_mut(&series_key(&stored, row)?) {
            *count += stored.i64s(5)?[row];
        }
    }
    let mut rows = keys;
    rows.columns.push(Column::I64(counts.into_values().collect()));
    work.connection.put(&tables::REACH_COUNT, &rows).await
}

async fn write_blocks(work: &mut Work<'_>, mut blocks: BTreeMap<BlockKey, DayChanges>) -> Result<()> {
    let by = &["shard", "workspace", "channel", "list", "block"];
    let stored = work.connection.select(&tables::REACH_DAY, by, &series_keys(blocks.keys())).await?;
    for row in 0..stored.len() {
        let key = series_key(&stored, row)?;
        if let Some(changes) = blocks.get_mut(&key) {
            reach_day::add_encoded(changes, key.4, &stored.bytes(5)?[row])?;
        }
    }
    let (empty, changed): (Vec<_>, Vec<_>) = blocks.iter().partition(|(_, changes)| changes.is_empty());
    let mut rows = series_keys(changed.iter().map(|(key, _)| *key));
    rows.columns.push(Column::Bytes(changed.iter().map(|(key, of)| reach_day::encode(key.4, of)).collect()));
    work.connection.put(&tables::REACH_DAY, &rows).await?;
    work.connection.delete(&tables::REACH_DAY, &series_keys(empty.iter().map(|(key, _)| *key))).await
}

pub(super) fn customer_keys<'a>(keys: impl Iterator<Item = &'a (i16, i64)>) -> Rows {
    let (shards, customers) = keys.copied().unzip();
    Rows::new(vec![Column::I16(shards), Column::I64(customers)])
}

fn series_keys<'a>(keys: impl Iterator<Item = &'a CountKey> + Clone) -> Rows {
    Rows::new(vec![
        Column::I16(keys.clone().map(|key| key.0).collect()),
        Column::I32(keys.clone().map(|key| key.1).collect()),
        Column::Text(keys.clone().map(|key| key.2.clone()).collect()),
        Column::I64(keys.clone().map(|key| key.3).collect()),
        Column::I32(keys.map(|key| key.4).collect()),
    ])
}

fn series_key(rows: &Rows, row: usize) -> Result<CountKey> {
    Ok((rows.i16s(0)?[row], rows.i32s(1)?[row], rows.texts(2)?[row].clone(), rows.i64s(3)?[row], rows.i32s(4)?[row]))
}
