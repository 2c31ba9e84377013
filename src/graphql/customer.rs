//! Customers: one, and its fields.

use async_graphql::{Context, ID, Object};
use futures_util::future::try_join_all;

use super::audience::{self, Audience};
use super::consent::{Consent, Subscription};
use super::context::{caller, store};
use super::eligibility::{self, Eligibility};
use super::error::{Fault, Result};
use super::event::Event;
use super::event_list;
use super::identifier::{CustomerIdentifier, IdentifierInput};
use super::identity_history::{self, IdentityChange};
use super::kind::EventKind;
use super::limits::page_cost;
use super::loader::{CustomerKey, IdentifiersKey, MergedKey, SpanKey, load};
use super::node::NodeId;
use super::page::{Connection, PageArguments};
use super::profile::{self, CustomerAttribute};
use super::reachability::{self, Reachability};
use super::scalar::DateTime;
use super::workspace;
use crate::domain::time::Micros;
use crate::store;

/// A customer that stands for itself.
#[derive(Clone, Debug)]
pub struct Customer {
    row: entity::customer::Model,
}

impl From<entity::customer::Model> for Customer {
    fn from(row: entity::customer::Model) -> Self {
        Self { row }
    }
}

/// A person, or a device not yet known to be anybody's. Customers that turn out to be one are merged.
#[Object]
impl Customer {
    /// Opaque, unique over all types, and stable. The id of a customer that became part of another answers with that one.
    pub async fn id(&self) -> ID {
        NodeId::Customer(self.row.id).encode()
    }

    /// Whether it has, or had, an identifier that names one person.
    fn is_identified(&self) -> bool {
        self.row.is_identified
    }

    /// Its identifiers by type, at most 25 of each, the latest linked first; older ones still resolve.
    async fn identifiers(&self, ctx: &Context<'_>) -> Result<Vec<CustomerIdentifier>> {
        let rows = load(ctx, IdentifiersKey(self.row.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(CustomerIdentifier::from).collect())
    }

    /// Its attributes by name; cleared ones are listed with the value null.
    async fn attributes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only attributes of these names.")] names: Option<Vec<String>>,
    ) -> Result<Vec<CustomerAttribute>> {
        profile::attributes(ctx, self.row.id, names).await
    }

    /// The audiences that it is in at this moment, by name; of a workspace with more than 1,000 audiences none beyond.
    #[graphql(complexity = "10 + child_complexity")]
    async fn audiences(&self, ctx: &Context<'_>) -> Result<Vec<Audience>> {
        audience::of_customer(ctx, self.row.id).await
    }

    /// Ids of the customers that became part of it, oldest first. They still resolve to this one.
    async fn merged_from(&self, ctx: &Context<'_>) -> Result<Vec<ID>> {
        let merged = load(ctx, MergedKey(self.row.id)).await?.unwrap_or_default();
        Ok(merged.into_iter().map(|id| NodeId::Customer(id).encode()).collect())
    }

    /// Every merge and move that concerned it or a customer that became part of it, what it gained and what it lost, the
    /// latest first.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn identity_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<IdentityChange>> {
        identity_history::page(ctx, self.row.id, PageArguments { first, after, last, before }).await
    }

    /// When it was first taken in.
    fn created_at(&self) -> DateTime {
        DateTime(Micros(self.row.created_at))
    }

    /// When the earliest of its events occurred; null without events.
    async fn first_seen_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(load(ctx, SpanKey(self.row.id)).await?.map(|(first, _)| DateTime(Micros(first))))
    }

    /// When the latest of its events occurred; null without events.
    async fn last_seen_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(load(ctx, SpanKey(self.row.id)).await?.map(|(_, last)| DateTime(Micros(last))))
    }

    /// Its events and those of all that became part of it, the latest occurrence first.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only events of these kinds.")] kinds: Option<Vec<EventKind>>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Event>> {
        event_list::of_customer(ctx, self.row.id, kinds, PageArguments { first, after, last, before }).await
    }

    /// The state of every address among its shown identifiers, in their order.
    async fn reachability(&self, ctx: &Context<'_>) -> Result<Vec<Reachability>> {
        self.addresses(ctx).await
    }

    /// What was said about being messaged, for every address among its shown identifiers, in their order.
    async fn consents(&self, ctx: &Context<'_>) -> Result<Vec<Consent>> {
        Ok(self.addresses(ctx).await?.iter().map(Reachability::own_consent).collect())
    }

    /// The lists that its shown addresses ever joined or left, by address in their order.
    async fn subscriptions(&self, ctx: &Context<'_>) -> Result<Vec<Subscription>> {
        Ok(self.addresses(ctx).await?.iter().flat_map(Reachability::own_subscriptions).collect())
    }

    /// Whether it may be messaged on a channel, through the best of all its addresses, and why not.
    async fn eligibility(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The channel, such as email, sms or push, in any case.")] channel: String,
        #[graphql(desc = "The list that the message is for; without it, none.")] list: Option<ID>,
    ) -> Result<Eligibility> {
        eligibility::of_customer(ctx, self.row.id, &channel, list).await
    }
}

impl Customer {
    /// Its number.
    pub fn number(&self) -> i64 {
        self.row.id
    }

    async fn addresses(&self, ctx: &Context<'_>) -> Result<Vec<Reachability>> {
        let rows = load(ctx, IdentifiersKey(self.row.id)).await?.unwrap_or_default();
        let types = workspace::types(ctx).await?;
        let addresses = rows.into_iter().filter_map(|row| CustomerIdentifier::from(row).address(&types));
        try_join_all(addresses.map(|(address, channels)| reachability::of_address(ctx, address, channels))).await
    }
}

/// The customer of a number, or the one that it became part of.
pub async fn find(ctx: &Context<'_>, id: i64) -> Result<Option<Customer>> {
    Ok(load(ctx, CustomerKey(id)).await?.map(Customer::from))
}

/// The customer of an id or of an identifier.
pub async fn find_one(
    ctx: &Context<'_>,
    id: Option<ID>,
    identifier: Option<IdentifierInput>,
) -> Result<Option<Customer>> {
    match (id, identifier) {
        (Some(id), None) => match NodeId::customer(&id) {
            Some(id) => find(ctx, id).await,
            None => Ok(None),
        },
        (None, Some(identifier)) => {
            let (named, _) = identifier.parse()?;
            let workspace = caller(ctx)?.workspace_id();
            let found = store::customer::find_by_identifier(store(ctx)?, workspace, &named).await?;
            Ok(found.map(Customer::from))
        }
        _ => Err(Fault::bad_input("a customer is asked for by id or by identifier: give exactly one of them")),
    }
}
