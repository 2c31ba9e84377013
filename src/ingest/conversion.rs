//! Keeps conversions with the touches before them, and credits them in the recipients' states.
//!
//! Nothing is done for customers whose conversions a group cannot change: those are told by one look at the conversions of
//! the customers with new touches, and of these only whose shard has a conversion later than the touch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::catalogue::Catalogue;
use super::group::{Fresh, Work};
use super::order::ChangedConversions;
use crate::Result;
use crate::domain::attribution::Window;
use crate::domain::conversion::{Conversion, Touches, credited, strip, within_reach};
use crate::domain::event::Automation;
use crate::domain::order::EventKey;
use crate::domain::recipient::RecipientState;
use crate::domain::time::{MICROS_PER_SECOND, Micros};
use crate::store::hot::{Column, Rows, tables};
use crate::store::touch::keys_at;

/// A row's key: shard, workspace, time, key of the event.
type RowKey = (i16, i32, i64, EventKey);

/// A row's values: customer and packed conversion.
type RowValues = (i64, Vec<u8>);

/// The customers whose conversions are credited anew.
#[derive(Debug, Default)]
pub(super) struct Recredited {
    customers: BTreeMap<i64, Own>,
}

/// The conversions of a customer.
#[derive(Debug, Default)]
struct Own {
    conversions: BTreeMap<(Micros, EventKey), (i32, Conversion)>,
    /// Its rows as they are.
    stored: BTreeMap<RowKey, RowValues>,
    touches: Touches,
}

impl Recredited {
    /// Whether all states of the customer are wanted.
    pub(super) fn concerns(&self, customer: i64) -> bool {
        self.customers.contains_key(&customer)
    }

    /// The customers.
    pub(super) fn customers(&self) -> impl Iterator<Item = i64> {
        self.customers.keys().copied()
    }
}

/// Times of the new touches of each customer, the earliest and the latest.
type Touched = BTreeMap<i64, (Micros, Micros)>;

/// When customers got new touches.
pub(super) fn touched(fresh: &[Fresh<'_>], customers: &[i64], catalogue: &Catalogue) -> Touched {
    let mut touched = Touched::new();
    for ((event, customer), campaign) in fresh.iter().zip(customers).zip(&catalogue.campaigns) {
        let (kind, by) = (event.event.kind, event.event.automation);
        if *campaign != 0 && kind.is_attributable() && by != Automation::Machine {
            let at = event.occurred_at();
            let times = touched.entry(*customer).or_insert((at, at));
            *times = (times.0.min(at), times.1.max(at));
        }
    }
    touched
}

/// Loads the conversions that the group may change and changes them; `merged` are pairs of a customer and who stands for it
/// now. The shards must be locked.
pub(super) async fn recredited(
    work: &mut Work<'_>,
    mut touched: Touched,
    merged: &[(i64, i64)],
    changed: ChangedConversions,
) -> Result<Recredited> {
    let latest = if touched.is_empty() { HashMap::new() } else { load_latest(work).await? };
    touched.retain(|customer, (earliest, _)| {
        latest.get(&work.shards.of_id(*customer)).is_some_and(|latest| reach_of(*earliest) < *latest)
    });
    let survivors: HashMap<i64, i64> = merged.iter().copied().collect();
    let mut customers: BTreeSet<i64> = touched.keys().copied().collect();
    customers.extend(survivors.iter().flat_map(|(merged, survivor)| [*merged, *survivor]));
    customers.extend(changed.removed.iter().map(|removed| removed.0));
    customers.extend(changed.put.iter().map(|put| put.customer));
    let mut recredited = load(work, &customers, &survivors).await?;
    // Of those who did nothing but touch, only touches within reach matter.
    let mut is_changed: BTreeSet<i64> = survivors.values().copied().collect();
    is_changed.extend(changed.removed.iter().map(|removed| removed.0));
    is_changed.extend(changed.put.iter().map(|put| put.customer));
    recredited.customers.retain(|customer, own| {
        is_changed.contains(customer) || touched.get(customer).is_some_and(|times| own.is_within_reach(*times))
    });
    for (customer, at, key) in changed.removed {
        recredited.customers.entry(customer).or_default().conversions.remove(&(at, key));
    }
    for put in changed.put {
        let own = recredited.customers.entry(put.customer).or_default();
        own.conversions.insert((put.conversion.at, put.conversion.key), (put.workspace, put.conversion));
    }
    Ok(recredited)
}

/// The earliest touch that a click at this time may change: clicks of the same second show a machine together.
fn reach_of(at: Micros) -> Micros {
    Micros(at.0.saturating_sub(MICROS_PER_SECOND))
}

impl Own {
    /// Whether touches of these times may concern a conversion.
    fn is_within_reach(&self, (earliest, latest): (Micros, Micros)) -> bool {
        let latest = Micros(latest.0.saturating_add(MICROS_PER_SECOND));
        let concerns = |at: Micros| reach_of(earliest) < at && at.0.saturating_sub(latest.0) < Window::LONGEST.micros();
        self.conversions.keys().any(|(at, _)| concerns(*at))
    }
}

/// The latest conversion of each shard, or later.
async fn load_latest(work: &mut Work<'_>) -> Result<HashMap<i16, Micros>> {
    let shards = Rows::new(vec![Column::I16((0..work.shards.0).collect())]);
    let rows = work.connection.select(&tables::CONVERSION_LATEST, &["shard"], &shards).await?;
    Ok(rows.i16s(0)?.iter().copied().zip(rows.i64s(1)?.iter().map(|at| Micros(*at))).collect())
}

async fn load(work: &mut Work<'_>, customers: &BTreeSet<i64>, survivors: &HashMap<i64, i64>) -> Result<Recredited> {
    let keys = Rows::new(vec![
        Column::I16(customers.iter().map(|customer| work.shards.of_id(*customer)).collect()),
        Column::I64(customers.iter().copied().collect()),
    ]);
    let rows = work.connection.select(&tables::CONVERSION, &["shard", "customer"], &keys).await?;
    let mut recredited = Recredited::default();
    let mut touches = Vec::new();
    for row in 0..rows.len() {
        let Ok(key) = rows.bytes(3)?[row].as_slice().try_into() else { continue };
        let (workspace, at, customer) = (rows.i32s(1)?[row], rows.i64s(2)?[row], rows.i64s(4)?[row]);
        let packed = &rows.bytes(5)?[row];
        let conversion = Conversion::decode(Micros(at), key, packed, &mut touches)?;
        let owner = survivors.get(&customer).copied().unwrap_or(customer);
        let own = recredited.customers.entry(owner).or_default();
        own.conversions.insert((Micros(at), key), (workspace, conversion));
        own.stored.insert((rows.i16s(0)?[row], workspace, at, key), (customer, packed.clone()));
    }
    Ok(recredited)
}

/// A recipient's state as it will be: campaign, customer and state.
pub(super) type Held<'a> = (i64, i64, &'a mut RecipientState);

