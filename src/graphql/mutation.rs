//! What can be changed: the table of contents. Every mutation stands, with its rules, in the file of its noun.

use async_graphql::{Context, ID, Object};

use super::api_key::{self, ApiKeyCreateInput, ApiKeyCreatePayload, ApiKeyRevokePayload};
use super::campaign_update::{self, CampaignPayload, CampaignUpdateInput};
use super::context::Needs;
use super::error::Result;
use super::events_ingest::{self, EventsIngestInput, VendorEventsIngestInput};
use super::ingest_report::{EventsIngestPayload, IngestResultSelection};
use super::odp_event_send::{self, OdpEvent};
use super::profile::{self, CustomerUpsertInput, CustomerUpsertPayload};
use super::scalar::Json;
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
