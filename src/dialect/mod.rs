//! One vendor per file, bytes to events. Everything here is pure: no database, no clock, no settings.

pub mod activatepro;
pub mod mailgun;
pub mod native;
pub mod odp;
pub mod pinpoint;
pub mod sendgrid;
pub mod ses;
pub mod sms;

pub mod envelope;
pub mod rules;
pub mod signature;
pub mod vendor;

mod read;
#[cfg(test)]
pub(crate) mod shown;

mod input;
mod json;
mod path;
mod piece;
mod scan;
mod split;
mod utf16;

pub mod field;
pub mod key;
pub mod order;
pub mod time;
pub mod who;

use serde_json::Map;

pub use envelope::{FirehoseRequest, Proof};
pub use read::{RecordReader, Text, Texts, read, read_body, read_firehose, read_value, read_values, texts};
pub use rules::{Reading, Rules};

use crate::domain::event::{Automation, Dialect, EventKey, NewEvent};
use crate::domain::kind::Kind;

/// An event that says nothing yet but its type: dialects fill in what their record has.
pub fn blank_event(dialect: Dialect, event_type: impl Into<String>) -> NewEvent {
    NewEvent {
        dialect,
        event_type: event_type.into(),
        action: None,
        kind: Kind::Other,
        occurred_at: None,
        identifiers: Vec::new(),
        channel: None,
        campaign: None,
        run: None,
        treatment: None,
        touchpoint: None,
        content: None,
        list: None,
        message_id: None,
        target_address: None,
        url: None,
        reason: None,
        automation: Automation::Unknown,
        automation_rule: None,
        sent_at: None,
        updates: Vec::new(),
        data: Map::new(),
        key: EventKey::AlwaysNew,
        notes: Vec::new(),
    }
}
