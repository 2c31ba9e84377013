//! Event types: what was seen, how often and when.

use async_graphql::{Context, SimpleObject};

use super::context::{caller, store};
use super::error::Result;
use super::kind::EventKind;
use super::scalar::{BigInt, DateTime};
use crate::domain::kind::Kind;
use crate::domain::time::Micros;
use crate::store;
use crate::store::event_type::EventTypeFilter;

/// A type of event that was seen, in its vendor's words.
#[derive(Clone, Debug, SimpleObject)]
pub struct EventTypeSummary {
    /// The vendor's word, lower-case.
    #[graphql(name = "type")]
    event_type: String,
    /// The vendor's second word, lower-case; null where there is none.
    action: Option<String>,
    /// What it means. One word may mean several things by its fields; each is listed.
    kind: EventKind,
    /// Number of events.
    count: BigInt,
    /// When the earliest occurred.
    first_at: DateTime,
    /// When the latest occurred.
    last_at: DateTime,
}

/// Every event type seen in the workspace, by type, action and kind.
pub async fn list(ctx: &Context<'_>) -> Result<Vec<EventTypeSummary>> {
    let (store, workspace) = (store(ctx)?, caller(ctx)?.workspace_id());
    let everything = EventTypeFilter::default();
    let (types, mut seen) = futures_util::try_join!(
        store::event_type::list(store, workspace, &everything),
        store::event_type::seen(store, workspace),
    )?;
    let summary = |row: entity::event_type::Model| {
        let seen = seen.remove(&row.id)?;
        Some(EventTypeSummary {
            event_type: row.r#type,
            action: row.action,
            kind: Kind::from_code(row.kind as u8).into(),
            count: BigInt(seen.events),
            first_at: DateTime(Micros(seen.first_at)),
            last_at: DateTime(Micros(seen.last_at)),
        })
    };
    Ok(types.into_iter().filter_map(summary).collect())
}
