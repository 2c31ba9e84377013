//! Whether the database answers and has every table that this program needs.

use migration::{Migrator, MigratorTrait};

use super::Store;
use crate::Result;

/// Whether every migration of this program has been applied. An error means that the database did not answer.
pub async fn is_migrated(store: &Store) -> Result<bool> {
    Ok(Migrator::get_pending_migrations(store.db()).await?.is_empty())
}
