//! The customer itself: who it is, and what is known of it beside its events.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Erasee, Names};
use crate::domain::hash::identifier_id;
use crate::domain::identifier::Identifier;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::group::Work;
use crate::ingest::reach::{Counted, Known};
use crate::store::hot::{Column, Rows, Table, tables};
use crate::{Error, Result};

/// Who is erased.
pub(super) struct Person {
    /// The customer that stands for itself.
    pub(super) customer: i64,
    /// Those that became part of it.
    pub(super) merged: Vec<i64>,
    /// Its identifiers.
    pub(super) names: Names,
    /// Devices that it took over from others, with the customer that lost each: that one's events may name it.
    pub(super) devices: BTreeMap<i64, BTreeSet<Identifier>>,
    /// Rows of `customer`, of itself and of those that became part of it.
    rows: Rows,
    /// Rows of `identifier`.
    identifiers: Rows,
    /// Rows of `identity_change` that concern it.
    changes: Rows,
}

impl Person {
    /// Its workspace.
    pub(super) fn workspace(&self) -> Result<i32> {
        let workspace = self.rows.i32s(2)?.first().copied();
        workspace.ok_or_else(|| Error::Corrupt(format!("customer {} has no row", self.customer)))
    }

    /// The customer and all that became part of it: whose events are its events.
    pub(super) fn customers(&self) -> impl Iterator<Item = i64> + Clone {
        self.merged.iter().copied().chain([self.customer])
    }
}

const MERGED_INTO: usize = 4;
const ERASED_AT: usize = 6;

/// The customer, if the workspace knows it and it was not erased before.
pub(super) async fn find(work: &mut Work<'_>, workspace: WorkspaceId, erasee: &Erasee) -> Result<Option<Person>> {
    let Some(asked) = number(work, workspace, erasee).await? else { return Ok(None) };
    let Some(row) = customer(work, workspace, asked).await? else { return Ok(None) };
    let customer_id = row.opt_i64s(MERGED_INTO)?[0].unwrap_or(asked);
    let Some(mut rows) = customer(work, workspace, customer_id).await? else { return Ok(None) };
    if rows.opt_i64s(ERASED_AT)?[0].is_some() {
        return Ok(None);
    }
    let by_id = Rows::new(vec![Column::I64(vec![customer_id])]);
    let merged = work.connection.select(&tables::CUSTOMER, &["merged_into"], &by_id).await?;
    for row in 0..merged.len() {
        rows.push_row(&merged, row)?;
    }
    let merged = merged.i64s(1)?.to_vec();
    let identifiers = work.connection.select(&tables::IDENTIFIER, &["customer"], &by_id).await?;
    let mut names = Names::new();
    for (row, id) in identifiers.bytes(1)?.iter().enumerate() {
        if let Ok(id) = id.as_slice().try_into() {
            let (name, value) = (identifiers.texts(3)?[row].clone(), identifiers.texts(4)?[row].clone());
            names.insert(id, Identifier { name, value });
        }
    }
    let own: BTreeSet<i64> = merged.iter().copied().chain([customer_id]).collect();
    let changes = changes(work, &own).await?;
    let devices = devices(&changes, &own, &names)?;
    Ok(Some(Person { customer: customer_id, merged, names, devices, rows, identifiers, changes }))
}

async fn number(work: &mut Work<'_>, workspace: WorkspaceId, erasee: &Erasee) -> Result<Option<i64>> {
    let named = match erasee {
        Erasee::Customer(id) => return Ok(Some(*id)),
        Erasee::Named(identifier) => identifier,
    };
    let id = identifier_id(workspace.0, &named.name, &named.value);
    let key = Rows::new(vec![Column::I16(vec![work.shards.of_bytes(&id)]), Column::Bytes(vec![id.to_vec()])]);
    let found = work.connection.select(&tables::IDENTIFIER, &["shard", "id"], &key).await?;
    Ok(found.i64s(5)?.first().copied())
}

