//! Folds new events and merges into the recipients' states, and keeps the rollups by what each state now contributes
//! more or less than before.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::catalogue::{Catalogue, load_cells};
use super::conversion::{self, Held, Recredited};
use super::count::Changed;
use super::group::{Fresh, Work};
use super::memory::KnownCell;
use crate::domain::breakdown::first_of_month;
use crate::domain::contribution::{CellGroups, Facts, RowKey};
use crate::domain::price::Price;
use crate::domain::recipient::{Occurrence, RecipientState};
use crate::domain::rollup::Counts;
use crate::store::hot::{Column, Rows, tables};
use crate::{Error, Result};

/// A recipient: (campaign, customer).
type Recipient = (i64, i64);

/// Stored states, by recipient.
type States = HashMap<Recipient, RecipientState>;

/// What a group brings to the recipients' states.
pub(super) struct Folding<'a> {
    /// The new events.
    pub(super) fresh: &'a [Fresh<'a>],
    /// Their customers, in order.
    pub(super) customers: &'a [i64],
    /// Pairs of a customer and who stands for it now.
    pub(super) merged: &'a [(i64, i64)],
    /// Their catalogue entries.
    pub(super) catalogue: &'a Catalogue,
}

/// Folds everything that the group changes, credits conversions anew, and tells whose states changed. The shards must be
/// locked.
pub(super) async fn fold_recipients(
    work: &mut Work<'_>,
    folding: &Folding<'_>,
    recredited: Recredited,
) -> Result<Changed> {
    let events = events_by_recipient(folding);
    let stored = load_states(work, &events, folding.merged, &recredited).await?;
    let cells = known_cells(work, &stored, folding.catalogue).await?;
    let survivors: HashMap<i64, i64> = folding.merged.iter().copied().collect();
    let mut changes = Changes::default();
    let mut held = Vec::new();
    for (recipient, sources) in targets(&stored, &events, &survivors) {
        let is_merge = sources.iter().any(|customer| *customer != recipient.1);
        let new_events = events.get(&recipient).map_or(&[][..], Vec::as_slice);
        let is_credited = recredited.concerns(recipient.1);
        if is_merge || is_credited || !new_events.is_empty() {
            let target = Target { recipient, sources, events: new_events };
            let after = target.folded(&stored, folding);
            if is_credited {
                held.push((target, after));
            } else {
                changes.replace(work, (&stored, &cells), &target, &after)?;
            }
        }
    }
    let mut states: Vec<Held<'_>> =
        held.iter_mut().map(|(target, after)| (target.recipient.0, target.recipient.1, after)).collect();
    conversion::credit(work, recredited, &mut states).await?;
    for (target, after) in &held {
        if target.events.is_empty()
            && target.sources == [target.recipient.1]
            && stored.get(&target.recipient) == Some(after)
        {
            continue;
        }
        changes.replace(work, (&stored, &cells), target, after)?;
    }
    let campaigns = std::mem::take(&mut changes.changed);
    changes.write(work).await?;
    Ok(campaigns)
}

fn events_by_recipient(folding: &Folding<'_>) -> BTreeMap<Recipient, Vec<usize>> {
    let mut events: BTreeMap<Recipient, Vec<usize>> = BTreeMap::new();
    for (index, event) in folding.fresh.iter().enumerate() {
        let campaign = folding.catalogue.campaigns[index];
        if campaign != 0 && concerns_state(event) {
            events.entry((campaign, folding.customers[index])).or_default().push(index);
        }
    }
    events
}

