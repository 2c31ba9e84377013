//! Pages of the events of one customer or campaign, by the time of occurrence. Every lane is walked along its index no
//! further than the page needs, and the lanes are merged.

use std::cmp::Ordering;

use entity::event;
use sea_orm::sea_query::{Asterisk, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, FromQueryResult};

use super::Store;
use super::event::{EventFilter, union_all};
use super::event_lane::{Lane, lanes};
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
    let walks = lanes(store, filter).into_iter().map(|lane| {
        let walk = sorted(Query::select().column(Asterisk).from(event::Entity), order.clone())
            .cond_where(lane.condition(workspace))
            .cond_where(between(&lane, page))
            .limit(page.limit + 1)
            .take();
        Query::select().column(Asterisk).from_subquery(walk, "lane").take()
    });
    let Some(mut merged) = union_all(walks) else { return Ok(Slice::empty()) };
    let merged = sorted(&mut merged, order).limit(page.limit + 1).take();
    let rows = store.db().query_all(&merged).await?;
    let rows = rows.iter().map(|row| event::Model::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    Ok(Slice::of_walk(rows, page))
}

fn between(lane: &Lane, page: &Page<TimePosition>) -> Condition {
    Condition::all()
        .add_option(page.after.map(|position| earlier_than(lane.shard, position)))
        .add_option(page.before.map(|position| later_than(lane.shard, position)))
}

fn earlier_than(shard: i16, position: TimePosition) -> Condition {
    let at = position.occurred_at;
    match shard.cmp(&position.shard) {
        Ordering::Less => Condition::all().add(event::Column::OccurredAt.lte(at)),
        Ordering::Greater => Condition::all().add(event::Column::OccurredAt.lt(at)),
        Ordering::Equal => {
            let tie = event::Column::OccurredAt.eq(at).and(event::Column::Seq.lt(position.seq));
            let within = event::Column::OccurredAt.lt(at).or(tie);
            Condition::all().add(event::Column::OccurredAt.lte(at)).add(within)
        }
    }
}

fn later_than(shard: i16, position: TimePosition) -> Condition {
    let at = position.occurred_at;
    match shard.cmp(&position.shard) {
        Ordering::Less => Condition::all().add(event::Column::OccurredAt.gt(at)),
        Ordering::Greater => Condition::all().add(event::Column::OccurredAt.gte(at)),
        Ordering::Equal => {
            let tie = event::Column::OccurredAt.eq(at).and(event::Column::Seq.gt(position.seq));
            let within = event::Column::OccurredAt.gt(at).or(tie);
            Condition::all().add(event::Column::OccurredAt.gte(at)).add(within)
        }
    }
}

fn sorted(query: &mut SelectStatement, order: Order) -> &mut SelectStatement {
    query
        .order_by(event::Column::OccurredAt, order.clone())
        .order_by(event::Column::Shard, order.clone())
        .order_by(event::Column::Seq, order)
}
