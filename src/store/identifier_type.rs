//! Identifier types that events named. What an administrator registered stands in the workspace's settings.

use entity::identifier_type;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Store;
use crate::Result;
use crate::domain::workspace::WorkspaceId;

/// Every type that an event named, by name.
pub async fn seen(store: &Store, workspace: WorkspaceId) -> Result<Vec<identifier_type::Model>> {
    let found = identifier_type::Entity::find()
        .filter(identifier_type::Column::Workspace.eq(workspace.0))
        .order_by_asc(identifier_type::Column::Name);
    Ok(found.all(store.db()).await?)
}
