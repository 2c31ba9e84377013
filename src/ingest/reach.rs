//! Keeps the counts of who can be reached, now and on every day: by what every customer whose addresses changed now adds
//! more or less than what is stored of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::address::{Folded, load_states};
use super::group::Work;
use super::identify::{Identified, NewCustomer};
use super::reach_counts::{Counted, customer_keys};
use crate::Result;
use crate::domain::identity::IdentifierId;
use crate::domain::reach::{self, Address, Contributions};
use crate::domain::reachability::AddressState;
use crate::store::hot::{Column, Rows, tables};

/// Counts every customer again whose addresses, or how far they can be reached on any day, the group changed. The shards
/// must be locked.
pub(super) async fn count_customers(work: &mut Work<'_>, identified: &Identified, folded: &Folded) -> Result<()> {
    let mut changed = identified.addresses.relinked.clone();
    changed.extend(&identified.created);
    changed.extend(&folded.owners);
    changed.extend(take_earlier_days(work, identified).await?);
    if !identified.merged.is_empty() {
        let workspaces = workspaces_of(work, identified).await?;
        for (merged, survivor) in &identified.merged {
            let workspace = workspaces.get(survivor).or_else(|| identified.created.get(survivor));
            changed.extend(workspace.into_iter().flat_map(|id| [(*merged, *id), (*survivor, *id)]));
        }
    }
    let known = Known { states: &folded.states, of_new: &identified.addresses.of_new, created: &identified.created };
    let mut counted = Counted::default();
    recount(work, &mut counted, &changed, known).await?;
    counted.write(work).await
}

/// Takes the earlier days on which stored identifiers were named; tells whose they are, with their workspace.
async fn take_earlier_days(work: &mut Work<'_>, identified: &Identified) -> Result<BTreeMap<i64, i32>> {
    let earlier: BTreeMap<(i16, IdentifierId), i32> =
        identified.earlier.iter().map(|named| ((named.shard, named.id), named.day)).collect();
    lower_first_days(work, &earlier).await?;
    Ok(identified.earlier.iter().map(|named| (named.owner, named.workspace)).collect())
}

/// Gives stored identifiers earlier first days, where theirs are not as early already: another server may have been quicker.
pub(super) async fn lower_first_days(work: &mut Work<'_>, days: &BTreeMap<(i16, IdentifierId), i32>) -> Result<()> {
    let mut rows = work.connection.select(&tables::IDENTIFIER, &["shard", "id"], &identifier_keys(days.keys())).await?;
    let mut first_days = rows.i32s(FIRST_DAY)?.to_vec();
    for (row, (shard, id)) in rows.i16s(0)?.iter().zip(rows.bytes(1)?).enumerate() {
        let id: Option<IdentifierId> = id.as_slice().try_into().ok();
        let day = id.and_then(|id| days.get(&(*shard, id)));
        first_days[row] = day.map_or(first_days[row], |day| first_days[row].min(*day));
    }
    rows.columns[FIRST_DAY] = Column::I32(first_days);
    work.connection.put(&tables::IDENTIFIER, &rows).await
}

/// Place of the column `first_day`.
pub(super) const FIRST_DAY: usize = 8;

pub(super) fn identifier_keys<'a>(keys: impl Iterator<Item = &'a (i16, IdentifierId)>) -> Rows {
    let (shards, ids) = keys.map(|key| (key.0, key.1.to_vec())).unzip();
    Rows::new(vec![Column::I16(shards), Column::Bytes(ids)])
}

async fn workspaces_of(work: &mut Work<'_>, identified: &Identified) -> Result<HashMap<i64, i32>> {
    let survivors: BTreeSet<(i16, i64)> =
        identified.merged.iter().map(|(_, survivor)| (work.shards.of_id(*survivor), *survivor)).collect();
    let rows = work.connection.select(&tables::CUSTOMER, &["shard", "id"], &customer_keys(survivors.iter())).await?;
    Ok(rows.i64s(1)?.iter().copied().zip(rows.i32s(2)?.iter().copied()).collect())
}

/// An address of a customer.
#[derive(Clone, Debug)]
pub(super) struct OwnAddress {
    pub(super) id: IdentifierId,
    pub(super) channels: Vec<String>,
    /// The day on which it was first named.
    pub(super) first_day: i32,
}

/// What a recount need not load.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// States that the group folded.
    pub(super) states: &'a HashMap<IdentifierId, AddressState>,
    /// All that is to be known of some new customers.
    pub(super) of_new: &'a HashMap<i64, NewCustomer>,
    /// New customers, of whom nothing is stored yet.
    pub(super) created: &'a BTreeMap<i64, i32>,
}

