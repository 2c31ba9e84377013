//! Audiences: named rules over what customers are and did.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::context::{caller, store};
use super::customer::Customer;
use super::customer_list::{by_id, rows};
use super::error::Result;
use super::limits::page_cost;
use super::loader::{AudiencesKey, load};
use super::node::NodeId;
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::scalar::{BigInt, DateTime};
use super::workspace;
use crate::analytics::audience as analytics;
use crate::domain::access::Permission;
use crate::store::page::Slice;
use crate::store::{self, audience};

/// A named rule over customers.
#[derive(Clone, Debug)]
pub struct Audience(pub audience::Audience);

/// A named rule over what customers are and did. Who fits it at the moment of asking is in it: nothing is kept.
#[Object]
impl Audience {
    /// Opaque, unique over all types, and stable.
    pub async fn id(&self) -> ID {
        NodeId::Audience(self.0.id).encode()
    }

    /// What clients ask for it by.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for; null where nobody said.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Number of customers in it, exact; counted anew every time.
    #[graphql(complexity = "100")]
    async fn size(&self, ctx: &Context<'_>) -> Result<BigInt> {
        let workspace = workspace::fresh(ctx).await?;
        let members = analytics::members(store(ctx)?, &workspace, &self.0.rule).await?;
        Ok(BigInt(i64::try_from(members.len()).unwrap_or(i64::MAX)))
    }

    /// The customers in it, the first taken in first.
    #[graphql(complexity = "100 + page_cost(first, last, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Customer>> {
        caller(ctx)?.require(Permission::ReadPersonalData)?;
        let page = by_id(PageArguments { first, after, last, before })?;
        let workspace = workspace::fresh(ctx).await?;
        let members = analytics::members(store(ctx)?, &workspace, &self.0.rule).await?;
        let number = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let slice = Slice::of_sorted(&members, &page);
        Ok(Connection::new(rows(ctx, slice).await?, Arc::new(move || Box::pin(async move { Ok(number) }))))
    }
}

/// The audience of a number.
pub async fn find(ctx: &Context<'_>, id: i64) -> Result<Option<Audience>> {
    Ok(audience::find(store(ctx)?, caller(ctx)?.workspace_id(), id).await?.map(Audience))
}

/// The audiences that a customer is in, by name.
pub async fn of_customer(ctx: &Context<'_>, customer: i64) -> Result<Vec<Audience>> {
    let found = load(ctx, AudiencesKey(customer)).await?.unwrap_or_default();
    Ok(found.into_iter().map(Audience).collect())
}

const BY_NAME: &str = "audience.name";

/// A page of audiences, by name.
pub async fn page(ctx: &Context<'_>, arguments: PageArguments) -> Result<Connection<Audience>> {
    let page = arguments.page(|cursor| match cursor.parts(BY_NAME)? {
        [name] => Ok(name.clone()),
        _ => Err(foreign_cursor()),
    })?;
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let slice = store::audience::page(&store, workspace, &page).await?;
    let rows = slice.map(|row| {
        let cursor = CursorText::new(BY_NAME, [row.name.clone()]);
        (Audience(row), cursor)
    });
    let total = Arc::new(move || {
        let store = store.clone();
        Box::pin(async move { store::audience::count(&store, workspace).await }) as _
    });
    Ok(Connection::new(rows, total))
}
