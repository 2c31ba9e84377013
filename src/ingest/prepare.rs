//! What can be done before the queue, in the caller's own time: keys, hashes and packed details of every event. The
//! committers then touch nothing but numbers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::dialect::order::order_of;
use crate::dialect::price::price_nanos;
use crate::domain::address::{Concern, change_of, concern_of, target_identifier};
use crate::domain::audit::AuditEntry;
use crate::domain::event::{Automation, CampaignRef, Dialect, EventKey, Format, NewEvent, Record, Rejection};
use crate::domain::hash::{hash63, hash128, identifier_id, optional_hash_with};
use crate::domain::identifier::{Confidence, ENDPOINT_TYPE, Identifier, rule_by_name};
use crate::domain::identity::{IdentifierId, NamedIdentifier};
use crate::domain::kind::Kind;
use crate::domain::order::{Amounts, OrderId, order_id};
use crate::domain::profile::{AttributeValue, ProfileUpdate};
use crate::domain::reachability::AddressChange;
use crate::domain::recipient::{MessageKey, detail_id};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::event_details::EventDetails;

use super::detail::{detail_of, is_kept};
use super::journal::Mark;
use super::merge::PreparedMerge;
use super::report::{Batch, Replay};

/// A batch ready to be committed.
#[derive(Debug)]
pub struct PreparedBatch {
    pub(super) workspace: i32,
    pub(super) source: String,
    pub(super) received_at: Micros,
    pub(super) records: Vec<PreparedRecord>,
    pub(super) mark: Option<Mark>,
    pub(super) replay: Option<Replay>,
    pub(super) profiles: Vec<PreparedProfile>,
    pub(super) merges: Vec<PreparedMerge>,
    pub(super) audit: Option<Box<AuditEntry>>,
}

impl PreparedBatch {
    /// A batch without records, received now. What `source` and `mark` are for, see [`Batch`] and [`Mark`].
    pub fn new(workspace: WorkspaceId, source: impl Into<String>, mark: Option<Mark>) -> Self {
        let (source, received_at) = (source.into(), Micros::now());
        Self {
            workspace: workspace.0,
            source,
            received_at,
            records: Vec::new(),
            mark,
            replay: None,
            profiles: Vec::new(),
            merges: Vec::new(),
            audit: None,
        }
    }

    /// Prepares one more record.
    pub fn push(&mut self, record: Record) {
        let dialect = record.dialect.map_or(Format::Auto, Format::Of).name();
        let index = self.records.len() as u64;
        let outcome = prepare_record(self, record);
        self.records.push(PreparedRecord { index, dialect, outcome });
    }

    /// Number of records, profile updates and merges.
    pub fn len(&self) -> usize {
        self.records.len() + self.profiles.len() + self.merges.len()
    }

    /// Whether there is neither a record nor a profile update nor a merge.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts the records from here: the number of those before them in their request or file.
    pub fn count_from(&mut self, first_index: u64) {
        for (index, record) in (first_index..).zip(&mut self.records) {
            record.index = index;
        }
    }
}

/// A profile update ready to be committed.
#[derive(Clone, Debug)]
pub(super) struct PreparedProfile {
    pub(super) identifiers: Vec<PreparedIdentifier>,
    pub(super) attributes: BTreeMap<String, AttributeValue>,
    pub(super) at: Option<Micros>,
}

/// A record of it, in order.
#[derive(Debug)]
pub(super) struct PreparedRecord {
    pub(super) index: u64,
    /// Name of the form it came in; `auto` where that could not be told.
    pub(super) dialect: &'static str,
    pub(super) outcome: Result<Vec<PreparedEvent>, Box<RejectedRecord>>,
}

/// A record for the quarantine.
#[derive(Debug)]
pub(super) struct RejectedRecord {
    pub(super) id: [u8; 16],
    pub(super) rejection: Rejection,
    pub(super) raw: Vec<u8>,
    pub(super) raw_len: u64,
    pub(super) whole_hash: Option<[u8; 32]>,
    pub(super) offset: u64,
}

