//! What can be asked: the table of contents. Every field stands, with its rules, in the file of its noun.

use async_graphql::{Context, ID, Object};

use super::campaign::{self, Campaign, CampaignFilter, CampaignOrder};
use super::context::{Needs, caller};
use super::customer::{self, Customer};
use super::error::Result;
use super::event::Event;
use super::event_list::{self, EventFilter, EventOrder};
use super::event_type::{self, EventTypeSummary};
use super::identifier::IdentifierInput;
use super::limits::page_cost;
use super::node::{self, Node};
use super::page::{Connection, PageArguments};
use super::quarantine::{self, QuarantinedRecord};
use super::quarantine_counts::{self, QuarantineCounts};
use super::quarantine_filter::QuarantineFilter;
use super::reachability::{self, Reachability};
use super::reachability_funnel::{self, ReachabilityFunnel};
use super::source::CampaignSource;
use super::workspace::Workspace;
use crate::domain::access::Permission;

/// What can be asked.
pub struct Query;

/// What can be asked of the workspace that the key admits to.
#[Object]
impl Query {
    /// The object of a global id; null where the workspace has no such object.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id as any object's `id` gave it.")] id: ID,
    ) -> Result<Option<Node>> {
        node::find(ctx, &id).await
    }

    /// A campaign by exactly one of its ids; null where the workspace has no such campaign.
    #[graphql(guard = "Needs(Permission::ReadAggregates)")]
    async fn campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: Option<ID>,
        #[graphql(desc = "The id that its source gave it.")] external_id: Option<String>,
        #[graphql(desc = "Who issued the external id; needed where several sources issued the same.")] source: Option<
            CampaignSource,
        >,
    ) -> Result<Option<Campaign>> {
        campaign::find_one(ctx, id, external_id, source).await
    }

    /// Campaigns, the latest created first unless ordered otherwise.
    #[graphql(guard = "Needs(Permission::ReadAggregates)", complexity = "page_cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn campaigns(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which campaigns; without it, all.")] filter: Option<CampaignFilter>,
        #[graphql(desc = "In which order; without it, by CREATED_AT, DESC.")] order_by: Option<CampaignOrder>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Campaign>> {
        campaign::list(ctx, filter, order_by, PageArguments { first, after, last, before }).await
    }

    /// A customer by exactly one of id and identifier; null where the workspace knows no such customer.
    #[graphql(guard = "Needs(Permission::ReadPersonalData)")]
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id; that of a customer that became part of another answers with the other.")]
        id: Option<ID>,
        #[graphql(desc = "A value that names it.")] identifier: Option<IdentifierInput>,
    ) -> Result<Option<Customer>> {
        customer::find_one(ctx, id, identifier).await
    }

    /// Events: those of a campaign, a customer or an identifier by time of occurrence, all others by order of commit; the
    /// newest first unless ordered otherwise.
    #[graphql(guard = "Needs(Permission::ReadPersonalData)", complexity = "page_cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which events; {} admits all.")] filter: EventFilter,
        #[graphql(desc = "In which order; without it, the newest first.")] order_by: Option<EventOrder>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Event>> {
        event_list::list(ctx, filter, order_by, PageArguments { first, after, last, before }).await
    }

    /// Every type of event seen, with its kind, number, first and last time; by type, action and kind.
    #[graphql(guard = "Needs(Permission::ReadAggregates)")]
    async fn event_types(&self, ctx: &Context<'_>) -> Result<Vec<EventTypeSummary>> {
        event_type::list(ctx).await
    }

    /// Whether an address can be reached. An address that no event mentioned is reachable; an identifier that names no
    /// address is an error.
    #[graphql(guard = "Needs(Permission::ReadPersonalData)")]
    async fn reachability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] identifier: IdentifierInput,
    ) -> Result<Reachability> {
        reachability::of_identifier(ctx, &identifier).await
    }

    /// How many customers can be reached on a channel, and why the others cannot.
    #[graphql(guard = "Needs(Permission::ReadAggregates)", complexity = "50 + child_complexity")]
    async fn reachability_funnel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The channel, such as email, sms or push, in any case.")] channel: String,
    ) -> Result<ReachabilityFunnel> {
        reachability_funnel::answer(ctx, &channel).await
    }

    /// Records that could not be taken, the latest received first; those that wait, unless the filter names other states.
    #[graphql(guard = "Needs(Permission::ReadPersonalData)", complexity = "page_cost(first, last, child_complexity)")]
    async fn quarantine(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records; without it, all that wait.")] filter: Option<QuarantineFilter>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<QuarantinedRecord>> {
        quarantine::list(ctx, filter, PageArguments { first, after, last, before }).await
    }

    /// How many records wait in the quarantine, by form, reason and field, the largest groups first: what to mend first.
    #[graphql(guard = "Needs(Permission::ReadPersonalData)", complexity = "50 + child_complexity")]
    async fn quarantine_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records; without it, all that wait.")] filter: Option<QuarantineFilter>,
        #[graphql(desc = "How many groups to list, 1 to 500.", default_with = "Some(20)")] top: Option<i32>,
    ) -> Result<QuarantineCounts> {
        quarantine_counts::answer(ctx, filter, top).await
    }

    /// The workspace that the key admits to.
    #[graphql(guard = "Needs(Permission::ReadAggregates)")]
    #[expect(clippy::unused_self, reason = "a resolver is a method")]
    fn workspace(&self, ctx: &Context<'_>) -> Result<Workspace> {
        Ok(Workspace(caller(ctx)?.workspace.clone()))
    }
}
