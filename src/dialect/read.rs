//! Records out of a body, file or value, each parsed by its dialect: what every way in goes through. Records that come
//! wrapped are taken out of their wrappers first.

use std::collections::VecDeque;
use std::io::BufRead;

use serde_json::{Map, Value};

use super::cut::Cutter;
use super::envelope::{self, FirehoseRequest, Found, Opened, Proof, Stack, UnpackLimit};
use super::field::wrong_type;
use super::json::{self, Refused};
use super::lists::{Header, field_names};
use super::piece::{Fault, KEPT_BYTES, MAX_RECORD_BYTES, Piece};
use super::rules::Reading;
use super::vendor::{FannedOut, Vendor};
use crate::domain::event::{Dialect, Format, NewEvent, Record, Rejection, RejectionCode};
use crate::domain::hash::WholeHash;

/// What compressed data within the wrappers of values may unpack to, as many as there are.
const VALUES_UNPACKED_BYTES: u64 = 32 * 1024 * 1024;

/// The records of a text, read as they are asked for: one record is held at a time, and what is open of its wrappers.
pub struct RecordReader<R> {
    reading: Reading,
    pieces: Cutter<R>,
    proof: Proof,
    wrappers: Stack,
    /// Where the record stands that is in no wrapper, or around all that is being read.
    offset: u64,
    pending: VecDeque<Record>,
}

/// Reads records from a stream: JSON objects one after the other, in arrays, one per line, or all of it mixed, as such or
/// compressed with gzip, and wrapped or not; lists as CSV too.
pub fn read<R: BufRead>(reading: impl Into<Reading>, body: R) -> RecordReader<R> {
    let reading = reading.into();
    RecordReader {
        pieces: Cutter::new(reading.clone(), body),
        reading,
        proof: Proof::OfMessages,
        wrappers: Stack::new(UnpackLimit::per_record()),
        offset: 0,
        pending: VecDeque::new(),
    }
}

/// The texts of a stream's records, cut as [`read`] cuts them and not parsed yet: cutting takes one thread, parsing may
/// take several.
pub struct Texts<R> {
    pieces: Cutter<R>,
}

/// The text of a record, of several that one document holds, or of something that is none.
#[derive(Debug)]
pub struct Text(Piece);

/// Cuts a stream into the texts of its records.
pub fn texts<R: BufRead>(reading: Reading, body: R) -> Texts<R> {
    Texts { pieces: Cutter::new(reading, body) }
}

impl<R: BufRead> Texts<R> {
    /// Byte offset, after decompression, at which the stream goes on behind the last text.
    pub fn offset(&self) -> u64 {
        self.pieces.offset()
    }

    /// The heading, where the stream is a list that comes as CSV.
    pub fn header(&mut self) -> Option<&Header> {
        self.pieces.header().map(AsRef::as_ref)
    }
}

impl<R: BufRead> Iterator for Texts<R> {
    type Item = Text;

    fn next(&mut self) -> Option<Text> {
        self.pieces.next().map(Text)
    }
}

impl Text {
    /// Bytes that are held of it.
    pub fn held_bytes(&self) -> usize {
        self.0.raw.len()
    }

    /// Parses it, one record after the other. Most texts are one record; wrappers and uploads hold several.
    pub fn records(self, reading: &Reading, proof: Proof) -> RecordReader<&'static [u8]> {
        let mut reader = read(reading.clone(), &[][..]).asking_for(proof);
        reader.begin(self.0);
        reader
    }
}

/// Reads all records of a body as [`read`] does.
pub fn read_body(reading: impl Into<Reading>, body: &[u8]) -> Vec<Record> {
    read(reading, body).collect()
}

/// Reads records from a value that is parsed already: an object, or an array of them.
pub fn read_value(reading: impl Into<Reading>, value: &Value) -> Vec<Record> {
    read_values(reading, [value])
}

/// Reads records from several such values.
pub fn read_values<'v>(reading: impl Into<Reading>, values: impl IntoIterator<Item = &'v Value>) -> Vec<Record> {
    let mut reader = read(reading, &[][..]).unpacking_at_most(VALUES_UNPACKED_BYTES);
    let elements = |value: &'v Value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let mut records = Vec::new();
    for element in values.into_iter().flat_map(elements) {
        records.extend(reader.value(element));
        records.extend(&mut reader);
    }
    records
}

/// Reads the records of a request of Firehose; compressed data within may unpack to so many bytes.
pub fn read_firehose(reading: impl Into<Reading>, request: FirehoseRequest, unpacked_bytes: u64) -> Vec<Record> {
    let mut reader = read(reading, &[][..]).unpacking_at_most(unpacked_bytes);
    reader.wrappers.push(request.parts);
    reader.collect()
}

