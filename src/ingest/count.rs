//! Keeps how often and when every event type and every campaign was seen.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::group::{Fresh, Work};
use super::report::EventId;
use crate::Result;
use crate::domain::kind::Kind;
use crate::store::hot::{Column, Rows, Table, tables};

/// Events and the span of their times.
#[derive(Clone, Copy, Debug)]
struct Span {
    workspace: i32,
    events: i64,
    delivered: i64,
    first_at: i64,
    last_at: i64,
}

impl Span {
    fn join(&mut self, other: &Self) {
        self.events += other.events;
        self.delivered += other.delivered;
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
    }
}

type Spans = BTreeMap<(i16, i64), Span>;

/// Counts the new events. The shards must be locked.
pub(super) async fn count_events(
    work: &mut Work<'_>,
    fresh: &[Fresh<'_>],
    ids: &[EventId],
    catalogue: &Catalogue,
) -> Result<()> {
    let (mut types, mut campaigns) = (Spans::new(), Spans::new());
    for (index, event) in fresh.iter().enumerate() {
        let at = event.occurred_at().0;
        let delivered = i64::from(event.event.kind == Kind::Delivered);
        let span = Span { workspace: event.batch.workspace, events: 1, delivered, first_at: at, last_at: at };
        let shard = ids[index].shard;
        join(&mut types, (shard, event.event.event_type), &span);
        if catalogue.campaigns[index] != 0 {
            join(&mut campaigns, (shard, catalogue.campaigns[index]), &span);
        }
    }
    write_types(work, types).await?;
    write_campaigns(work, campaigns).await
}

fn join(spans: &mut Spans, key: (i16, i64), span: &Span) {
    spans.entry(key).and_modify(|known| known.join(span)).or_insert(*span);
}

async fn write_types(work: &mut Work<'_>, mut spans: Spans) -> Result<()> {
    let keys = key_rows(&spans);
    let stored = load(work, &tables::EVENT_TYPE_COUNT, &["shard", "event_type"], &keys).await?;
    for row in 0..stored.len() {
        let (events, first_at, last_at) = (stored.i64s(3)?[row], stored.i64s(4)?[row], stored.i64s(5)?[row]);
        let span = Span { workspace: 0, events, delivered: 0, first_at, last_at };
        join(&mut spans, (stored.i16s(0)?[row], stored.i64s(1)?[row]), &span);
    }
    let mut rows = keys;
    rows.columns.extend([
        Column::I32(spans.values().map(|span| span.workspace).collect()),
        Column::I64(spans.values().map(|span| span.events).collect()),
        Column::I64(spans.values().map(|span| span.first_at).collect()),
        Column::I64(spans.values().map(|span| span.last_at).collect()),
    ]);
    work.connection.put(&tables::EVENT_TYPE_COUNT, &rows).await
}

async fn write_campaigns(work: &mut Work<'_>, mut spans: Spans) -> Result<()> {
    let keys = key_rows(&spans);
    let stored = load(work, &tables::CAMPAIGN_ACTIVITY, &["shard", "campaign"], &keys).await?;
    for row in 0..stored.len() {
        let span = Span {
            workspace: 0,
            events: stored.i64s(3)?[row],
            delivered: stored.i64s(4)?[row],
            first_at: stored.i64s(5)?[row],
            last_at: stored.i64s(6)?[row],
        };
        join(&mut spans, (stored.i16s(0)?[row], stored.i64s(1)?[row]), &span);
    }
    let mut rows = keys;
    rows.columns.extend([
        Column::I32(spans.values().map(|span| span.workspace).collect()),
        Column::I64(spans.values().map(|span| span.events).collect()),
        Column::I64(spans.values().map(|span| span.delivered).collect()),
        Column::I64(spans.values().map(|span| span.first_at).collect()),
        Column::I64(spans.values().map(|span| span.last_at).collect()),
    ]);
    work.connection.put(&tables::CAMPAIGN_ACTIVITY, &rows).await
}

async fn load(work: &mut Work<'_>, table: &'static Table, by: &'static [&'static str], keys: &Rows) -> Result<Rows> {
    work.connection.select(table, by, keys).await
}

fn key_rows(spans: &Spans) -> Rows {
    Rows::new(vec![
        Column::I16(spans.keys().map(|key| key.0).collect()),
        Column::I64(spans.keys().map(|key| key.1).collect()),
    ])
}
