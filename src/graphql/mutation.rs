//! What can be changed: the table of contents. Every mutation stands, with its rules, in the file of its noun.

use async_graphql::{Context, ID, Object};

use super::address_update::{
    self, AddressUpdatePayload, ConsentSetInput, ListSubscriptionSetInput, ReachabilitySetInput, SuppressionRemoveInput,
};
use super::api_key::{self, ApiKeyCreateInput, ApiKeyCreatePayload, ApiKeyRevokePayload};
use super::audience_upsert::{self, AudienceDeletePayload, AudienceUpsertInput, AudienceUpsertPayload};
use super::campaign_update::{self, CampaignPayload, CampaignUpdateInput};
use super::context::Needs;
use super::customer_erase::{self, CustomerEraseInput, CustomerErasePayload};
use super::customer_merge::{self, CustomerMergeInput, CustomerMergePayload};
use super::error::Result;
use super::events_ingest::{self, EventsIngestInput, VendorEventsIngestInput};
use super::identifier_block::{self, IdentifierBlockLiftInput, IdentifierBlockLiftPayload};
use super::identifier_type::{self, IdentifierTypeRegisterInput, IdentifierTypeRegisterPayload};
use super::ingest_report::{EventsIngestPayload, IngestResultSelection};
use super::list::{self, ListCreateInput, ListCreatePayload};
use super::odp_event_send::{self, OdpEvent};
use super::profile::{self, CustomerUpsertInput, CustomerUpsertPayload};
use super::quarantine_discard::{self, QuarantineDiscardInput, QuarantineDiscardPayload};
use super::quarantine_replay::{self, QuarantineReplayInput, QuarantineReplayPayload};
use super::scalar::Json;
use super::workspace_update::{
    self, WorkspaceCreateInput, WorkspaceCreatePayload, WorkspaceUpdateInput, WorkspaceUpdatePayload,
};
use crate::domain::access::Permission;

/// What can be changed.
pub struct Mutation;

