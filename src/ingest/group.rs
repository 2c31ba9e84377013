//! One group of batches in one transaction: what is new, whose it is, what it changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use chrono_tz::Tz;

use super::address::Concerned;
use super::catalogue::Catalogue;
use super::fold::Folding;
use super::identify::{Arrivals, Identified, Named, Obstacle};
use super::identity_history::{Causes, write_changes};
use super::memory::Memory;
use super::merge::{FreshMerge, MergeOutcome};
use super::order::Orders;
use super::prepare::{PreparedBatch, PreparedEvent};
use super::profile::{FreshProfile, changes, fold_profiles};
use super::report::{EventId, Report};
use super::screen::{Screened, screen};
use super::{
    address, audit, catalogue, conversion, count, dedupe, fold, identify, journal, order, quarantine, reach, report,
    screen, sequence,
};
use crate::domain::address_days::DayRules;
use crate::domain::audit::AuditEntry;
use crate::domain::hash::ShardCount;
use crate::domain::money::Currency;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceSettings;
use crate::store::hot::{Column, HotConnection, IdentityLock, Rows, tables};
use crate::{Error, Result};

/// What became of a try.
pub(super) enum Attempt {
    /// Committed: a report for each batch.
    Committed(Vec<Report>),
    /// Nothing was written: customers merge or identifiers move, which takes the exclusive identity lock.
    NeedsExclusiveIdentity,
    /// Nothing was written: another transaction linked one of the new identifiers meanwhile.
    LostRace,
}

/// Where an event stands in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) batch: usize,
    pub(super) record: usize,
}

/// An event that was not there before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fresh<'a> {
    pub(super) event: &'a PreparedEvent,
    pub(super) batch: &'a PreparedBatch,
    pub(super) position: Position,
}

impl Fresh<'_> {
    /// When it happened: its own time, else the time of ingestion.
    pub(super) fn occurred_at(&self) -> Micros {
        self.event.occurred_at.unwrap_or(self.batch.received_at)
    }
}

/// What a group's work depends on, of a workspace: as stored when the group began, under the identity lock. A change of
/// it takes that lock alone, so that it holds for every group that commits after it.
#[derive(Clone, Debug)]
pub(super) struct FoldSettings {
    pub(super) zone: Tz,
    /// Of orders that name none.
    pub(super) currency: Option<Currency>,
    pub(super) own: Arc<WorkspaceSettings>,
}

impl FoldSettings {
    /// The rules by which an address stands on a day.
    pub(super) fn day_rules(&self) -> DayRules {
        DayRules { soft_bounce_limit: self.own.soft_bounce_limit, zone: self.zone }
    }
}

/// A transaction at work: its connection, what the committer remembers, and V.
pub(super) struct Work<'a> {
    pub(super) connection: &'a mut HotConnection,
    pub(super) memory: &'a Memory,
    pub(super) shards: ShardCount,
    pub(super) settings: HashMap<i32, FoldSettings>,
}

/// Commits all batches, or nothing.
pub(super) async fn commit(
    connection: &mut HotConnection,
    memory: &mut Memory,
    shards: ShardCount,
    batches: &[&PreparedBatch],
    lock: IdentityLock,
) -> Result<Attempt> {
    memory.forget_if_large();
    let mut steps = Steps::start();
    connection.begin(lock).await?;
    let mut work = Work { connection, memory, shards, settings: HashMap::new() };
    work.settings = load_settings(work.connection, batches).await?;
    steps.end("begin");
    let journal = journal::load(&mut work, batches).await?;
    let replayed_before = quarantine::claim(&mut work, batches).await?;
    let screened = screen(&mut work, batches).await?;
    steps.end("screen");
    quarantine::keep(&mut work, batches, &screened).await?;
    screen::forget_replayed(&mut work, batches, &screened).await?;
    steps.end("quarantine");
    let fresh = dedupe::fresh_events(&mut work, batches, (&replayed_before, &screened)).await?;
    steps.end("dedupe");
    let (profiles, merges) = (profiles_of(batches, &screened), merges_of(batches));
    let taken = Taken { fresh: &fresh, profiles: &profiles, merges: &merges };
    let written = match write(&mut work, &taken, lock, &mut steps).await? {
        Ok(written) => written,
        Err(obstacle) => {
            work.connection.rollback().await?;
            return Ok(match obstacle {
                Obstacle::LinksChange => Attempt::NeedsExclusiveIdentity,
                Obstacle::LostRace => Attempt::LostRace,
            });
        }
    };
    let new_events = fresh.iter().zip(written.ids).map(|(fresh, id)| (fresh.position, fresh.event.kind, id));
    let mut reports = report::reports(batches, (&replayed_before, &screened), new_events);
    let mut merges = written.merges.into_iter();
    for (report, batch) in reports.iter_mut().zip(batches) {
        report.merges = merges.by_ref().take(batch.merges.len()).collect();
    }
    journal::advance(&mut work, journal, batches, &reports).await?;
    audit::record(work.connection, &audited(batches, &reports)).await?;
    work.connection.commit().await?;
    steps.end("commit");
    let mut customers = written.owners.into_iter();
    for (number, (report, batch)) in reports.iter_mut().zip(batches).enumerate() {
        let taken = |(index, profile)| screened.profile((number, index), profile).is_some();
        let customer = |profile| if taken(profile) { customers.next() } else { None };
        report.customers = batch.profiles.iter().enumerate().map(customer).collect();
    }
    memory.learn(written.learned);
    Ok(Attempt::Committed(reports))
}

