//! Changes of a workspace's settings, and the counts that follow from them.
//!
//! A change takes the identity lock alone: it waits for every group that began before, and every group that begins after
//! reads the new settings. What depends on them is brought up to date in the same transaction, page by page, so that no
//! answer ever mixes old and new, and a change that is cut off leaves nothing behind.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono_tz::Tz;

use super::address::{Suppressed, load_states};
use super::audit;
use super::group::{FoldSettings, Work};
use super::memory::Memory;
use super::reach::{Counted, Known};
use crate::domain::audit::AuditEntry;
use crate::domain::identifier_type::RegisteredType;
use crate::domain::identity::IdentifierId;
use crate::domain::money::Currency;
use crate::domain::workspace::{WorkspaceId, WorkspaceSettings};
use crate::store::Store;
use crate::store::hot::{Column, HotConnection, IdentityLock, Rows, is_worth_repeating, tables};
use crate::{Error, Result};

/// What to change of a workspace; what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceChange {
    /// The new name.
    pub name: Option<String>,
    /// The new zone of reports: only before the first event.
    pub time_zone: Option<Tz>,
    /// The new currency.
    pub currency: Option<String>,
    /// The new number of soft bounces in a row after which an address is unreachable.
    pub soft_bounce_limit: Option<u8>,
    /// Channels with how an address without a consent update counts there from now on.
    pub default_consent: BTreeMap<String, bool>,
    /// Days for which identifiers of customers erased from now on are blocked.
    pub block_erased_days: Option<u16>,
    /// An identifier type with what it may do from now on.
    pub identifier_type: Option<(String, RegisteredType)>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceChanged {
    /// It holds for everything that is committed from now on.
    Done,
    /// Nothing was changed: there are reports, which count days in the present zone.
    HasReports,
    /// Nothing was changed: another workspace has the name.
    NameTaken,
}

/// Rows of one page.
const PAGE: u32 = 5_000;
const MAX_ATTEMPTS: u32 = 5;

