//! Who calls: the key of a request, what it admits to, and in which workspace.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use super::error::{ApiError, ApiResult};
use crate::domain::access::{Permission, Scope, hash_key};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::graphql::RequestContext;
use crate::store::{Store, api_key, workspace};

/// How long a key may go on being honoured after it was revoked elsewhere.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// Most keys that are remembered; beyond it the memory starts afresh.
const REMEMBERED: usize = 4_096;

/// Looks keys up by their hash and remembers them for a second.
#[derive(Debug, Default)]
pub struct KeyRing(Mutex<HashMap<[u8; 32], Known>>);

#[derive(Clone, Debug)]
struct Known {
    caller: RequestContext,
    expires_at: Option<Micros>,
    read_at: Instant,
}

impl KeyRing {
    /// Who calls, if its key has the permission.
    pub async fn authorize(
        &self,
        store: &Store,
        headers: &HeaderMap,
        permission: Permission,
    ) -> ApiResult<RequestContext> {
        self.authorize_key(store, key_of(headers).ok_or_else(ApiError::unauthenticated)?, permission).await
    }

    /// Whose a key is that came by another way than the headers, if it has the permission.
    pub async fn authorize_key(&self, store: &Store, key: &str, permission: Permission) -> ApiResult<RequestContext> {
        let caller = self.holder(store, key).await?;
        if caller.scope.allows(permission) { Ok(caller) } else { Err(ApiError::forbidden()) }
    }

    /// Who calls, whatever the scope.
    pub async fn authenticate(&self, store: &Store, headers: &HeaderMap) -> ApiResult<RequestContext> {
        self.holder(store, key_of(headers).ok_or_else(ApiError::unauthenticated)?).await
    }

    async fn holder(&self, store: &Store, key: &str) -> ApiResult<RequestContext> {
        self.find(store, &hash_key(key))
            .await?
            .filter(Known::is_valid_now)
            .map(|known| known.caller)
            .ok_or_else(ApiError::unauthenticated)
    }

    async fn find(&self, store: &Store, hash: &[u8; 32]) -> ApiResult<Option<Known>> {
        if let Some(known) = self.remembered(hash) {
            return Ok(Some(known));
        }
        let Some(row) = api_key::find_by_hash(store, hash, Micros::now()).await? else { return Ok(None) };
        let known = Known::read(store, &row).await?;
        if let Some(known) = &known {
            self.remember(*hash, known.clone());
        }
        Ok(known)
    }

    fn remembered(&self, hash: &[u8; 32]) -> Option<Known> {
        let keys = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        keys.get(hash).filter(|known| known.read_at.elapsed() < FRESH_FOR).cloned()
    }

    fn remember(&self, hash: [u8; 32], known: Known) {
        let mut keys = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if keys.len() >= REMEMBERED {
            keys.clear();
        }
        keys.insert(hash, known);
    }
}

impl Known {
    /// Nothing when the workspace of the key is gone.
    async fn read(store: &Store, row: &entity::api_key::Model) -> crate::Result<Option<Self>> {
        let damaged = || crate::Error::Corrupt(format!("scope {} of key {}", row.scope, row.id));
        let scope = Scope::from_name(&row.scope).ok_or_else(damaged)?;
        let Some(workspace) = workspace::find(store, WorkspaceId(row.workspace)).await? else { return Ok(None) };
        let caller = RequestContext { workspace, scope, api_key_id: row.id };
        Ok(Some(Self { caller, expires_at: row.expires_at.map(Micros), read_at: Instant::now() }))
    }

    fn is_valid_now(&self) -> bool {
        self.expires_at.is_none_or(|at| Micros::now() < at)
    }
}

/// The key that a request carries: `Authorization: Bearer KEY` or `x-api-key: KEY`.
fn key_of(headers: &HeaderMap) -> Option<&str> {
    bearer(headers).or_else(|| headers.get("x-api-key")?.to_str().ok()).map(str::trim).filter(|key| !key.is_empty())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_key_comes_as_a_bearer_token_or_in_its_own_header() {
        assert_eq!(key_of(&headers(&[("authorization", "Bearer abc")])), Some("abc"));
        assert_eq!(key_of(&headers(&[("authorization", "bearer  abc ")])), Some("abc"));
        assert_eq!(key_of(&headers(&[("x-api-key", "abc")])), Some("abc"));
        assert_eq!(key_of(&headers(&[("authorization", "Basic abc"), ("x-api-key", "def")])), Some("def"));
    }

    #[test]
    fn an_empty_key_is_none() {
        assert_eq!(key_of(&headers(&[])), None);
        assert_eq!(key_of(&headers(&[("x-api-key", " ")])), None);
        assert_eq!(key_of(&headers(&[("authorization", "Bearer ")])), None);
    }
}
