//! How far interrupted imports came. Ingestion writes the rows, with the events that they speak of.

use entity::import_journal;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Store;
use crate::Result;
use crate::domain::workspace::WorkspaceId;

/// The files of an import that something is committed of, in the order of their paths.
pub async fn list(store: &Store, workspace: WorkspaceId, run: [u8; 16]) -> Result<Vec<import_journal::Model>> {
    let rows = import_journal::Entity::find()
        .filter(import_journal::Column::Workspace.eq(workspace.0))
        .filter(import_journal::Column::Run.eq(run.to_vec()))
        // The row without a path is the claim of whoever writes the others.
        .filter(import_journal::Column::Path.ne(""))
        .order_by_asc(import_journal::Column::Path);
    Ok(rows.all(store.db()).await?)
}