impl<R: BufRead> Iterator for RecordReader<R> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            if let Some(record) = self.pending.pop_front() {
                return Some(record);
            }
            if let Some(found) = self.wrappers.next() {
                let records = self.found(found);
                self.pending.extend(records);
            } else {
                let piece = self.pieces.next()?;
                self.begin(piece);
            }
        }
    }
}

impl<R: BufRead> RecordReader<R> {
    /// Lets compressed data within wrappers unpack to so many bytes altogether, instead of so many for each record.
    #[must_use]
    pub fn unpacking_at_most(self, bytes: u64) -> Self {
        Self { wrappers: Stack::new(UnpackLimit::whole(bytes)), ..self }
    }

    /// Asks for another proof than messages of SNS must give by default.
    #[must_use]
    pub fn asking_for(self, proof: Proof) -> Self {
        Self { proof, ..self }
    }

    /// Goes on with the text of a record that is in no wrapper.
    fn begin(&mut self, piece: Piece) {
        self.offset = piece.place.offset;
        self.wrappers.begin_record();
        let records = if piece.header.is_some() { self.row(piece) } else { self.piece(piece, None) };
        self.pending.extend(records);
    }

    /// The records of something within a wrapper; none of what is a wrapper itself, which is only opened.
    fn found(&mut self, found: Found) -> Vec<Record> {
        match found {
            Found::Piece(piece, path) => self.piece(piece, Some(&path)),
            Found::Object(map) => {
                let raw = Value::Object(map.clone()).to_string().into_bytes();
                self.object(map, Origin::inner(raw, self.offset))
            }
            Found::Refused(rejection, raw) => {
                vec![Origin::inner(raw, self.offset).refused(self.reading.format, rejection)]
            }
        }
    }

    /// The record of a row. One that is none is kept with its heading, so that it can be read alone.
    fn row(&self, piece: Piece) -> Vec<Record> {
        let Some(header) = piece.header else { return Vec::new() };
        let line = piece.place.line;
        let parsed = match &piece.fault {
            Some(Fault::Syntax { reason, .. } | Fault::CutOff { reason }) => Err(not_csv(line, reason)),
            Some(Fault::TooLong) => Err(too_long(piece.raw_len)),
            Some(Fault::NoObject) | None => header.record(&piece.raw, line),
        };
        let parsed = parsed.and_then(|map| {
            let broken = map.iter().find_map(|(name, cell)| Some((name, json::check(cell).err()?)));
            broken.map_or(Ok(()), |(name, broken)| Err(Rejection { path: name.clone(), ..broken })).map(|()| map)
        });
        match parsed {
            Ok(map) => {
                let raw = Value::Object(map.clone()).to_string().into_bytes();
                vendor_records(&self.reading, Vendor::of(header.dialect), map, Origin::inner(raw, self.offset))
            }
            Err(rejection) => {
                let origin = Origin::inner(header.file_of(&piece.raw), self.offset);
                vec![origin.refused(Format::Of(header.dialect), rejection)]
            }
        }
    }

    fn piece(&mut self, piece: Piece, within: Option<&str>) -> Vec<Record> {
        let parsed = match &piece.fault {
            Some(Fault::Syntax { .. }) if piece.place.offset == 0 && self.wants_list() => {
                Err(no_list(self.reading.format))
            }
            Some(fault) => Err(fault_rejection(fault, &piece, within)),
            None => parse_text(&piece.raw).map_err(|refused| match refused {
                Refused::Rule(rejection) => rejection,
                Refused::Syntax { at, reason } => not_json(&piece, at, &reason, within),
            }),
        };
        let origin = Origin::of(piece, self.offset);
        match parsed {
            Ok(Value::Object(map)) => self.object(map, origin),
            Ok(other) => vec![origin.refused(self.reading.format, no_object(&other))],
            Err(rejection) => vec![origin.refused(self.reading.format, rejection)],
        }
    }

    /// Whether a list was asked for.
    fn wants_list(&self) -> bool {
        matches!(self.reading.format, Format::Of(dialect) if dialect.is_list())
    }

    fn value(&mut self, value: &Value) -> Vec<Record> {
        let mut raw = value.to_string().into_bytes();
        let raw_len = raw.len() as u64;
        let is_long = raw.len() > MAX_RECORD_BYTES;
        let whole_hash = is_long.then(|| WholeHash::of(&raw));
        let checked = if is_long {
            raw.truncate(KEPT_BYTES);
            Err(too_long(raw_len))
        } else {
            check_value(value)
        };
        let origin = Origin { raw, raw_len, whole_hash, offset: 0 };
        match (checked, value) {
            (Err(rejection), _) => vec![origin.refused(self.reading.format, rejection)],
            (Ok(()), Value::Object(map)) => self.object(map.clone(), origin),
            (Ok(()), other) => vec![origin.refused(self.reading.format, no_object(other))],
        }
    }

