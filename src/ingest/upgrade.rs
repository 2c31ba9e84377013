//! Databases of older programs: makes once what ingestion has kept since. It may run again at any time and comes to the
//! same, so that a start that was cut off does no harm.

use std::collections::HashMap;
use std::sync::Arc;

use super::address::Suppressed;
use super::complete::complete;
use super::detail_upgrade::fill_in;
use super::group::{FoldSettings, Work};
use super::memory::Memory;
use super::recount::count_all;
use super::upgrade_conversions::credit_orders;
use super::upgrade_days::tell_days;
use crate::Result;
use crate::domain::identity::IdentifierId;
use crate::domain::money::Currency;
use crate::domain::reachability::AddressState;
use crate::domain::workspace::WorkspaceId;
use crate::store::hot::{HotConnection, IdentityLock, Rows, Table, tables};
use crate::store::{Store, connect, workspace};

/// What is recorded when the counts of who can be reached, now and on every day, are there.
const REACH: &str = "reach_counted_by_day";
/// What is recorded when the conversions are there.
const CONVERSIONS: &str = "conversions_credited";
pub(super) const PAGE: u32 = 5_000;

/// Completes states, counts and texts of details, and makes the counts of who can be reached, now and on every day, the
/// suppression list and the conversions, where that was never done. Ingestion waits meanwhile.
pub(super) async fn bring_up_to_date(store: &Store) -> Result<()> {
    complete(store).await?;
    fill_in(store).await?;
    if connect::is_done(store, REACH).await? && connect::is_done(store, CONVERSIONS).await? {
        return Ok(());
    }
    let mut settings = HashMap::new();
    for workspace in workspace::list(store).await? {
        let (own, currency) = (Arc::new(workspace.settings), Currency::parse(&workspace.currency));
        settings.insert(workspace.id.0, FoldSettings { zone: workspace.time_zone, currency, own });
    }
    let (memory, mut connection) = (Memory::default(), HotConnection::open(store).await?);
    connection.begin(IdentityLock::Exclusive).await?;
    let mut work = Work { connection: &mut connection, memory: &memory, shards: store.shards(), settings };
    work.connection.lock_shards(&store.all_shards()).await?;
    // Another server, or another committer of this one, may have been quicker: asked again under the lock.
    if !connect::is_done(store, REACH).await? {
        count_reach(&mut work).await?;
    }
    if !connect::is_done(store, CONVERSIONS).await? {
        credit_orders(&mut work).await?;
    }
    work.connection.commit().await?;
    connect::record_done(store, REACH).await?;
    connect::record_done(store, CONVERSIONS).await
}

async fn count_reach(work: &mut Work<'_>) -> Result<()> {
    let has_customers = !work.connection.next_rows(&tables::CUSTOMER, None, 1).await?.is_empty();
    if has_customers {
        tracing::info!(
            "the database is of an older program: who can be reached on which day is counted from its events"
        );
    }
    for table in [&tables::REACH_DAY, &tables::REACH_COUNT, &tables::CUSTOMER_REACH] {
        empty(work, table).await?;
    }
    tell_days(work).await?;
    list_suppressed(work).await?;
    let workspaces: Vec<i32> = work.settings.keys().copied().collect();
    for workspace in workspaces {
        count_all(work, WorkspaceId(workspace)).await?;
    }
    if has_customers {
        tracing::info!("who can be reached on which day is counted");
    }
    Ok(())
}

async fn empty(work: &mut Work<'_>, table: &'static Table) -> Result<()> {
    loop {
        let mut page = work.connection.next_rows(table, None, PAGE).await?;
        if page.is_empty() {
            return Ok(());
        }
        page.columns.truncate(table.key.len());
        work.connection.delete(table, &page).await?;
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
            let is_troubled = is.unreachable.is_some() || state.has_bounced();
            let Some(place) = places.get(id).filter(|_| is_troubled) else { continue };
            let Ok(key): std::result::Result<IdentifierId, _> = id.as_slice().try_into() else { continue };
            let name = (named.texts(3)?[*place].as_str(), named.texts(4)?[*place].as_str());
            suppressed.push((shard, key), workspace, name, is);
        }
        suppressed.write(work).await?;
    }
}
