//! Folds the order events of a group into their orders, and tells which conversions that makes, moves or changes.
//!
//! An order is one for the whole workspace, whoever its events name. Its row stands in the shard of its id; its conversion in
//! the shard of the customer who bought first, whom perhaps no event of the group names: like the owner of an address, that
//! customer is looked up before the shards are locked and again after.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::group::{Fresh, Work};
use super::prepare::PreparedOrder;
use crate::Result;
use crate::domain::conversion::Conversion;
use crate::domain::kind::Kind;
use crate::domain::money::Currency;
use crate::domain::order::{Amounts, EventKey, OrderId, OrderState, Purchase, Revenue};
use crate::domain::time::Micros;
use crate::store::hot::{Column, IdentityLock, Rows, tables};
use crate::store::touch::standing_for;

/// An event that speaks of an order.
#[derive(Clone, Debug)]
pub(super) struct OrderEvent {
    pub(super) workspace: i32,
    /// Whose it is; stands for itself.
    pub(super) customer: i64,
    pub(super) at: Micros,
    pub(super) key: EventKey,
    pub(super) kind: Kind,
    pub(super) order: PreparedOrder,
}

/// The order events of a group, in order.
pub(super) fn order_events(fresh: &[Fresh<'_>], customers: &[i64]) -> Vec<OrderEvent> {
    let event = |(fresh, customer): (&Fresh<'_>, &i64)| {
        Some(OrderEvent {
            workspace: fresh.batch.workspace,
            customer: *customer,
            at: fresh.occurred_at(),
            key: fresh.event.key.id(),
            kind: fresh.event.kind,
            order: *fresh.event.order.as_deref()?,
        })
    };
    fresh.iter().zip(customers).filter_map(event).collect()
}

/// The orders that a group names, as stored.
#[derive(Debug, Default)]
pub(super) struct Orders {
    stored: BTreeMap<(i16, OrderId), OrderState>,
    /// Those who bought first, with the customers that stand for them.
    owners: HashMap<i64, i64>,
}

impl Orders {
    /// Shards that a change of the orders may concern.
    pub(super) fn shards(&self, work: &Work<'_>) -> Vec<i16> {
        let of_owners = self.owners.values().map(|owner| work.shards.of_id(*owner));
        self.stored.keys().map(|key| key.0).chain(of_owners).collect()
    }

    fn owner(&self, customer: i64) -> i64 {
        self.owners.get(&customer).copied().unwrap_or(customer)
    }
}

/// The orders that the events name, and who bought first.
pub(super) async fn concerned(work: &mut Work<'_>, events: &[OrderEvent]) -> Result<Orders> {
    let named: BTreeSet<(i16, OrderId)> =
        events.iter().filter_map(|event| event.order.id).map(|id| (work.shards.of_bytes(&id), id)).collect();
    let (shards, ids) = named.iter().map(|key| (key.0, key.1.to_vec())).unzip();
    let keys = Rows::new(vec![Column::I16(shards), Column::Bytes(ids)]);
    let rows = work.connection.select(&tables::PURCHASE_ORDER, &["shard", "id"], &keys).await?;
    let mut stored: BTreeMap<(i16, OrderId), OrderState> =
        named.into_iter().map(|key| (key, OrderState::default())).collect();
    for row in 0..rows.len() {
        let Ok(id) = rows.bytes(1)?[row].as_slice().try_into() else { continue };
        stored.insert((rows.i16s(0)?[row], id), OrderState::decode(&rows.bytes(3)?[row])?);
    }
    let buyers: BTreeSet<i64> =
        stored.values().filter_map(|state| state.purchase).map(|purchase| purchase.customer).collect();
    let owners = standing_for(work.connection, work.shards, &buyers).await?;
    Ok(Orders { stored, owners })
}

/// Reads the orders again, once the shards are locked; false where somebody else is now the first to have bought one, whose
/// shard may not be locked.
pub(super) async fn still_owned(
    work: &mut Work<'_>,
    orders: &mut Orders,
    events: &[OrderEvent],
    lock: IdentityLock,
) -> Result<bool> {
    // Alone, nobody writes an order meanwhile.
    if lock == IdentityLock::Exclusive || orders.stored.is_empty() {
        return Ok(true);
    }
    let before = std::mem::replace(orders, concerned(work, events).await?);
    Ok(orders.owners.keys().all(|buyer| before.owners.contains_key(buyer)))
}

/// A conversion, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Converted {
    pub(super) workspace: i32,
    pub(super) customer: i64,
    pub(super) conversion: Conversion,
}

