//! Keeps how often and when every event type and every campaign was seen, and that the states of a campaign changed.

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
    version: i64,
}

impl Span {
    /// No event, but changed states.
    const CHANGED: Self =
        Self { workspace: 0, events: 0, delivered: 0, first_at: i64::MAX, last_at: i64::MIN, version: 1 };

    fn join(&mut self, other: &Self) {
        self.version += other.version;
        self.events += other.events;
        self.delivered += other.delivered;
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
    }
}

type Spans = BTreeMap<(i16, i64), Span>;

/// Campaigns whose states changed, by shard, with their workspaces.
pub(super) type Changed = BTreeMap<(i16, i64), i32>;

/// Counts the new events, and raises the version of every campaign whose states changed: whoever changes a state, by a new
/// event or by anything else, names it here in the same transaction. The shards must be locked.
pub(super) async fn count_events(
    work: &mut Work<'_>,
    (fresh, ids): (&[Fresh<'_>], &[EventId]),
    catalogue: &Catalogue,
    changed: &Changed,
) -> Result<()> {
    let (mut types, mut campaigns) = (Spans::new(), Spans::new());
    for (index, event) in fresh.iter().enumerate() {
        let at = event.occurred_at().0;
        let delivered = i64::from(event.event.kind == Kind::Delivered);
        let workspace = event.batch.workspace;
        let span = Span { workspace, events: 1, delivered, first_at: at, last_at: at, version: 0 };
        let shard = ids[index].shard;
        join(&mut types, (shard, event.event.event_type), &span);
        if catalogue.campaigns[index] != 0 {
            join(&mut campaigns, (shard, catalogue.campaigns[index]), &span);
        }
    }
    for (key, workspace) in changed {
        join(&mut campaigns, *key, &Span { workspace: *workspace, ..Span::CHANGED });
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
        let span = Span { workspace: 0, events, delivered: 0, first_at, last_at, version: 0 };
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
            version: stored.i64s(7)?[row],
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
        Column::I64(spans.values().map(|span| span.version).collect()),
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