    fn object(&mut self, map: Map<String, Value>, origin: Origin) -> Vec<Record> {
        match envelope::open(map, &self.reading.rules, self.proof, self.wrappers.depth()) {
            Opened::Record(map) => map_records(&self.reading, map, origin),
            Opened::Refused(rejection) => vec![origin.refused(self.reading.format, rejection)],
            Opened::Parts(parts) => {
                self.wrappers.push(parts);
                Vec::new()
            }
        }
    }
}

/// A record's text as JSON. A wrapper may hold longer texts than a record of its own, for they are records.
fn parse_text(text: &[u8]) -> Result<Value, Refused> {
    let parsed = json::parse(text);
    if matches!(&parsed, Err(Refused::Rule(rejection)) if rejection.code == RejectionCode::TooLarge)
        && let Ok(Value::Object(map)) = json::parse_with(text, MAX_RECORD_BYTES)
        && envelope::is_wrapper(&map)
    {
        return Ok(Value::Object(map));
    }
    parsed
}

/// The same for a value that was parsed elsewhere.
fn check_value(value: &Value) -> Result<(), Rejection> {
    match json::check(value) {
        Err(rejection)
            if rejection.code == RejectionCode::TooLarge && value.as_object().is_some_and(envelope::is_wrapper) =>
        {
            json::check_with(value, MAX_RECORD_BYTES)
        }
        other => other,
    }
}

/// Where a record's text stands.
struct Origin {
    raw: Vec<u8>,
    raw_len: u64,
    whole_hash: Option<[u8; 32]>,
    offset: u64,
}

impl Origin {
    /// The white space behind a record is not its own: the last line of a file is the same record with or without it.
    fn of(piece: Piece, offset: u64) -> Self {
        let Piece { mut raw, mut raw_len, whole_hash, .. } = piece;
        if raw.len() as u64 == raw_len {
            raw.truncate(raw.trim_ascii_end().len());
            raw_len = raw.len() as u64;
        }
        Self { raw, raw_len, whole_hash, offset }
    }

    /// The text of something within a wrapper.
    fn inner(mut raw: Vec<u8>, offset: u64) -> Self {
        let raw_len = raw.len() as u64;
        let is_long = raw.len() > MAX_RECORD_BYTES;
        let whole_hash = is_long.then(|| WholeHash::of(&raw));
        if is_long {
            raw.truncate(KEPT_BYTES);
        }
        Self { raw, raw_len, whole_hash, offset }
    }

    fn record(self, dialect: Dialect, outcome: Result<Vec<NewEvent>, Rejection>) -> Record {
        let Self { raw, raw_len, whole_hash, offset } = self;
        Record { raw, raw_len, whole_hash, offset, dialect: Some(dialect), outcome }
    }

    /// A record that is not even known to be of some vendor's, unless the caller said so.
    fn refused(self, format: Format, rejection: Rejection) -> Record {
        let dialect = match format {
            Format::Of(dialect) => Some(dialect),
            Format::Auto => None,
        };
        let Self { raw, raw_len, whole_hash, offset } = self;
        Record { raw, raw_len, whole_hash, offset, dialect, outcome: Err(rejection) }
    }
}

fn map_records(reading: &Reading, map: Map<String, Value>, origin: Origin) -> Vec<Record> {
    let vendor = match reading.format {
        Format::Of(dialect) => Some(Vendor::of(dialect)),
        Format::Auto => Vendor::recognised(&map),
    };
    let Some(vendor) = vendor else { return vec![origin.refused(Format::Auto, unknown_format(&map))] };
    vendor_records(reading, vendor, map, origin)
}

fn vendor_records(reading: &Reading, vendor: &Vendor, map: Map<String, Value>, origin: Origin) -> Vec<Record> {
    match (vendor.fan_out)(map) {
        FannedOut::Single(map) => {
            let (map, is_changed) = reading.given.complete(vendor.dialect, map);
            let outcome = parse(reading, vendor, &map);
            let origin = if is_changed && outcome.is_err() {
                Origin::inner(Value::Object(map).to_string().into_bytes(), origin.offset)
            } else {
                origin
            };
            vec![origin.record(vendor.dialect, outcome)]
        }
        FannedOut::Several(inner) => fanned_out(reading, vendor, inner, origin),
    }
}

