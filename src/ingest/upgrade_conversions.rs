//! Databases of programs that credited no conversions: folds every stored event of an order, and credits the conversions.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::Catalogue;
use super::conversion;
use super::count::raise_versions;
use super::fold::{Folding, fold_recipients};
use super::group::Work;
use super::memory::Memory;
use super::order::{self, OrderEvent};
use super::prepare::PreparedOrder;
use super::upgrade::PAGE;
use crate::Result;
use crate::domain::kind::Kind;
use crate::domain::time::Micros;
use crate::store::event_details::EventDetails;
use crate::store::hot::{Rows, tables};
use crate::store::touch::standing_for;

/// Credits all conversions of the database. All shards must be locked, and the identity lock held alone.
pub(super) async fn credit_orders(work: &mut Work<'_>) -> Result<()> {
    if has_orders(work).await? { credit_all(work).await } else { Ok(()) }
}

/// Whether an event of an order was ever taken.
async fn has_orders(work: &mut Work<'_>) -> Result<bool> {
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::EVENT_TYPE, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() || page.i16s(4)?.iter().any(|kind| is_of_order(*kind)) {
            return Ok(last.is_some());
        }
    }
}

fn is_of_order(kind: i16) -> bool {
    kind_of(kind).is_of_order()
}

fn kind_of(stored: i16) -> Kind {
    u8::try_from(stored).map_or(Kind::Other, Kind::from_code)
}

/// Folds every stored event of an order, and credits the conversions.
async fn credit_all(work: &mut Work<'_>) -> Result<()> {
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::EVENT, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let events = stored_order_events(work, &page).await?;
        let orders = order::concerned(work, &events).await?;
        let changed = order::fold_orders(work, &orders, &events).await?;
        let recredited = conversion::recredited(work, BTreeMap::new(), &[], changed).await?;
        let catalogue = Catalogue { campaigns: Vec::new(), cells: Vec::new(), learned: Memory::default() };
        let folding = Folding { fresh: &[], customers: &[], merged: &[], catalogue: &catalogue };
        let changed = fold_recipients(work, &folding, recredited).await?;
        raise_versions(work, &changed).await?;
    }
}

async fn stored_order_events(work: &mut Work<'_>, page: &Rows) -> Result<Vec<OrderEvent>> {
    let mut events = Vec::new();
    for row in 0..page.len() {
        let (workspace, kind) = (page.i32s(2)?[row], kind_of(page.i16s(6)?[row]));
        let Ok(key) = page.bytes(11)?[row].as_slice().try_into() else { continue };
        if !kind.is_of_order() {
            continue;
        }
        let details = EventDetails::decode(&page.bytes(12)?[row])?;
        let Some(order) = PreparedOrder::of(workspace, kind, &details.data) else { continue };
        let (customer, at) = (page.i64s(3)?[row], Micros(page.i64s(8)?[row]));
        events.push(OrderEvent { workspace, customer, at, key, kind, order });
    }
    let customers: BTreeSet<i64> = events.iter().map(|event| event.customer).collect();
    let owners = standing_for(work.connection, work.shards, &customers).await?;
    for event in &mut events {
        event.customer = owners.get(&event.customer).copied().unwrap_or(event.customer);
    }
    Ok(events)
}