/// What can be changed in the workspace that the key admits to.
#[Object]
impl Mutation {
    /// Takes typed events. One that breaks a rule goes to the quarantine and holds up no other; a repeat changes nothing.
    #[graphql(guard = "Needs(Permission::IngestEvents)")]
    async fn events_ingest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The events.")] input: EventsIngestInput,
        #[graphql(
            desc = "Which events are answered one by one.",
            default_with = "Some(IngestResultSelection::Failures)"
        )]
        results: Option<IngestResultSelection>,
    ) -> Result<EventsIngestPayload> {
        events_ingest::typed(ctx, input, results).await
    }

    /// Takes records in a vendor's own form. One that breaks a rule goes to the quarantine and holds up no other; a repeat
    /// changes nothing.
    #[graphql(guard = "Needs(Permission::IngestEvents)")]
    async fn vendor_events_ingest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The records and their form.")] input: VendorEventsIngestInput,
        #[graphql(
            desc = "Which records are answered one by one.",
            default_with = "Some(IngestResultSelection::Failures)"
        )]
        results: Option<IngestResultSelection>,
    ) -> Result<EventsIngestPayload> {
        events_ingest::vendor(ctx, input, results).await
    }

    /// Sends one event to ODP's model, as the Flag server's `sendOdpEvent` does. Adds to `data` unless given:
    /// `idempotence_id` (a random UUID), `data_source_type`, `data_source` and `data_source_version`.
    #[graphql(guard = "Needs(Permission::IngestEvents)")]
    async fn odp_event_send(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The second word, such as \"open\"; not empty.")] action: String,
        #[graphql(
            name = "type",
            desc = "The first word, such as \"email\"; \"fullstack\" where it is missing or empty."
        )]
        event_type: Option<String>,
        #[graphql(desc = "Who it is about: an object of names and values, such as {\"email\": \"a@b.example\"}.")]
        identifiers: Json,
        #[graphql(desc = "Everything else: an object of strings, numbers, booleans, nulls and nested values.")]
        data: Option<Json>,
        #[graphql(
            desc = "Which events are answered one by one.",
            default_with = "Some(IngestResultSelection::Failures)"
        )]
        results: Option<IngestResultSelection>,
    ) -> Result<EventsIngestPayload> {
        odp_event_send::send(ctx, OdpEvent { action, event_type, identifiers, data }, results).await
    }

    /// Sets attributes of the customer that the identifiers name. It is found, made or merged by them as by those of an
    /// event.
    #[graphql(guard = "Needs(Permission::IngestEvents)")]
    async fn customer_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and what is known of them.")] input: CustomerUpsertInput,
    ) -> Result<CustomerUpsertPayload> {
        profile::upsert(ctx, input).await
    }

    /// Erases a customer: its profile, its identifiers, every personal field of its events and of those of all that became
    /// part of it, what is known of its addresses, and quarantined records that name it. Reports count as before. Its
    /// identifiers are blocked for as long as the workspace says: what names nobody else is dropped meanwhile. It cannot be
    /// taken back.
    #[graphql(guard = "Needs(Permission::Administer)", complexity = "50 + child_complexity")]
    async fn customer_erase(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and why.")] input: CustomerEraseInput,
    ) -> Result<CustomerErasePayload> {
        customer_erase::erase(ctx, input).await
    }

    /// Lifts the block of an identifier of an erased customer: it is taken again, and names somebody new.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn identifier_block_lift(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The identifier.")] input: IdentifierBlockLiftInput,
    ) -> Result<IdentifierBlockLiftPayload> {
        identifier_block::lift(ctx, input).await
    }

    /// Merges two customers that are one person. The older one survives; the other's id resolves to it from then on, its
    /// identifiers, events, addresses and attributes are the survivor's, and every report counts one customer. It cannot be
    /// taken back. Customers that are one already stay as they are.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn customer_merge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The two customers.")] input: CustomerMergeInput,
    ) -> Result<CustomerMergePayload> {
        customer_merge::merge(ctx, input).await
    }

    /// Changes the name and the tags of a campaign.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn campaign_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign.")] id: ID,
        #[graphql(desc = "What to change.")] input: CampaignUpdateInput,
    ) -> Result<CampaignPayload> {
        campaign_update::update(ctx, &id, input).await
    }

    /// Archives a campaign, or takes it out of the archive. Archived campaigns go on counting.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn campaign_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign.")] id: ID,
        #[graphql(desc = "Whether it is to be archived.", default_with = "Some(true)")] is_archived: Option<bool>,
    ) -> Result<CampaignPayload> {
        campaign_update::archive(ctx, &id, is_archived.unwrap_or(true)).await
    }

    /// Reads quarantined records again, by the present program and settings, and takes those that break no rule any more:
    /// one, as it came or corrected, or all that a filter admits. Their events come exactly once, however often and by
    /// however many this is asked. Events without a time of their own get the time at which the record was first received.
    #[graphql(guard = "Needs(Permission::Administer)", complexity = "50 + child_complexity")]
    async fn quarantine_replay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records, and how to read them.")] input: QuarantineReplayInput,
    ) -> Result<QuarantineReplayPayload> {
        quarantine_replay::replay(ctx, input).await
    }

    /// Marks open records as not wanted, for a reason that is kept with them. They stay, so that a repeat of them is
    /// recognised, and can still be replayed.
    #[graphql(guard = "Needs(Permission::Administer)", complexity = "50 + child_complexity")]
    async fn quarantine_discard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records, and why.")] input: QuarantineDiscardInput,
    ) -> Result<QuarantineDiscardPayload> {
        quarantine_discard::discard(ctx, input).await
    }

    /// Sets what the owner of an address said about being messaged: an event like any other.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn consent_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address, and what was said.")] input: ConsentSetInput,
    ) -> Result<AddressUpdatePayload> {
        address_update::set_consent(ctx, input).await
    }

    /// Sets whether an address can be reached, or resets it by hand: an event like any other.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn reachability_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address, and whether it can be reached.")] input: ReachabilitySetInput,
    ) -> Result<AddressUpdatePayload> {
        address_update::set_reachability(ctx, input).await
    }

    /// Sets whether an address is on a list: an event like any other.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn list_subscription_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address, and the list.")] input: ListSubscriptionSetInput,
    ) -> Result<AddressUpdatePayload> {
        address_update::set_subscription(ctx, input).await
    }

    /// Takes an address off the suppression list: it can be reached from then on, and earlier bounces no longer count.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn suppression_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] input: SuppressionRemoveInput,
    ) -> Result<AddressUpdatePayload> {
        address_update::remove_suppression(ctx, input).await
    }

    /// Makes an audience, or changes the one of the same name.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn audience_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the audience is to be.")] input: AudienceUpsertInput,
    ) -> Result<AudienceUpsertPayload> {
        audience_upsert::upsert(ctx, input).await
    }

    /// Removes an audience.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn audience_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The audience.")] id: ID,
    ) -> Result<AudienceDeletePayload> {
        audience_upsert::delete(ctx, &id).await
    }

    /// Makes a list. One of the same name stays as it is.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn list_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the list is to be.")] input: ListCreateInput,
    ) -> Result<ListCreatePayload> {
        list::create(ctx, input).await
    }

    /// Registers an identifier type, or changes one. It holds for every event that is taken after the answer.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn identifier_type_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the type is to be.")] input: IdentifierTypeRegisterInput,
    ) -> Result<IdentifierTypeRegisterPayload> {
        identifier_type::register(ctx, input).await
    }

    /// Changes the workspace that the key admits to.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn workspace_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: WorkspaceUpdateInput,
    ) -> Result<WorkspaceUpdatePayload> {
        workspace_update::update(ctx, input).await
    }

    /// Makes another workspace, with a first key of its own.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn workspace_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the workspace is to be.")] input: WorkspaceCreateInput,
    ) -> Result<WorkspaceCreatePayload> {
        workspace_update::create(ctx, input).await
    }

    /// Makes a key. The key itself is in this answer and nowhere else.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn api_key_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the key is to be.")] input: ApiKeyCreateInput,
    ) -> Result<ApiKeyCreatePayload> {
        api_key::create(ctx, input).await
    }

    /// Revokes a key at once. A key that was revoked before stays as it is.
    #[graphql(guard = "Needs(Permission::Administer)")]
    async fn api_key_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key.")] id: ID,
    ) -> Result<ApiKeyRevokePayload> {
        api_key::revoke(ctx, &id).await
    }
}