/// How a repeat of the event is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PreparedKey {
    /// By key and own time, in the bucket of that time's UTC day.
    Dated { day: i32, id: [u8; 16] },
    /// By key alone, for a while; where it lasts, by a dated key of the day on which time begins.
    Undated { id: [u8; 16] },
    /// Not at all: always new. The id is random.
    None { id: [u8; 16] },
}

impl PreparedKey {
    pub(super) fn id(&self) -> [u8; 16] {
        match self {
            Self::Dated { id, .. } | Self::Undated { id } | Self::None { id } => *id,
        }
    }
}

/// An identifier of an event.
#[derive(Clone, Debug)]
pub(super) struct PreparedIdentifier {
    pub(super) named: NamedIdentifier,
    pub(super) name: String,
    pub(super) value: String,
    /// The channel that it was seen on, for types without channels of their own.
    pub(super) seen_on: Option<String>,
}

/// An address that need not be among the event's identifiers.
#[derive(Clone, Debug)]
pub(super) struct PreparedAddress {
    pub(super) id: IdentifierId,
    pub(super) identifier: Identifier,
}

/// A change of an address's state beside the event's kind.
#[derive(Clone, Debug)]
pub(super) struct PreparedUpdate {
    pub(super) address: PreparedAddress,
    pub(super) at: Option<Micros>,
    pub(super) change: AddressChange,
}

/// What the event's kind changes, and of which address. Among its own identifiers the workspace's types decide, which
/// are known within the transaction only.
#[derive(Clone, Debug)]
pub(super) struct PreparedChange {
    pub(super) change: AddressChange,
    pub(super) concern: PreparedConcern,
}

/// The address concerned.
#[derive(Clone, Debug)]
pub(super) enum PreparedConcern {
    Address(PreparedAddress),
    Among(Concern),
}

/// What groups an event in reports, but for the campaign, whose id the catalogue knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) run: Option<String>,
    pub(super) treatment: Option<String>,
    pub(super) touchpoint: Option<String>,
    pub(super) channel: Option<String>,
}

/// An event ready to be committed.
#[derive(Clone, Debug)]
pub(super) struct PreparedEvent {
    pub(super) dialect: Dialect,
    pub(super) key: PreparedKey,
    pub(super) occurred_at: Option<Micros>,
    pub(super) sent_at: Option<Micros>,
    pub(super) kind: Kind,
    pub(super) automation: Automation,
    pub(super) event_type: i64,
    pub(super) type_name: String,
    pub(super) action: Option<String>,
    pub(super) identifiers: Vec<PreparedIdentifier>,
    pub(super) campaign: Option<CampaignRef>,
    pub(super) place: Place,
    pub(super) message: i64,
    pub(super) message_key: MessageKey,
    pub(super) detail: i64,
    /// What its message cost, in billionths of a US dollar, where the record says so.
    pub(super) price_nanos: Option<i64>,
    /// What the detail is the hash of, where the text is kept.
    pub(super) detail_text: Option<String>,
    pub(super) change: Option<PreparedChange>,
    pub(super) updates: Vec<PreparedUpdate>,
    /// The target address, where it is none of the identifiers and its type can be told.
    pub(super) target: Option<PreparedAddress>,
    /// The list that the event is about, for those of joining and leaving one.
    pub(super) list: Option<String>,
    /// What it says of its order, for events of orders.
    pub(super) order: Option<Box<PreparedOrder>>,
    /// Attributes of the customer's profile, for imported lists.
    pub(super) attributes: BTreeMap<String, AttributeValue>,
    pub(super) details: Vec<u8>,
}

/// What an event says of its order.
#[derive(Clone, Copy, Debug)]
pub(super) struct PreparedOrder {
    pub(super) id: Option<OrderId>,
    pub(super) amounts: Amounts,
}

impl PreparedOrder {
    /// What an event of this kind and data says; none for kinds that speak of no order.
    pub(super) fn of(workspace: i32, kind: Kind, data: &Map<String, Value>) -> Option<Self> {
        let told = order_of(kind, data)?;
        Some(Self { id: told.id.map(|id| order_id(workspace, &id)), amounts: told.amounts })
    }
}

