//! Keys that admit requests. Only hashes are stored; the key itself is shown once, when it is made.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::api_key;
use rand::RngCore;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use subtle::ConstantTimeEq;

use super::{Store, audit};
use crate::Result;
use crate::domain::access::{KEY_PREFIX, Scope, VISIBLE_KEY_CHARS, hash_key};
use crate::domain::audit::AuditEntry;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// What a new key is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// What it admits to.
    pub scope: Scope,
    /// From when on it no longer admits; none: never.
    pub expires_at: Option<Micros>,
}

/// A key as it is told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedApiKey {
    /// The key itself: it cannot be read again.
    pub key: String,
    /// What is stored of it.
    pub row: api_key::Model,
}

/// The key of a hash, whatever its workspace: this is how a request finds its workspace. Expired and revoked keys are
/// not found.
pub async fn find_by_hash(store: &Store, hash: &[u8; 32], now: Micros) -> Result<Option<api_key::Model>> {
    let found = api_key::Entity::find().filter(api_key::Column::Hash.eq(hash.to_vec())).one(store.db()).await?;
    Ok(found.filter(|row| bool::from(row.hash.as_slice().ct_eq(hash)) && admits(row, now)))
}

/// Makes a key of 256 random bits, with an entry in the audit log.
pub async fn create(
    store: &Store,
    workspace: WorkspaceId,
    new: &NewApiKey,
    entry: &AuditEntry,
) -> Result<CreatedApiKey> {
    let mut secret = [0_u8; 32];
    rand::rng().fill_bytes(&mut secret);
    let key = format!("{KEY_PREFIX}{}_{}", new.scope.name(), URL_SAFE_NO_PAD.encode(secret));
    let row = model(workspace, new, &key);
    let object = format!("ApiKey:{}", row.id.as_ref());
    let entry = entry.clone().on(object).with("scope", new.scope.name());
    let transaction = audit::begin(store, workspace, &entry).await?;
    let row = row.insert(&transaction).await?;
    transaction.commit().await?;
    Ok(CreatedApiKey { key, row })
}

/// Makes sure that a key chosen by the operator admits; returns what is stored of it. An unexpired key that is there
/// already stays as it is, a revoked one is admitted again.
pub async fn ensure(store: &Store, workspace: WorkspaceId, new: &NewApiKey, key: &str) -> Result<api_key::Model> {
    let hash = hash_key(key);
    let found = api_key::Entity::find().filter(api_key::Column::Hash.eq(hash.to_vec())).one(store.db()).await?;
    match found {
        None => Ok(model(workspace, new, key).insert(store.db()).await?),
        Some(row) if admits(&row, Micros::now()) && row.workspace == workspace.0 => Ok(row),
        Some(row) => {
            let id = row.id;
            let renewed = api_key::ActiveModel { id: Set(id), ..model(workspace, new, key) };
            Ok(renewed.update(store.db()).await?)
        }
    }
}

/// Revokes a key, with an entry in the audit log; none when the workspace has no such key. A key that was revoked before
/// keeps that time.
pub async fn revoke(
    store: &Store,
    workspace: WorkspaceId,
    id: i64,
    entry: &AuditEntry,
) -> Result<Option<api_key::Model>> {
    let transaction = audit::begin(store, workspace, &entry.clone().on(format!("ApiKey:{id}"))).await?;
    let found = api_key::Entity::find_by_id(id).filter(api_key::Column::Workspace.eq(workspace.0));
    let Some(row) = found.one(&transaction).await? else { return Ok(None) };
    if row.revoked_at.is_some() {
        return Ok(Some(row));
    }
    let revoked = api_key::ActiveModel { id: Set(id), revoked_at: Set(Some(Micros::now().0)), ..Default::default() };
    let row = revoked.update(&transaction).await?;
    transaction.commit().await?;
    Ok(Some(row))
}

/// The key of a number, revoked or not.
pub async fn find(store: &Store, workspace: WorkspaceId, id: i64) -> Result<Option<api_key::Model>> {
    let found = api_key::Entity::find_by_id(id).filter(api_key::Column::Workspace.eq(workspace.0));
    Ok(found.one(store.db()).await?)
}

/// Every key of the workspace, the oldest first, revoked ones too.
pub async fn list(store: &Store, workspace: WorkspaceId) -> Result<Vec<api_key::Model>> {
    let found = api_key::Entity::find()
        .filter(api_key::Column::Workspace.eq(workspace.0))
        .order_by_asc(api_key::Column::CreatedAt)
        .order_by_asc(api_key::Column::Id);
    Ok(found.all(store.db()).await?)
}

fn admits(row: &api_key::Model, now: Micros) -> bool {
    row.revoked_at.is_none() && row.expires_at.is_none_or(|at| now.0 < at)
}

fn model(workspace: WorkspaceId, new: &NewApiKey, key: &str) -> api_key::ActiveModel {
    // A random positive number: two servers never make the same one, and it says nothing about how many keys there are.
    let id = (rand::rng().next_u64() >> 1).max(1) as i64;
    api_key::ActiveModel {
        id: Set(id),
        workspace: Set(workspace.0),
        name: Set(new.name.clone()),
        scope: Set(new.scope.name().to_owned()),
        prefix: Set(key.chars().take(VISIBLE_KEY_CHARS.min(key.chars().count() / 2)).collect()),
        hash: Set(hash_key(key).to_vec()),
        created_at: Set(Micros::now().0),
        expires_at: Set(new.expires_at.map(|at| at.0)),
        revoked_at: Set(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_admits_until_it_expires_or_is_revoked() {
        let row = |expires_at, revoked_at| api_key::Model {
            id: 1,
            workspace: 1,
            name: "test".to_owned(),
            scope: "read".to_owned(),
            prefix: KEY_PREFIX.to_owned(),
            hash: vec![0; 32],
            created_at: 0,
            expires_at,
            revoked_at,
        };
        assert!(admits(&row(None, None), Micros(5)));
        assert!(admits(&row(Some(6), None), Micros(5)));
        assert!(!admits(&row(Some(5), None), Micros(5)));
        assert!(!admits(&row(None, Some(1)), Micros(5)));
    }
}
