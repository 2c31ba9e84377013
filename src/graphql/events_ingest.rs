//! `eventsIngest`: typed events, and `vendorEventsIngest`: records in a vendor's own form.

use async_graphql::{Context, InputObject};
use serde_json::{Map, Value};

use super::context::ingest;
use super::error::Result;
use super::identifier::IdentifierInput;
use super::ingest_report::{EventsIngestPayload, IngestResultSelection, check_number, submit};
use super::kind::EventKind;
use super::scalar::Json;
use super::source::{CampaignSource, EventAutomation, EventDialect};
use crate::dialect;
use crate::domain::event::{Automation, Dialect, Format, Namespace};
use crate::domain::kind::Kind;

/// The campaign that an event belongs to. One that was never seen is created on the spot.
#[derive(Clone, Debug, InputObject)]
pub struct EventCampaignInput {
    /// Its id at its source.
    external_id: String,
    /// Who issued the id.
    #[graphql(default_with = "Some(CampaignSource::Native)")]
    source: Option<CampaignSource>,
    /// Its name, if known.
    name: Option<String>,
}

/// An event to be taken.
#[derive(Clone, Debug, InputObject)]
pub struct EventInput {
    /// Your word for it.
    #[graphql(name = "type")]
    event_type: String,
    /// Your second word for it.
    action: Option<String>,
    /// What it means; without it, what ODP's vocabulary makes of type and action, otherwise OTHER.
    kind: Option<EventKind>,
    /// When it happened, as RFC 3339 or in any time format that ODP takes; UTC where it names no zone. Without it, the time
    /// of ingestion counts. Text that is no time puts this event, and no other, into the quarantine.
    occurred_at: Option<String>,
    /// Who it is about: at least one.
    identifiers: Vec<IdentifierInput>,
    /// Channel: `email`, `sms`, `mms`, `push`, `web_push`, `voice`, `whatsapp`, `in_app`, `web_modal`, `web_embed`,
    /// `direct_mail`, `custom`, or your own name.
    channel: Option<String>,
    /// The campaign.
    campaign: Option<EventCampaignInput>,
    /// Your id of the run (a single execution) of the campaign.
    run: Option<String>,
    /// Your id of the treatment (variant) that the recipient got.
    treatment: Option<String>,
    /// Your id of the touchpoint (step within the campaign).
    touchpoint: Option<String>,
    /// Your id or name of the content.
    content: Option<String>,
    /// Your id of the list concerned.
    list: Option<String>,
    /// Your id of the message. Without it a message is one recipient in one run, treatment and touchpoint.
    message_id: Option<String>,
    /// The address whose state changes, if it is not among the identifiers. It names nobody.
    target_address: Option<String>,
    /// The link, of a click.
    url: Option<String>,
    /// Why, of skips, failures, bounces and reachability updates.
    reason: Option<String>,
    /// Your verdict on who acted.
    automation: Option<EventAutomation>,
    /// When the message was sent, in the formats of `occurredAt`.
    sent_at: Option<String>,
    /// Recognises a repeat: the first event of a key and time stays. Without it, an event that carries its own time is
    /// recognised by its content.
    idempotency_key: Option<String>,
    /// Whatever else is to be kept: an object.
    data: Option<Json>,
}

/// Events to be taken.
#[derive(Clone, Debug, InputObject)]
pub struct EventsIngestInput {
    /// The events, 1 to 5,000.
    events: Vec<EventInput>,
}

/// Records to be taken.
#[derive(Clone, Debug, InputObject)]
pub struct VendorEventsIngestInput {
    /// The form that they are in. Without it, each record is told by its keys.
    dialect: Option<EventDialect>,
    /// The records as their vendor sends them, 1 to 5,000: objects.
    records: Vec<Json>,
}

/// Takes typed events.
pub async fn typed(
    ctx: &Context<'_>,
    input: EventsIngestInput,
    selection: Option<IngestResultSelection>,
) -> Result<EventsIngestPayload> {
    if let Some(error) = check_number(input.events.len(), "events") {
        return Ok(EventsIngestPayload::refused(error));
    }
    let reading = ingest(ctx)?.reading(Format::Of(Dialect::Native));
    let events = input.events.into_iter().map(EventInput::into_json);
    let records = events.flat_map(|event| dialect::read_value(reading.clone(), &event)).collect();
    submit(ctx, "eventsIngest", records, selection).await
}

/// Takes records in a vendor's own form.
pub async fn vendor(
    ctx: &Context<'_>,
    input: VendorEventsIngestInput,
    selection: Option<IngestResultSelection>,
) -> Result<EventsIngestPayload> {
    if let Some(error) = check_number(input.records.len(), "records") {
        return Ok(EventsIngestPayload::refused(error));
    }
    let format = input.dialect.map_or(Format::Auto, |dialect| Format::Of(dialect.into()));
    let reading = ingest(ctx)?.reading(format);
    let records = dialect::read_values(reading, input.records.iter().map(|record| &record.0));
    submit(ctx, "vendorEventsIngest", records, selection).await
}

impl EventInput {
    /// The event as a record of the native form; fields that were not given are left out.
    fn into_json(self) -> Value {
        let text = |text: Option<String>| text.map(Value::String);
        let fields = [
            ("type", Some(Value::String(self.event_type))),
            ("action", text(self.action)),
            ("kind", self.kind.map(|kind| Kind::from(kind).name().into())),
            ("occurredAt", text(self.occurred_at)),
            ("identifiers", Some(self.identifiers.into_iter().map(identifier_json).collect())),
            ("channel", text(self.channel)),
            ("campaign", self.campaign.map(EventCampaignInput::into_json)),
            ("run", text(self.run)),
            ("treatment", text(self.treatment)),
            ("touchpoint", text(self.touchpoint)),
            ("content", text(self.content)),
            ("list", text(self.list)),
            ("messageId", text(self.message_id)),
            ("targetAddress", text(self.target_address)),
            ("url", text(self.url)),
            ("reason", text(self.reason)),
            ("automation", self.automation.map(|verdict| automation_name(verdict.into()).into())),
            ("sentAt", text(self.sent_at)),
            ("idempotencyKey", text(self.idempotency_key)),
            ("data", self.data.map(|data| data.0)),
        ];
        object(fields)
    }
}

impl EventCampaignInput {
    fn into_json(self) -> Value {
        object([
            ("externalId", Some(Value::String(self.external_id))),
            ("namespace", self.source.map(|source| Namespace::from(source).name().into())),
            ("name", self.name.map(Value::String)),
        ])
    }
}

fn identifier_json(identifier: IdentifierInput) -> Value {
    object([("type", Some(identifier.name.into())), ("value", Some(identifier.value.into()))])
}

fn automation_name(automation: Automation) -> &'static str {
    match automation {
        Automation::Unknown => "UNKNOWN",
        Automation::Human => "HUMAN",
        Automation::Machine => "MACHINE",
    }
}

fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}