/// Prepares a batch received now. What is replayed was received when it came first.
pub(super) fn prepare(batch: Batch) -> PreparedBatch {
    let mut prepared = PreparedBatch::new(batch.workspace, batch.source, None);
    if let Some(replay) = batch.replay {
        prepared.received_at = replay.received_at;
        prepared.replay = Some(replay);
    }
    prepared.audit = batch.audit.map(Box::new);
    for record in batch.records {
        prepared.push(record);
    }
    prepared.count_from(batch.first_index);
    prepared
}

/// Prepares profile updates received now.
pub(super) fn prepare_profiles(workspace: WorkspaceId, updates: Vec<ProfileUpdate>) -> PreparedBatch {
    let profiles = updates.into_iter().map(|update| PreparedProfile {
        identifiers: prepare_identifiers(workspace.0, &update.identifiers, None),
        attributes: update.attributes,
        at: update.at,
    });
    PreparedBatch { profiles: profiles.collect(), ..PreparedBatch::new(workspace, "", None) }
}

fn prepare_record(batch: &PreparedBatch, record: Record) -> Result<Vec<PreparedEvent>, Box<RejectedRecord>> {
    let id = record.outcome.is_err().then(|| quarantine_id(batch, &record));
    let Record { raw, raw_len, whole_hash, offset, outcome, .. } = record;
    match outcome {
        Ok(events) => Ok(events.into_iter().map(|event| prepare_event(batch.workspace, event)).collect()),
        Err(rejection) => {
            let id = id.unwrap_or_default();
            Err(Box::new(RejectedRecord { id, rejection, raw, raw_len, whole_hash, offset }))
        }
    }
}

/// What a bad record is known by: its text, not its form, for a later program may tell one where this one cannot. Where there is none but a place, as of an array that is never closed or an
/// archive that is cut off between two records, by that place.
fn quarantine_id(batch: &PreparedBatch, record: &Record) -> [u8; 16] {
    let (workspace, length) = (batch.workspace.to_be_bytes(), record.raw_len.to_be_bytes());
    let offset = record.offset.to_be_bytes();
    let mut parts = vec![b"quarantine", &workspace[..], &record.raw, &length];
    parts.extend(record.whole_hash.as_ref().map(|hash| &hash[..]));
    if matches!(record.raw.as_slice(), b"" | b"[") {
        parts.extend([batch.source.as_bytes(), &offset]);
    }
    hash128(&parts)
}

fn prepare_event(workspace: i32, mut event: NewEvent) -> PreparedEvent {
    let key = prepare_key(workspace, &event);
    let change = prepare_change(workspace, &event);
    let target = prepare_target(workspace, &event);
    let updates = std::mem::take(&mut event.updates)
        .into_iter()
        .map(|update| PreparedUpdate {
            address: prepare_address(workspace, update.address),
            at: update.at,
            change: update.change,
        })
        .collect();
    let list = event.list.clone().filter(|_| matches!(event.kind, Kind::ListSubscribed | Kind::ListUnsubscribed));
    let message = event.message_id.as_deref().map_or(0, |id| hash63(&[b"message", id.as_bytes()]));
    let place = Place {
        run: event.run.take(),
        treatment: event.treatment.take(),
        touchpoint: event.touchpoint.take(),
        channel: event.channel.take(),
    };
    let message_key = MessageKey::of(message, [&place.run, &place.treatment, &place.touchpoint]);
    let detail_text = detail_of(event.kind, (event.url.as_deref(), event.list.as_deref(), event.reason.as_deref()));
    let detail = endpoint_of(&event).or(detail_text).map_or(0, detail_id);
    let detail_text = detail_text.filter(|_| is_kept(event.kind)).map(str::to_owned);
    let price_nanos = price_nanos(event.dialect, &event.event_type, &event.data);
    let kind_code = [event.kind.code()];
    let event_type = optional_hash_with(
        b"event_type",
        &[&workspace.to_be_bytes(), event.event_type.as_bytes(), &kind_code],
        &[&event.action],
    );
    let identifiers = prepare_identifiers(workspace, &event.identifiers, place.channel.as_deref());
    let order = PreparedOrder::of(workspace, event.kind, &event.data).map(Box::new);
    let details = pack_details(&mut event);
    PreparedEvent {
        dialect: event.dialect,
        key,
        occurred_at: event.occurred_at,
        sent_at: event.sent_at,
        kind: event.kind,
        automation: event.automation,
        event_type,
        type_name: event.event_type,
        action: event.action,
        identifiers,
        campaign: event.campaign,
        place,
        message,
        message_key,
        detail,
        price_nanos,
        detail_text,
        change,
        updates,
        target,
        list,
        order,
        attributes: event.attributes,
        details,
    }
}

