//! What one customer did in one campaign: every message with everything that happened to it, packed into one value.
//!
//! The state is the same whatever order its events arrived in, and two states of merged customers add up. All counts of
//! a campaign are contributions of these states (see `contribution`).

use super::event::Automation;
use super::hash::{hash63, optional_hash};
use super::kind::Kind;
use super::packing::{put_signed, put_varint, take_byte, take_signed, take_varint};
use super::time::Micros;
use crate::{Error, Result};

/// Which message something happened to. A message is (message id, recipient), else (recipient, campaign, run,
/// treatment, touchpoint); recipient and campaign are those of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MessageKey {
    /// Hash of the vendor's message id.
    Id(i64),
    /// Hash of (run, treatment, touchpoint).
    Place(i64),
}

impl MessageKey {
    /// The message of an event: by the hash of its id, or where that is 0 by run, treatment and touchpoint.
    pub fn of(message: i64, place: [&Option<String>; 3]) -> Self {
        match message {
            0 => Self::Place(optional_hash(b"place", &place)),
            id => Self::Id(id),
        }
    }
}

/// What stands for the url of a click, the list of a list change, or the reason why something went wrong.
pub fn detail_id(text: &str) -> i64 {
    hash63(&[b"detail", text.as_bytes()])
}

/// One event of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Occurrence {
    /// When.
    pub at: Micros,
    /// What: the code of its kind.
    pub kind: u8,
    /// The vendor's verdict on who acted: the code of [`Automation`].
    pub automation: u8,
    /// The catalogue cell it belongs to.
    pub cell: i64,
    /// Hash of the url of a click, the list of a list change, the reason of a failure; 0: none.
    pub detail: i64,
}

impl Occurrence {
    /// What happened.
    pub fn kind(&self) -> Kind {
        Kind::from_code(self.kind)
    }

    /// The vendor's verdict.
    pub fn automation(&self) -> Automation {
        Automation::from_code(self.automation)
    }
}

/// Everything that happened to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageState {
    /// Which message.
    pub key: MessageKey,
    /// The earliest send stamp that the vendor gave.
    pub sent_at: Option<Micros>,
    /// Its events, in order of time.
    pub occurrences: Vec<Occurrence>,
}

/// Everything that happened to one customer in one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecipientState {
    /// Its messages, in order of their keys.
    pub messages: Vec<MessageState>,
}

impl RecipientState {
    /// Takes one event.
    pub fn add(&mut self, key: MessageKey, occurrence: Occurrence, sent_at: Option<Micros>) {
        let message = self.message(key);
        let place = message.occurrences.partition_point(|known| *known < occurrence);
        message.occurrences.insert(place, occurrence);
        message.note_sent_at(sent_at);
    }

    /// Gives an event that is there without a detail its detail.
    pub fn note_detail(&mut self, key: MessageKey, without: Occurrence, detail: i64) {
        let Some(message) = self.messages.iter_mut().find(|message| message.key == key) else { return };
        if let Ok(place) = message.occurrences.binary_search(&without) {
            message.occurrences[place].detail = detail;
            message.occurrences.sort_unstable();
        }
    }

    /// Takes everything of another state: the two customers are one.
    pub fn absorb(&mut self, other: Self) {
        for other_message in other.messages {
            let message = self.message(other_message.key);
            message.occurrences.extend(other_message.occurrences);
            message.occurrences.sort_unstable();
            message.note_sent_at(other_message.sent_at);
        }
    }

    fn message(&mut self, key: MessageKey) -> &mut MessageState {
        let place = match self.messages.binary_search_by_key(&key, |message| message.key) {
            Ok(place) => place,
            Err(place) => {
                self.messages.insert(place, MessageState { key, sent_at: None, occurrences: Vec::new() });
                place
            }
        };
        &mut self.messages[place]
    }

    /// Packs the state: the cells it names, then its messages.
    pub fn encode(&self) -> Vec<u8> {
        let cells = self.cells();
        let mut bytes = Vec::with_capacity(32 + 16 * self.messages.len());
        bytes.push(FORMAT);
        put_varint(&mut bytes, cells.len() as u64);
        for cell in &cells {
            bytes.extend_from_slice(&cell.to_be_bytes());
        }
        for message in &self.messages {
            message.put(&mut bytes, &cells);
        }
        bytes
    }

