//! The catalogue of event types, and how often and when each was seen.

use std::collections::HashMap;

use entity::{event_type, event_type_count};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use crate::Result;
use crate::domain::kind::Kind;
use crate::domain::workspace::WorkspaceId;

/// How often and when an event type was seen, over all shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Seen {
    /// The event type.
    pub event_type: i64,
    /// Number of events.
    pub events: i64,
    /// Earliest occurrence, UTC microseconds.
    pub first_at: i64,
    /// Latest occurrence, UTC microseconds.
    pub last_at: i64,
}

/// Which event types are wanted; what is not given admits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventTypeFilter {
    /// The vendor's word.
    pub event_type: Option<String>,
    /// The vendor's second word.
    pub action: Option<String>,
    /// Any of these kinds; an empty list admits all.
    pub kinds: Vec<Kind>,
}

impl EventTypeFilter {
    /// Whether it admits every event type.
    pub fn admits_all(&self) -> bool {
        *self == Self::default()
    }
}

/// Every event type that the filter admits, by type, action and id.
pub async fn list(store: &Store, workspace: WorkspaceId, filter: &EventTypeFilter) -> Result<Vec<event_type::Model>> {
    let mut found = event_type::Entity::find().filter(event_type::Column::Workspace.eq(workspace.0));
    if let Some(word) = &filter.event_type {
        found = found.filter(event_type::Column::Type.eq(word.as_str()));
    }
    if let Some(action) = &filter.action {
        found = found.filter(event_type::Column::Action.eq(action.as_str()));
    }
    if !filter.kinds.is_empty() {
        found = found.filter(event_type::Column::Kind.is_in(filter.kinds.iter().map(|kind| i16::from(kind.code()))));
    }
    let mut rows = found.order_by_asc(event_type::Column::Id).all(store.db()).await?;
    rows.sort_by(|a, b| (&a.r#type, &a.action, a.id).cmp(&(&b.r#type, &b.action, b.id)));
    Ok(rows)
}

/// The event types of several ids; those that do not exist are left out.
pub async fn find_many(store: &Store, workspace: WorkspaceId, ids: &[i64]) -> Result<Vec<event_type::Model>> {
    let found = event_type::Entity::find()
        .filter(event_type::Column::Workspace.eq(workspace.0))
        .filter(event_type::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(store.db()).await?)
}

/// How often and when every event type of the workspace was seen.
pub async fn seen(store: &Store, workspace: WorkspaceId) -> Result<HashMap<i64, Seen>> {
    let rows: Vec<Seen> = event_type_count::Entity::find()
        .select_only()
        .column(event_type_count::Column::EventType)
        .expr_as(Expr::col(event_type_count::Column::Events).sum().cast_as("bigint"), "events")
        .expr_as(Expr::col(event_type_count::Column::FirstAt).min(), "first_at")
        .expr_as(Expr::col(event_type_count::Column::LastAt).max(), "last_at")
        .filter(event_type_count::Column::Shard.is_in(store.all_shards()))
        .filter(event_type_count::Column::Workspace.eq(workspace.0))
        .group_by(event_type_count::Column::EventType)
        .into_model()
        .all(store.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.event_type, row)).collect())
}
