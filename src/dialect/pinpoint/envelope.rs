//! What all records share: the name, the times, the endpoint, and the campaign or journey.

use serde_json::{Map, Value};

use super::endpoint::EndpointDocument;
use super::path::{id_at, object_at, remove_moved, time_at};
use crate::dialect::blank_event;
use crate::dialect::field::Fields;
use crate::dialect::key::content_key;
use crate::dialect::who::{Added, Who};
use crate::domain::event::{CampaignRef, Dialect, Namespace, NewEvent, Rejection};
use crate::domain::identifier::{Identifier, Normalized, normalize};
use crate::domain::kind::Kind;
use crate::domain::time::Micros;

const CLIENT_ID: &str = "client.client_id";
/// The identifier type of endpoint ids.
pub(super) const ENDPOINT: &str = "pinpoint_endpoint";

/// Which part of Pinpoint a record comes from, by the first half of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Campaign,
    Journey,
    Email,
    Sms,
    /// Sessions, sign-ins, purchases and an app's own events.
    App,
}

impl Family {
    fn of(first: &str) -> Self {
        match first {
            "_campaign" => Self::Campaign,
            "_journey" => Self::Journey,
            "_email" => Self::Email,
            "_sms" => Self::Sms,
            _ => Self::App,
        }
    }
}

/// The shared part of a record, read and checked.
pub(super) struct Envelope<'a> {
    pub record: &'a Map<String, Value>,
    /// The whole name, lower-cased: `_campaign.send`.
    pub name: String,
    pub family: Family,
    pub event_time: Option<Micros>,
    pub arrival_time: Option<Micros>,
    pub endpoint: EndpointDocument,
    attributes: Option<Fields<'a>>,
}

impl<'a> Envelope<'a> {
    /// Reads the shared part of a record.
    pub fn read(record: &'a Map<String, Value>) -> Result<Self, Rejection> {
        let name = Fields::new(record).required_text("event_type")?.to_lowercase();
        Ok(Self {
            record,
            family: Family::of(name.split('.').next().unwrap_or_default()),
            event_time: time_at(record, "event_timestamp")?,
            arrival_time: time_at(record, "arrival_timestamp")?,
            endpoint: EndpointDocument::read(record)?,
            attributes: object_at(record, "attributes")?,
            name,
        })
    }

    /// The second half of the name: `send`.
    pub fn action(&self) -> &str {
        self.name.split_once('.').map_or("", |(_, action)| action)
    }

    /// An attribute of the record; null and empty ones are absent.
    pub fn attribute(&self, name: &str) -> Result<Option<String>, Rejection> {
        self.attributes.as_ref().map_or(Ok(None), |attributes| attributes.id(name))
    }

    /// The event so far, of kind OTHER: who, when and in which campaign. What moved into a field left `data`.
    pub fn draft(&self) -> Result<Draft, Rejection> {
        let rest = self.record.iter().filter(|(name, _)| *name != "event_type");
        let mut event = blank_event(Dialect::Pinpoint, self.name.as_str());
        event.occurred_at = self.event_time.or(self.arrival_time);
        event.data = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut draft = Draft { event, who: Who::default() };
        if self.family != Family::App {
            self.place_in_campaign(&mut draft)?;
        }
        let endpoint = match self.endpoint_id(&draft.event)? {
            Some(id) => draft.identify(ENDPOINT, &id, CLIENT_ID)?,
            None => None,
        };
        self.endpoint.tell(&mut draft, endpoint);
        Ok(draft)
    }

    /// The campaign or journey. An app's own events may have attributes of the same names that mean something else.
    fn place_in_campaign(&self, draft: &mut Draft) -> Result<(), Rejection> {
        let mut take = |field: &str| -> Result<Option<String>, Rejection> {
            let value = self.attribute(field)?;
            draft.moved(&format!("attributes.{field}"), value.as_deref());
            Ok(value)
        };
        let campaign = take("campaign_id")?;
        let (external_id, run, treatment, touchpoint) = if campaign.is_some() {
            (campaign, take("campaign_activity_id")?, take("treatment_id")?, None)
        } else {
            (take("journey_id")?, take("journey_run_id")?, None, take("journey_activity_id")?)
        };
        let event = &mut draft.event;
        event.campaign =
            external_id.map(|external_id| CampaignRef { namespace: Namespace::Aws, external_id, name: None });
        (event.run, event.treatment, event.touchpoint) = (run, treatment, touchpoint);
        Ok(())
    }

    /// The id of the endpoint. What stands in its place for a message outside campaigns and journeys is a random id or
    /// the account's number, and names nobody.
    fn endpoint_id(&self, event: &NewEvent) -> Result<Option<String>, Rejection> {
        let client = id_at(self.record, CLIENT_ID)?.or_else(|| self.endpoint.id.clone());
        let is_message = matches!(self.family, Family::Email | Family::Sms);
        if is_message && event.campaign.is_none() {
            return Ok(None);
        }
        let account = id_at(self.record, "awsAccountId")?;
        Ok(client.filter(|client| account.as_ref() != Some(client)))
    }
}

/// An event in the making, and who it is about so far.
pub(super) struct Draft {
    pub event: NewEvent,
    pub who: Who,
}

impl Draft {
    /// Adds an identifier and returns its normal form; a value that names nobody leaves a note instead.
    pub fn identify(&mut self, name: &str, value: &str, path: &str) -> Result<Option<Identifier>, Rejection> {
        let added = self.who.add(name, value, path)?;
        match normalize(name, value) {
            Normalized::Identifier(identifier) if added == Added::Taken => Ok(Some(identifier)),
            _ => Ok(None),
        }
    }

    /// Takes out of `data` what has a field of its own on the event.
    pub fn moved(&mut self, path: &str, value: Option<&str>) {
        remove_moved(&mut self.event.data, path, value);
    }

    /// The finished event. `path` is the field that should have named somebody.
    pub fn finish(self, path: &str) -> Result<NewEvent, Rejection> {
        let Self { mut event, who } = self;
        let (identifiers, notes) = who.finish(path)?;
        let endpoint = identifiers.iter().find(|identifier| identifier.name == ENDPOINT);
        remove_moved(&mut event.data, CLIENT_ID, endpoint.map(|endpoint| endpoint.value.as_str()));
        event.identifiers = identifiers;
        event.notes.extend(notes);
        event.key = content_key(&event);
        Ok(event)
    }

    /// The finished events of a record that means several things at once. The first tells the state of the endpoint.
    pub fn finish_all(mut self, kinds: &[Kind]) -> Result<Vec<NewEvent>, Rejection> {
        let Some((first, others)) = kinds.split_first() else { return Ok(Vec::new()) };
        self.event.kind = *first;
        let event = self.finish(CLIENT_ID)?;
        let of_kind = |kind: &Kind| {
            let mut other = NewEvent { kind: *kind, updates: Vec::new(), ..event.clone() };
            other.key = content_key(&other);
            other
        };
        let others: Vec<NewEvent> = others.iter().map(of_kind).collect();
        Ok(std::iter::once(event).chain(others).collect())
    }
}
