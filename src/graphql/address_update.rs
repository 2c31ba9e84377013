//! Mutations of an address: its consent, reachability and subscriptions. Each is an event like any other, so that state,
//! history and counts come from one place.

use async_graphql::{Context, Enum, ID, InputObject, SimpleObject};
use serde_json::{Map, Value, json};

use super::campaign_update::check_text;
use super::context::{audited, caller, ingest};
use super::error::Result;
use super::event::{self, Event};
use super::identifier::{self, IdentifierInput};
use super::list;
use super::node::NodeId;
use super::reachability::{self, Reachability, ReachabilityType, no_address};
use super::scalar::DateTime;
use super::user_error::{UserError, UserErrorCode};
use super::workspace;
use crate::dialect;
use crate::domain::event::{Dialect, Format};
use crate::domain::identifier::Identifier;
use crate::domain::kind::Kind;
use crate::domain::reachability as rules;
use crate::ingest::{Batch, RecordStatus};

/// What is common to every change of an address.
#[derive(Clone, Debug, InputObject)]
pub struct AddressUpdateInput {
    /// When it was said; without it, the time of ingestion. The newest update by its own time holds.
    occurred_at: Option<DateTime>,
    /// Recognises a repeat: the first update of a key and time stays.
    idempotency_key: Option<String>,
    /// Why, in your words, 1 to 200 characters. Kept with the event.
    note: Option<String>,
}

/// What the owner of an address said about being messaged.
#[derive(Clone, Debug, InputObject)]
pub struct ConsentSetInput {
    /// The address.
    identifier: IdentifierInput,
    /// Whether the owner agreed.
    is_opted_in: bool,
    /// When and why.
    #[graphql(flatten)]
    update: AddressUpdateInput,
}

/// Whether an address can be reached.
#[derive(Clone, Debug, InputObject)]
pub struct ReachabilitySetInput {
    /// The address.
    identifier: IdentifierInput,
    /// Whether it can be reached. True resets it by hand: earlier bounces no longer count.
    reachable: bool,
    /// Why it cannot be reached; OTHER when left out. Only with `reachable: false`.
    #[graphql(name = "type")]
    reason: Option<ReachabilityType>,
    /// When and why.
    #[graphql(flatten)]
    update: AddressUpdateInput,
}

/// Whether an address is on a list.
#[derive(Clone, Debug, InputObject)]
pub struct ListSubscriptionSetInput {
    /// The address.
    identifier: IdentifierInput,
    /// The list.
    list: ID,
    /// Whether it is on the list.
    is_subscribed: bool,
    /// When and why.
    #[graphql(flatten)]
    update: AddressUpdateInput,
}

/// An address to be taken off the suppression list.
#[derive(Clone, Debug, InputObject)]
pub struct SuppressionRemoveInput {
    /// The address.
    identifier: IdentifierInput,
    /// When and why.
    #[graphql(flatten)]
    update: AddressUpdateInput,
}

/// What became of the update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AddressUpdateStatus {
    /// It was stored as an event.
    Accepted,
    /// It was there already: nothing was changed.
    Duplicate,
}

/// The address as it is now, or what is wrong.
#[derive(Debug, Default, SimpleObject)]
pub struct AddressUpdatePayload {
    /// The address as it is after the update; null where nothing was changed because of an error.
    reachability: Option<Reachability>,
    /// What became of the update; null where it was wrong.
    status: Option<AddressUpdateStatus>,
    /// The event that the update became; null where it was wrong or there already.
    event: Option<Event>,
    /// What a person can mend; empty on success.
    user_errors: Vec<UserError>,
}

impl AddressUpdatePayload {
    fn refused(error: UserError) -> Self {
        Self { user_errors: vec![error], ..Self::default() }
    }
}

/// What an update says, as fields of a typed event.
struct Said {
    event_type: &'static str,
    action: &'static str,
    kind: Kind,
    reason: Option<&'static str>,
    list: Option<String>,
}

/// Sets what the owner of an address said.
pub async fn set_consent(ctx: &Context<'_>, input: ConsentSetInput) -> Result<AddressUpdatePayload> {
    let (action, kind) = if input.is_opted_in { ("opt-in", Kind::OptedIn) } else { ("opt-out", Kind::OptedOut) };
    let said = Said { event_type: "consent", action, kind, reason: None, list: None };
    send(ctx, "consentSet", &input.identifier, said, input.update).await
}

/// Sets whether an address can be reached.
pub async fn set_reachability(ctx: &Context<'_>, input: ReachabilitySetInput) -> Result<AddressUpdatePayload> {
    if input.reachable && input.reason.is_some() {
        let message = "type says why an address cannot be reached: leave it out with reachable: true";
        return Ok(AddressUpdatePayload::refused(UserError::new(UserErrorCode::Invalid, &["input", "type"], message)));
    }
    let reason = rules::ReachabilityType::from(input.reason.unwrap_or(ReachabilityType::Other)).name();
    let said = if input.reachable {
        Said { event_type: "reachability", action: "reachable", kind: Kind::Reachable, reason: None, list: None }
    } else {
        let (action, kind) = ("unreachable", Kind::Unreachable);
        Said { event_type: "reachability", action, kind, reason: Some(reason), list: None }
    };
    send(ctx, "reachabilitySet", &input.identifier, said, input.update).await
}

