//! What can be asked: the table of contents. Every field stands, with its rules, in the file of its noun.

use async_graphql::{Context, ID, Object};

use super::attribution::{self, AttributionInput};
use super::attribution_report::AttributionReport;
use super::audience::{self, Audience};
use super::audit_log::{self, AuditEntry, AuditFilter};
use super::campaign::{self, Campaign, CampaignFilter, CampaignOrder};
use super::context::Needs;
use super::customer::{self, Customer};
use super::customer_export;
use super::customer_list::{self, CustomerFilter};
use super::error::Result;
use super::event::Event;
use super::event_list::{self, EventFilter, EventOrder};
use super::event_type::{self, EventTypeSummary};
use super::identifier::IdentifierInput;
use super::identifier_block::{self, IdentifierBlocks};
use super::identifier_type::{self, IdentifierType};
use super::limits::page_cost;
use super::list::{self, List};
use super::node::{self, Node};
use super::page::{Connection, PageArguments};
use super::quarantine::{self, QuarantinedRecord};
use super::quarantine_counts::{self, QuarantineCounts};
use super::quarantine_filter::QuarantineFilter;
use super::reachability::{self, Reachability, ReachabilityType};
use super::reachability_funnel::{self, ReachabilityFunnel};
use super::scalar::Json;
use super::source::CampaignSource;
use super::suppression::{self, Suppression, SuppressionQuestion};
use super::workspace::{self, Workspace};
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

    /// Customers, the first taken in first. Those that became part of others are not listed. Each filter walks an index.
    #[graphql(
        guard = "Needs(Permission::ReadPersonalData)",
        complexity = "10 + page_cost(first, last, child_complexity)"
    )]
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customers; without it, all.")] filter: Option<CustomerFilter>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Customer>> {
        customer_list::list(ctx, filter, PageArguments { first, after, last, before }).await
    }

    /// Audiences, by name.
    #[graphql(guard = "Needs(Permission::ReadAggregates)", complexity = "page_cost(first, last, child_complexity)")]
    async fn audiences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Audience>> {
        audience::page(ctx, PageArguments { first, after, last, before }).await
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

    /// How many customers can be reached on a channel, and on a list, and why the others cannot. From counts that are kept:
    /// it takes the same time at any number of customers.
    #[graphql(guard = "Needs(Permission::ReadAggregates)", complexity = "50 + child_complexity")]
    async fn reachability_funnel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The channel, such as email, sms or push, in any case.")] channel: String,
        #[graphql(desc = "The list that messages are for; without it, none.")] list: Option<ID>,
    ) -> Result<ReachabilityFunnel> {
        reachability_funnel::answer(ctx, &channel, list).await
    }

    /// Addresses that cannot be reached now, and so must not be written to; the latest suppressed first.
    #[graphql(guard = "Needs(Permission::ReadPersonalData)", complexity = "page_cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn suppressions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only addresses of this channel, in any case.")] channel: Option<String>,
        #[graphql(desc = "Only addresses that cannot be reached for this reason.")] reason: Option<ReachabilityType>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Suppression>> {
        let question = SuppressionQuestion { channel, reason };
        suppression::list(ctx, question, PageArguments { first, after, last, before }).await
    }

    /// Who is credited with the conversions of the workspace, by any model. Computed from all conversions within the range.
    #[graphql(guard = "Needs(Permission::ReadAggregates)", complexity = "100 + child_complexity")]
    async fn attribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked; {} asks for the last touch among opens and clicks within 3 days.")]
        input: AttributionInput,
    ) -> Result<AttributionReport> {
        attribution::answer(ctx, input).await
    }

    /// Lists that addresses join and leave, by name.
    #[graphql(guard = "Needs(Permission::ReadAggregates)", complexity = "page_cost(first, last, child_complexity)")]
    async fn lists(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<List>> {
        list::page(ctx, PageArguments { first, after, last, before }).await
    }

    /// Every type of identifier: built in, created on first sight, registered; by name.
    #[graphql(guard = "Needs(Permission::ReadAggregates)")]
    async fn identifier_types(&self, ctx: &Context<'_>) -> Result<Vec<IdentifierType>> {
        identifier_type::list(ctx).await
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

    /// Everything that is kept about a customer, as one object: identifiers, attributes, addresses with their history,
    /// audiences, events with all their fields, changes of identity, and quarantined records that name it. Null where the
    /// workspace knows no such customer. It is recorded in the audit log. At most 2,000 events, 32 MiB, and a quarantine of
    /// at most 10,000 records: above that it is `LIMIT_EXCEEDED`, and `campaignql export customer` writes it.
    #[graphql(guard = "Needs(Permission::ReadPersonalData)", complexity = "1_000")]
    async fn customer_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id; give exactly one of id and identifier.")] id: Option<ID>,
        #[graphql(desc = "An identifier that names it.")] identifier: Option<IdentifierInput>,
    ) -> Result<Option<Json>> {
        customer_export::export(ctx, id, identifier).await
    }

    /// How many identifiers of erased customers are blocked, and until when. Which they are is not known: only keyed
    /// hashes are kept.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn identifier_blocks(&self, ctx: &Context<'_>) -> Result<IdentifierBlocks> {
        identifier_block::list(ctx).await
    }

    /// What administrators did, the newest first: every mutation that needs a key of the scope admin and changed something,
    /// exports of customers, and keys made and revoked at the command line.
    #[graphql(guard = "Needs(Permission::Administer)", complexity = "page_cost(first, last, child_complexity)")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries; without it, all.")] filter: Option<AuditFilter>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AuditEntry>> {
        audit_log::list(ctx, filter, PageArguments { first, after, last, before }).await
    }

    /// The workspace that the key admits to.
    #[graphql(guard = "Needs(Permission::ReadAggregates)")]
    async fn workspace(&self, ctx: &Context<'_>) -> Result<Workspace> {
        Ok(Workspace(workspace::fresh(ctx).await?))
    }
}
