//! Pages of the events of one customer or campaign, by the time of occurrence. Every lane (a customer or a cell within
//! a shard) is walked along its index no further than the page needs, and the lanes are merged.

use entity::event;
use sea_orm::sea_query::{Asterisk, ExprTrait, Order, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, FromQueryResult};

use super::Store;
use super::event::EventFilter;
use super::page::{Page, PageEnd, Slice};
use crate::Result;
use crate::domain::workspace::WorkspaceId;

/// The place of an event in a list by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimePosition {
    /// UTC microseconds.
    pub occurred_at: i64,
    /// Shard.
    pub shard: i16,
    /// Number within the shard.
    pub seq: i64,
}

impl TimePosition {
    /// The place of an event.
    pub fn of(row: &event::Model) -> Self {
        Self { occurred_at: row.occurred_at, shard: row.shard, seq: row.seq }
    }
}

/// A page of events, the latest occurrence first.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    filter: &EventFilter,
    page: &Page<TimePosition>,
) -> Result<Slice<event::Model>> {
    if filter.admits_none() {
        return Ok(Slice::empty());
    }
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    let mut walks = lanes(store, filter).into_iter().map(|lane| {
        let walk = sorted(Query::select().column(Asterisk).from(event::Entity), order.clone())
            .cond_where(filter.condition(workspace))
            .cond_where(lane.condition(page))
            .limit(page.limit + 1)
            .take();
        Query::select().column(Asterisk).from_subquery(walk, "lane").take()
    });
    let Some(mut merged) = walks.next() else { return Ok(Slice::empty()) };
    merged.unions(walks.map(|walk| (UnionType::All, walk)));
    let merged = sorted(&mut merged, order).limit(page.limit + 1).take();
    let rows = store.db().query_all(&merged).await?;
    let rows = rows.iter().map(|row| event::Model::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    Ok(Slice::of_walk(rows, page))
}

/// Most lanes that are walked each by itself; above it the database sorts.
const MAX_LANES: usize = 64;

struct Lane {
    shard: i16,
    narrowed: Option<(event::Column, i64)>,
}

fn lanes(store: &Store, filter: &EventFilter) -> Vec<Lane> {
    let whole = |shards: Vec<i16>| shards.into_iter().map(|shard| Lane { shard, narrowed: None }).collect();
    match (&filter.customers, &filter.cells) {
        (Some(customers), _) if customers.len() <= MAX_LANES => customers
            .iter()
            .map(|id| Lane { shard: store.shards().of_id(*id), narrowed: Some((event::Column::Customer, *id)) })
            .collect(),
        (None, Some(cells)) if cells.len() * store.all_shards().len() <= MAX_LANES => store
            .all_shards()
            .into_iter()
            .flat_map(|shard| cells.iter().map(move |id| Lane { shard, narrowed: Some((event::Column::Cell, *id)) }))
            .collect(),
        _ => whole(filter.shards(store)),
    }
}

impl Lane {
    fn condition(&self, page: &Page<TimePosition>) -> Condition {
        Condition::all()
            .add(event::Column::Shard.eq(self.shard))
            .add_option(self.narrowed.map(|(column, id)| column.eq(id)))
            .add_option(page.after.map(|position| self.earlier_than(position)))
            .add_option(page.before.map(|position| self.later_than(position)))
    }

    fn earlier_than(&self, position: TimePosition) -> Condition {
        let at = position.occurred_at;
        match self.shard.cmp(&position.shard) {
            std::cmp::Ordering::Less => Condition::all().add(event::Column::OccurredAt.lte(at)),
            std::cmp::Ordering::Greater => Condition::all().add(event::Column::OccurredAt.lt(at)),
            std::cmp::Ordering::Equal => {
                let tie = event::Column::OccurredAt.eq(at).and(event::Column::Seq.lt(position.seq));
                let within = event::Column::OccurredAt.lt(at).or(tie);
                Condition::all().add(event::Column::OccurredAt.lte(at)).add(within)
            }
        }
    }

    fn later_than(&self, position: TimePosition) -> Condition {
        let at = position.occurred_at;
        match self.shard.cmp(&position.shard) {
            std::cmp::Ordering::Less => Condition::all().add(event::Column::OccurredAt.gt(at)),
            std::cmp::Ordering::Greater => Condition::all().add(event::Column::OccurredAt.gte(at)),
            std::cmp::Ordering::Equal => {
                let tie = event::Column::OccurredAt.eq(at).and(event::Column::Seq.gt(position.seq));
                let within = event::Column::OccurredAt.gt(at).or(tie);
                Condition::all().add(event::Column::OccurredAt.gte(at)).add(within)
            }
        }
    }
}

fn sorted(query: &mut SelectStatement, order: Order) -> &mut SelectStatement {
    query
        .order_by(event::Column::OccurredAt, order.clone())
        .order_by(event::Column::Shard, order.clone())
        .order_by(event::Column::Seq, order)
}
