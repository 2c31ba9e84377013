//! One event, parsed and valid: the value that every dialect produces and that ingestion takes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::identifier::Identifier;
use super::kind::Kind;
use super::profile::AttributeValue;
use super::reachability::AddressUpdate;
use super::time::Micros;
pub use super::vendor::{Dialect, Format, Namespace};

/// A vendor's verdict on who acted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Automation {
    /// The vendor said nothing.
    #[default]
    Unknown = 0,
    /// The vendor says a person.
    Human = 1,
    /// The vendor says a machine.
    Machine = 2,
}

impl Automation {
    /// The verdict of a stored code.
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Human,
            2 => Self::Machine,
            _ => Self::Unknown,
        }
    }
}

/// The campaign that an event belongs to, by the vendor's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRef {
    /// Who issued the id.
    pub namespace: Namespace,
    /// The vendor's id.
    pub external_id: String,
    /// The name, when the event tells it.
    pub name: Option<String>,
}

/// The key by which a repeat of an event is recognised, and whether the record carries its own time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKey {
    /// 128 bits over the workspace-independent identity of the event (the vendor's key, or a hash of the content).
    Known([u8; 16]),
    /// The same over a record that has no time of its own and says what holds, not what happened: however late it comes
    /// again, it says nothing new.
    Lasting([u8; 16]),
    /// Neither a key nor a time of its own: always a new event.
    AlwaysNew,
}

/// Something that an event's reader should know about how it was taken, such as a dropped identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Stable code, such as `IDENTIFIER_DROPPED`.
    pub code: &'static str,
    /// What happened, naming the value and the rule.
    pub message: String,
}

/// One event, valid by construction of its dialect. Text fields are trimmed and never empty when present.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// The vendor's form it came in.
    pub dialect: Dialect,
    /// The vendor's own word, lower-cased.
    pub event_type: String,
    /// The vendor's second word, lower-cased (ODP only).
    pub action: Option<String>,
    /// What it means.
    pub kind: Kind,
    /// When it happened, if the record carries its own time; otherwise the time of ingestion counts.
    pub occurred_at: Option<Micros>,
    /// Who: 1..n, normalised, sorted by (type, value), no repeats.
    pub identifiers: Vec<Identifier>,
    /// The channel, lower-case: `email`, `sms`, `push` … or the app's own name.
    pub channel: Option<String>,
    /// The campaign.
    pub campaign: Option<CampaignRef>,
    /// The vendor's id of one execution of the campaign.
    pub run: Option<String>,
    /// The vendor's id of the variant that the recipient got.
    pub treatment: Option<String>,
    /// The vendor's id of the step within the campaign.
    pub touchpoint: Option<String>,
    /// The vendor's id or name of the content.
    pub content: Option<String>,
    /// The vendor's id of the list concerned.
    pub list: Option<String>,
    /// The vendor's id of the message.
    pub message_id: Option<String>,
    /// The address whose state changes. It never resolves identity.
    pub target_address: Option<String>,
    /// The link, for clicks.
    pub url: Option<String>,
    /// Why, for skips, failures, bounces and reachability updates.
    pub reason: Option<String>,
    /// The vendor's verdict on who acted.
    pub automation: Automation,
    /// The rule that gave the verdict, by the vendor and its field: `ses.isBotEvent`. None where there is no verdict.
    pub automation_rule: Option<&'static str>,
    /// When the vendor says that the message was sent (cohort reports).
    pub sent_at: Option<Micros>,
    /// State changes that the record carries besides its kind (Pinpoint's endpoint document, SMS opt-outs).
    pub updates: Vec<AddressUpdate>,
    /// Attributes of the customer's profile that an imported list tells, as of the event's time. No other record has any.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// Everything else that came, lossless.
    pub data: Map<String, Value>,
    /// How a repeat is recognised.
    pub key: EventKey,
    /// What the reader should know.
    pub notes: Vec<Note>,
}

/// A record that cannot be taken: the error names the value and the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Stable reason code.
    pub code: RejectionCode,
    /// JSON path of the offending field, such as `data.ts`; empty for the whole record.
    pub path: String,
    /// What is wrong, naming the value and the rule.
    pub message: String,
}

impl Rejection {
    /// A rejection of the field at `path`.
    pub fn new(code: RejectionCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into() }
    }
}

/// Why a record was not taken. The names are stable: people filter the quarantine by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectionCode {
    /// The text is not JSON.
    NotJson,
    /// A row that does not fit its CSV file: a quote that does not close, too many or too few cells.
    NotCsv,
    /// A value has a type that the field does not take.
    WrongType,
    /// A required field is missing, null or empty.
    MissingField,
    /// The event names nobody.
    MissingIdentifier,
    /// A time that no accepted format reads, or one outside the range that can be stored.
    InvalidTime,
    /// A value outside the field's set or form.
    InvalidValue,
    /// A field that the form does not have (native form only; vendors' extra fields are kept in `data`).
    UnknownField,
    /// The same key twice in one object.
    DuplicateKey,
    /// A value is longer than the product stores.
    TooLarge,
    /// Text with a NUL character or an unpaired surrogate, which no database column holds.
    InvalidText,
    /// A record whose vendor cannot be told.
    UnknownFormat,
    /// A message whose signature does not fit it.
    InvalidSignature,
    /// A confirmation that an operator must give by hand.
    ConfirmationRequired,
}

/// Every rejection code with its public name.
pub const REJECTION_CODES: [(RejectionCode, &str); 14] = [
    (RejectionCode::NotJson, "NOT_JSON"),
    (RejectionCode::NotCsv, "NOT_CSV"),
    (RejectionCode::WrongType, "WRONG_TYPE"),
    (RejectionCode::MissingField, "MISSING_FIELD"),
    (RejectionCode::MissingIdentifier, "MISSING_IDENTIFIER"),
    (RejectionCode::InvalidTime, "INVALID_TIME"),
    (RejectionCode::InvalidValue, "INVALID_VALUE"),
    (RejectionCode::UnknownField, "UNKNOWN_FIELD"),
    (RejectionCode::DuplicateKey, "DUPLICATE_KEY"),
    (RejectionCode::TooLarge, "TOO_LARGE"),
    (RejectionCode::InvalidText, "INVALID_TEXT"),
    (RejectionCode::UnknownFormat, "UNKNOWN_FORMAT"),
    (RejectionCode::InvalidSignature, "INVALID_SIGNATURE"),
    (RejectionCode::ConfirmationRequired, "CONFIRMATION_REQUIRED"),
];

impl RejectionCode {
    /// The public name, such as `NOT_JSON`.
    pub fn name(self) -> &'static str {
        REJECTION_CODES.iter().find(|(code, _)| *code == self).map_or("INVALID_VALUE", |(_, name)| name)
    }
}

/// One record of a batch or file: its own text, and what became of it. A vendor's record may become several events
/// (Pinpoint's `_campaign.send` of a push is both TARGETED and SENT).
#[derive(Clone, Debug)]
pub struct Record {
    /// The record's own text, for the quarantine (of a record over 16 MiB its first 64 KiB).
    pub raw: Vec<u8>,
    /// Length of the whole record in bytes (differs from `raw.len()` only for oversized ones).
    pub raw_len: u64,
    /// BLAKE3 of the whole record, where `raw` is not all of it.
    pub whole_hash: Option<[u8; 32]>,
    /// Byte offset of the record in its body or file (after decompression).
    pub offset: u64,
    /// The form it came in; none where it could not be told.
    pub dialect: Option<Dialect>,
    /// Its events, or why it could not be taken.
    pub outcome: Result<Vec<NewEvent>, Rejection>,
}