fn prepare_change(workspace: i32, event: &NewEvent) -> Option<PreparedChange> {
    let concern = |event| match concern_of(event) {
        Concern::Address(address) => PreparedConcern::Address(prepare_address(workspace, address)),
        among => PreparedConcern::Among(among),
    };
    Some(PreparedChange { change: change_of(event)?, concern: concern(event) })
}

/// Most targets are the very address that the event names.
fn prepare_target(workspace: i32, event: &NewEvent) -> Option<PreparedAddress> {
    let target = event.target_address.as_deref()?;
    if event.identifiers.iter().any(|identifier| identifier.value == target) {
        return None;
    }
    Some(prepare_address(workspace, target_identifier(target, event.channel.as_deref())?))
}

fn prepare_address(workspace: i32, identifier: Identifier) -> PreparedAddress {
    PreparedAddress { id: identifier_id(workspace, &identifier.name, &identifier.value), identifier }
}

fn prepare_key(workspace: i32, event: &NewEvent) -> PreparedKey {
    let workspace = workspace.to_be_bytes();
    match (&event.key, event.occurred_at) {
        (EventKey::AlwaysNew, _) => PreparedKey::None { id: rand::random() },
        (EventKey::Known(key), Some(at)) => {
            PreparedKey::Dated { day: at.utc_day(), id: hash128(&[b"key", &workspace, key, &at.0.to_be_bytes()]) }
        }
        (EventKey::Lasting(key), _) => PreparedKey::Dated { day: 0, id: hash128(&[b"lasting key", &workspace, key]) },
        (EventKey::Known(key), None) => PreparedKey::Undated { id: hash128(&[b"key", &workspace, key]) },
    }
}

fn prepare_identifiers(workspace: i32, named: &[Identifier], channel: Option<&str>) -> Vec<PreparedIdentifier> {
    named.iter().map(|identifier| prepare_identifier(workspace, identifier, channel)).collect()
}

/// Prepares an identifier, named by an event of a channel.
pub(super) fn prepare_identifier(workspace: i32, identifier: &Identifier, channel: Option<&str>) -> PreparedIdentifier {
    let rule = rule_by_name(&identifier.name);
    let is_high = rule.is_some_and(|rule| rule.confidence == Confidence::High);
    let is_seen_on = rule.is_some_and(|rule| rule.seen_on_channel);
    PreparedIdentifier {
        named: NamedIdentifier { id: identifier_id(workspace, &identifier.name, &identifier.value), is_high },
        name: identifier.name.clone(),
        value: identifier.value.clone(),
        seen_on: channel.filter(|_| is_seen_on).map(str::to_owned),
    }
}

/// The endpoint that a message was delivered to: a customer may have several.
fn endpoint_of(event: &NewEvent) -> Option<&str> {
    if event.kind != Kind::Delivered {
        return None;
    }
    let endpoint = event.identifiers.iter().find(|identifier| identifier.name == ENDPOINT_TYPE);
    endpoint.map(|endpoint| endpoint.value.as_str())
}

fn pack_details(event: &mut NewEvent) -> Vec<u8> {
    let identifiers = std::mem::take(&mut event.identifiers);
    let notes = std::mem::take(&mut event.notes);
    EventDetails {
        identifiers: identifiers.into_iter().map(|identifier| (identifier.name, identifier.value)).collect(),
        content: event.content.take(),
        list: event.list.take(),
        message_id: event.message_id.take(),
        target_address: event.target_address.take(),
        url: event.url.take(),
        url_id: None,
        reason: event.reason.take(),
        automation_rule: event.automation_rule.map(str::to_owned),
        sent_at: event.sent_at.map(|at| at.0),
        notes: notes.into_iter().map(|note| (note.code.to_owned(), note.message)).collect(),
        data: std::mem::take(&mut event.data),
    }
    .encode()
}
