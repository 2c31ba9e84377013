//! The texts of urls and reasons that recipients' states name by their hashes.

use std::collections::HashMap;

use entity::detail;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Store;
use crate::Result;
use crate::domain::workspace::WorkspaceId;

/// Hashes in one statement: below what SQLite takes for parameters.
const HASHES_OF_ONE_STATEMENT: usize = 5_000;

/// The texts of several hashes. One that was erased has none.
pub async fn texts(store: &Store, workspace: WorkspaceId, hashes: &[i64]) -> Result<HashMap<i64, String>> {
    let mut found = HashMap::with_capacity(hashes.len());
    for hashes in hashes.chunks(HASHES_OF_ONE_STATEMENT) {
        let rows = detail::Entity::find()
            .filter(detail::Column::Shard.is_in(store.all_shards()))
            .filter(detail::Column::Workspace.eq(workspace.0))
            .filter(detail::Column::Id.is_in(hashes.iter().copied()));
        found.extend(rows.all(store.db()).await?.into_iter().map(|row| (row.id, row.text)));
    }
    Ok(found)
}