fn profiles_of<'a>(batches: &[&'a PreparedBatch], screened: &'a Screened) -> Vec<FreshProfile<'a>> {
    let of_batch = |(number, batch): (usize, &&'a PreparedBatch)| {
        let batch: &'a PreparedBatch = batch;
        let taken =
            move |(index, profile)| Some(FreshProfile { profile: screened.profile((number, index), profile)?, batch });
        batch.profiles.iter().enumerate().filter_map(taken)
    };
    batches.iter().enumerate().flat_map(of_batch).collect()
}

/// What the audit log says of the batches that brought something new.
fn audited(batches: &[&PreparedBatch], reports: &[Report]) -> Vec<(i32, AuditEntry)> {
    let of_batch = |(batch, report): (&&PreparedBatch, &Report)| {
        let entry = batch.audit.as_deref()?.clone();
        if let Some(MergeOutcome::Merged { customer, merged }) = report.merges.first() {
            let entry = entry.on(format!("Customer:{customer}")).with("merged", format!("Customer:{merged}"));
            return Some((batch.workspace, entry));
        }
        let event = report.results.iter().find_map(|result| result.event_id)?;
        Some((batch.workspace, entry.on(format!("Event:{}:{}", event.shard, event.seq))))
    };
    batches.iter().zip(reports).filter_map(of_batch).collect()
}

fn merges_of<'a>(batches: &[&'a PreparedBatch]) -> Vec<FreshMerge<'a>> {
    let of_batch = |batch: &&'a PreparedBatch| {
        let batch: &'a PreparedBatch = batch;
        batch.merges.iter().map(move |merge| FreshMerge { merge, workspace: batch.workspace })
    };
    batches.iter().flat_map(of_batch).collect()
}

/// What is new of a group's batches.
#[derive(Clone, Copy)]
struct Taken<'a> {
    fresh: &'a [Fresh<'a>],
    profiles: &'a [FreshProfile<'a>],
    merges: &'a [FreshMerge<'a>],
}

/// What a group wrote.
#[derive(Default)]
struct Written {
    /// The new events, in order.
    ids: Vec<EventId>,
    /// The customers of the profile updates, in order.
    owners: Vec<i64>,
    /// What became of the merges by hand, in order.
    merges: Vec<MergeOutcome>,
    /// What may be remembered once it is committed.
    learned: Memory,
}