/// What becomes of conversions.
#[derive(Debug, Default)]
pub(super) struct ChangedConversions {
    /// Those that are none any more, because somebody bought earlier: customer, time and key.
    pub(super) removed: Vec<(i64, Micros, EventKey)>,
    /// Those that are new, or brought more or less than before.
    pub(super) put: Vec<Converted>,
}

/// Folds the events into their orders and writes those. The shards must be locked.
pub(super) async fn fold_orders(
    work: &mut Work<'_>,
    orders: &Orders,
    events: &[OrderEvent],
) -> Result<ChangedConversions> {
    let mut changed = ChangedConversions::default();
    let mut of_order: BTreeMap<(i16, OrderId), Vec<&OrderEvent>> = BTreeMap::new();
    for event in events {
        if let Some(id) = event.order.id {
            of_order.entry((work.shards.of_bytes(&id), id)).or_default().push(event);
        } else if event.kind == Kind::Purchased {
            changed.put.push(without_order(work, event)?);
        }
    }
    let mut rows: Vec<((i16, OrderId), i32, Vec<u8>)> = Vec::with_capacity(of_order.len());
    for (key, events) in of_order {
        let before = orders.stored.get(&key).cloned().unwrap_or_default();
        let mut after = before.clone();
        let Some(workspace) = events.first().map(|event| event.workspace) else { continue };
        for event in events {
            take(work, &mut after, event)?;
        }
        if after == before {
            continue;
        }
        let converted = |state: &OrderState| conversion_of(workspace, key.1, state, orders);
        let (was, is) = (converted(&before), converted(&after));
        if was != is {
            changed.removed.extend(was.map(|was| (was.customer, was.conversion.at, was.conversion.key)));
            changed.put.extend(is);
        }
        rows.push((key, workspace, after.encode()));
    }
    let rows = Rows::new(vec![
        Column::I16(rows.iter().map(|row| row.0.0).collect()),
        Column::Bytes(rows.iter().map(|row| row.0.1.to_vec()).collect()),
        Column::I32(rows.iter().map(|row| row.1).collect()),
        Column::Bytes(rows.into_iter().map(|row| row.2).collect()),
    ]);
    work.connection.put(&tables::PURCHASE_ORDER, &rows).await?;
    Ok(changed)
}

fn take(work: &Work<'_>, state: &mut OrderState, event: &OrderEvent) -> Result<()> {
    let OrderEvent { at, key, kind, customer, .. } = *event;
    if kind == Kind::Purchased {
        let amounts = with_currency(work, event)?;
        state.purchase(Purchase { at, key, customer, amounts });
    } else {
        state.reverse(kind, (at, key), event.order.amounts);
    }
    Ok(())
}

/// In the order's currency, else the workspace's of now.
fn with_currency(work: &Work<'_>, event: &OrderEvent) -> Result<Amounts> {
    let own = work.settings_of(event.workspace)?.currency;
    Ok(Amounts { currency: event.order.amounts.currency.or(own), ..event.order.amounts })
}

/// Where not even the workspace's currency is one.
const NO_CURRENCY: [u8; 3] = *b"XXX";

fn currency_of(amounts: &Amounts) -> Currency {
    amounts.currency.or(Currency::from_bytes(NO_CURRENCY)).expect("XXX is three letters")
}

fn conversion_of(workspace: i32, id: OrderId, state: &OrderState, orders: &Orders) -> Option<Converted> {
    let Purchase { at, key, customer, amounts } = state.purchase?;
    let (revenue, reversed) = (Revenue::of(&amounts), state.reversed());
    let conversion = Conversion { at, key, order: Some(id), currency: currency_of(&amounts), revenue, reversed };
    Some(Converted { workspace, customer: orders.owner(customer), conversion })
}

/// A purchase that names no order is a conversion of its own, of which nothing can be taken back.
fn without_order(work: &Work<'_>, event: &OrderEvent) -> Result<Converted> {
    let amounts = with_currency(work, event)?;
    let OrderEvent { workspace, customer, at, key, .. } = *event;
    let (revenue, reversed) = (Revenue::of(&amounts), Revenue::default());
    let conversion = Conversion { at, key, order: None, currency: currency_of(&amounts), revenue, reversed };
    Ok(Converted { workspace, customer, conversion })
}
