//! Lanes: the stretches of an index that a filter of events means, each a customer or a cell within a shard. A statement
//! names both by equality: given lists, a planner without statistics (SQLite's) takes the shard alone for narrow enough
//! and reads all of it.

use entity::event;
use sea_orm::{ColumnTrait, Condition};

use super::Store;
use super::event::EventFilter;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// Most lanes of one statement (SQLite takes at most 500 parts); above it, lanes are whole shards.
const MAX_LANES: usize = 240;

/// A customer or a cell within a shard, or a whole shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// The shard.
    pub(super) shard: i16,
    /// The filter, narrowed to the lane.
    filter: EventFilter,
}

impl Lane {
    /// The events of one customer, as stored.
    pub(super) fn of_customer(store: &Store, customer: i64, filter: &EventFilter) -> Self {
        let shard = store.shards().of_id(customer);
        Self { shard, filter: EventFilter { customers: Some(vec![customer]), ..filter.clone() } }
    }

    fn of_cell(shard: i16, cell: i64, filter: &EventFilter) -> Self {
        Self { shard, filter: EventFilter { cells: Some(vec![cell]), ..filter.clone() } }
    }

    /// The events in the lane. The bound that every event keeps makes the index the narrowest way even for a planner
    /// that takes each of its columns for as narrow as the shard.
    pub(super) fn condition(&self, workspace: WorkspaceId) -> Condition {
        let condition = self.filter.condition(workspace).add(event::Column::Shard.eq(self.shard));
        condition.add(event::Column::OccurredAt.gte(Micros::EARLIEST.0))
    }
}

/// The lanes of a filter; together they hold every event that it admits, once.
pub(super) fn lanes(store: &Store, filter: &EventFilter) -> Vec<Lane> {
    let shards = store.all_shards();
    match (&filter.customers, &filter.cells) {
        (Some(customers), _) if customers.len() <= MAX_LANES => {
            customers.iter().map(|id| Lane::of_customer(store, *id, filter)).collect()
        }
        (None, Some(cells)) if cells.len() * shards.len() <= MAX_LANES => {
            let of_shard = |shard| cells.iter().map(move |id| Lane::of_cell(shard, *id, filter));
            shards.into_iter().flat_map(of_shard).collect()
        }
        _ => shards.into_iter().map(|shard| Lane { shard, filter: filter.clone() }).collect(),
    }
}