/// The states of all recipients with new events; and in every campaign those of all merged customers, of their survivors,
/// and of those whose conversions are credited.
async fn load_states(
    work: &mut Work<'_>,
    events: &BTreeMap<Recipient, Vec<usize>>,
    merged: &[(i64, i64)],
    recredited: &Recredited,
) -> Result<States> {
    let mut keys: Vec<(i16, i64, i64)> =
        events.keys().map(|(campaign, customer)| (work.shards.of_id(*customer), *campaign, *customer)).collect();
    keys.sort_unstable();
    let by_key = Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::I64(keys.iter().map(|key| key.1).collect()),
        Column::I64(keys.iter().map(|key| key.2).collect()),
    ]);
    let concerned = merged.iter().flat_map(|(merged, survivor)| [*merged, *survivor]).chain(recredited.customers());
    let customers: BTreeSet<(i16, i64)> = concerned.map(|customer| (work.shards.of_id(customer), customer)).collect();
    let by_customer = Rows::new(vec![
        Column::I16(customers.iter().map(|key| key.0).collect()),
        Column::I64(customers.iter().map(|key| key.1).collect()),
    ]);
    let mut states = HashMap::with_capacity(by_key.len());
    for (by, keys) in [(&["shard", "campaign", "customer"][..], by_key), (&["shard", "customer"][..], by_customer)] {
        let rows = work.connection.select(&tables::RECIPIENT, by, &keys).await?;
        for row in 0..rows.len() {
            let state = RecipientState::decode(&rows.bytes(3)?[row])?;
            states.insert((rows.i64s(1)?[row], rows.i64s(2)?[row]), state);
        }
    }
    Ok(states)
}

/// Every recipient that may change, with the customers whose stored states become its state.
fn targets(
    stored: &States,
    events: &BTreeMap<Recipient, Vec<usize>>,
    survivors: &HashMap<i64, i64>,
) -> BTreeMap<Recipient, Vec<i64>> {
    let mut targets: BTreeMap<Recipient, Vec<i64>> = events.keys().map(|recipient| (*recipient, Vec::new())).collect();
    for (campaign, customer) in stored.keys() {
        let survivor = survivors.get(customer).copied().unwrap_or(*customer);
        targets.entry((*campaign, survivor)).or_default().push(*customer);
    }
    targets
}

/// The groups of every cell that a state names.
struct Cells<'m, 'c> {
    remembered: &'m HashMap<i64, KnownCell>,
    learned: &'c HashMap<i64, KnownCell>,
    loaded: HashMap<i64, KnownCell>,
}

impl Cells<'_, '_> {
    fn get(&self, cell: i64) -> Option<&KnownCell> {
        self.remembered.get(&cell).or_else(|| self.learned.get(&cell)).or_else(|| self.loaded.get(&cell))
    }
}

async fn known_cells<'m, 'c>(work: &mut Work<'m>, stored: &States, catalogue: &'c Catalogue) -> Result<Cells<'m, 'c>> {
    let mut cells = Cells { remembered: &work.memory.cells, learned: &catalogue.learned.cells, loaded: HashMap::new() };
    let named = stored.values().flat_map(RecipientState::cells);
    let unknown: BTreeSet<i64> = named.filter(|cell| cells.get(*cell).is_none()).collect();
    cells.loaded = load_cells(work, unknown).await?;
    Ok(cells)
}

/// One recipient to fold.
struct Target<'a> {
    recipient: Recipient,
    sources: Vec<i64>,
    events: &'a [usize],
}

impl Target<'_> {
    /// Its state with everything that was stored and everything new.
    fn folded(&self, stored: &States, folding: &Folding<'_>) -> RecipientState {
        let campaign = self.recipient.0;
        let mut after = RecipientState::default();
        for state in self.sources.iter().filter_map(|source| stored.get(&(campaign, *source))) {
            after.absorb(state.clone());
        }
        for index in self.events {
            let (event, cell) = (&folding.fresh[*index], folding.catalogue.cells[*index]);
            tell(&mut after, event, cell);
        }
        after
    }
}

/// A rollup row: (shard, campaign, row).
type RollupKey = (i16, i64, RowKey);

/// What is to be written.
#[derive(Default)]
struct Changes {
    states: BTreeMap<(i16, i64, i64), Vec<u8>>,
    removed: BTreeSet<(i16, i64, i64)>,
    deltas: HashMap<RollupKey, Counts>,
    changed: Changed,
}

