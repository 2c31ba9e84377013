//! Keeps the counts of who can be reached: by what every customer whose addresses changed now adds more or less than what
//! is stored of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::address::{Folded, load_states};
use super::group::Work;
use super::identify::Identified;
use crate::Result;
use crate::domain::identity::IdentifierId;
use crate::domain::reach::{self, Contributions, KNOWN};
use crate::domain::reachability::AddressState;
use crate::store::hot::{Column, Rows, tables};

/// A row of counts: (shard, workspace, channel, list, outcome).
type CountKey = (i16, i32, String, i64, i32);

/// Counts every customer again whose addresses, or how far they can be reached, the group changed. The shards must be
/// locked.
pub(super) async fn count_customers(work: &mut Work<'_>, identified: &Identified, folded: &Folded) -> Result<()> {
    let mut counted = Counted::default();
    for (customer, workspace) in &identified.created {
        counted.know(work.shards.of_id(*customer), *workspace, 1);
    }
    let mut changed = identified.addresses.relinked.clone();
    changed.extend(folded.owners.iter().map(|(owner, workspace)| (*owner, *workspace)));
    if !identified.merged.is_empty() {
        let workspaces = workspaces_of(work, identified).await?;
        for (merged, survivor) in &identified.merged {
            let Some(workspace) = workspaces.get(survivor).or_else(|| identified.created.get(survivor)) else {
                continue;
            };
            counted.know(work.shards.of_id(*merged), *workspace, -1);
            changed.extend([(*merged, *workspace), (*survivor, *workspace)]);
        }
    }
    let known = Known { states: &folded.states, of_new: &identified.addresses.of_new, created: &identified.created };
    counted.recount(work, &changed, known).await?;
    counted.write(work).await
}

async fn workspaces_of(work: &mut Work<'_>, identified: &Identified) -> Result<HashMap<i64, i32>> {
    let survivors: BTreeSet<(i16, i64)> =
        identified.merged.iter().map(|(_, survivor)| (work.shards.of_id(*survivor), *survivor)).collect();
    let rows = work.connection.select(&tables::CUSTOMER, &["shard", "id"], &customer_keys(survivors.iter())).await?;
    Ok(rows.i64s(1)?.iter().copied().zip(rows.i32s(2)?.iter().copied()).collect())
}

fn customer_keys<'a>(keys: impl Iterator<Item = &'a (i16, i64)>) -> Rows {
    let (shards, customers) = keys.copied().unzip();
    Rows::new(vec![Column::I16(shards), Column::I64(customers)])
}

/// The addresses of a customer, with their channels.
type Addresses = Vec<(IdentifierId, Vec<String>)>;

/// What a recount need not load.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// States that the group folded.
    pub(super) states: &'a HashMap<IdentifierId, AddressState>,
    /// All addresses of some new customers.
    pub(super) of_new: &'a HashMap<i64, Addresses>,
    /// New customers, of whom nothing is stored yet.
    pub(super) created: &'a BTreeMap<i64, i32>,
}

/// What is to be written.
#[derive(Default)]
pub(super) struct Counted {
    deltas: BTreeMap<CountKey, i64>,
    reach: BTreeMap<(i16, i64), Vec<u8>>,
    gone: Vec<(i16, i64)>,
}

impl Counted {
    /// Counts a customer as such, or no longer.
    pub(super) fn know(&mut self, shard: i16, workspace: i32, customers: i64) {
        let (channel, list, outcome) = KNOWN;
        *self.deltas.entry((shard, workspace, channel, list, outcome)).or_default() += customers;
    }

    /// Takes the number of customers of each shard and workspace for what it is, whatever was counted before.
    pub(super) async fn know_exactly(work: &mut Work<'_>, known: &BTreeMap<(i16, i32), i64>) -> Result<()> {
        let (channel, list, outcome) = KNOWN;
        let keys: Vec<CountKey> =
            known.keys().map(|(shard, workspace)| (*shard, *workspace, channel.clone(), list, outcome)).collect();
        let mut rows = count_keys(keys.iter());
        rows.columns.push(Column::I64(known.values().copied().collect()));
        work.connection.put(&tables::REACH_COUNT, &rows).await
    }

    /// Compares what customers add with what is stored of them. What is not at hand is loaded.
    pub(super) async fn recount(
        &mut self,
        work: &mut Work<'_>,
        customers: &BTreeMap<i64, i32>,
        known: Known<'_>,
    ) -> Result<()> {
        if customers.is_empty() {
            return Ok(());
        }
        let keys: BTreeMap<(i16, i64), i32> =
            customers.iter().map(|(id, workspace)| ((work.shards.of_id(*id), *id), *workspace)).collect();
        let old = keys.keys().filter(|key| !known.created.contains_key(&key.1));
        let rows = work.connection.select(&tables::CUSTOMER_REACH, &["shard", "customer"], &customer_keys(old)).await?;
        let mut before = HashMap::with_capacity(rows.len());
        for (customer, stored) in rows.i64s(1)?.iter().zip(rows.bytes(2)?) {
            before.insert(*customer, reach::decode(stored)?);
        }
        let mut after = contributions(work, customers, known).await?;
        for ((shard, customer), workspace) in keys {
            let before = before.remove(&customer).unwrap_or_default();
            let after = after.remove(&customer).unwrap_or_default();
            self.replace((shard, customer), workspace, &before, &after);
        }
        Ok(())
    }

