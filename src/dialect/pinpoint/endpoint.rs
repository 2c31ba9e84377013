//! The endpoint document that sends carry: who the endpoint belongs to, its address, and whether it takes messages.
//!
//! It comes as JSON inside a string, sometimes as an object. Its faults never cost the event: they become notes on it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::envelope::Draft;
use super::path::{id_at, time_at, value_at};
use super::send::channel_of;
use crate::dialect::field::shown;
use crate::domain::event::{Note, Rejection};
use crate::domain::identifier::Identifier;
use crate::domain::reachability::{AddressChange, AddressUpdate, ReachabilityType};
use crate::domain::time::Micros;

/// Where the document may stand, in the order of preference.
const PLACES: [&str; 2] = ["client_context.custom.endpoint", "endpoint"];

/// Push services by channel type, with the identifier type of their tokens. Sandbox and call tokens are Apple's too.
const TOKENS: [(&str, &str); 8] = [
    ("GCM", "gcm_push_token"),
    ("APNS", "apns_push_token"),
    ("APNS_SANDBOX", "apns_push_token"),
    ("APNS_VOIP", "apns_push_token"),
    ("APNS_VOIP_SANDBOX", "apns_push_token"),
    ("ADM", "adm_push_token"),
    ("BAIDU", "baidu_push_token"),
    ("PUSH", "pinpoint_push_token"),
];

/// What an endpoint document tells. All of it is empty when there is none.
#[derive(Default)]
pub(super) struct EndpointDocument {
    pub id: Option<String>,
    pub channel_type: Option<String>,
    place: &'static str,
    address: Option<String>,
    user_id: Option<String>,
    changes: Vec<AddressChange>,
    effective_at: Option<Micros>,
    notes: Vec<Note>,
}

impl EndpointDocument {
    /// Reads the document of a record, wherever it stands.
    pub fn read(record: &Map<String, Value>) -> Result<Self, Rejection> {
        for place in PLACES {
            let Some(value) = value_at(record, place)? else { continue };
            if value.as_str().is_some_and(|text| text.trim().is_empty()) {
                continue;
            }
            return Ok(match open(value) {
                Ok(document) => Self::of(&document, place),
                Err(fault) => Self { notes: vec![unreadable(place, &fault)], ..Self::default() },
            });
        }
        Ok(Self::default())
    }

    fn of(document: &Map<String, Value>, place: &'static str) -> Self {
        let mut notes = Vec::new();
        let mut note = |fault: Rejection| notes.push(unreadable(place, &fault.message));
        let mut field = |path| {
            id_at(document, path).unwrap_or_else(|fault| {
                note(fault);
                None
            })
        };
        let mut endpoint = Self {
            id: field("Id"),
            channel_type: field("ChannelType"),
            place,
            address: field("Address"),
            user_id: field("User.UserId"),
            changes: changes(field("OptOut").as_deref(), field("EndpointStatus").as_deref()),
            ..Self::default()
        };
        match time_at(document, "EffectiveDate") {
            Ok(at) => endpoint.effective_at = at,
            Err(fault) => note(fault),
        }
        endpoint.notes = notes;
        endpoint
    }

    /// Adds to the event what the document tells: the user, the address, and changes of state. They concern the address
    /// and the endpoint itself, which is what campaigns write to when the document names no address.
    pub fn tell(&self, draft: &mut Draft, endpoint: Option<Identifier>) {
        draft.event.notes.extend(self.notes.iter().cloned());
        let mut identify = |name: &str, value: Option<&str>, field: &str| {
            let named = draft.identify(name, value?, &format!("{}.{field}", self.place));
            named.unwrap_or_else(|fault| {
                draft.event.notes.push(unreadable(self.place, &fault.message));
                None
            })
        };
        identify("user_id", self.user_id.as_deref(), "User.UserId");
        let address_type = self.channel_type.as_deref().and_then(address_type);
        let address = address_type.and_then(|name| identify(name, self.address.as_deref(), "Address"));
        for address in address.into_iter().chain(endpoint) {
            let update = |change| AddressUpdate { address: address.clone(), at: self.effective_at, change };
            draft.event.updates.extend(self.changes.iter().copied().map(update));
        }
    }
}

/// The document itself: an object, or JSON of one inside a string.
fn open(value: &Value) -> Result<Cow<'_, Map<String, Value>>, String> {
    match value {
        Value::Object(object) => Ok(Cow::Borrowed(object)),
        Value::String(text) if text.contains("\\u0000") => Err("it holds a NUL character".to_owned()),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Ok(Cow::Owned(object)),
            Ok(other) => Err(format!("it holds {}, not an object", shown(&other))),
            Err(fault) => Err(format!("it is not JSON: {fault}")),
        },
        other => Err(format!("it is {}, neither an object nor JSON in a string", shown(other))),
    }
}

/// Refusing every message is an opt-out (taking messages is no opt-in). Pinpoint stops writing to an inactive endpoint
/// without saying why, so its type is `unknown`.
pub(super) fn changes(opt_out: Option<&str>, status: Option<&str>) -> Vec<AddressChange> {
    let is = |value: Option<&str>, word: &str| value.is_some_and(|value| value.eq_ignore_ascii_case(word));
    let opted_out = is(opt_out, "ALL").then_some(AddressChange::OptedOut);
    let inactive = is(status, "INACTIVE").then_some(AddressChange::Unreachable(ReachabilityType::Unknown));
    opted_out.into_iter().chain(inactive).collect()
}

/// The identifier type of an endpoint's address. A custom channel's address is a web hook or anything else: no person.
pub(super) fn address_type(channel_type: &str) -> Option<&'static str> {
    match channel_of(channel_type).as_str() {
        "email" => Some("email"),
        "sms" | "voice" => Some("phone"),
        _ => TOKENS.iter().find(|(known, _)| known.eq_ignore_ascii_case(channel_type)).map(|(_, name)| *name),
    }
}

fn unreadable(place: &str, fault: &str) -> Note {
    let message = format!("the endpoint document at {place} was not fully read: {fault}");
    Note { code: "ENDPOINT_UNREADABLE", message }
}