/// Counts customers (with their workspaces) again for whom nothing is at hand: everything is loaded. Those whom no identifier
/// names any more are taken out of all counts of all days, as if they had never been known. Their shards must be locked.
pub(super) async fn recount_stored(work: &mut Work<'_>, customers: &BTreeMap<i64, i32>) -> Result<()> {
    let mut counted = Counted::default();
    let nothing = Known { states: &HashMap::new(), of_new: &HashMap::new(), created: &BTreeMap::new() };
    recount(work, &mut counted, customers, nothing).await?;
    counted.write(work).await
}

/// Compares what customers add with what is stored of them. What is not at hand is loaded.
async fn recount(
    work: &mut Work<'_>,
    counted: &mut Counted,
    customers: &BTreeMap<i64, i32>,
    known: Known<'_>,
) -> Result<()> {
    if customers.is_empty() {
        return Ok(());
    }
    let old = customers.keys().copied().filter(|customer| !known.created.contains_key(customer));
    let mut before = stored_reach(work, old).await?;
    let mut after = contributions(work, customers, known).await?;
    for (customer, workspace) in customers {
        let before = before.remove(customer).unwrap_or_default();
        let after = after.remove(customer).unwrap_or_default();
        counted.replace((work.shards.of_id(*customer), *customer), *workspace, &before, &after);
    }
    Ok(())
}

/// What is stored of customers.
async fn stored_reach(
    work: &mut Work<'_>,
    customers: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Contributions>> {
    let keys: BTreeSet<(i16, i64)> = customers.map(|customer| (work.shards.of_id(customer), customer)).collect();
    let keys = customer_keys(keys.iter());
    let rows = work.connection.select(&tables::CUSTOMER_REACH, &["shard", "customer"], &keys).await?;
    let stored = rows.i64s(1)?.iter().zip(rows.bytes(2)?);
    stored.map(|(customer, stored)| Ok((*customer, reach::decode(stored)?))).collect()
}

/// What customers add to the counts now, through all the addresses that name them; those whom nothing names are left out.
async fn contributions(
    work: &mut Work<'_>,
    customers: &BTreeMap<i64, i32>,
    known: Known<'_>,
) -> Result<HashMap<i64, Contributions>> {
    let (new, old): (Vec<i64>, Vec<i64>) = customers.keys().partition(|customer| known.of_new.contains_key(customer));
    let mut named = load_named(work, old).await?;
    named.extend(new.into_iter().filter_map(|customer| Some((customer, known.of_new.get(&customer)?.clone()))));
    let ids = named.values().flat_map(|customer| customer.addresses.iter().map(|address| &address.id));
    let unknown: BTreeSet<(i16, IdentifierId)> =
        ids.filter(|id| !known.states.contains_key(*id)).map(|id| (work.shards.of_bytes(id), *id)).collect();
    let loaded = load_states(work, unknown.iter()).await?;
    let nothing = AddressState::default();
    let mut found = HashMap::with_capacity(named.len());
    for (customer, NewCustomer { known_since, addresses }) in named {
        let Some(workspace) = customers.get(&customer) else { continue };
        let rules = work.settings_of(*workspace)?.day_rules();
        let state = |id: &IdentifierId| known.states.get(id).or_else(|| loaded.get(id)).unwrap_or(&nothing);
        let stands = |address: OwnAddress| {
            let OwnAddress { id, channels, first_day } = address;
            Address { channels, first_day, state: state(&id) }
        };
        let addresses: Vec<Address<'_>> = addresses.into_iter().map(stands).collect();
        found.insert(customer, reach::contributions(known_since, &addresses, rules));
    }
    Ok(found)
}

/// Since when stored customers are known, and their addresses.
async fn load_named(work: &mut Work<'_>, customers: Vec<i64>) -> Result<HashMap<i64, NewCustomer>> {
    let rows = Rows::new(vec![Column::I64(customers)]);
    let rows = work.connection.select(&tables::IDENTIFIER, &["customer"], &rows).await?;
    let mut named: HashMap<i64, NewCustomer> = HashMap::new();
    for row in 0..rows.len() {
        let (name, first_day) = (&rows.texts(3)?[row], rows.i32s(FIRST_DAY)?[row]);
        let types = &work.settings_of(rows.i32s(2)?[row])?.own.identifier_types;
        let Ok(id) = rows.bytes(1)?[row].as_slice().try_into() else { continue };
        let unknown = || NewCustomer { known_since: i32::MAX, addresses: Vec::new() };
        let customer = named.entry(rows.i64s(5)?[row]).or_insert_with(unknown);
        customer.known_since = customer.known_since.min(first_day);
        if types.is_messaging(name) {
            let channels = types.channels(name, &rows.texts(6)?[row]);
            customer.addresses.push(OwnAddress { id, channels, first_day });
        }
    }
    Ok(named)
}
