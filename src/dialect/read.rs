//! Records out of a body, file or value, each parsed by its dialect: what every way in goes through.

use std::collections::VecDeque;
use std::io::BufRead;

use serde_json::{Map, Value};

use super::field::wrong_type;
use super::json::{self, Refused};
use super::piece::{Fault, KEPT_BYTES, MAX_RECORD_BYTES, Piece};
use super::split::Splitter;
use super::{activatepro, native, odp, pinpoint};
use crate::domain::event::{Dialect, NewEvent, Record, Rejection, RejectionCode};

/// The records of a text, read as they are asked for: one record is held at a time.
pub struct RecordReader<R> {
    dialect: Dialect,
    pieces: Splitter<R>,
    pending: VecDeque<Record>,
}

/// Reads records from a stream: JSON objects one after the other, in arrays, one per line, or all of it mixed, as such or
/// compressed with gzip.
pub fn read<R: BufRead>(dialect: Dialect, body: R) -> RecordReader<R> {
    RecordReader { dialect, pieces: Splitter::new(body), pending: VecDeque::new() }
}

/// Reads all records of a body as [`read`] does.
pub fn read_body(dialect: Dialect, body: &[u8]) -> Vec<Record> {
    read(dialect, body).collect()
}

/// Reads records from a value that is parsed already: an object, or an array of them.
pub fn read_value(dialect: Dialect, value: &Value) -> Vec<Record> {
    let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    elements.iter().flat_map(|element| value_records(dialect, element)).collect()
}

impl<R: BufRead> Iterator for RecordReader<R> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            if let Some(record) = self.pending.pop_front() {
                return Some(record);
            }
            self.pending.extend(piece_records(self.dialect, self.pieces.next()?));
        }
    }
}

fn piece_records(dialect: Dialect, piece: Piece) -> Vec<Record> {
    let parsed = match &piece.fault {
        Some(fault) => Err(fault_rejection(fault, &piece)),
        None => json::parse(&piece.raw).map_err(|refused| match refused {
            Refused::Rule(rejection) => rejection,
            Refused::Syntax { at, reason } => not_json(&piece, at, &reason),
        }),
    };
    let origin = Origin::of(piece);
    match parsed {
        Ok(Value::Object(map)) => map_records(dialect, map, origin),
        Ok(other) => vec![origin.record(Err(no_object(&other)))],
        Err(rejection) => vec![origin.record(Err(rejection))],
    }
}

fn value_records(dialect: Dialect, value: &Value) -> Vec<Record> {
    let mut raw = value.to_string().into_bytes();
    let raw_len = raw.len() as u64;
    let checked = if raw.len() > MAX_RECORD_BYTES {
        raw.truncate(KEPT_BYTES);
        Err(too_long(raw_len))
    } else {
        json::check(value)
    };
    let origin = Origin { raw, raw_len, offset: 0 };
    match (checked, value) {
        (Err(rejection), _) => vec![origin.record(Err(rejection))],
        (Ok(()), Value::Object(map)) => map_records(dialect, map.clone(), origin),
        (Ok(()), other) => vec![origin.record(Err(no_object(other)))],
    }
}

/// Where a record's text stands.
struct Origin {
    raw: Vec<u8>,
    raw_len: u64,
    offset: u64,
}

impl Origin {
    /// The white space behind a record is not its own: the last line of a file is the same record with or without it.
    fn of(piece: Piece) -> Self {
        let Piece { mut raw, mut raw_len, place, .. } = piece;
        if raw.len() as u64 == raw_len {
            raw.truncate(raw.trim_ascii_end().len());
            raw_len = raw.len() as u64;
        }
        Self { raw, raw_len, offset: place.offset }
    }

    fn record(self, outcome: Result<Vec<NewEvent>, Rejection>) -> Record {
        Record { raw: self.raw, raw_len: self.raw_len, offset: self.offset, outcome }
    }
}

fn map_records(dialect: Dialect, map: Map<String, Value>, origin: Origin) -> Vec<Record> {
    match dialect {
        Dialect::Odp => vec![origin.record(odp::parse(&map))],
        Dialect::Pinpoint => vec![origin.record(pinpoint::parse(&map))],
        Dialect::Native => vec![origin.record(native::parse(&map))],
        Dialect::ActivatePro => fanned_out(map, origin),
    }
}

/// A feed record as it is; of an API upload one record per inner event, each with a text of its own that can be corrected
/// and replayed alone. An inner event that cannot even be told apart is kept with the upload's text, once.
fn fanned_out(map: Map<String, Value>, mut origin: Origin) -> Vec<Record> {
    let is_upload = map.contains_key("events");
    let inner = activatepro::fan_out(map);
    origin.raw.truncate(if is_upload { KEPT_BYTES } else { MAX_RECORD_BYTES });
    let (raw_len, offset) = (origin.raw_len, origin.offset);
    let mut own_text = Some(origin.raw);
    let to_record = |inner: Result<Map<String, Value>, Rejection>| match inner {
        Ok(map) if is_upload => {
            let outcome = activatepro::parse(&map);
            let raw = Value::Object(map).to_string().into_bytes();
            Record { raw_len: raw.len() as u64, raw, offset, outcome }
        }
        inner => {
            let outcome = inner.and_then(|map| activatepro::parse(&map));
            Record { raw: own_text.take().unwrap_or_default(), raw_len, offset, outcome }
        }
    };
    inner.into_iter().map(to_record).collect()
}

fn fault_rejection(fault: &Fault, piece: &Piece) -> Rejection {
    match fault {
        Fault::Syntax { at, reason } => not_json(piece, *at, reason),
        Fault::CutOff { reason } => not_json(piece, piece.raw.len(), reason),
        Fault::TooLong => too_long(piece.raw_len),
        Fault::NoObject => match json::parse(&piece.raw) {
            Ok(value) => no_object(&value),
            Err(Refused::Rule(rejection)) => rejection,
            Err(Refused::Syntax { at, reason }) => not_json(piece, at, &reason),
        },
    }
}

fn not_json(piece: &Piece, at: usize, reason: &str) -> Rejection {
    let place = piece.place.after(&piece.raw[..at.min(piece.raw.len())]);
    let message = format!("not JSON at line {}, column {}: {reason}", place.line, place.column);
    Rejection::new(RejectionCode::NotJson, "", message)
}

fn no_object(value: &Value) -> Rejection {
    Rejection { path: String::new(), ..wrong_type("the record", value, "an object") }
}

fn too_long(length: u64) -> Rejection {
    let message = format!("the record has {length} bytes, more than the maximum of {MAX_RECORD_BYTES}");
    Rejection::new(RejectionCode::TooLarge, "", message)
}
