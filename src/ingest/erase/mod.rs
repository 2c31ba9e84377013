//! Erasing a customer: one transaction under the exclusive identity lock, so that no ingestion runs meanwhile, and every
//! batch that commits after it sees the blocks.
//!
//! What has personal data, and which step removes it:
//!
//! | tables | step |
//! |---|---|
//! | `event` (details) | `events`: the row stays, with its time, kind, campaign and key |
//! | `address_state`, `address_change`, `suppression` | `addresses` |
//! | `profile_attribute`, `identity_change`, `identifier`, `customer_reach`, `reach_count` | `person`; the row of `customer` stays as a shell |
//! | `detail` | `details`: texts of urls and reasons that its events alone have |
//! | `quarantine` | `records`: the row stays by its key, so that a repeat adds nothing |
//!
//! `recipient`, `rollup`, `conversion`, `purchase_order` and the other counts hold hashes, times and amounts, and stay as they
//! are. A new table with personal data
//! needs a step here and a line in the test that classifies all tables (`tests/api/erase/tables.rs`).

mod addresses;
mod details;
mod events;
mod person;
mod records;

pub(super) mod blocks;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::audit;
use super::group::{FoldSettings, Work};
use super::memory::Memory;
use crate::domain::audit::AuditEntry;
use crate::domain::identifier::Identifier;
use crate::domain::identity::IdentifierId;
use crate::domain::mention::Mentions;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::Store;
use crate::store::hot::{HotConnection, IdentityLock, is_worth_repeating};
use crate::{Error, Result};
use person::Person;
use records::Found;

pub use blocks::lift;
pub(super) use records::forget as forget_records;

/// Whom to erase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erasee {
    /// The customer of a number, or the one that it became part of.
    Customer(i64),
    /// The customer that an identifier names.
    Named(Identifier),
}

/// An erasure that is asked for.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// Whom.
    pub erasee: Erasee,
    /// Why, in the words of whoever asks; recorded in the audit log.
    pub reason: Option<String>,
    /// Who asks, and by what.
    pub entry: AuditEntry,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Erased(Erased),
    /// The workspace knows no such customer.
    Unknown,
    /// Nothing was changed: the reason names the customer, and would stay.
    ReasonNames,
}

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// The customer: a shell from now on.
    pub customer: i64,
    /// Customers that had become part of it, erased with it.
    pub merged_customers: u64,
    /// Identifiers.
    pub identifiers: u64,
    /// Attributes of the profile.
    pub attributes: u64,
    /// Events that lost their personal fields.
    pub events: u64,
    /// Events of others that lost a device of this customer, which had been theirs.
    pub events_of_others: u64,
    /// Addresses whose state and history are gone.
    pub addresses: u64,
    /// Quarantined records that named it.
    pub quarantined_records: u64,
    /// Until when its identifiers are not taken again; none: they are at once.
    pub blocked_until: Option<Micros>,
}

impl Erased {
    fn record(&self, entry: AuditEntry, reason: Option<&str>) -> AuditEntry {
        let mut entry = entry
            .on(format!("Customer:{}", self.customer))
            .with("mergedCustomers", self.merged_customers)
            .with("identifiers", self.identifiers)
            .with("attributes", self.attributes)
            .with("events", self.events)
            .with("eventsOfOthers", self.events_of_others)
            .with("addresses", self.addresses)
            .with("quarantinedRecords", self.quarantined_records);
        if let Some(until) = self.blocked_until {
            entry = entry.with("blockedUntil", until.to_datetime().to_rfc3339());
        }
        match reason {
            Some(reason) => entry.with("reason", reason),
            None => entry,
        }
    }
}

/// Everything that names the customer: its identifiers, and addresses that its events alone were sent to.
type Names = BTreeMap<IdentifierId, Identifier>;

const MAX_ATTEMPTS: u32 = 8;
/// From this attempt on the whole quarantine is searched within the transaction: the customer went on gaining names.
const LAST_LOOK: u32 = 4;

