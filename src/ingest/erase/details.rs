//! Texts of urls and reasons that the customer's events alone have. Reports by them go on counting, without the text; a text
//! that others have too is theirs as well, and stays.

use super::person::{Person, delete};
use crate::Result;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::group::Work;
use crate::store::hot::{Column, Rows, tables};

/// Removes them.
pub(super) async fn erase(work: &mut Work<'_>, workspace: WorkspaceId, person: &Person) -> Result<()> {
    let customers: Vec<i64> = person.customers().collect();
    let keys = Rows::new(vec![Column::I32(vec![workspace.0; customers.len()]), Column::I64(customers)]);
    let rows = work.connection.select(&tables::DETAIL, &["workspace", "customer"], &keys).await?;
    delete(work, &tables::DETAIL, rows).await
}
