//! The addresses of the customer: their states, history, and places on the suppression list.

use std::collections::{BTreeSet, HashSet};

use super::Names;
use super::person::{Person, delete};
use crate::Result;
use crate::domain::hash::identifier_id;
use crate::domain::identifier::Identifier;
use crate::domain::identity::IdentifierId;
use crate::ingest::group::Work;
use crate::store::hot::{Column, Rows, tables};

/// Everything that names the customer: its identifiers, and of the addresses that its events were sent to those that are
/// nobody else's and that no event of anybody else changed.
pub(super) async fn names(work: &mut Work<'_>, person: &Person, targets: BTreeSet<Identifier>) -> Result<Names> {
    let mut names = person.names.clone();
    let workspace = person.workspace()?;
    for target in targets {
        let id = identifier_id(workspace, &target.name, &target.value);
        if !names.contains_key(&id) && is_its_alone(work, person, &id).await? {
            names.insert(id, target);
        }
    }
    Ok(names)
}

async fn is_its_alone(work: &mut Work<'_>, person: &Person, id: &IdentifierId) -> Result<bool> {
    let key = key_of(work, id);
    if !work.connection.select(&tables::IDENTIFIER, &["shard", "id"], &key).await?.is_empty() {
        return Ok(false);
    }
    let history = work.connection.select(&tables::ADDRESS_CHANGE, &["shard", "id"], &key).await?;
    let events: BTreeSet<(i16, i64)> = history.i16s(3)?.iter().copied().zip(history.i64s(4)?.iter().copied()).collect();
    let keys = Rows::new(vec![
        Column::I16(events.iter().map(|event| event.0).collect()),
        Column::I64(events.iter().map(|event| event.1).collect()),
    ]);
    let events = work.connection.select(&tables::EVENT, &["shard", "seq"], &keys).await?;
    let own: HashSet<i64> = person.customers().collect();
    Ok(events.i64s(3)?.iter().all(|customer| own.contains(customer)))
}

/// Removes what is known of the addresses; the number of those of which anything was.
pub(super) async fn erase(work: &mut Work<'_>, names: &Names) -> Result<u64> {
    let mut known = BTreeSet::new();
    for id in names.keys() {
        let key = key_of(work, id);
        for table in [&tables::ADDRESS_STATE, &tables::ADDRESS_CHANGE, &tables::SUPPRESSION] {
            let rows = work.connection.select(table, &["shard", "id"], &key).await?;
            if !rows.is_empty() {
                known.insert(*id);
            }
            delete(work, table, rows).await?;
        }
    }
    Ok(known.len() as u64)
}

fn key_of(work: &Work<'_>, id: &IdentifierId) -> Rows {
    Rows::new(vec![Column::I16(vec![work.shards.of_bytes(id)]), Column::Bytes(vec![id.to_vec()])])
}
