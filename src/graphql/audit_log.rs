//! The audit log.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use super::api_key::{self, ApiKey};
use super::context::{caller, store};
use super::error::{Fault, Result};
use super::limits::MAX_FILTER_TEXT_CHARS;
use super::node::NodeId;
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::scalar::{DateTime, Json};
use crate::domain::global_id;
use crate::domain::time::Micros;
use crate::store;
use crate::store::audit::{AuditPosition, position_of};

/// Something that an administrator did.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    row: entity::audit::Model,
}

/// Something that an administrator did. Entries hold no personal data and are never changed or removed.
#[Object]
impl AuditEntry {
    /// When.
    async fn at(&self) -> DateTime {
        DateTime(Micros(self.row.at))
    }

    /// What: the name of the mutation, or of what the command line did.
    async fn action(&self) -> &str {
        &self.row.action
    }

    /// Who: the name of the key at that time, `command line`, or `server` for the first key of all.
    async fn actor(&self) -> &str {
        &self.row.actor
    }

    /// The key that it was done with; null where it was done without one.
    async fn api_key(&self, ctx: &Context<'_>) -> Result<Option<ApiKey>> {
        match self.row.api_key {
            Some(id) => api_key::find(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Global id of what it was done to; it may name nothing any more. Null where it was done to nothing in particular.
    async fn object_id(&self) -> Option<ID> {
        self.row.object.as_deref().map(|object| ID(global_id::encode(object)))
    }

    /// Counts and settings as an object, such as how many events an erased customer had.
    fn summary(&self) -> Result<Json> {
        let parsed = serde_json::from_str(&self.row.summary);
        Ok(Json(parsed.map_err(|error| crate::Error::Corrupt(format!("audit.summary: {error}")))?))
    }

    /// Id of the request, as its answer's header `x-request-id` and the server's log have it; null at the command line.
    async fn request_id(&self) -> Option<&str> {
        self.row.request.as_deref()
    }
}

/// Which entries of the audit log are wanted; what is left out admits all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AuditFilter {
    /// Of this action, such as `customerErase`.
    action: Option<String>,
    /// Done with this key.
    api_key: Option<ID>,
    /// Done to this object.
    object_id: Option<ID>,
    /// At this time or later.
    from: Option<DateTime>,
    /// Before this time.
    until: Option<DateTime>,
}

impl AuditFilter {
    fn parse(self) -> Result<store::audit::AuditFilter> {
        let api_key = match self.api_key.as_ref().map(|id| (id, NodeId::decode(id))) {
            None => None,
            Some((_, Some(NodeId::ApiKey(number)))) => Some(number),
            Some((id, _)) => return Err(Fault::not_found(format!("apiKey: {} names no key", id.as_str()))),
        };
        if self.action.as_ref().is_some_and(|action| action.chars().count() > MAX_FILTER_TEXT_CHARS) {
            return Err(Fault::bad_input(format!("action has more than {MAX_FILTER_TEXT_CHARS} characters")));
        }
        let object = match self.object_id.as_ref().map(|id| (id, NodeId::decode(id))) {
            None => None,
            Some((_, Some(object))) => Some(object.plain()),
            Some((id, None)) => return Err(Fault::not_found(format!("objectId: {} names no object", id.as_str()))),
        };
        let (from, until) = (self.from.map(|at| at.0), self.until.map(|at| at.0));
        Ok(store::audit::AuditFilter { action: self.action, object, api_key, from, until })
    }
}

/// A page of entries, the newest first.
pub async fn list(
    ctx: &Context<'_>,
    filter: Option<AuditFilter>,
    arguments: PageArguments,
) -> Result<Connection<AuditEntry>> {
    let page = arguments.page(|cursor| read_position(&cursor))?;
    let filter = filter.unwrap_or_default().parse()?;
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let slice = store::audit::page(&store, workspace, &filter, &page).await?;
    let rows = slice.map(|row| {
        let cursor = write_position(position_of(&row));
        (AuditEntry { row }, cursor)
    });
    let total = Arc::new(move || {
        let (store, filter) = (store.clone(), filter.clone());
        Box::pin(async move { store::audit::count(&store, workspace, &filter).await }) as _
    });
    Ok(Connection::new(rows, total))
}

const BY_TIME: &str = "audit.at";

fn write_position((at, id): AuditPosition) -> CursorText {
    CursorText::new(BY_TIME, [at.to_string(), id.to_string()])
}

fn read_position(cursor: &CursorText) -> Result<AuditPosition> {
    match cursor.numbers(BY_TIME)?[..] {
        [at, id] => Ok((at, id)),
        _ => Err(foreign_cursor()),
    }
}