    /// The distinct cells that the state names, sorted.
    pub fn cells(&self) -> Vec<i64> {
        let mut cells: Vec<i64> =
            self.messages.iter().flat_map(|message| message.occurrences.iter().map(|o| o.cell)).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// Unpacks what [`Self::encode`] packed.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        Self::take(bytes).ok_or_else(|| Error::Corrupt("recipient state".to_owned()))
    }

    fn take(mut bytes: &[u8]) -> Option<Self> {
        if take_byte(&mut bytes)? != FORMAT {
            return None;
        }
        let cell_count = take_varint(&mut bytes)?;
        let cells = (0..cell_count).map(|_| take_eight(&mut bytes)).collect::<Option<Vec<i64>>>()?;
        let mut messages = Vec::new();
        while !bytes.is_empty() {
            messages.push(MessageState::take(&mut bytes, &cells)?);
        }
        Some(Self { messages })
    }
}

impl MessageState {
    fn note_sent_at(&mut self, sent_at: Option<Micros>) {
        self.sent_at = match (self.sent_at, sent_at) {
            (Some(known), Some(given)) => Some(known.min(given)),
            (known, given) => known.or(given),
        };
    }

    fn put(&self, bytes: &mut Vec<u8>, cells: &[i64]) {
        let (tag, hash) = match self.key {
            MessageKey::Id(hash) => (ID, hash),
            MessageKey::Place(hash) => (PLACE, hash),
        };
        bytes.push(tag | if self.sent_at.is_some() { HAS_SENT_AT } else { 0 });
        bytes.extend_from_slice(&hash.to_be_bytes());
        let mut before = 0;
        if let Some(sent_at) = self.sent_at {
            put_signed(bytes, sent_at.0);
            before = sent_at.0;
        }
        put_varint(bytes, self.occurrences.len() as u64);
        for occurrence in &self.occurrences {
            bytes.push(occurrence.kind);
            let has_detail = u8::from(occurrence.detail != 0) << 2;
            bytes.push(occurrence.automation | has_detail);
            put_signed(bytes, occurrence.at.0.wrapping_sub(before));
            before = occurrence.at.0;
            put_varint(bytes, cells.binary_search(&occurrence.cell).unwrap_or(0) as u64);
            if occurrence.detail != 0 {
                bytes.extend_from_slice(&occurrence.detail.to_be_bytes());
            }
        }
    }

    fn take(bytes: &mut &[u8], cells: &[i64]) -> Option<Self> {
        let head = Head::take(bytes)?;
        let mut before = head.before();
        let mut occurrences = Vec::with_capacity(usize::try_from(head.count).ok()?.min(bytes.len()));
        for _ in 0..head.count {
            let UnpackedOccurrence { at, kind, automation, cell, detail } =
                UnpackedOccurrence::take(bytes, &mut before)?;
            occurrences.push(Occurrence { at, kind, automation, cell: *cells.get(cell)?, detail });
        }
        Some(Self { key: head.key, sent_at: head.sent_at, occurrences })
    }
}

/// A packed state, read into buffers that are used again and again: what millions of states are counted by.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// The cells that the state names.
    pub cells: Vec<i64>,
    /// Its messages.
    pub messages: Vec<UnpackedMessage>,
    /// The events of all messages.
    pub occurrences: Vec<UnpackedOccurrence>,
}

/// A message of an unpacked state.
#[derive(Clone, Copy, Debug)]
pub struct UnpackedMessage {
    /// Which message.
    pub key: MessageKey,
    /// The earliest send stamp that the vendor gave.
    pub sent_at: Option<Micros>,
    /// Where its events end; they begin where those of the message before end.
    pub end: usize,
}

/// An event of an unpacked state.
#[derive(Clone, Copy, Debug)]
pub struct UnpackedOccurrence {
    /// When.
    pub at: Micros,
    /// What: the code of its kind.
    pub kind: u8,
    /// The vendor's verdict on who acted: the code of [`Automation`].
    pub automation: u8,
    /// Index of its cell among the state's.
    pub cell: usize,
    /// As in [`Occurrence::detail`].
    pub detail: i64,
}

