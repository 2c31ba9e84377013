//! Who asks: the workspace and the scope that a request's key admits to.

use async_graphql::{Context, Guard};

use super::error::{Fault, Result};
use crate::domain::access::{Permission, Scope};
use crate::domain::audit::{Actor, AuditEntry};
use crate::domain::workspace::{Workspace, WorkspaceId};
use crate::ingest::Ingest;
use crate::store::Store;

/// Who asks. The HTTP layer puts it into every request's data; without it only introspection answers.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The workspace that the key admits to.
    pub workspace: Workspace,
    /// What the key admits to there.
    pub scope: Scope,
    /// Number of the key.
    pub api_key_id: i64,
    /// Name of the key.
    pub api_key_name: String,
    /// Id of the request, as its answer and the log have it.
    pub request_id: Option<String>,
}

impl RequestContext {
    /// The number of the workspace, as the store takes it.
    pub fn workspace_id(&self) -> WorkspaceId {
        self.workspace.id
    }

    /// Who asks, for the audit log.
    pub fn actor(&self) -> Actor {
        let (name, request) = (self.api_key_name.clone(), self.request_id.clone());
        Actor { api_key: Some(self.api_key_id), name, request }
    }

    /// Fails unless the scope admits to something.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.scope.allows(permission) { Ok(()) } else { Err(Fault::Forbidden(permission)) }
    }
}

/// Who asks.
pub fn caller<'a>(ctx: &Context<'a>) -> Result<&'a RequestContext> {
    ctx.data_opt().ok_or(Fault::Unauthenticated)
}

/// An entry of the audit log: that the caller does something.
pub fn audited(ctx: &Context<'_>, action: &'static str) -> Result<AuditEntry> {
    Ok(AuditEntry::new(caller(ctx)?.actor(), action))
}

/// The database.
pub fn store<'a>(ctx: &Context<'a>) -> Result<&'a Store> {
    ctx.data_opt().ok_or_else(|| crate::Error::Config("the schema was built without a database".to_owned()).into())
}

/// The way in.
pub fn ingest<'a>(ctx: &Context<'a>) -> Result<&'a Ingest> {
    ctx.data_opt().ok_or_else(|| crate::Error::Config("the schema was built without ingestion".to_owned()).into())
}

/// Guards a root field: the caller's scope must admit to the permission.
pub struct Needs(pub Permission);

impl Guard for Needs {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        Ok(caller(ctx)?.require(self.0)?)
    }
}
