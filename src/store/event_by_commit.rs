//! Pages of all events, the newest committed first. Within a shard the numbers give the order; the shards are merged by
//! the time of receipt, which never falls within a shard. A position holds where every shard stands, so that a page is
//! found along the primary key however deep it lies, and events committed meanwhile never shift it.

use entity::event;
use futures_util::future::try_join_all;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use super::event::EventFilter;
use super::page::{Page, PageEnd, Slice};
use crate::domain::workspace::WorkspaceId;
use crate::{Error, Result};

/// The place of an event: in every shard, events from `bounds[shard]` on stand at or before it, all others behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitPosition {
    /// Shard of the event; its own number is its shard's bound.
    pub shard: i16,
    /// One number per shard.
    pub bounds: Vec<i64>,
}

/// An event and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedEvent {
    /// The event.
    pub event: event::Model,
    /// Its place.
    pub position: CommitPosition,
}

/// A page of events, the newest committed first. A position of a database with another number of shards is bad input.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    filter: &EventFilter,
    page: &Page<CommitPosition>,
) -> Result<Slice<PlacedEvent>> {
    if filter.admits_none() {
        return Ok(Slice::empty());
    }
    let shards = store.all_shards();
    let spans = spans(&shards, page)?;
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    let walks = shards.iter().zip(&spans).map(|(shard, span)| {
        let mut walk = event::Entity::find()
            .filter(event::Column::Shard.eq(*shard))
            .filter(filter.condition(workspace))
            .filter(event::Column::Seq.gte(span.lowest));
        if let Some(end) = span.end {
            walk = walk.filter(event::Column::Seq.lt(end));
        }
        walk.order_by(event::Column::Seq, order.clone()).limit(page.limit + 1).all(store.db())
    });
    let walks = try_join_all(walks).await?;
    let placed = match page.from {
        PageEnd::Start => place_newest_first(walks, &spans),
        PageEnd::End => place_oldest_first(walks, &spans),
    };
    Ok(Slice::of_walk(placed, page))
}

/// The numbers of one shard that a page may hold: from `lowest` on, up to `end`, which is not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    lowest: i64,
    end: Option<i64>,
}

fn spans(shards: &[i16], page: &Page<CommitPosition>) -> Result<Vec<Span>> {
    for position in [&page.after, &page.before].into_iter().flatten() {
        if position.bounds.len() != shards.len() || !shards.contains(&position.shard) {
            return Err(Error::BadInput("the cursor is not one of this list".to_owned()));
        }
    }
    let span = |(index, shard): (usize, &i16)| Span {
        lowest: page.before.as_ref().map_or(1, |p| p.bounds[index].saturating_add(i64::from(p.shard == *shard))),
        end: page.after.as_ref().map(|p| p.bounds[index]),
    };
    Ok(shards.iter().enumerate().map(span).collect())
}

/// Merges walks from the newest on. Where a shard had no end yet, the newest event found sets it: what is committed
/// later is newer than the page.
fn place_newest_first(walks: Vec<Vec<event::Model>>, spans: &[Span]) -> Vec<PlacedEvent> {
    let newest = |walk: &Vec<event::Model>, span: &Span| walk.first().map_or(span.lowest, |row| row.seq + 1);
    let mut bounds: Vec<i64> =
        walks.iter().zip(spans).map(|(walk, span)| span.end.unwrap_or_else(|| newest(walk, span))).collect();
    let mut rows: Vec<event::Model> = walks.into_iter().flatten().collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.received_at, row.shard, row.seq)));
    let place = |event: event::Model| {
        bounds[index(&event)] = event.seq;
        let position = CommitPosition { shard: event.shard, bounds: bounds.clone() };
        PlacedEvent { event, position }
    };
    rows.into_iter().map(place).collect()
}

/// Merges walks from the oldest on.
fn place_oldest_first(walks: Vec<Vec<event::Model>>, spans: &[Span]) -> Vec<PlacedEvent> {
    let mut bounds: Vec<i64> = spans.iter().map(|span| span.lowest).collect();
    let mut rows: Vec<event::Model> = walks.into_iter().flatten().collect();
    rows.sort_by_key(|row| (row.received_at, row.shard, row.seq));
    let place = |event: event::Model| {
        bounds[index(&event)] = event.seq;
        let position = CommitPosition { shard: event.shard, bounds: bounds.clone() };
        bounds[index(&event)] = event.seq + 1;
        PlacedEvent { event, position }
    };
    rows.into_iter().map(place).collect()
}

