//! Everything that is kept about a customer, as one JSON document, written piece by piece: a page of events, changes or
//! records is held at a time, whatever the customer's size. A new table that names customers is added here.

mod addresses;
mod conversions;
mod document;
mod events;
mod records;

use std::io::Write;

use serde_json::{Value, json};

use super::{audience, customer};
use crate::domain::audit::AuditEntry;
use crate::domain::global_id;
use crate::domain::identifier::Identifier;
use crate::domain::time::Micros;
use crate::domain::workspace::{Workspace, WorkspaceId};
use crate::store::event::EventFilter;
use crate::store::page::{Page, PageEnd};
use crate::store::{self, Store};
use crate::{Error, Result};
use document::Document;

pub use document::Bounded;

/// What an export wrote, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Identifiers.
    pub identifiers: u64,
    /// Events.
    pub events: u64,
    /// Quarantined records.
    pub records: u64,
}

impl Counts {
    /// The entry of the audit log, with these numbers.
    pub fn record(self, entry: AuditEntry) -> AuditEntry {
        let Self { identifiers, events, records } = self;
        entry.with("identifiers", identifiers).with("events", events).with("quarantinedRecords", records)
    }
}

/// Where a document is written.
pub type Target<'a> = dyn Write + Send + 'a;

/// What is asked about whom.
#[derive(Clone, Copy)]
struct Question<'a> {
    store: &'a Store,
    workspace: &'a Workspace,
    customer: i64,
}

/// Number of events of a customer and of all that became part of it.
pub async fn events(store: &Store, workspace: WorkspaceId, customer: i64) -> Result<i64> {
    let customers = customer::with_merged(store, workspace, customer).await?;
    let filter = EventFilter { customers: Some(customers), ..EventFilter::default() };
    store::event::count(store, workspace, &filter).await
}

/// Writes the document of a customer that stands for itself. The inner error is that of the target.
pub async fn write(
    store: &Store,
    workspace: &Workspace,
    customer: i64,
    target: &mut Target<'_>,
) -> Result<std::io::Result<Counts>> {
    let question = Question { store, workspace, customer };
    let mut document = Document::begin(target);
    match write_all(question, &mut document).await {
        Ok(counts) => Ok(document.end().map(|()| counts)),
        Err(error) => match document.failure() {
            Some(failure) => Ok(Err(failure)),
            None => Err(error),
        },
    }
}

async fn write_all(question: Question<'_>, document: &mut Document<'_, '_>) -> Result<Counts> {
    let Question { store, workspace, customer } = question;
    let row = store::customer::find(store, workspace.id, customer).await?;
    let row = row.ok_or_else(|| Error::NotFound(format!("there is no customer {customer}")))?;
    let merged = customer::with_merged(store, workspace.id, customer).await?;
    let identifiers = store::customer::all_identifiers(store, workspace.id, customer).await?;
    document.put("workspace", &json!(workspace.name))?;
    document.put("exportedAt", &time(Micros::now().0))?;
    let head = json!({
        "id": id("Customer", customer), "isIdentified": row.is_identified, "createdAt": time(row.created_at),
    });
    document.put("customer", &head)?;
    let others = merged.iter().filter(|id| **id != customer);
    document.put("mergedFrom", &others.map(|merged| id("Customer", *merged)).collect())?;
    document.put("identifiers", &identifiers.iter().map(identifier).collect())?;
    document.put("attributes", &attributes(question).await?)?;
    document.put("audiences", &audiences(question).await?)?;
    identity_changes(question, document, &merged).await?;
    addresses::write(question, document, &identifiers).await?;
    let events = events::write(question, document, &merged).await?;
    conversions::write(question, document).await?;
    let named: Vec<Identifier> =
        identifiers.iter().map(|row| Identifier { name: row.name.clone(), value: row.value.clone() }).collect();
    let records = records::write(question, document, &named).await?;
    Ok(Counts { identifiers: identifiers.len() as u64, events, records })
}

fn identifier(row: &entity::identifier::Model) -> Value {
    json!({
        "type": row.name, "value": row.value, "linkedAt": time(row.linked_at),
        "seenOn": row.channels.split_whitespace().collect::<Vec<_>>(),
    })
}

async fn attributes(question: Question<'_>) -> Result<Value> {
    let Question { store, workspace, customer } = question;
    let profile = store::profile::of_customers(store, workspace.id, &[customer], None).await?.remove(&customer);
    let shown = profile.unwrap_or_default().into_iter().map(|(name, attribute)| {
        json!({"name": name, "value": attribute.value.to_json(), "updatedAt": time(attribute.updated_at.0)})
    });
    Ok(shown.collect())
}

async fn audiences(question: Question<'_>) -> Result<Value> {
    let Question { store, workspace, customer } = question;
    let all = store::audience::find_many(store, workspace.id, None).await?;
    let mut found = audience::of_customers(store, workspace, &[customer], &all).await?;
    Ok(found.remove(&customer).unwrap_or_default().into_iter().map(|audience| Value::from(audience.name)).collect())
}

/// Changes that are held at a time.
const PAGE: u64 = 1_000;

/// Merges and moves that it gained by, and those that it lost by.
async fn identity_changes(question: Question<'_>, document: &mut Document<'_, '_>, merged: &[i64]) -> Result<()> {
    let Question { store, workspace, .. } = question;
    document.begin_list("identityChanges")?;
    let mut page = Page { after: None, before: None, from: PageEnd::Start, limit: PAGE };
    loop {
        let slice = store::identity_change::page(store, workspace.id, merged, &page).await?;
        page.after = slice.rows.last().map(store::identity_change::position_of);
        for row in &slice.rows {
            let named = row.identifier_name.as_ref().zip(row.identifier_value.as_ref());
            document.item(&json!({
                "cause": row.cause, "at": time(row.changed_at), "gained": id("Customer", row.customer),
                "lost": id("Customer", row.other),
                "identifier": named.map(|(name, value)| json!({"type": name, "value": value})), "reason": row.reason,
                "event": Some((row.event_shard, row.event_seq)).filter(|event| event.1 > 0).map(event_id),
            }))?;
        }
        if !slice.has_next {
            return document.end_list();
        }
    }
}

fn id(kind: &str, number: i64) -> Value {
    global_id::encode(&format!("{kind}:{number}")).into()
}

fn event_id((shard, seq): (i16, i64)) -> Value {
    global_id::encode(&format!("Event:{shard}:{seq}")).into()
}

fn time(micros: i64) -> Value {
    Micros(micros).to_datetime().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true).into()
}
