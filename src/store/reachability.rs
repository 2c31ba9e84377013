//! The state of addresses, their history, and how many customers can be reached.

use std::collections::{BTreeMap, HashMap};

use entity::{address_change, address_state, customer_reach, reach_count, reach_day};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use super::page::{Page, PageEnd, Slice};
use crate::Result;
use crate::domain::hash::identifier_id;
use crate::domain::identifier::Identifier;
use crate::domain::reach;
use crate::domain::reach_day::{DayChanges, add_encoded, block_of, totals_on};
use crate::domain::reachability::AddressState;
use crate::domain::workspace::WorkspaceId;

/// The states of several addresses by identifier id; addresses of which nothing is known are left out.
pub async fn states(
    store: &Store,
    workspace: WorkspaceId,
    ids: &[[u8; 16]],
) -> Result<HashMap<Vec<u8>, address_state::Model>> {
    let mut shards: Vec<i16> = ids.iter().map(|id| store.shards().of_bytes(id)).collect();
    shards.sort_unstable();
    shards.dedup();
    let rows = address_state::Entity::find()
        .filter(address_state::Column::Shard.is_in(shards))
        .filter(address_state::Column::Id.is_in(ids.iter().map(|id| id.to_vec())))
        .filter(address_state::Column::Workspace.eq(workspace.0))
        .all(store.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// The state of one address: its reachability, consent and subscriptions (by list id). Empty where nothing is known.
pub async fn state_of(store: &Store, workspace: WorkspaceId, address: &Identifier) -> Result<AddressState> {
    let id = identifier_id(workspace.0, &address.name, &address.value);
    match states(store, workspace, &[id]).await?.remove(&id[..]) {
        Some(row) => AddressState::decode(&row.state),
        None => Ok(AddressState::default()),
    }
}

/// The outcomes of a customer, by channel and list (0: none), as `domain::reach` codes them.
pub type Outcomes = BTreeMap<(String, i64), i32>;

/// How far several customers can be reached now; those without an address have no outcome.
pub async fn of_customers(store: &Store, customers: &[i64]) -> Result<HashMap<i64, Outcomes>> {
    let mut shards: Vec<i16> = customers.iter().map(|id| store.shards().of_id(*id)).collect();
    shards.sort_unstable();
    shards.dedup();
    let rows = customer_reach::Entity::find()
        .filter(customer_reach::Column::Shard.is_in(shards))
        .filter(customer_reach::Column::Customer.is_in(customers.iter().copied()))
        .all(store.db())
        .await?;
    rows.into_iter().map(|row| Ok((row.customer, reach::outcomes_now(&reach::decode(&row.reach)?)))).collect()
}

/// The place of a change in an address's history: (time, event's shard, event's number, change, list).
pub type ChangePosition = (i64, i16, i64, i16, i64);

/// The place of a change.
pub fn position_of(row: &address_change::Model) -> ChangePosition {
    (row.at, row.event_shard, row.event_seq, row.change, row.list)
}

/// A page of the changes that events brought to an address, the newest first. Walks the primary key.
pub async fn history(
    store: &Store,
    id: &[u8; 16],
    page: &Page<ChangePosition>,
) -> Result<Slice<address_change::Model>> {
    use address_change::Column;
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    let columns = [Column::At, Column::EventShard, Column::EventSeq, Column::Change, Column::List];
    let tuple = || Expr::tuple(columns.map(Expr::col));
    let values = |at: ChangePosition| {
        let (time, shard, seq, change, list) = at;
        Expr::tuple([Expr::val(time), Expr::val(shard), Expr::val(seq), Expr::val(change), Expr::val(list)])
    };
    let between = Condition::all()
        .add_option(page.after.map(|position| tuple().lt(values(position))))
        .add_option(page.before.map(|position| tuple().gt(values(position))));
    let mut query = of_address(store, id).filter(between);
    for column in columns {
        query = query.order_by(column, order.clone());
    }
    Ok(Slice::of_walk(query.limit(page.limit + 1).all(store.db()).await?, page))
}

/// Number of changes in an address's history.
pub async fn history_count(store: &Store, id: &[u8; 16]) -> Result<i64> {
    let number = of_address(store, id).count(store.db()).await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

fn of_address(store: &Store, id: &[u8; 16]) -> sea_orm::Select<address_change::Entity> {
    address_change::Entity::find()
        .filter(address_change::Column::Shard.eq(store.shards().of_bytes(id)))
        .filter(address_change::Column::Id.eq(id.to_vec()))
}

/// How many customers have which outcome (`domain::reach`), over all shards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReachCounts {
    /// All customers.
    pub known: i64,
    /// Those with an address of the channel, by list (0: none) and outcome.
    pub by_list: BTreeMap<i64, BTreeMap<i32, i64>>,
}

/// The counts of a channel without a list and for some lists.
pub async fn counts(store: &Store, workspace: WorkspaceId, channel: &str, lists: &[i64]) -> Result<ReachCounts> {
    let rows: Vec<(String, i64, i32, i64)> = reach_count::Entity::find()
        .select_only()
        .column(reach_count::Column::Channel)
        .column(reach_count::Column::List)
        .column(reach_count::Column::Outcome)
        .column_as(sum_of_customers(), "customers")
        .filter(reach_count::Column::Shard.is_in(store.all_shards()))
        .filter(reach_count::Column::Workspace.eq(workspace.0))
        .filter(reach_count::Column::Channel.is_in(["", channel]))
        .filter(reach_count::Column::List.is_in(lists.iter().copied().chain([0])))
        .group_by(reach_count::Column::Channel)
        .group_by(reach_count::Column::List)
        .group_by(reach_count::Column::Outcome)
        .into_tuple()
        .all(store.db())
        .await?;
    let mut counts = ReachCounts::default();
    for (of_channel, list, outcome, customers) in rows {
        if of_channel.is_empty() {
            counts.known += customers;
        } else {
            *counts.by_list.entry(list).or_default().entry(outcome).or_default() += customers;
        }
    }
    Ok(counts)
}

/// A sum of 64-bit numbers is a decimal on Postgres unless it is said otherwise.
fn sum_of_customers() -> sea_orm::sea_query::SimpleExpr {
    Expr::expr(Func::sum(Expr::col(reach_count::Column::Customers))).cast_as("bigint")
}

/// Number of customers of the workspace, merged ones counted once, from the kept counts.
pub async fn known(store: &Store, workspace: WorkspaceId) -> Result<i64> {
    Ok(counts(store, workspace, "", &[]).await?.known)
}

/// The same counts at the end of each of some days, which must rise: those of a channel without a list and for some lists.
/// All from one statement, so that the days fit each other.
pub async fn counts_on_days(
    store: &Store,
    workspace: WorkspaceId,
    (channel, lists): (&str, &[i64]),
    days: &[i32],
) -> Result<Vec<ReachCounts>> {
    let Some(last) = days.last() else { return Ok(Vec::new()) };
    let rows: Vec<(String, i64, i32, Vec<u8>)> = reach_day::Entity::find()
        .select_only()
        .column(reach_day::Column::Channel)
        .column(reach_day::Column::List)
        .column(reach_day::Column::Block)
        .column(reach_day::Column::Changes)
        .filter(reach_day::Column::Shard.is_in(store.all_shards()))
        .filter(reach_day::Column::Workspace.eq(workspace.0))
        .filter(reach_day::Column::Channel.is_in(["", channel]))
        .filter(reach_day::Column::List.is_in(lists.iter().copied().chain([0])))
        .filter(reach_day::Column::Block.lte(block_of(*last)))
        .into_tuple()
        .all(store.db())
        .await?;
    let mut series: BTreeMap<(String, i64), DayChanges> = BTreeMap::new();
    for (of_channel, list, block, packed) in rows {
        add_encoded(series.entry((of_channel, list)).or_default(), block, &packed)?;
    }
    let mut counts = vec![ReachCounts::default(); days.len()];
    for ((of_channel, list), changes) in &series {
        for (counts, totals) in counts.iter_mut().zip(totals_on(changes, days)) {
            if of_channel.is_empty() {
                counts.known = totals.values().sum();
            } else {
                counts.by_list.insert(*list, totals);
            }
        }
    }
    Ok(counts)
}