    fn replace(&mut self, key: (i16, i64), workspace: i32, before: &Contributions, after: &Contributions) {
        if before == after {
            return;
        }
        for (contributions, sign) in [(before, -1), (after, 1)] {
            for ((channel, list), outcome) in contributions {
                *self.deltas.entry((key.0, workspace, channel.clone(), *list, *outcome)).or_default() += sign;
            }
        }
        if after.is_empty() {
            self.gone.push(key);
        } else {
            self.reach.insert(key, reach::encode(after));
        }
    }

    /// Writes what changed.
    pub(super) async fn write(mut self, work: &mut Work<'_>) -> Result<()> {
        work.connection.delete(&tables::CUSTOMER_REACH, &customer_keys(self.gone.iter())).await?;
        let mut rows = customer_keys(self.reach.keys());
        rows.columns.push(Column::Bytes(self.reach.into_values().collect()));
        work.connection.put(&tables::CUSTOMER_REACH, &rows).await?;
        self.deltas.retain(|_, delta| *delta != 0);
        let keys = count_keys(self.deltas.keys());
        let by = &["shard", "workspace", "channel", "list", "outcome"];
        let stored = work.connection.select(&tables::REACH_COUNT, by, &keys).await?;
        for row in 0..stored.len() {
            let channel = stored.texts(2)?[row].clone();
            let key = (stored.i16s(0)?[row], stored.i32s(1)?[row], channel, stored.i64s(3)?[row], stored.i32s(4)?[row]);
            if let Some(delta) = self.deltas.get_mut(&key) {
                *delta += stored.i64s(5)?[row];
            }
        }
        let mut rows = keys;
        rows.columns.push(Column::I64(self.deltas.into_values().collect()));
        work.connection.put(&tables::REACH_COUNT, &rows).await
    }
}

fn count_keys<'a>(keys: impl Iterator<Item = &'a CountKey> + Clone) -> Rows {
    Rows::new(vec![
        Column::I16(keys.clone().map(|key| key.0).collect()),
        Column::I32(keys.clone().map(|key| key.1).collect()),
        Column::Text(keys.clone().map(|key| key.2.clone()).collect()),
        Column::I64(keys.clone().map(|key| key.3).collect()),
        Column::I32(keys.map(|key| key.4).collect()),
    ])
}

/// What customers add to the counts now, through all the addresses that name them.
async fn contributions(
    work: &mut Work<'_>,
    customers: &BTreeMap<i64, i32>,
    known: Known<'_>,
) -> Result<HashMap<i64, Contributions>> {
    let (new, old): (Vec<i64>, Vec<i64>) = customers.keys().partition(|customer| known.of_new.contains_key(customer));
    let rows = Rows::new(vec![Column::I64(old)]);
    let rows = work.connection.select(&tables::IDENTIFIER, &["customer"], &rows).await?;
    let at_hand = |customer: i64| Some((customer, known.of_new.get(&customer)?.clone()));
    let mut addresses: HashMap<i64, Addresses> = new.into_iter().filter_map(at_hand).collect();
    for row in 0..rows.len() {
        let (name, customer) = (&rows.texts(3)?[row], rows.i64s(5)?[row]);
        let types = &work.settings_of(rows.i32s(2)?[row])?.own.identifier_types;
        let Ok(id) = rows.bytes(1)?[row].as_slice().try_into() else { continue };
        if types.is_messaging(name) {
            let channels = types.channels(name, &rows.texts(6)?[row]);
            addresses.entry(customer).or_default().push((id, channels));
        }
    }
    let ids = addresses.values().flatten().map(|(id, _)| id).filter(|id| !known.states.contains_key(*id));
    let unknown: BTreeSet<(i16, IdentifierId)> = ids.map(|id| (work.shards.of_bytes(id), *id)).collect();
    let loaded = load_states(work, unknown.iter()).await?;
    let nothing = AddressState::default();
    let mut found = HashMap::with_capacity(addresses.len());
    for (customer, addresses) in addresses {
        let Some(workspace) = customers.get(&customer) else { continue };
        let limit = work.settings_of(*workspace)?.own.soft_bounce_limit;
        let state = |id: &IdentifierId| known.states.get(id).or_else(|| loaded.get(id)).unwrap_or(&nothing);
        let addresses: Vec<(Vec<String>, &AddressState)> =
            addresses.into_iter().map(|(id, channels)| (channels, state(&id))).collect();
        found.insert(customer, reach::contributions(&addresses, limit));
    }
    Ok(found)
}
