//! Events: one, several, their number, and the span of a customer's. Pages of them stand in `event_by_time` (one
//! customer or campaign) and `event_by_commit` (all).

use std::collections::HashMap;

use entity::event;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryTrait};

use super::Store;
use super::event_lane::{Lane, lanes};
use crate::Result;
use crate::domain::event::Automation;
use crate::domain::kind::Kind;
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
        let among = |column: event::Column, ids: &Option<Vec<i64>>| match ids.as_deref() {
            None => None,
            Some([id]) => Some(column.eq(*id)),
            Some(ids) => Some(column.is_in(ids.iter().copied())),
        };
        Condition::all()
            .add(event::Column::Workspace.eq(workspace.0))
            .add_option(among(event::Column::Customer, &self.customers))
            .add_option(among(event::Column::Cell, &self.cells))
            .add_option(among(event::Column::EventType, &self.event_types))
            .add_option(self.occurred_from.map(|from| event::Column::OccurredAt.gte(from.0)))
            .add_option(self.occurred_until.map(|until| event::Column::OccurredAt.lt(until.0)))
    }
}

/// The earliest and the latest occurrence of a customer's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    let counted = lanes(store, filter).into_iter().map(|lane| {
        Query::select()
            .expr_as(Expr::col(event::Column::Seq).count(), EVENTS)
            .from(event::Entity)
            .cond_where(lane.condition(workspace))
            .take()
    });
    let Some(counted) = union_all(counted) else { return Ok(0) };
    let mut events = 0;
    for row in store.db().query_all(&counted).await? {
        events += row.try_get::<i64>("", EVENTS)?;
    }
    Ok(events)
}

/// When the events of several customers, as stored, begin and end; customers without events are left out.
pub async fn spans(store: &Store, workspace: WorkspaceId, customers: &[i64]) -> Result<Vec<Span>> {
    #[derive(FromQueryResult)]
    struct Row {
        customer: Option<i64>,
        first_at: Option<i64>,
        last_at: Option<i64>,
    }
    let mut found = Vec::new();
    for customers in customers.chunks(SPANS_OF_ONE_STATEMENT) {
        let ends = customers.iter().map(|customer| {
            Query::select()
                .expr_as(Expr::col(event::Column::Customer).min(), "customer")
                .expr_as(Expr::col(event::Column::OccurredAt).min(), "first_at")
                .expr_as(Expr::col(event::Column::OccurredAt).max(), "last_at")
                .from(event::Entity)
                .cond_where(Lane::of_customer(store, *customer, &EventFilter::default()).condition(workspace))
                .take()
        });
        let Some(ends) = union_all(ends) else { continue };
        for row in store.db().query_all(&ends).await? {
            // A customer without events gives a row of nulls.
            if let Row { customer: Some(customer), first_at: Some(first_at), last_at: Some(last_at) } =
                Row::from_query_result(&row, "")?
            {
                found.push(Span { customer, first_at, last_at });
            }
        }
    }
    Ok(found)
}

/// Clicks of one customer, as stored, within a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClickWindow {
    /// The customer as stored.
    pub customer: i64,
    /// From this time on.
    pub from: Micros,
    /// Before this time.
    pub until: Micros,
}

/// The clicks within several windows about which their vendors say nothing, each once.
pub async fn undecided_clicks(
    store: &Store,
    workspace: WorkspaceId,
    windows: &[ClickWindow],
) -> Result<Vec<event::Model>> {
    let mut found: HashMap<EventRef, event::Model> = HashMap::new();
    for windows in windows.chunks(SPANS_OF_ONE_STATEMENT) {
        let clicks = windows.iter().map(|window| {
            let (occurred_from, occurred_until) = (Some(window.from), Some(window.until));
            let filter = EventFilter { occurred_from, occurred_until, ..EventFilter::default() };
            let lane = Lane::of_customer(store, window.customer, &filter).condition(workspace);
            let undecided = event::Entity::find()
                .filter(lane)
                .filter(event::Column::Kind.eq(i16::from(Kind::Clicked.code())))
                .filter(event::Column::Automation.eq(Automation::Unknown as i16));
            QueryTrait::into_query(undecided)
        });
        let Some(clicks) = union_all(clicks) else { continue };
        for row in store.db().query_all(&clicks).await? {
            let row = event::Model::from_query_result(&row, "")?;
            found.insert((row.shard, row.seq), row);
        }
    }
    Ok(found.into_values().collect())
}

/// One statement with the rows of several; none of none.
pub(super) fn union_all(statements: impl IntoIterator<Item = SelectStatement>) -> Option<SelectStatement> {
    let mut statements = statements.into_iter();
    let mut first = statements.next()?;
    first.unions(statements.map(|statement| (UnionType::All, statement)));
    Some(first)
}

const EVENTS: &str = "events";

/// SQLite takes at most 500 parts of one statement.
const SPANS_OF_ONE_STATEMENT: usize = 200;
