//! Blocks: identifiers of erased customers that ingestion does not take for a while, as keyed hashes.

use std::collections::BTreeSet;

use crate::domain::audit::AuditEntry;
use crate::domain::block::{BlockKey, Blocks};
use crate::domain::hash::identifier_id;
use crate::domain::identifier::Identifier;
use crate::domain::identity::IdentifierId;
use crate::domain::time::{MICROS_PER_SECOND, Micros};
use crate::domain::workspace::{WorkspaceId, WorkspaceSettings};
use crate::ingest::audit;
use crate::ingest::group::Work;
use crate::ingest::memory::Memory;
use crate::store::Store;
use crate::store::hot::{Column, HotConnection, IdentityLock, Rows, is_worth_repeating, tables};
use crate::{Error, Result};

const SETTINGS: usize = 4;
const UNTIL: usize = 3;
const DAY_S: i64 = 86_400;
const MAX_ATTEMPTS: u32 = 5;

/// The row of a workspace and its settings. The identity lock must be held alone by whoever changes them.
pub(super) async fn load_settings(work: &mut Work<'_>, workspace: WorkspaceId) -> Result<(Rows, WorkspaceSettings)> {
    let key = Rows::new(vec![Column::I32(vec![workspace.0])]);
    let row = work.connection.select(&tables::WORKSPACE, &["id"], &key).await?;
    let Some(text) = row.texts(SETTINGS)?.first() else {
        return Err(Error::NotFound(format!("workspace {} does not exist", workspace.0)));
    };
    let settings = WorkspaceSettings::parse(text);
    let settings = settings.ok_or_else(|| Error::Corrupt("workspace settings".to_owned()))?;
    Ok((row, settings))
}

async fn put_settings(work: &mut Work<'_>, mut row: Rows, settings: &WorkspaceSettings) -> Result<()> {
    row.columns[SETTINGS] = Column::Text(vec![settings.to_text()]);
    work.connection.put(&tables::WORKSPACE, &row).await
}

/// Blocks identifiers for as long as the workspace says; until when. Blocks that have ended go.
pub(super) async fn block(
    work: &mut Work<'_>,
    (workspace, row, mut settings): (WorkspaceId, Rows, WorkspaceSettings),
    identifiers: impl Iterator<Item = &IdentifierId>,
) -> Result<Option<Micros>> {
    let now = Micros::now();
    let mut hashes = remove_ended(work, workspace, now).await?;
    if settings.block_erased_days == 0 {
        return Ok(None);
    }
    let until = now.0 + i64::from(settings.block_erased_days) * DAY_S * MICROS_PER_SECOND;
    let before = settings.blocks.take();
    let key = before.as_ref().map_or_else(|| BlockKey(rand::random()), |blocks| blocks.key);
    let new: BTreeSet<Vec<u8>> = identifiers.map(|id| key.hash(id).to_vec()).collect();
    let rows = Rows::new(vec![
        Column::I32(vec![workspace.0; new.len()]),
        Column::Bytes(new.iter().cloned().collect()),
        Column::I64(vec![now.0; new.len()]),
        Column::I64(vec![until; new.len()]),
    ]);
    work.connection.put(&tables::BLOCKED_IDENTIFIER, &rows).await?;
    hashes.extend(new);
    let until_last = before.map_or(until, |blocks| blocks.until.max(until));
    settings.blocks = Some(Blocks { key, until: until_last, identifiers: hashes.len() });
    put_settings(work, row, &settings).await?;
    Ok(Some(Micros(until)))
}

/// Removes blocks that have ended; the hashes of the others.
async fn remove_ended(work: &mut Work<'_>, workspace: WorkspaceId, now: Micros) -> Result<BTreeSet<Vec<u8>>> {
    let all = of_workspace(work, workspace).await?;
    let (mut ended, mut others) = (Vec::new(), BTreeSet::new());
    for (hash, until) in all.bytes(1)?.iter().zip(all.i64s(UNTIL)?) {
        if *until <= now.0 {
            ended.push(hash.clone());
        } else {
            others.insert(hash.clone());
        }
    }
    let keys = Rows::new(vec![Column::I32(vec![workspace.0; ended.len()]), Column::Bytes(ended)]);
    work.connection.delete(&tables::BLOCKED_IDENTIFIER, &keys).await?;
    Ok(others)
}

async fn of_workspace(work: &mut Work<'_>, workspace: WorkspaceId) -> Result<Rows> {
    let key = Rows::new(vec![Column::I32(vec![workspace.0])]);
    work.connection.select(&tables::BLOCKED_IDENTIFIER, &["workspace"], &key).await
}

/// Lifts the block of an identifier at once; false where there is none. It holds for every batch that begins after it.
pub async fn lift(store: &Store, workspace: WorkspaceId, identifier: &Identifier, entry: &AuditEntry) -> Result<bool> {
    for attempt in 1..=MAX_ATTEMPTS {
        let mut connection = HotConnection::open(store).await?;
        match try_lift(store, &mut connection, workspace, (identifier, entry)).await {
            Err(error) if attempt < MAX_ATTEMPTS && is_worth_repeating(&error) => {}
            done => return done,
        }
    }
    Err(Error::Unavailable { retry_after_s: 1 })
}

async fn try_lift(
    store: &Store,
    connection: &mut HotConnection,
    workspace: WorkspaceId,
    (identifier, entry): (&Identifier, &AuditEntry),
) -> Result<bool> {
    connection.begin(IdentityLock::Exclusive).await?;
    let (memory, settings) = (Memory::default(), std::collections::HashMap::new());
    let mut work = Work { connection, memory: &memory, shards: store.shards(), settings };
    let (row, mut settings) = load_settings(&mut work, workspace).await?;
    let now = Micros::now();
    let hash = settings
        .blocks
        .as_ref()
        .map(|blocks| blocks.key.hash(&identifier_id(workspace.0, &identifier.name, &identifier.value)));
    let all = of_workspace(&mut work, workspace).await?;
    let is_it = |row: &usize| hash.is_some_and(|hash| all.bytes(1).is_ok_and(|hashes| hashes[*row] == hash));
    let lifted = (0..all.len()).find(is_it).filter(|row| all.i64s(UNTIL).is_ok_and(|until| until[*row] > now.0));
    let (Some(lifted), Some(blocks)) = (lifted, settings.blocks.as_mut()) else {
        work.connection.rollback().await?;
        return Ok(false);
    };
    let hash = all.bytes(1)?[lifted].clone();
    let key = Rows::new(vec![Column::I32(vec![workspace.0]), Column::Bytes(vec![hash])]);
    work.connection.delete(&tables::BLOCKED_IDENTIFIER, &key).await?;
    let others = all.i64s(UNTIL)?.iter().enumerate().filter(|(row, _)| *row != lifted);
    blocks.until = others.map(|(_, until)| *until).max().unwrap_or(0);
    blocks.identifiers = all.len() - 1;
    put_settings(&mut work, row, &settings).await?;
    audit::record(work.connection, &[(workspace.0, entry.clone())]).await?;
    work.connection.commit().await?;
    Ok(true)
}
