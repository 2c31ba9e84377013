//! Folds the new events into the states of the addresses they concern.

use std::collections::BTreeMap;

use super::group::{Fresh, Work};
use super::report::EventId;
use crate::Result;
use crate::domain::identity::IdentifierId;
use crate::domain::reachability::AddressState;
use crate::store::hot::{Column, Rows, tables};

/// Folds every address update. The shards must be locked.
pub(super) async fn fold_addresses(work: &mut Work<'_>, fresh: &[Fresh<'_>], ids: &[EventId]) -> Result<()> {
    let mut concerned: BTreeMap<(i16, IdentifierId), Vec<(usize, usize)>> = BTreeMap::new();
    for (index, event) in fresh.iter().enumerate() {
        for (number, update) in event.event.updates.iter().enumerate() {
            let key = (work.shards.of_bytes(&update.address), update.address);
            concerned.entry(key).or_default().push((index, number));
        }
    }
    let keys = Rows::new(vec![
        Column::I16(concerned.keys().map(|key| key.0).collect()),
        Column::Bytes(concerned.keys().map(|key| key.1.to_vec()).collect()),
    ]);
    let rows = work.connection.select(&tables::ADDRESS_STATE, &["shard", "id"], &keys).await?;
    let mut states: BTreeMap<&[u8], AddressState> = BTreeMap::new();
    for (row, id) in rows.bytes(1)?.iter().enumerate() {
        states.insert(id, AddressState::decode(&rows.bytes(5)?[row])?);
    }
    let mut folded = Vec::with_capacity(concerned.len());
    for ((_, id), updates) in &concerned {
        let mut state = states.remove(&id[..]).unwrap_or_default();
        for (index, number) in updates {
            let (event, event_id) = (&fresh[*index], ids[*index]);
            let update = &event.event.updates[*number];
            let at = update.at.unwrap_or_else(|| event.occurred_at());
            state.apply(update.change, at, (event_id.shard, event_id.seq));
        }
        let workspace = updates.first().map_or(0, |(index, _)| fresh[*index].batch.workspace);
        let limit = work.settings_of(workspace)?.soft_bounce_limit;
        let unreachable = state.reachability(limit).unreachable.map_or(0, |reason| reason as i16);
        folded.push((workspace, unreachable, state.consent_code(), state.encode()));
    }
    let mut rows = keys;
    rows.columns.extend([
        Column::I32(folded.iter().map(|row| row.0).collect()),
        Column::I16(folded.iter().map(|row| row.1).collect()),
        Column::I16(folded.iter().map(|row| row.2).collect()),
        Column::Bytes(folded.into_iter().map(|row| row.3).collect()),
    ]);
    work.connection.put(&tables::ADDRESS_STATE, &rows).await
}
