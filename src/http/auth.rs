//! Who calls: the key of a request, what it admits to, and in which workspace.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderMap;
use base64::prelude::{BASE64_STANDARD, Engine};

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
        presented: impl Into<Presented<'_>>,
        permission: Permission,
    ) -> ApiResult<RequestContext> {
        let key = presented.into().key().ok_or_else(ApiError::unauthenticated)?;
        self.authorize_key(store, &key, permission).await
    }

    /// Whose a key is that came by another way than the headers, if it has the permission.
    pub async fn authorize_key(&self, store: &Store, key: &str, permission: Permission) -> ApiResult<RequestContext> {
        let caller = self.holder(store, key).await?;
        if caller.scope.allows(permission) { Ok(caller) } else { Err(ApiError::forbidden()) }
    }

    /// Who calls, whatever the scope.
    pub async fn authenticate(&self, store: &Store, presented: impl Into<Presented<'_>>) -> ApiResult<RequestContext> {
        self.holder(store, &presented.into().key().ok_or_else(ApiError::unauthenticated)?).await
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
        let (api_key_id, api_key_name) = (row.id, row.name.clone());
        let caller = RequestContext { workspace, scope, api_key_id, api_key_name, request_id: None };
        Ok(Some(Self { caller, expires_at: row.expires_at.map(Micros), read_at: Instant::now() }))
    }

    fn is_valid_now(&self) -> bool {
        self.expires_at.is_none_or(|at| Micros::now() < at)
    }
}

/// The headers of a request, and what may carry a key in them.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    headers: &'a HeaderMap,
    door: Door,
}

/// Which clients a route is for: some can only put a key into a header of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everybody's: `Authorization: Bearer KEY` or `Basic`, or `x-api-key: KEY`.
    Common,
    /// Firehose: `X-Amz-Firehose-Access-Key: KEY` too.
    Firehose,
    /// Amazon's SDKs: the access key id of a Signature Version 4 too.
    Aws,
}

impl<'a> From<&'a HeaderMap> for Presented<'a> {
    fn from(headers: &'a HeaderMap) -> Self {
        Self { headers, door: Door::Common }
    }
}

impl<'a> Presented<'a> {
    /// The headers of a request to a route that is not everybody's.
    pub fn at(door: Door, headers: &'a HeaderMap) -> Self {
        Self { headers, door }
    }

    /// The key, from the first place that has one.
    fn key(self) -> Option<Cow<'a, str>> {
        let authorization = self.text("authorization").and_then(|text| text.split_once(' '));
        let from_authorization = authorization.and_then(|(scheme, rest)| match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some(Cow::Borrowed(rest)),
            "basic" => basic(rest).map(Cow::Owned),
            "aws4-hmac-sha256" if self.door == Door::Aws => access_key_id(rest).map(Cow::Borrowed),
            _ => None,
        });
        let own = if self.door == Door::Firehose { self.text("x-amz-firehose-access-key") } else { None };
        let key = from_authorization.or_else(|| self.text("x-api-key").or(own).map(Cow::Borrowed))?;
        let trimmed = key.trim();
        (!trimmed.is_empty()).then(|| if trimmed.len() == key.len() { key.clone() } else { trimmed.to_owned().into() })
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The password of `user:password`, or the user where the password is empty: webhooks can be given a key in their URL
/// only, as `https://user:KEY@host` or `https://KEY@host`.
fn basic(credentials: &str) -> Option<String> {
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':').unwrap_or((&decoded, ""));
    Some(if password.is_empty() { user } else { password }.to_owned())
}

/// The access key id of `Credential=ID/date/region/service/aws4_request, SignedHeaders=…`. It may hold slashes itself.
fn access_key_id(parameters: &str) -> Option<&str> {
    let credential = parameters
        .split(", ")
        .flat_map(|part| part.split(",SignedHeaders"))
        .find_map(|part| part.trim().strip_prefix("Credential="))?;
    credential.rsplitn(5, '/').nth(4)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn key_of(headers: &HeaderMap) -> Option<String> {
        Presented::from(headers).key().map(Cow::into_owned)
    }

    #[test]
    fn a_key_comes_as_a_bearer_token_or_in_its_own_header() {
        assert_eq!(key_of(&headers(&[("authorization", "Bearer abc")])).as_deref(), Some("abc"));
        assert_eq!(key_of(&headers(&[("authorization", "bearer  abc ")])).as_deref(), Some("abc"));
        assert_eq!(key_of(&headers(&[("x-api-key", "abc")])).as_deref(), Some("abc"));
        assert_eq!(key_of(&headers(&[("authorization", "Digest abc"), ("x-api-key", "def")])).as_deref(), Some("def"));
    }

    #[test]
    fn a_key_comes_as_a_password_or_as_a_user_without_one() {
        for (given, key) in [
            ("hook:abc", Some("abc")),
            (":abc", Some("abc")),
            ("abc:", Some("abc")),
            ("abc", Some("abc")),
            ("hook:a:b", Some("a:b")),
            (":", None),
        ] {
            let header = format!("Basic {}", BASE64_STANDARD.encode(given));
            let mut given = HeaderMap::new();
            given.insert(actix_web::http::header::AUTHORIZATION, header.parse().expect("a header"));
            assert_eq!(key_of(&given).as_deref(), key, "{header}");
        }
        assert_eq!(key_of(&headers(&[("authorization", "Basic abc"), ("x-api-key", "def")])).as_deref(), Some("def"));
    }

    #[test]
    fn some_headers_carry_a_key_at_their_own_routes_alone() {
        let firehose = headers(&[("x-amz-firehose-access-key", "abc")]);
        assert_eq!(Presented::at(Door::Firehose, &firehose).key().as_deref(), Some("abc"));
        assert_eq!(key_of(&firehose), None);
        for signed in [
            "AWS4-HMAC-SHA256 Credential=abc/20260302/eu-central-1/mobiletargeting/aws4_request, SignedHeaders=host, Signature=0",
            "AWS4-HMAC-SHA256 Credential=abc/20260302/eu-central-1/mobiletargeting/aws4_request,SignedHeaders=host,Signature=0",
        ] {
            let signed = headers(&[("authorization", signed)]);
            assert_eq!(Presented::at(Door::Aws, &signed).key().as_deref(), Some("abc"));
            assert_eq!(key_of(&signed), None);
        }
        let with_slashes = headers(&[("authorization", "AWS4-HMAC-SHA256 Credential=a/b/1/2/3/4, SignedHeaders=host")]);
        assert_eq!(Presented::at(Door::Aws, &with_slashes).key().as_deref(), Some("a/b"));
        let short = headers(&[("authorization", "AWS4-HMAC-SHA256 Credential=abc, SignedHeaders=host")]);
        assert_eq!(Presented::at(Door::Aws, &short).key(), None);
    }

    #[test]
    fn an_empty_key_is_none() {
        assert_eq!(key_of(&headers(&[])), None);
        assert_eq!(key_of(&headers(&[("x-api-key", " ")])), None);
        assert_eq!(key_of(&headers(&[("authorization", "Bearer ")])), None);
    }
}
