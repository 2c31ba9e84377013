//! Databases of older programs: makes once what ingestion has kept since. It may run again at any time and comes to the
//! same, so that a start that was cut off does no harm.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::address::Suppressed;
use super::group::{FoldSettings, Work};
use super::memory::Memory;
use super::reach::Counted;
use super::recount::count_all;
use crate::Result;
use crate::domain::identity::IdentifierId;
use crate::domain::reachability::AddressState;
use crate::domain::workspace::WorkspaceId;
use crate::store::hot::{Column, HotConnection, IdentityLock, Rows, tables};
use crate::store::{Store, connect, workspace};

/// What is recorded when the counts of who can be reached are there.
const REACH: &str = "reach_counted";
const PAGE: u32 = 5_000;

/// Makes the counts of who can be reached, and the suppression list, where they were never made. Ingestion waits meanwhile.
pub(super) async fn bring_up_to_date(store: &Store) -> Result<()> {
    if connect::is_done(store, REACH).await? {
        return Ok(());
    }
    let mut settings = HashMap::new();
    for workspace in workspace::list(store).await? {
        let own = Arc::new(workspace.settings);
        settings.insert(workspace.id.0, FoldSettings { zone: workspace.time_zone, own });
    }
    let workspaces: Vec<i32> = settings.keys().copied().collect();
    let (memory, mut connection) = (Memory::default(), HotConnection::open(store).await?);
    connection.begin(IdentityLock::Exclusive).await?;
    let mut work = Work { connection: &mut connection, memory: &memory, shards: store.shards(), settings };
    work.connection.lock_shards(&store.all_shards()).await?;
    count_known(&mut work).await?;
    list_suppressed(&mut work).await?;
    for workspace in workspaces {
        count_all(&mut work, WorkspaceId(workspace)).await?;
    }
    work.connection.commit().await?;
    connect::record_done(store, REACH).await
}

async fn count_known(work: &mut Work<'_>) -> Result<()> {
    let mut known: BTreeMap<(i16, i32), i64> = BTreeMap::new();
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::CUSTOMER, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Counted::know_exactly(work, &known).await;
        }
        let (Column::OptI64(merged_into), Column::OptI64(erased_at)) = (&page.columns[4], &page.columns[6]) else {
            continue;
        };
        for (row, (merged_into, erased_at)) in merged_into.iter().zip(erased_at).enumerate() {
            let stands = merged_into.is_none() && erased_at.is_none();
            *known.entry((page.i16s(0)?[row], page.i32s(2)?[row])).or_default() += i64::from(stands);
        }
    }
}

/// An address that no event named, but only aimed at, is listed with the next event that changes it: its text is in no
/// other table.
async fn list_suppressed(work: &mut Work<'_>) -> Result<()> {
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::ADDRESS_STATE, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let keys = Rows::new(vec![page.columns[0].clone(), page.columns[1].clone()]);
        let named = work.connection.select(&tables::IDENTIFIER, &["shard", "id"], &keys).await?;
        let places: HashMap<&Vec<u8>, usize> = named.bytes(1)?.iter().zip(0..).collect();
        let mut suppressed = Suppressed::default();
        for row in 0..page.len() {
            let (shard, id, workspace) = (page.i16s(0)?[row], &page.bytes(1)?[row], page.i32s(2)?[row]);
            let state = AddressState::decode(&page.bytes(5)?[row])?;
            let is = state.reachability(work.settings_of(workspace)?.own.soft_bounce_limit);
            let is_troubled = is.unreachable.is_some() || !state.soft_bounces.is_empty();
            let Some(place) = places.get(id).filter(|_| is_troubled) else { continue };
            let Ok(key): std::result::Result<IdentifierId, _> = id.as_slice().try_into() else { continue };
            let name = (named.texts(3)?[*place].as_str(), named.texts(4)?[*place].as_str());
            suppressed.push((shard, key), workspace, name, is);
        }
        suppressed.write(work).await?;
    }
}
