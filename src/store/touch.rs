//! The keys of events that happened at one instant: recipients' states do not hold them, and only they tell which of two
//! touches came last.

use std::collections::{BTreeSet, HashMap};

use super::hot::{Column, HotConnection, Rows, tables};
use crate::Result;
use crate::domain::conversion::TouchName;
use crate::domain::hash::ShardCount;
use crate::domain::order::EventKey;
use crate::domain::time::Micros;

/// The keys of a customer's events.
pub type TouchKeys = HashMap<TouchName, Vec<EventKey>>;

/// The keys of the events of some customers at some instants, by customer. The customers must stand for themselves.
pub async fn keys_at(
    connection: &mut HotConnection,
    shards: ShardCount,
    wanted: &BTreeSet<(i64, Micros)>,
) -> Result<HashMap<i64, TouchKeys>> {
    let mut keys: HashMap<i64, TouchKeys> = HashMap::new();
    if wanted.is_empty() {
        return Ok(keys);
    }
    let customers: BTreeSet<i64> = wanted.iter().map(|(customer, _)| *customer).collect();
    let stored_for = stored_for(connection, &customers).await?;
    let mut places: BTreeSet<(i16, i64, i64)> = BTreeSet::new();
    for (stored, customer) in &stored_for {
        let instants = wanted.range((*customer, Micros(i64::MIN))..=(*customer, Micros(i64::MAX)));
        places.extend(instants.map(|(_, at)| (shards.of_id(*stored), *stored, at.0)));
    }
    let places = Rows::new(vec![
        Column::I16(places.iter().map(|place| place.0).collect()),
        Column::I64(places.iter().map(|place| place.1).collect()),
        Column::I64(places.iter().map(|place| place.2).collect()),
    ]);
    let rows = connection.select(&tables::EVENT, &["shard", "customer", "occurred_at"], &places).await?;
    for row in 0..rows.len() {
        let Some(customer) = stored_for.get(&rows.i64s(3)?[row]) else { continue };
        let Ok(key) = rows.bytes(11)?[row].as_slice().try_into() else { continue };
        let name = TouchName {
            at: Micros(rows.i64s(8)?[row]),
            kind: u8::try_from(rows.i16s(6)?[row]).unwrap_or(0),
            automation: u8::try_from(rows.i16s(7)?[row]).unwrap_or(0),
            cell: rows.i64s(4)?[row],
            message: rows.i64s(10)?[row],
        };
        keys.entry(*customer).or_default().entry(name).or_default().push(key);
    }
    Ok(keys)
}

/// Events stay with the customer whose they were: everybody who was merged into these, and themselves, with whom they stand for.
async fn stored_for(connection: &mut HotConnection, customers: &BTreeSet<i64>) -> Result<HashMap<i64, i64>> {
    let mut stored_for: HashMap<i64, i64> = customers.iter().map(|customer| (*customer, *customer)).collect();
    let merged = Rows::new(vec![Column::OptI64(customers.iter().copied().map(Some).collect())]);
    let rows = connection.select(&tables::CUSTOMER, &["merged_into"], &merged).await?;
    if let Some(Column::OptI64(into)) = rows.columns.get(4) {
        stored_for.extend(rows.i64s(1)?.iter().zip(into).filter_map(|(merged, into)| Some((*merged, (*into)?))));
    }
    Ok(stored_for)
}

/// The customers that stand for these; those that are unknown are left out.
pub async fn standing_for(
    connection: &mut HotConnection,
    shards: ShardCount,
    customers: &BTreeSet<i64>,
) -> Result<HashMap<i64, i64>> {
    let keys = Rows::new(vec![
        Column::I16(customers.iter().map(|customer| shards.of_id(*customer)).collect()),
        Column::I64(customers.iter().copied().collect()),
    ]);
    let rows = connection.select(&tables::CUSTOMER, &["shard", "id"], &keys).await?;
    let Some(Column::OptI64(merged_into)) = rows.columns.get(4) else { return Ok(HashMap::new()) };
    let pairs = rows.i64s(1)?.iter().zip(merged_into);
    Ok(pairs.map(|(customer, merged_into)| (*customer, merged_into.unwrap_or(*customer))).collect())
}
