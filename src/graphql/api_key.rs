//! Keys that admit requests to the workspace.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::campaign_update::check_text;
use super::context::{audited, caller, store};
use super::error::Result;
use super::node::NodeId;
use super::scalar::DateTime;
use super::user_error::{UserError, UserErrorCode};
use crate::domain::access::Scope;
use crate::domain::time::Micros;
use crate::store;
use crate::store::api_key::NewApiKey;

/// What a key admits to, within its workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Scope")]
pub enum ApiKeyScope {
    /// Write events, by every ingesting route.
    Ingest,
    /// What an ODP client ships in a browser: send ODP events, ask audiences of one identifier.
    OdpPublic,
    /// Aggregates only, no personal data: for dashboards.
    Report,
    /// Ask everything, change nothing.
    Read,
    /// Everything.
    Admin,
}

/// A key.
#[derive(Clone, Debug)]
pub struct ApiKey {
    row: entity::api_key::Model,
}

impl From<entity::api_key::Model> for ApiKey {
    fn from(row: entity::api_key::Model) -> Self {
        Self { row }
    }
}

/// A key that admits requests to the workspace. The key itself is told once, when it is made.
#[Object]
impl ApiKey {
    /// Opaque, unique over all types, and stable.
    pub async fn id(&self) -> ID {
        NodeId::ApiKey(self.row.id).encode()
    }

    /// What it is for.
    fn name(&self) -> &str {
        &self.row.name
    }

    /// What it admits to.
    fn scope(&self) -> Result<ApiKeyScope> {
        let scope = Scope::from_name(&self.row.scope);
        Ok(scope.ok_or_else(|| crate::Error::Corrupt(format!("scope {}", self.row.scope)))?.into())
    }

    /// How it begins, to recognise it by.
    fn prefix(&self) -> &str {
        &self.row.prefix
    }

    /// When it was made.
    fn created_at(&self) -> DateTime {
        DateTime(Micros(self.row.created_at))
    }

    /// From when on it no longer admits; null: never.
    fn expires_at(&self) -> Option<DateTime> {
        self.row.expires_at.map(|at| DateTime(Micros(at)))
    }

    /// When it was revoked; null: it was not.
    fn revoked_at(&self) -> Option<DateTime> {
        self.row.revoked_at.map(|at| DateTime(Micros(at)))
    }
}

/// What a new key is to be.
#[derive(Clone, Debug, InputObject)]
pub struct ApiKeyCreateInput {
    /// What it is for, 1 to 200 characters.
    name: String,
    /// What it admits to.
    scope: ApiKeyScope,
    /// From when on it no longer admits; without it, never.
    expires_at: Option<DateTime>,
}

/// A new key, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct ApiKeyCreatePayload {
    /// What is stored of the key; null where none was made because of an error.
    api_key: Option<ApiKey>,
    /// The key itself, to be sent as `Authorization: Bearer KEY` or `x-api-key: KEY`. It cannot be read again.
    key: Option<String>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// A revoked key, or what is wrong.
#[derive(Debug, SimpleObject)]
pub struct ApiKeyRevokePayload {
    /// The key, revoked; null where the workspace has no such key.
    api_key: Option<ApiKey>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

/// The key of a number.
pub async fn find(ctx: &Context<'_>, id: i64) -> Result<Option<ApiKey>> {
    Ok(store::api_key::find(store(ctx)?, caller(ctx)?.workspace_id(), id).await?.map(ApiKey::from))
}

/// Makes a key.
pub async fn create(ctx: &Context<'_>, input: ApiKeyCreateInput) -> Result<ApiKeyCreatePayload> {
    let name = input.name.trim().to_owned();
    let expires_at = input.expires_at.map(|at| at.0);
    let mut user_errors: Vec<UserError> = check_text(&name, &["input", "name"]).into_iter().collect();
    if expires_at.is_some_and(|at| at <= Micros::now()) {
        let message = "expiresAt lies in the past: the key would never admit";
        user_errors.push(UserError::new(UserErrorCode::Invalid, &["input", "expiresAt"], message));
    }
    if !user_errors.is_empty() {
        return Ok(ApiKeyCreatePayload { api_key: None, key: None, user_errors });
    }
    let new = NewApiKey { name, scope: input.scope.into(), expires_at };
    let created =
        store::api_key::create(store(ctx)?, caller(ctx)?.workspace_id(), &new, &audited(ctx, "apiKeyCreate")?).await?;
    Ok(ApiKeyCreatePayload { api_key: Some(created.row.into()), key: Some(created.key), user_errors })
}

/// Revokes a key.
pub async fn revoke(ctx: &Context<'_>, id: &ID) -> Result<ApiKeyRevokePayload> {
    let revoked = match NodeId::decode(id) {
        Some(NodeId::ApiKey(number)) => {
            let entry = audited(ctx, "apiKeyRevoke")?;
            store::api_key::revoke(store(ctx)?, caller(ctx)?.workspace_id(), number, &entry).await?
        }
        _ => None,
    };
    let unknown = || {
        let message = format!("{} names no key", id.as_str());
        vec![UserError::new(UserErrorCode::NotFound, &["id"], message)]
    };
    let user_errors = if revoked.is_some() { Vec::new() } else { unknown() };
    Ok(ApiKeyRevokePayload { api_key: revoked.map(ApiKey::from), user_errors })
}