async fn customer(work: &mut Work<'_>, workspace: WorkspaceId, id: i64) -> Result<Option<Rows>> {
    let key = Rows::new(vec![Column::I16(vec![work.shards.of_id(id)]), Column::I64(vec![id])]);
    let row = work.connection.select(&tables::CUSTOMER, &["shard", "id"], &key).await?;
    let is_known = row.i32s(2)?.first() == Some(&workspace.0);
    Ok(is_known.then_some(row))
}

async fn changes(work: &mut Work<'_>, own: &BTreeSet<i64>) -> Result<Rows> {
    let ids = Rows::new(vec![Column::I64(own.iter().copied().collect())]);
    let mut rows = work.connection.select(&tables::IDENTITY_CHANGE, &["customer"], &ids).await?;
    let others = work.connection.select(&tables::IDENTITY_CHANGE, &["other"], &ids).await?;
    for (row, customer) in others.i64s(3)?.iter().enumerate() {
        // Those between two of its own are there already.
        if !own.contains(customer) {
            rows.push_row(&others, row)?;
        }
    }
    Ok(rows)
}

fn devices(changes: &Rows, own: &BTreeSet<i64>, names: &Names) -> Result<BTreeMap<i64, BTreeSet<Identifier>>> {
    let still_own: BTreeSet<&Identifier> = names.values().collect();
    let mut devices: BTreeMap<i64, BTreeSet<Identifier>> = BTreeMap::new();
    for (row, other) in changes.i64s(4)?.iter().enumerate() {
        let (name, value) = (changes.opt_texts(6)?[row].clone(), changes.opt_texts(7)?[row].clone());
        let Some(identifier) = name.zip(value).map(|(name, value)| Identifier { name, value }) else { continue };
        if own.contains(&changes.i64s(3)?[row]) && !own.contains(other) && still_own.contains(&identifier) {
            devices.entry(*other).or_default().insert(identifier);
        }
    }
    Ok(devices)
}

/// Removes profile, history and identifiers, takes the customer out of the counts of who can be reached, and leaves a
/// nameless shell. The number of attributes.
pub(super) async fn erase(work: &mut Work<'_>, workspace: WorkspaceId, person: &Person) -> Result<u64> {
    let mut keys: Vec<(i16, i64)> = person.customers().map(|id| (work.shards.of_id(id), id)).collect();
    keys.sort_unstable();
    let keys = Rows::new(vec![
        Column::I16(keys.iter().map(|key| key.0).collect()),
        Column::I64(keys.iter().map(|key| key.1).collect()),
    ]);
    let attributes = work.connection.select(&tables::PROFILE_ATTRIBUTE, &["shard", "customer"], &keys).await?;
    let number = attributes.len() as u64;
    delete(work, &tables::PROFILE_ATTRIBUTE, attributes).await?;
    let mut changes = person.changes.clone();
    let nothing = || Column::OptText(vec![None; person.changes.len()]);
    // The type and value of the identifier, and the reason that somebody gave.
    (changes.columns[6], changes.columns[7], changes.columns[12]) = (nothing(), nothing(), nothing());
    work.connection.put(&tables::IDENTITY_CHANGE, &changes).await?;
    delete(work, &tables::IDENTIFIER, person.identifiers.clone()).await?;
    let mut rows = person.rows.clone();
    rows.columns[ERASED_AT] = Column::OptI64(vec![Some(Micros::now().0); rows.len()]);
    work.connection.put(&tables::CUSTOMER, &rows).await?;
    let mut counted = Counted::default();
    counted.know(work.shards.of_id(person.customer), workspace.0, -1);
    let customers = BTreeMap::from([(person.customer, workspace.0)]);
    let nothing = Known { states: &HashMap::new(), of_new: &HashMap::new(), created: &BTreeMap::new() };
    counted.recount(work, &customers, nothing).await?;
    counted.write(work).await?;
    Ok(number)
}

/// Deletes rows as they were read.
pub(super) async fn delete(work: &mut Work<'_>, table: &'static Table, mut rows: Rows) -> Result<()> {
    rows.columns.truncate(table.key.len());
    work.connection.delete(table, &rows).await
}