impl Changes {
    /// Replaces the states that were stored by the one that is now.
    fn replace(
        &mut self,
        work: &Work<'_>,
        (stored, cells): (&States, &Cells<'_, '_>),
        target: &Target<'_>,
        after: &RecipientState,
    ) -> Result<()> {
        let (campaign, customer) = target.recipient;
        let before: Vec<(i16, &RecipientState)> = target
            .sources
            .iter()
            .filter_map(|source| Some((work.shards.of_id(*source), stored.get(&(campaign, *source))?)))
            .collect();
        let workspace = after.cells().first().and_then(|cell| cells.get(*cell)).map(|cell| cell.workspace);
        let workspace = workspace.ok_or_else(|| Error::Corrupt("a recipient names an unknown cell".to_owned()))?;
        let zone = work.settings_of(workspace)?.zone;
        let shard = work.shards.of_id(customer);
        self.count(campaign, (shard, after), &before, cells, zone);
        self.states.insert((shard, campaign, customer), after.encode());
        let shards = target.sources.iter().map(|source| work.shards.of_id(*source)).chain([shard]);
        self.changed.extend(shards.map(|shard| ((shard, campaign), workspace)));
        let left = target.sources.iter().filter(|source| **source != customer);
        self.removed.extend(left.map(|source| (work.shards.of_id(*source), campaign, *source)));
        Ok(())
    }

    /// Adds what the state after contributes and subtracts what the states before did. Metrics that one state before
    /// and the one after share, in one shard, cancel out and are left out.
    fn count(
        &mut self,
        campaign: i64,
        after: (i16, &RecipientState),
        before: &[(i16, &RecipientState)],
        cells: &Cells<'_, '_>,
        zone: chrono_tz::Tz,
    ) {
        let groups = |cell: i64| -> Option<CellGroups> { cells.get(cell).map(|known| known.groups) };
        let new = Facts::of(after.1, &groups);
        let nothing = Facts::default();
        let mut is_compared = false;
        for (shard, state) in before {
            let old = Facts::of(state, &groups);
            let in_place = before.len() == 1 && *shard == after.0;
            old.count(if in_place { &new } else { &nothing }, zone, |row, metric, tally| {
                self.deltas.entry((*shard, campaign, row)).or_default().entry(metric).add(&tally, -1);
            });
            if in_place {
                is_compared = true;
                new.count(&old, zone, |row, metric, tally| {
                    self.deltas.entry((*shard, campaign, row)).or_default().entry(metric).add(&tally, 1);
                });
            }
        }
        if !is_compared {
            new.count(&nothing, zone, |row, metric, tally| {
                self.deltas.entry((after.0, campaign, row)).or_default().entry(metric).add(&tally, 1);
            });
        }
    }

    async fn write(mut self, work: &mut Work<'_>) -> Result<()> {
        self.write_states(work).await?;
        for delta in self.deltas.values_mut() {
            delta.prune();
        }
        self.deltas.retain(|_, delta| !delta.is_zero());
        add_months(&mut self.deltas);
        let keys: BTreeSet<RollupKey> = self.deltas.keys().copied().collect();
        let stored = load_rollups(work, &keys).await?;
        let mut counts = Vec::with_capacity(keys.len());
        for key in &keys {
            let mut sum = stored.get(&plain(key)).map_or(Ok(Counts::default()), |bytes| Counts::decode(bytes))?;
            if let Some(delta) = self.deltas.get(key) {
                sum.add(delta, 1);
            }
            counts.push(sum.encode());
        }
        let mut rows = rollup_keys(&keys);
        rows.columns.push(Column::Bytes(counts));
        work.connection.put(&tables::ROLLUP, &rows).await
    }