fn index(row: &event::Model) -> usize {
    usize::from(row.shard.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(shard: i16, seq: i64, received_at: i64) -> event::Model {
        event::Model {
            shard,
            seq,
            workspace: 1,
            customer: 1,
            cell: 1,
            event_type: 1,
            kind: 0,
            automation: 0,
            occurred_at: 0,
            received_at,
            message: 0,
            key: Vec::new(),
            details: Vec::new(),
        }
    }

    /// Answers a page from rows in memory as the database would.
    fn ask(all: &[event::Model], page: &Page<CommitPosition>) -> Slice<PlacedEvent> {
        let spans = spans(&[0, 1, 2], page).expect("positions of three shards");
        let walk = |(shard, span): (i16, &Span)| {
            let mut walk: Vec<_> = all
                .iter()
                .filter(|row| row.shard == shard && row.seq >= span.lowest && span.end.is_none_or(|end| row.seq < end))
                .cloned()
                .collect();
            walk.sort_by_key(|row| row.seq);
            if page.from == PageEnd::Start {
                walk.reverse();
            }
            walk.truncate(page.limit as usize + 1);
            walk
        };
        let walks = (0..).zip(&spans).map(walk).collect();
        let placed = match page.from {
            PageEnd::Start => place_newest_first(walks, &spans),
            PageEnd::End => place_oldest_first(walks, &spans),
        };
        Slice::of_walk(placed, page)
    }

    fn rows() -> Vec<event::Model> {
        vec![row(0, 2, 10), row(1, 1, 11), row(0, 5, 12), row(1, 4, 12), row(0, 6, 13), row(1, 9, 20)]
    }

    fn walk_all(forward: bool) -> Vec<i64> {
        let mut seen = Vec::new();
        let mut all = rows();
        let mut position = None;
        loop {
            let page = if forward {
                Page { after: position.take(), before: None, from: PageEnd::Start, limit: 2 }
            } else {
                Page { after: None, before: position.take(), from: PageEnd::End, limit: 2 }
            };
            let slice = ask(&all, &page);
            let received: Vec<i64> = slice.rows.iter().map(|placed| placed.event.received_at).collect();
            if forward {
                // What is committed meanwhile, even in a shard that had nothing, must not show up further down.
                all.push(row(2, 1, 30));
                seen.extend(received);
                position = slice.rows.last().map(|placed| placed.position.clone());
            } else {
                seen.extend(received.into_iter().rev());
                position = slice.rows.first().map(|placed| placed.position.clone());
            }
            if !(if forward { slice.has_next } else { slice.has_previous }) {
                return seen;
            }
        }
    }

    #[test]
    fn pages_from_either_end_give_every_event_once_and_in_order() {
        assert_eq!(walk_all(true), [20, 13, 12, 12, 11, 10]);
        assert_eq!(walk_all(false), [10, 11, 12, 12, 13, 20]);
    }

    #[test]
    fn a_page_before_a_position_of_a_forward_page_ends_just_there() {
        let forward = ask(&rows(), &Page { after: None, before: None, from: PageEnd::Start, limit: 4 });
        let before = Some(forward.rows[3].position.clone());
        let backward = ask(&rows(), &Page { after: None, before, from: PageEnd::End, limit: 2 });
        let received: Vec<i64> = backward.rows.iter().map(|placed| placed.event.received_at).collect();
        assert_eq!(received, [13, 12]);
        assert!(backward.has_previous);
    }

    #[test]
    fn a_position_of_another_database_is_bad_input() {
        let after = Some(CommitPosition { shard: 0, bounds: vec![1] });
        let page = Page { after, before: None, from: PageEnd::Start, limit: 1 };
        assert_eq!(spans(&[0, 1], &page).expect_err("one bound for two shards").code(), "BAD_INPUT");
    }
}