/// Writes everything that new events, profiles and merges bring, unless an obstacle stands in the way of identifying them.
async fn write(
    work: &mut Work<'_>,
    taken: &Taken<'_>,
    lock: IdentityLock,
    steps: &mut Steps,
) -> Result<Result<Written, Obstacle>> {
    let Taken { fresh, profiles, merges } = *taken;
    let named: Vec<Named<'_>> =
        fresh.iter().map(Named::of_event).chain(profiles.iter().map(Named::of_profile)).collect();
    let arrivals = Arrivals { named: &named, merges };
    if arrivals.is_empty() {
        return Ok(Ok(Written::default()));
    }
    let mut identified = match identify::identify(work, &arrivals, lock).await? {
        Ok(identified) => identified,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    steps.end("identify");
    let catalogue = catalogue::resolve(work, fresh, &named, &identified.customers).await?;
    steps.end("catalogue");
    let concerned = address::concerned(work, fresh, &identified).await?;
    let order_events = order::order_events(fresh, &identified.customers);
    let mut orders = order::concerned(work, &order_events).await?;
    lock_shards(work, &identified, &concerned, &orders).await?;
    if !address::still_owned(work, &concerned, lock).await?
        || !order::still_owned(work, &mut orders, &order_events, lock).await?
    {
        return Ok(Err(Obstacle::LostRace));
    }
    steps.end("lock");
    let owners = identified.customers.split_off(fresh.len());
    let changes = changes((fresh, &identified.customers), (profiles, &owners));
    fold_profiles(work, &changes, &identified).await?;
    steps.end("profile");
    let ids = sequence::write_events(work, fresh, &identified, &catalogue).await?;
    let causes = Causes { events: &ids, profiles: profiles.len(), merges };
    write_changes(work, &identified.changes, &causes).await?;
    steps.end("sequence");
    let orders = order::fold_orders(work, &orders, &order_events).await?;
    let touched = conversion::touched(fresh, &identified.customers, &catalogue);
    let recredited = conversion::recredited(work, touched, &identified.merged, orders).await?;
    steps.end("conversion");
    let folding =
        Folding { fresh, customers: &identified.customers, merged: &identified.merged, catalogue: &catalogue };
    let campaigns = fold::fold_recipients(work, &folding, recredited).await?;
    steps.end("fold");
    let folded = address::fold_addresses(work, &concerned, &ids).await?;
    steps.end("address");
    reach::count_customers(work, &identified, &folded).await?;
    steps.end("reach");
    count::count_events(work, (fresh, &ids), &catalogue, &campaigns).await?;
    steps.end("count");
    let Catalogue { learned, .. } = catalogue;
    Ok(Ok(Written { ids, owners, merges: identified.merges, learned }))
}

/// Times the steps of a group for `/metrics`: where ingestion spends its time on this machine and database.
struct Steps(Instant);

impl Steps {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn end(&mut self, step: &'static str) {
        let spent = std::mem::replace(&mut self.0, Instant::now()).elapsed();
        metrics::histogram!("campaignql_ingest_step_seconds", "step" => step).record(spent.as_secs_f64());
    }
}

async fn load_settings(
    connection: &mut HotConnection,
    batches: &[&PreparedBatch],
) -> Result<HashMap<i32, FoldSettings>> {
    let mut workspaces: Vec<i32> = batches.iter().map(|batch| batch.workspace).collect();
    workspaces.sort_unstable();
    workspaces.dedup();
    let rows = connection.select(&tables::WORKSPACE, &["id"], &Rows::new(vec![Column::I32(workspaces)])).await?;
    let mut settings = HashMap::new();
    for (row, id) in rows.i32s(0)?.iter().enumerate() {
        let zone: Tz = rows.texts(2)?[row].parse().map_err(|_| Error::Corrupt("workspace time zone".to_owned()))?;
        let own = WorkspaceSettings::parse(&rows.texts(4)?[row]);
        let own = own.ok_or_else(|| Error::Corrupt("workspace settings".to_owned()))?;
        let currency = Currency::parse(&rows.texts(3)?[row]);
        settings.insert(*id, FoldSettings { zone, currency, own: Arc::new(own) });
    }
    Ok(settings)
}

impl Work<'_> {
    pub(super) fn settings_of(&self, workspace: i32) -> Result<&FoldSettings> {
        let known = self.settings.get(&workspace);
        known.ok_or_else(|| Error::NotFound(format!("workspace {workspace} does not exist")))
    }
}

/// Locks the shards of all customers, addresses and orders concerned.
async fn lock_shards(
    work: &mut Work<'_>,
    identified: &Identified,
    concerned: &Concerned<'_>,
    orders: &Orders,
) -> Result<()> {
    let mut customers = identified.customers.clone();
    customers.extend(identified.merged.iter().flat_map(|(merged, survivor)| [*merged, *survivor]));
    customers.extend(identified.addresses.relinked.keys());
    customers.extend(identified.earlier.iter().map(|named| named.owner));
    customers.extend(concerned.values().filter_map(|address| address.owner));
    let mut shards: Vec<i16> = customers.into_iter().map(|customer| work.shards.of_id(customer)).collect();
    shards.extend(concerned.keys().map(|key| key.0));
    shards.extend(orders.shards(work));
    shards.extend(identified.addresses.new.iter().map(|id| work.shards.of_bytes(id)));
    shards.extend(identified.earlier.iter().map(|named| named.shard));
    shards.sort_unstable();
    shards.dedup();
    work.connection.lock_shards(&shards).await
}