impl Unpacked {
    /// Reads what [`RecipientState::encode`] packed, in place of what was read before.
    pub fn read(&mut self, bytes: &[u8]) -> Result<()> {
        self.take(bytes).ok_or_else(|| Error::Corrupt("recipient state".to_owned()))
    }

    fn take(&mut self, mut bytes: &[u8]) -> Option<()> {
        self.cells.clear();
        self.messages.clear();
        self.occurrences.clear();
        if take_byte(&mut bytes)? != FORMAT {
            return None;
        }
        for _ in 0..take_varint(&mut bytes)? {
            self.cells.push(take_eight(&mut bytes)?);
        }
        while !bytes.is_empty() {
            let head = Head::take(&mut bytes)?;
            let mut before = head.before();
            for _ in 0..head.count {
                let occurrence = UnpackedOccurrence::take(&mut bytes, &mut before)?;
                if occurrence.cell >= self.cells.len() {
                    return None;
                }
                self.occurrences.push(occurrence);
            }
            let Head { key, sent_at, .. } = head;
            self.messages.push(UnpackedMessage { key, sent_at, end: self.occurrences.len() });
        }
        Some(())
    }
}

/// What stands before the events of a message.
struct Head {
    key: MessageKey,
    sent_at: Option<Micros>,
    count: u64,
}

impl Head {
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let tag = take_byte(bytes)?;
        let hash = take_eight(bytes)?;
        let key = match tag & !HAS_SENT_AT {
            ID => MessageKey::Id(hash),
            PLACE => MessageKey::Place(hash),
            _ => return None,
        };
        let sent_at = if tag & HAS_SENT_AT == 0 { None } else { Some(Micros(take_signed(bytes)?)) };
        Some(Self { key, sent_at, count: take_varint(bytes)? })
    }

    /// The time that the first event's is counted from.
    fn before(&self) -> i64 {
        self.sent_at.map_or(0, |at| at.0)
    }
}

impl UnpackedOccurrence {
    fn take(bytes: &mut &[u8], before: &mut i64) -> Option<Self> {
        let kind = take_byte(bytes)?;
        let flags = take_byte(bytes)?;
        *before = before.wrapping_add(take_signed(bytes)?);
        let cell = usize::try_from(take_varint(bytes)?).ok()?;
        let detail = if flags & 4 == 0 { 0 } else { take_eight(bytes)? };
        Some(Self { at: Micros(*before), kind, automation: flags & 3, cell, detail })
    }
}

fn take_eight(bytes: &mut &[u8]) -> Option<i64> {
    let (eight, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(i64::from_be_bytes(*eight))
}

const FORMAT: u8 = 1;
const ID: u8 = 0;
const PLACE: u8 = 1;
const HAS_SENT_AT: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn occurrence() -> impl Strategy<Value = (MessageKey, Occurrence, Option<Micros>)> {
        let key = (any::<bool>(), 1..4_i64)
            .prop_map(|(is_id, hash)| if is_id { MessageKey::Id(hash) } else { MessageKey::Place(hash) });
        let event =
            (-5..5_i64, 1..23_u8, 0..3_u8, 1..4_i64, 0..3_i64).prop_map(|(at, kind, automation, cell, detail)| {
                Occurrence { at: Micros(at * 1_000_000_007), kind, automation, cell, detail }
            });
        (key, event, proptest::option::of((0..9_i64).prop_map(Micros)))
    }

    proptest! {
        #[test]
        fn a_state_does_not_depend_on_order_nor_on_how_it_was_put_together(
            events in proptest::collection::vec(occurrence(), 0..20), cut in 0..20_usize,
        ) {
            let fold = |events: &[(MessageKey, Occurrence, Option<Micros>)]| {
                let mut state = RecipientState::default();
                for (key, occurrence, sent_at) in events {
                    state.add(*key, *occurrence, *sent_at);
                }
                state
            };
            let whole = fold(&events);
            let cut = cut.min(events.len());
            let mut backwards: Vec<_> = events[cut..].to_vec();
            backwards.reverse();
            let mut parts = fold(&backwards);
            parts.absorb(fold(&events[..cut]));
            prop_assert_eq!(&parts, &whole);
            prop_assert_eq!(&RecipientState::decode(&whole.encode()).expect("decodes"), &whole);
        }
    }
}