/// Changes a workspace, with an entry in the audit log. Ingestion waits meanwhile; with a changed limit or type for as long as the counts take.
pub async fn change_workspace(
    store: &Store,
    workspace: WorkspaceId,
    change: &WorkspaceChange,
    entry: &AuditEntry,
) -> Result<WorkspaceChanged> {
    for attempt in 1.. {
        let mut connection = HotConnection::open(store).await?;
        let tried = try_change(store, &mut connection, workspace, (change, entry)).await;
        match tried {
            Ok(WorkspaceChanged::Done) => return Ok(WorkspaceChanged::Done),
            Ok(refused) => {
                connection.rollback().await?;
                return Ok(refused);
            }
            Err(error) if attempt < MAX_ATTEMPTS && is_worth_repeating(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Unavailable { retry_after_s: 1 })
}

async fn try_change(
    store: &Store,
    connection: &mut HotConnection,
    workspace: WorkspaceId,
    (change, entry): (&WorkspaceChange, &AuditEntry),
) -> Result<WorkspaceChanged> {
    connection.begin(IdentityLock::Exclusive).await?;
    let key = Rows::new(vec![Column::I32(vec![workspace.0])]);
    let row = connection.select(&tables::WORKSPACE, &["id"], &key).await?;
    if row.is_empty() {
        return Err(Error::NotFound(format!("workspace {} does not exist", workspace.0)));
    }
    if change.time_zone.is_some_and(|zone| row.texts(2).is_ok_and(|zones| zones[0] != zone.name())) {
        let seen = connection.select(&tables::EVENT_TYPE, &["workspace"], &key).await?;
        if !seen.is_empty() {
            return Ok(WorkspaceChanged::HasReports);
        }
    }
    if let Some(name) = &change.name {
        let named = Rows::new(vec![Column::Text(vec![name.clone()])]);
        let same = connection.select(&tables::WORKSPACE, &["name"], &named).await?;
        if same.i32s(0)?.iter().any(|id| *id != workspace.0) {
            return Ok(WorkspaceChanged::NameTaken);
        }
    }
    let before = WorkspaceSettings::parse(&row.texts(4)?[0]);
    let before = before.ok_or_else(|| Error::Corrupt("workspace settings".to_owned()))?;
    let after = changed(&before, change);
    let zone: Tz = row.texts(2)?[0].parse().map_err(|_| Error::Corrupt("workspace time zone".to_owned()))?;
    let zone = change.time_zone.unwrap_or(zone);
    let changed = Rows::new(vec![
        row.columns[0].clone(),
        Column::Text(vec![change.name.clone().unwrap_or_else(|| row.texts(1).map_or(String::new(), |t| t[0].clone()))]),
        Column::Text(vec![zone.name().to_owned()]),
        Column::Text(vec![change.currency.clone().unwrap_or(row.texts(3)?[0].clone())]),
        Column::Text(vec![after.to_text()]),
        row.columns[5].clone(),
    ]);
    connection.put(&tables::WORKSPACE, &changed).await?;
    let currency = Currency::parse(&changed.texts(3)?[0]);
    let memory = Memory::default();
    let limit_changed = before.soft_bounce_limit != after.soft_bounce_limit;
    let types_changed = before.identifier_types != after.identifier_types;
    let settings = HashMap::from([(workspace.0, FoldSettings { zone, currency, own: Arc::new(after) })]);
    let mut work = Work { connection, memory: &memory, shards: store.shards(), settings };
    work.connection.lock_shards(&store.all_shards()).await?;
    if limit_changed {
        judge_bounces(&mut work, workspace).await?;
    }
    if types_changed {
        count_all(&mut work, workspace).await?;
    }
    audit::record(work.connection, &[(workspace.0, entry.clone())]).await?;
    work.connection.commit().await?;
    Ok(WorkspaceChanged::Done)
}

fn changed(before: &WorkspaceSettings, change: &WorkspaceChange) -> WorkspaceSettings {
    let mut after = before.clone();
    after.soft_bounce_limit = change.soft_bounce_limit.unwrap_or(before.soft_bounce_limit);
    after.block_erased_days = change.block_erased_days.unwrap_or(before.block_erased_days);
    after.default_consent.extend(change.default_consent.clone());
    after.identifier_types.0.extend(change.identifier_type.clone());
    after
}

/// Judges every address that bounced by the new limit, and counts its owner again where the verdict changed.
async fn judge_bounces(work: &mut Work<'_>, workspace: WorkspaceId) -> Result<()> {
    let limit = work.settings_of(workspace.0)?.own.soft_bounce_limit;
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::SUPPRESSION, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let mut keys = Vec::new();
        for row in (0..page.len()).filter(|row| page.i32s(2).is_ok_and(|ids| ids[*row] == workspace.0)) {
            if let Ok(id) = page.bytes(1)?[row].as_slice().try_into() {
                keys.push(((page.i16s(0)?[row], id), row));
            }
        }
        let states = load_states(work, keys.iter().map(|(key, _)| key)).await?;
        let (mut suppressed, mut judged) = (Suppressed::default(), HashMap::new());
        for (key, row) in keys {
            let Some(state) = states.get(&key.1) else { continue };
            let is = state.reachability(limit);
            let reason = is.unreachable.map_or(0, |reason| reason as i16);
            if reason != page.i16s(5)?[row]
                || is.since.filter(|_| reason > 0).map_or(0, |at| at.0) != page.i64s(6)?[row]
            {
                suppressed.push(key, workspace.0, (&page.texts(3)?[row], &page.texts(4)?[row]), is);
                judged.insert(key, reason);
            }
        }
        suppressed.write(work).await?;
        write_verdicts(work, &judged).await?;
        let mut counted = Counted::default();
        let nothing = Known { states: &HashMap::new(), of_new: &HashMap::new(), created: &BTreeMap::new() };
        let owners = owners_of(work, &judged).await?;
        counted.recount(work, &owners, nothing).await?;
        counted.write(work).await?;
    }
}

type Verdicts = HashMap<(i16, IdentifierId), i16>;

fn address_keys(verdicts: &Verdicts) -> Rows {
    let (shards, ids) = verdicts.keys().map(|key| (key.0, key.1.to_vec())).unzip();
    Rows::new(vec![Column::I16(shards), Column::Bytes(ids)])
}

async fn write_verdicts(work: &mut Work<'_>, verdicts: &Verdicts) -> Result<()> {
    let mut rows = work.connection.select(&tables::ADDRESS_STATE, &["shard", "id"], &address_keys(verdicts)).await?;
    let mut unreachable = Vec::with_capacity(rows.len());
    for (shard, id) in rows.i16s(0)?.iter().zip(rows.bytes(1)?) {
        let id: Option<IdentifierId> = id.as_slice().try_into().ok();
        unreachable.push(id.and_then(|id| verdicts.get(&(*shard, id))).copied().unwrap_or(0));
    }
    rows.columns[3] = Column::I16(unreachable);
    work.connection.put(&tables::ADDRESS_STATE, &rows).await
}

async fn owners_of(work: &mut Work<'_>, verdicts: &Verdicts) -> Result<BTreeMap<i64, i32>> {
    let rows = work.connection.select(&tables::IDENTIFIER, &["shard", "id"], &address_keys(verdicts)).await?;
    Ok(rows.i64s(5)?.iter().copied().zip(rows.i32s(2)?.iter().copied()).collect())
}

/// Counts every customer of the workspace again.
pub(super) async fn count_all(work: &mut Work<'_>, workspace: WorkspaceId) -> Result<()> {
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::CUSTOMER, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let ids = page.i64s(1)?.iter().zip(page.i32s(2)?).filter(|(_, id)| **id == workspace.0);
        let customers = ids.map(|(customer, id)| (*customer, *id)).collect();
        let mut counted = Counted::default();
        let nothing = Known { states: &HashMap::new(), of_new: &HashMap::new(), created: &BTreeMap::new() };
        counted.recount(work, &customers, nothing).await?;
        counted.write(work).await?;
    }
}