/// One record per inner one, each with a text of its own that can be corrected and replayed alone. An inner record that
/// cannot even be told apart is kept with the whole text, once.
fn fanned_out(
    reading: &Reading,
    vendor: &Vendor,
    inner: Vec<Result<Map<String, Value>, Rejection>>,
    mut origin: Origin,
) -> Vec<Record> {
    // Where not all of the text is kept with the record, its hash tells it from others that begin alike.
    let hash = inner.iter().any(Result::is_err).then(|| WholeHash::of(&origin.raw));
    origin.raw.truncate(KEPT_BYTES);
    let (raw_len, offset) = (origin.raw_len, origin.offset);
    let mut own_text = Some(origin.raw);
    let to_record = |inner: Result<Map<String, Value>, Rejection>| match inner {
        Ok(map) => {
            let (map, _) = reading.given.complete(vendor.dialect, map);
            let outcome = parse(reading, vendor, &map);
            let raw = Value::Object(map).to_string().into_bytes();
            Record { raw_len: raw.len() as u64, raw, whole_hash: None, offset, dialect: Some(vendor.dialect), outcome }
        }
        Err(rejection) => {
            let raw = own_text.take().unwrap_or_default();
            let whole_hash = hash.filter(|_| raw.len() as u64 != raw_len);
            Record { raw, raw_len, whole_hash, offset, dialect: Some(vendor.dialect), outcome: Err(rejection) }
        }
    };
    inner.into_iter().map(to_record).collect()
}

fn parse(reading: &Reading, vendor: &Vendor, map: &Map<String, Value>) -> Result<Vec<NewEvent>, Rejection> {
    let events = (vendor.parse)(map, &reading.rules)?;
    let latest = reading.latest();
    match events.iter().find(|event| event.occurred_at.max(event.sent_at).is_some_and(|at| at > latest)) {
        Some(event) => Err(too_late(reading, (vendor.time_path)(event), event)),
        None => Ok(events),
    }
}

/// A clock that is ahead would put its events on top of every list and at the end of every report, for years.
fn too_late(reading: &Reading, path: &str, event: &NewEvent) -> Rejection {
    let at = event.occurred_at.max(event.sent_at).unwrap_or(reading.now);
    let limit_s = reading.rules.future_limit.as_secs();
    let message =
        format!("{path} is {}, more than {limit_s} s after the record was received", at.to_datetime().to_rfc3339());
    Rejection::new(RejectionCode::InvalidTime, path, message)
}

fn unknown_format(map: &Map<String, Value>) -> Rejection {
    let keys: Vec<&str> = map.keys().take(8).map(String::as_str).collect();
    let keys: String = keys.join(", ").chars().take(200).collect();
    let message = format!("no vendor's record has these keys together: {keys}");
    Rejection::new(RejectionCode::UnknownFormat, "", message)
}

fn fault_rejection(fault: &Fault, piece: &Piece, within: Option<&str>) -> Rejection {
    match fault {
        Fault::Syntax { at, reason } => not_json(piece, *at, reason, within),
        Fault::CutOff { reason } => not_json(piece, piece.raw.len(), reason, within),
        Fault::TooLong => too_long(piece.raw_len),
        Fault::NoObject => match json::parse(&piece.raw) {
            Ok(value) => no_object(&value),
            Err(Refused::Rule(rejection)) => rejection,
            Err(Refused::Syntax { at, reason }) => not_json(piece, at, &reason, within),
        },
    }
}

/// Lines and columns count from the beginning of the body or file, or of the part of a wrapper at the path.
fn not_json(piece: &Piece, at: usize, reason: &str, within: Option<&str>) -> Rejection {
    let place = piece.place.after(&piece.raw[..at.min(piece.raw.len())]);
    let whose = within.map(|path| format!(" of {path}")).unwrap_or_default();
    let message = format!("not JSON at line {}, column {}{whose}: {reason}", place.line, place.column);
    Rejection::new(RejectionCode::NotJson, "", message)
}

fn not_csv(line: u64, reason: &str) -> Rejection {
    Rejection::new(RejectionCode::NotCsv, "", format!("the row at line {line} is no CSV: {reason}"))
}

/// What was asked for as a list and is none: most often its columns have names that nobody knows.
fn no_list(format: Format) -> Rejection {
    let fields = match format {
        Format::Of(dialect) => field_names(dialect).collect::<Vec<_>>().join(", "),
        Format::Auto => String::new(),
    };
    let message = format!(
        "the text begins with no JSON, and its first line names no column with an address; known are {fields}, and others are \
         said as --column does"
    );
    Rejection::new(RejectionCode::UnknownFormat, "", message)
}

fn no_object(value: &Value) -> Rejection {
    Rejection { path: String::new(), ..wrong_type("the record", value, "an object") }
}

fn too_long(length: u64) -> Rejection {
    let message = format!("the record has {length} bytes, more than the maximum of {MAX_RECORD_BYTES}");
    Rejection::new(RejectionCode::TooLarge, "", message)
}
