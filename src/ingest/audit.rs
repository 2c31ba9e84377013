//! The audit log's rows of what ingestion's own transactions change: they stand exactly when the change does.

use crate::Result;
use crate::domain::audit::AuditEntry;
use crate::domain::time::Micros;
use crate::store::audit::new_id;
use crate::store::hot::{Column, HotConnection, Rows, tables};

/// Writes entries, each with its workspace.
pub(super) async fn record(connection: &mut HotConnection, entries: &[(i32, AuditEntry)]) -> Result<()> {
    let entry = |index: usize| &entries[index].1;
    let all = || 0..entries.len();
    let rows = Rows::new(vec![
        Column::I64(all().map(|_| new_id()).collect()),
        Column::I32(entries.iter().map(|entry| entry.0).collect()),
        Column::I64(vec![Micros::now().0; entries.len()]),
        Column::OptI64(all().map(|index| entry(index).actor.api_key).collect()),
        Column::Text(all().map(|index| entry(index).actor.name.clone()).collect()),
        Column::Text(all().map(|index| entry(index).action.to_owned()).collect()),
        Column::OptText(all().map(|index| entry(index).object.clone()).collect()),
        Column::Text(all().map(|index| entry(index).summary_text()).collect()),
        Column::OptText(all().map(|index| entry(index).actor.request.clone()).collect()),
    ]);
    connection.insert(&tables::AUDIT, &rows).await
}
