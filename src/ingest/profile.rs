//! Profile updates, the attributes that imported lists tell, and merges, folded into the stored attributes of customers.

use std::collections::{BTreeMap, BTreeSet};

use super::group::{Fresh, Work};
use super::identify::Identified;
use super::prepare::{PreparedBatch, PreparedProfile};
use crate::Result;
use crate::domain::profile::{AttributeValue, Kept, absorb, take};
use crate::domain::time::Micros;
use crate::store::hot::{Column, Rows, tables};

/// A profile update of the group, and its batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct FreshProfile<'a> {
    pub(super) profile: &'a PreparedProfile,
    pub(super) batch: &'a PreparedBatch,
}

impl FreshProfile<'_> {
    /// When it was so: its own time, else the time of receipt.
    pub(super) fn at(&self) -> Micros {
        self.profile.at.unwrap_or(self.batch.received_at)
    }
}

/// Of an attribute: (shard, customer, name).
type Key = (i16, i64, String);

/// An attribute as its columns: workspace, sort key, value.
type Stored = (i32, Vec<u8>, String);
type Profile = BTreeMap<String, Kept<Stored>>;

/// New values of a customer's attributes.
pub(super) struct Change<'a> {
    owner: i64,
    workspace: i32,
    at: i64,
    attributes: &'a BTreeMap<String, AttributeValue>,
}

/// What the group's events and updates set, each with the customers of all events and of all updates, in order.
pub(super) fn changes<'a>(events: (&[Fresh<'a>], &[i64]), updates: (&[FreshProfile<'a>], &[i64])) -> Vec<Change<'a>> {
    let of_event = |(fresh, owner): (&Fresh<'a>, &i64)| Change {
        owner: *owner,
        workspace: fresh.batch.workspace,
        at: fresh.occurred_at().0,
        attributes: &fresh.event.attributes,
    };
    let of_update = |(fresh, owner): (&FreshProfile<'a>, &i64)| Change {
        owner: *owner,
        workspace: fresh.batch.workspace,
        at: fresh.at().0,
        attributes: &fresh.profile.attributes,
    };
    let told = events.0.iter().zip(events.1).filter(|(fresh, _)| !fresh.event.attributes.is_empty());
    told.map(of_event).chain(updates.0.iter().zip(updates.1).map(of_update)).collect()
}

/// Folds every change and every merge, in this order of precedence: what is newer by its own time. The shards must be
/// locked.
pub(super) async fn fold_profiles(work: &mut Work<'_>, changes: &[Change<'_>], identified: &Identified) -> Result<()> {
    let merges = identified.merged.iter().flat_map(|(merged, survivor)| [*merged, *survivor]);
    let concerned: BTreeSet<i64> = changes.iter().map(|change| change.owner).chain(merges).collect();
    let stored = load(work, &concerned).await?;
    let mut profiles = stored.clone();
    for (merged, survivor) in &identified.merged {
        let left = profiles.remove(merged).unwrap_or_default();
        absorb(profiles.entry(*survivor).or_default(), left);
    }
    for Change { owner, workspace, at, attributes } in changes {
        let profile = profiles.entry(*owner).or_default();
        for (name, value) in *attributes {
            let stored = (*workspace, value.sort_key(), value.to_json().to_string());
            take(profile, name.clone(), Kept { value: stored, at: *at });
        }
    }
    write(work, &stored, &profiles).await
}

async fn load(work: &mut Work<'_>, customers: &BTreeSet<i64>) -> Result<BTreeMap<i64, Profile>> {
    let mut keys: Vec<(i16, i64)> = customers.iter().map(|id| (work.shards.of_id(*id), *id)).collect();
    keys.sort_unstable();
    let keys = Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::I64(keys.iter().map(|key| key.1).collect()),
    ]);
    let rows = work.connection.select(&tables::PROFILE_ATTRIBUTE, &["shard", "customer"], &keys).await?;
    let mut profiles: BTreeMap<i64, Profile> = BTreeMap::new();
    for row in 0..rows.len() {
        let value = (rows.i32s(3)?[row], rows.bytes(4)?[row].clone(), rows.texts(5)?[row].clone());
        let kept = Kept { value, at: rows.i64s(6)?[row] };
        profiles.entry(rows.i64s(1)?[row]).or_default().insert(rows.texts(2)?[row].clone(), kept);
    }
    Ok(profiles)
}

async fn write(work: &mut Work<'_>, before: &BTreeMap<i64, Profile>, after: &BTreeMap<i64, Profile>) -> Result<()> {
    let row = |id: &i64, name: &String| -> Key { (work.shards.of_id(*id), *id, name.clone()) };
    let mut removed: Vec<Key> = Vec::new();
    for (id, profile) in before.iter().filter(|(id, _)| !after.contains_key(id)) {
        removed.extend(profile.keys().map(|name| row(id, name)));
    }
    let mut changed: Vec<(Key, &Kept<Stored>)> = Vec::new();
    for (id, profile) in after {
        let known = before.get(id);
        let is_new = |name: &String, kept: &Kept<Stored>| known.and_then(|known| known.get(name)) != Some(kept);
        changed.extend(profile.iter().filter(|(n, k)| is_new(n, k)).map(|(name, kept)| (row(id, name), kept)));
    }
    removed.sort_unstable();
    changed.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    work.connection.delete(&tables::PROFILE_ATTRIBUTE, &Rows::new(key_columns(removed.iter()))).await?;
    let mut columns = key_columns(changed.iter().map(|row| &row.0));
    columns.extend([
        Column::I32(changed.iter().map(|row| row.1.value.0).collect()),
        Column::Bytes(changed.iter().map(|row| row.1.value.1.clone()).collect()),
        Column::Text(changed.iter().map(|row| row.1.value.2.clone()).collect()),
        Column::I64(changed.iter().map(|row| row.1.at).collect()),
    ]);
    work.connection.put(&tables::PROFILE_ATTRIBUTE, &Rows::new(columns)).await
}

fn key_columns<'a>(keys: impl Iterator<Item = &'a Key> + Clone) -> Vec<Column> {
    vec![
        Column::I16(keys.clone().map(|key| key.0).collect()),
        Column::I64(keys.clone().map(|key| key.1).collect()),
        Column::Text(keys.map(|key| key.2.clone()).collect()),
    ]
}