/// Credits every conversion to the state that holds its touch, and writes conversions with their touches. `states` are all
/// states of the customers.
pub(super) async fn credit(work: &mut Work<'_>, mut recredited: Recredited, states: &mut [Held<'_>]) -> Result<()> {
    for (campaign, customer, state) in states.iter_mut() {
        strip(state);
        if let Some(own) = recredited.customers.get_mut(customer) {
            own.touches.add(*campaign, state);
        }
    }
    let mut ties = BTreeSet::new();
    for (customer, own) in &mut recredited.customers {
        ties.extend(own.touches.ties().into_iter().map(|at| (*customer, at)));
    }
    let keys = keys_at(work.connection, work.shards, &ties).await?;
    let mut places: HashMap<(i64, i64), usize> = HashMap::new();
    places.extend(states.iter().enumerate().map(|(place, (campaign, customer, _))| ((*campaign, *customer), place)));
    let nothing = HashMap::new();
    let (mut stored, mut rows) = (BTreeMap::new(), BTreeMap::new());
    for (customer, own) in recredited.customers {
        stored.extend(own.stored);
        let touches = own.touches.into_ordered(keys.get(&customer).unwrap_or(&nothing));
        for ((at, key), (workspace, conversion)) in own.conversions {
            if let Some(touch) = credited(at, &touches)
                && let Some(place) = places.get(&(touch.campaign, customer))
            {
                states[*place].2.add(touch.message, conversion.credited_to(touch), None);
            }
            let packed = conversion.encode(within_reach(at, &touches));
            rows.insert((work.shards.of_id(customer), workspace, at.0, key), (customer, packed));
        }
    }
    write(work, &stored, rows).await
}

async fn write(
    work: &mut Work<'_>,
    stored: &BTreeMap<RowKey, RowValues>,
    rows: BTreeMap<RowKey, RowValues>,
) -> Result<()> {
    let gone: Vec<&RowKey> = stored.keys().filter(|key| !rows.contains_key(*key)).collect();
    work.connection.delete(&tables::CONVERSION, &row_keys(&gone)).await?;
    let changed: Vec<(&RowKey, &RowValues)> =
        rows.iter().filter(|(key, values)| stored.get(*key) != Some(*values)).collect();
    let mut latest: BTreeMap<i16, i64> = BTreeMap::new();
    for (key, _) in &changed {
        let at = latest.entry(key.0).or_insert(key.2);
        *at = key.2.max(*at);
    }
    let keys: Vec<&RowKey> = changed.iter().map(|(key, _)| *key).collect();
    let mut columns = row_keys(&keys).columns;
    columns.push(Column::I64(changed.iter().map(|(_, values)| values.0).collect()));
    columns.push(Column::Bytes(changed.iter().map(|(_, values)| values.1.clone()).collect()));
    work.connection.put(&tables::CONVERSION, &Rows::new(columns)).await?;
    if !latest.is_empty() {
        let known = load_latest(work).await?;
        latest.retain(|shard, at| known.get(shard).is_none_or(|known| *at > known.0));
    }
    let latest =
        Rows::new(vec![Column::I16(latest.keys().copied().collect()), Column::I64(latest.into_values().collect())]);
    work.connection.put(&tables::CONVERSION_LATEST, &latest).await
}

fn row_keys(keys: &[&RowKey]) -> Rows {
    Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::I32(keys.iter().map(|key| key.1).collect()),
        Column::I64(keys.iter().map(|key| key.2).collect()),
        Column::Bytes(keys.iter().map(|key| key.3.to_vec()).collect()),
    ])
}