    async fn write_states(&mut self, work: &mut Work<'_>) -> Result<()> {
        let removed: Vec<(i16, i64, i64)> =
            std::mem::take(&mut self.removed).into_iter().filter(|key| !self.states.contains_key(key)).collect();
        let removed = Rows::new(vec![
            Column::I16(removed.iter().map(|key| key.0).collect()),
            Column::I64(removed.iter().map(|key| key.1).collect()),
            Column::I64(removed.iter().map(|key| key.2).collect()),
        ]);
        work.connection.delete(&tables::RECIPIENT, &removed).await?;
        let states = std::mem::take(&mut self.states);
        let rows = Rows::new(vec![
            Column::I16(states.keys().map(|key| key.0).collect()),
            Column::I64(states.keys().map(|key| key.1).collect()),
            Column::I64(states.keys().map(|key| key.2).collect()),
            Column::Bytes(states.into_values().collect()),
        ]);
        work.connection.put(&tables::RECIPIENT, &rows).await
    }
}

/// Months are sums of days, as a unit counts on one day of all: what days gain or lose, their months do.
fn add_months(deltas: &mut HashMap<RollupKey, Counts>) {
    let mut months: HashMap<RollupKey, Counts> = HashMap::new();
    for ((shard, campaign, row), delta) in deltas.iter() {
        if let Some(grouping) = row.grouping.by_month() {
            let month = RowKey { grouping, group: row.group, day: first_of_month(row.day) };
            months.entry((*shard, *campaign, month)).or_default().add(delta, 1);
        }
    }
    months.retain(|_, delta| !delta.is_zero());
    deltas.extend(months);
}

/// Whether an event belongs into a recipient's state: it is counted, or says what a message cost.
fn concerns_state(fresh: &Fresh<'_>) -> bool {
    fresh.event.kind.counts_in_campaign() || fresh.event.price_nanos.is_some()
}

fn tell(state: &mut RecipientState, fresh: &Fresh<'_>, cell: i64) {
    let event = fresh.event;
    if event.kind.counts_in_campaign() {
        state.add(event.message_key, occurrence(fresh, cell), event.sent_at);
    }
    if let Some(nanos) = event.price_nanos {
        state.note_price(event.message_key, Price { at: fresh.occurred_at(), nanos, cell });
    }
}

fn occurrence(fresh: &Fresh<'_>, cell: i64) -> Occurrence {
    Occurrence {
        at: fresh.occurred_at(),
        kind: fresh.event.kind.code(),
        automation: fresh.event.automation as u8,
        cell,
        detail: fresh.event.detail,
    }
}

/// A rollup key as its columns.
type PlainKey = (i16, i64, i16, i64, i32);

fn plain(key: &RollupKey) -> PlainKey {
    let (shard, campaign, row) = key;
    (*shard, *campaign, row.grouping as i16, row.group, row.day)
}

fn rollup_keys(keys: &BTreeSet<RollupKey>) -> Rows {
    Rows::new(vec![
        Column::I16(keys.iter().map(|key| plain(key).0).collect()),
        Column::I64(keys.iter().map(|key| plain(key).1).collect()),
        Column::I16(keys.iter().map(|key| plain(key).2).collect()),
        Column::I64(keys.iter().map(|key| plain(key).3).collect()),
        Column::I32(keys.iter().map(|key| plain(key).4).collect()),
    ])
}

async fn load_rollups(work: &mut Work<'_>, keys: &BTreeSet<RollupKey>) -> Result<HashMap<PlainKey, Vec<u8>>> {
    let by = &["shard", "campaign", "grouping", "group_id", "day"];
    let rows = work.connection.select(&tables::ROLLUP, by, &rollup_keys(keys)).await?;
    let mut stored = HashMap::with_capacity(rows.len());
    for row in 0..rows.len() {
        let key = (rows.i16s(0)?[row], rows.i64s(1)?[row], rows.i16s(2)?[row], rows.i64s(3)?[row], rows.i32s(4)?[row]);
        stored.insert(key, rows.bytes(5)?[row].clone());
    }
    Ok(stored)
}
