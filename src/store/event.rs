//! Events: one, several, their number, and the span of a customer's. Pages of them stand in `event_by_time` (one
//! customer or campaign) and `event_by_commit` (all).

use std::collections::HashMap;

use entity::event;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QuerySelect};

use super::Store;
use crate::Result;
use crate::domain::reachability::EventRef;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// Which events are wanted; what is not given admits all, an empty list admits none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of these customers, as stored: a customer and those that became part of it.
    pub customers: Option<Vec<i64>>,
    /// In these cells of the catalogue.
    pub cells: Option<Vec<i64>>,
    /// Of these event types.
    pub event_types: Option<Vec<i64>>,
    /// Occurred at this time or later.
    pub occurred_from: Option<Micros>,
    /// Occurred before this time.
    pub occurred_until: Option<Micros>,
}

impl EventFilter {
    /// Whether it cannot admit any event.
    pub fn admits_none(&self) -> bool {
        [&self.customers, &self.cells, &self.event_types].into_iter().flatten().any(Vec::is_empty)
    }

    pub(super) fn condition(&self, workspace: WorkspaceId) -> Condition {
        let among =
            |column: event::Column, ids: &Option<Vec<i64>>| ids.as_ref().map(|ids| column.is_in(ids.iter().copied()));
        Condition::all()
            .add(event::Column::Workspace.eq(workspace.0))
            .add_option(among(event::Column::Customer, &self.customers))
            .add_option(among(event::Column::Cell, &self.cells))
            .add_option(among(event::Column::EventType, &self.event_types))
            .add_option(self.occurred_from.map(|from| event::Column::OccurredAt.gte(from.0)))
            .add_option(self.occurred_until.map(|until| event::Column::OccurredAt.lt(until.0)))
    }

    pub(super) fn shards(&self, store: &Store) -> Vec<i16> {
        match &self.customers {
            None => store.all_shards(),
            Some(customers) => {
                let mut shards: Vec<i16> = customers.iter().map(|id| store.shards().of_id(*id)).collect();
                shards.sort_unstable();
                shards.dedup();
                shards
            }
        }
    }
}

/// The earliest and the latest occurrence of a customer's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Span {
    /// The customer as stored.
    pub customer: i64,
    /// UTC microseconds.
    pub first_at: i64,
    /// UTC microseconds.
    pub last_at: i64,
}

/// The event of a number.
pub async fn find(store: &Store, workspace: WorkspaceId, id: EventRef) -> Result<Option<event::Model>> {
    Ok(find_many(store, workspace, &[id]).await?.pop())
}

/// The events of several numbers; those that do not exist are left out.
pub async fn find_many(store: &Store, workspace: WorkspaceId, ids: &[EventRef]) -> Result<Vec<event::Model>> {
    let mut by_shard: HashMap<i16, Vec<i64>> = HashMap::new();
    for (shard, seq) in ids {
        by_shard.entry(*shard).or_default().push(*seq);
    }
    let any = by_shard.into_iter().fold(Condition::any(), |any, (shard, seqs)| {
        any.add(Condition::all().add(event::Column::Shard.eq(shard)).add(event::Column::Seq.is_in(seqs)))
    });
    Ok(event::Entity::find().filter(event::Column::Workspace.eq(workspace.0)).filter(any).all(store.db()).await?)
}

/// Number of events that the filter admits, counted one by one.
pub async fn count(store: &Store, workspace: WorkspaceId, filter: &EventFilter) -> Result<i64> {
    if filter.admits_none() {
        return Ok(0);
    }
    let number = event::Entity::find()
        .filter(event::Column::Shard.is_in(filter.shards(store)))
        .filter(filter.condition(workspace))
        .count(store.db())
        .await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// When the events of several customers, as stored, begin and end; customers without events are left out.
pub async fn spans(store: &Store, workspace: WorkspaceId, customers: &[i64]) -> Result<Vec<Span>> {
    let filter = EventFilter { customers: Some(customers.to_vec()), ..EventFilter::default() };
    if filter.admits_none() {
        return Ok(Vec::new());
    }
    let found = event::Entity::find()
        .select_only()
        .column(event::Column::Customer)
        .expr_as(Expr::col(event::Column::OccurredAt).min(), "first_at")
        .expr_as(Expr::col(event::Column::OccurredAt).max(), "last_at")
        .filter(event::Column::Shard.is_in(filter.shards(store)))
        .filter(filter.condition(workspace))
        .group_by(event::Column::Customer);
    Ok(found.into_model().all(store.db()).await?)
}