/// Sets whether an address is on a list.
pub async fn set_subscription(ctx: &Context<'_>, input: ListSubscriptionSetInput) -> Result<AddressUpdatePayload> {
    let found = match NodeId::decode(&input.list) {
        Some(NodeId::List(number)) => list::find(ctx, number).await?,
        _ => None,
    };
    let Some(list) = found else {
        let message = format!("{} names no list", input.list.as_str());
        return Ok(AddressUpdatePayload::refused(UserError::new(UserErrorCode::NotFound, &["input", "list"], message)));
    };
    let join = ("subscribe", Kind::ListSubscribed);
    let (action, kind) = if input.is_subscribed { join } else { ("unsubscribe", Kind::ListUnsubscribed) };
    let said = Said { event_type: "list", action, kind, reason: None, list: Some(list.text().to_owned()) };
    send(ctx, "listSubscriptionSet", &input.identifier, said, input.update).await
}

/// Takes an address off the suppression list.
pub async fn remove_suppression(ctx: &Context<'_>, input: SuppressionRemoveInput) -> Result<AddressUpdatePayload> {
    let said =
        Said { event_type: "reachability", action: "reachable", kind: Kind::Reachable, reason: None, list: None };
    let address = match address(ctx, &input.identifier).await? {
        Ok(address) => address,
        Err(error) => return Ok(AddressUpdatePayload::refused(error)),
    };
    let now = state(ctx, address).await?;
    if now.is_suppressed() {
        return send(ctx, "suppressionRemove", &input.identifier, said, input.update).await;
    }
    let message = format!("{} is not on the suppression list: it can be reached", input.identifier.value);
    Ok(AddressUpdatePayload::refused(UserError::new(UserErrorCode::NotFound, &["input", "identifier"], message)))
}

/// The address that an identifier is, or what is wrong with it.
async fn address(ctx: &Context<'_>, input: &IdentifierInput) -> Result<Result<Identifier, UserError>> {
    let field = ["input", "identifier"];
    let parsed = match input.parse() {
        Ok((parsed, _)) => parsed,
        Err(fault) => return Ok(Err(UserError::new(UserErrorCode::Invalid, &field, fault.to_string()))),
    };
    if workspace::types(ctx).await?.is_messaging(&parsed.name) {
        return Ok(Ok(parsed));
    }
    Ok(Err(UserError::new(UserErrorCode::Invalid, &["input", "identifier", "type"], no_address(&parsed.name))))
}

async fn state(ctx: &Context<'_>, address: Identifier) -> Result<Reachability> {
    let types = workspace::types(ctx).await?;
    let channels = identifier::channels_of(ctx, &address, &types).await?;
    reachability::of_address(ctx, address, channels).await
}

async fn send(
    ctx: &Context<'_>,
    mutation: &'static str,
    identifier: &IdentifierInput,
    said: Said,
    update: AddressUpdateInput,
) -> Result<AddressUpdatePayload> {
    let address = match address(ctx, identifier).await? {
        Ok(address) => address,
        Err(error) => return Ok(AddressUpdatePayload::refused(error)),
    };
    let note = update.note.as_deref().map(str::trim);
    if let Some(error) = note.and_then(|note| check_text(note, &["input", "note"])) {
        return Ok(AddressUpdatePayload::refused(error));
    }
    let record = record(&address, said, &update);
    let records = dialect::read_value(ingest(ctx)?.reading(Format::Of(Dialect::Native)), &record);
    let source = format!("/graphql {mutation}");
    let audit = Some(audited(ctx, mutation)?);
    let batch = Batch { audit, ..Batch::new(caller(ctx)?.workspace_id(), source, records) };
    let result = ingest(ctx)?.submit(batch).await?.results.into_iter().next();
    if result.as_ref().is_some_and(|result| result.status == RecordStatus::Dropped) {
        let message = format!("{} was erased and is blocked for a while", identifier.value);
        let error = UserError::new(UserErrorCode::Erased, &["input", "identifier"], message);
        return Ok(AddressUpdatePayload::refused(error));
    }
    if let Some(message) = result.as_ref().and_then(|result| result.message.clone()) {
        return Ok(AddressUpdatePayload::refused(UserError::new(UserErrorCode::Invalid, &["input"], message)));
    }
    let id = result.and_then(|result| result.event_id);
    let event = match id {
        Some(id) => event::find(ctx, (id.shard, id.seq)).await?,
        None => None,
    };
    let status = if id.is_some() { AddressUpdateStatus::Accepted } else { AddressUpdateStatus::Duplicate };
    let reachability = Some(state(ctx, address).await?);
    Ok(AddressUpdatePayload { reachability, status: Some(status), event, user_errors: Vec::new() })
}

/// The update as a record of the native form.
fn record(address: &Identifier, said: Said, update: &AddressUpdateInput) -> Value {
    let mut record = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        record.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("type", Some(said.event_type.into()));
    put("action", Some(said.action.into()));
    put("kind", Some(said.kind.name().into()));
    put("identifiers", Some(json!([{ "type": address.name, "value": address.value }])));
    put("occurredAt", update.occurred_at.map(|at| at.0.to_datetime().to_rfc3339().into()));
    put("idempotencyKey", update.idempotency_key.clone().map(Value::String));
    put("reason", said.reason.map(Into::into));
    put("list", said.list.map(Value::String));
    put("data", update.note.as_deref().map(|note| json!({ "note": note.trim() })));
    record.into()
}