/// Erases a customer. Ingestion waits for the transaction; the search through the quarantine comes before it, and within it
/// only what came meanwhile is looked at.
pub async fn erase(store: &Store, workspace: WorkspaceId, erasure: &Erasure) -> Result<Outcome> {
    let mut looked: Option<Found> = None;
    for attempt in 1..=MAX_ATTEMPTS {
        let mut connection = HotConnection::open(store).await?;
        let done = async {
            if attempt < LAST_LOOK && looked.is_none() {
                looked = look(store, &mut connection, workspace, erasure).await?;
            }
            attempt_erase(store, &mut connection, workspace, (erasure, looked.as_ref())).await
        };
        match done.await {
            Ok(Attempt::Done(outcome)) => return Ok(outcome),
            // It has names now that were not looked for.
            Ok(Attempt::LookAgain) => looked = None,
            Err(error) if attempt < MAX_ATTEMPTS && is_worth_repeating(&error) => {}
            Err(error) => return Err(error),
        }
        connection.rollback().await.ok();
    }
    Err(Error::Unavailable { retry_after_s: 1 })
}

enum Attempt {
    Done(Outcome),
    LookAgain,
}

/// Searches the quarantine for the names that the customer has now; none where there is no such customer.
async fn look(
    store: &Store,
    connection: &mut HotConnection,
    workspace: WorkspaceId,
    erasure: &Erasure,
) -> Result<Option<Found>> {
    let since = Micros::now();
    let memory = Memory::default();
    let mut work = Work { connection, memory: &memory, shards: store.shards(), settings: HashMap::new() };
    let Some(person) = person::find(&mut work, workspace, &erasure.erasee).await? else { return Ok(None) };
    let targets = events::targets(&mut work, &person).await?;
    let names = addresses::names(&mut work, &person, targets).await?;
    let records = records::naming(&mut work, workspace, &names, None).await?;
    Ok(Some(Found { names, records, since }))
}

async fn attempt_erase(
    store: &Store,
    connection: &mut HotConnection,
    workspace: WorkspaceId,
    (erasure, looked): (&Erasure, Option<&Found>),
) -> Result<Attempt> {
    connection.begin(IdentityLock::Exclusive).await?;
    let memory = Memory::default();
    let mut work = Work { connection, memory: &memory, shards: store.shards(), settings: HashMap::new() };
    let (row, settings) = blocks::load_settings(&mut work, workspace).await?;
    let own = FoldSettings { zone: chrono_tz::UTC, currency: None, own: Arc::new(settings.clone()) };
    work.settings.insert(workspace.0, own);
    let refused = |outcome| Ok(Attempt::Done(outcome));
    let Some(person) = person::find(&mut work, workspace, &erasure.erasee).await? else {
        work.connection.rollback().await?;
        return refused(Outcome::Unknown);
    };
    if erasure.reason.as_deref().is_some_and(|reason| Mentions::of(person.names.values()).in_text(reason)) {
        work.connection.rollback().await?;
        return refused(Outcome::ReasonNames);
    }
    let shards = store.all_shards();
    work.connection.lock_shards(&shards).await?;
    let Some(mut erased) = steps(&mut work, workspace, &person, looked).await? else {
        work.connection.rollback().await?;
        return Ok(Attempt::LookAgain);
    };
    erased.0.blocked_until = blocks::block(&mut work, (workspace, row, settings), erased.1.keys()).await?;
    let entry = erased.0.record(erasure.entry.clone(), erasure.reason.as_deref());
    audit::record(work.connection, &[(workspace.0, entry)]).await?;
    work.connection.commit().await?;
    metrics::counter!("campaignql_customers_erased_total").increment(1);
    refused(Outcome::Erased(erased.0))
}

/// Every step that removes something; none where the customer has names that were not looked for.
async fn steps(
    work: &mut Work<'_>,
    workspace: WorkspaceId,
    person: &Person,
    looked: Option<&Found>,
) -> Result<Option<(Erased, Names)>> {
    let mut erased = Erased {
        customer: person.customer,
        merged_customers: person.merged.len() as u64,
        identifiers: person.names.len() as u64,
        ..Erased::default()
    };
    let targets = events::targets(work, person).await?;
    let names = addresses::names(work, person, targets).await?;
    let records = match looked {
        Some(looked) if names.keys().any(|id| !looked.names.contains_key(id)) => return Ok(None),
        Some(looked) => looked.with_latest(work, workspace).await?,
        None => records::naming(work, workspace, &names, None).await?,
    };
    erased.quarantined_records = records::forget(work, &records).await?;
    erased.events = events::erase(work, person).await?;
    erased.events_of_others = events::forget_devices(work, person).await?;
    details::erase(work, workspace, person).await?;
    erased.addresses = addresses::erase(work, &names).await?;
    erased.attributes = person::erase(work, workspace, person).await?;
    Ok(Some((erased, names)))
}
