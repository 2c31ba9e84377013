//! Customers as a whole: all that was merged into one counts as its own.

use std::collections::HashMap;

use crate::Result;
use crate::domain::workspace::WorkspaceId;
use crate::store::{self, Store};

/// The customer, and every customer that became part of it: whose stored events are its events.
pub async fn with_merged(store: &Store, workspace: WorkspaceId, customer: i64) -> Result<Vec<i64>> {
    let mut ids =
        store::customer::merged_into(store, workspace, &[customer]).await?.remove(&customer).unwrap_or_default();
    ids.push(customer);
    Ok(ids)
}

/// The earliest and the latest occurrence (UTC microseconds) of the events of several customers and of those that became
/// part of them; customers without events are left out.
pub async fn spans(store: &Store, workspace: WorkspaceId, customers: &[i64]) -> Result<HashMap<i64, (i64, i64)>> {
    let merged = store::customer::merged_into(store, workspace, customers).await?;
    let mut surviving: HashMap<i64, i64> = customers.iter().map(|id| (*id, *id)).collect();
    surviving.extend(merged.into_iter().flat_map(|(id, parts)| parts.into_iter().map(move |part| (part, id))));
    let stored: Vec<i64> = surviving.keys().copied().collect();
    let mut found: HashMap<i64, (i64, i64)> = HashMap::new();
    for span in store::event::spans(store, workspace, &stored).await? {
        let Some(customer) = surviving.get(&span.customer) else { continue };
        let whole = found.entry(*customer).or_insert((span.first_at, span.last_at));
        *whole = (whole.0.min(span.first_at), whole.1.max(span.last_at));
    }
    Ok(found)
}
