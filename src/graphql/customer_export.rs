//! `customerExport`: everything that is kept about a customer, as one object.

use async_graphql::{Context, ID};

use super::context::{audited, caller, store};
use super::customer;
use super::error::{Fault, Result};
use super::identifier::IdentifierInput;
use super::limits::{MAX_EXPORTED_BYTES, MAX_EXPORTED_EVENTS, MAX_SEARCHED_RECORDS};
use super::node::NodeId;
use super::scalar::Json;
use super::workspace;
use crate::analytics::customer_export::{self, Bounded};
use crate::store;
use crate::store::quarantine::QuarantineFilter;

/// The customer's document, within the limits.
pub async fn export(ctx: &Context<'_>, id: Option<ID>, identifier: Option<IdentifierInput>) -> Result<Option<Json>> {
    let Some(customer) = customer::find_one(ctx, id, identifier).await? else { return Ok(None) };
    let (own, workspace) = (store(ctx)?, workspace::fresh(ctx).await?);
    let events = customer_export::events(own, workspace.id, customer.number()).await?;
    if events > MAX_EXPORTED_EVENTS {
        let message = format!("the customer has {events} events, above the maximum of {MAX_EXPORTED_EVENTS}");
        return Err(at_the_command_line(&message));
    }
    let records = store::quarantine::count(own, workspace.id, &QuarantineFilter::default()).await?;
    if records > MAX_SEARCHED_RECORDS {
        let message =
            format!("the quarantine has {records} records to be searched, above the maximum of {MAX_SEARCHED_RECORDS}");
        return Err(at_the_command_line(&message));
    }
    let mut target = Bounded::new(MAX_EXPORTED_BYTES);
    let written = customer_export::write(own, &workspace, customer.number(), &mut target).await?;
    let Ok(counts) = written else {
        let message = format!("the customer's document has more than the maximum of {MAX_EXPORTED_BYTES} bytes");
        return Err(at_the_command_line(&message));
    };
    let document = serde_json::from_slice(target.bytes());
    let document = document.map_err(|error| crate::Error::Corrupt(format!("an export is no JSON: {error}")))?;
    let entry = audited(ctx, "customerExport")?.on(NodeId::Customer(customer.number()).plain());
    store::audit::record(own, caller(ctx)?.workspace_id(), &counts.record(entry)).await?;
    Ok(Some(Json(document)))
}

fn at_the_command_line(message: &str) -> Fault {
    Fault::LimitExceeded(format!("{message}: `campaignql export customer` writes it, however large"))
}
