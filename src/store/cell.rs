//! The catalogue of (campaign, run, treatment, touchpoint, channel, source): what events are grouped by.

use entity::cell;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Store;
use crate::Result;
use crate::domain::workspace::WorkspaceId;

/// The cells of several campaigns, by campaign and id.
pub async fn of_campaigns(store: &Store, workspace: WorkspaceId, campaigns: &[i64]) -> Result<Vec<cell::Model>> {
    let found = cell::Entity::find()
        .filter(cell::Column::Workspace.eq(workspace.0))
        .filter(cell::Column::Campaign.is_in(campaigns.iter().copied()))
        .order_by_asc(cell::Column::Campaign)
        .order_by_asc(cell::Column::Id);
    Ok(found.all(store.db()).await?)
}

/// The cells of several ids; those that do not exist are left out.
pub async fn find_many(store: &Store, workspace: WorkspaceId, ids: &[i64]) -> Result<Vec<cell::Model>> {
    let found = cell::Entity::find()
        .filter(cell::Column::Workspace.eq(workspace.0))
        .filter(cell::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(store.db()).await?)
}

/// The ids of the cells of a campaign, of a channel, or of a campaign on a channel.
pub async fn ids(
    store: &Store,
    workspace: WorkspaceId,
    campaign: Option<i64>,
    channel: Option<&str>,
) -> Result<Vec<i64>> {
    let mut found = cell::Entity::find().filter(cell::Column::Workspace.eq(workspace.0));
    if let Some(campaign) = campaign {
        found = found.filter(cell::Column::Campaign.eq(campaign));
    }
    if let Some(channel) = channel {
        found = found.filter(cell::Column::Channel.eq(channel));
    }
    Ok(found.order_by_asc(cell::Column::Id).all(store.db()).await?.into_iter().map(|row| row.id).collect())
}
