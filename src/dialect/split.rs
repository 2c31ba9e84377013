//! Cuts a text into records: JSON objects one after the other, with or without line breaks or white space between, bare
//! or as elements of arrays, in any mixture. Holds one record at a time.
//!
//! After text that is not JSON, reading goes on at the next line that begins with `{` or `[` (no indentation); the text
//! before it is one faulty piece. Where the brackets of the bad text still match, it ends with its own bracket instead, so
//! that its neighbours on one line survive.

use std::io::BufRead;
use std::mem;

use memchr::memchr_iter;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::envelope::Allowance;
use super::input::Input;
use super::piece::{Fault, LongText, MAX_RECORD_BYTES, Piece, Place};
use super::scan::{Scan, Step};
use super::window::Window;

/// Most brackets that may be open at once, the record's own among them.
pub(super) const MAX_DEPTH: u32 = 64;
/// Longest bare word that is looked at as a value.
const MAX_WORD_BYTES: usize = 1_024;

/// Where JSON ends to be JSON.
struct SyntaxError {
    at: usize,
    reason: String,
    /// Whether it is only that the text ends too early.
    is_end: bool,
}

/// What may come next between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// A value, or an array of them: outside arrays.
    Any,
    /// In the array that began at the place: what [`InArray`] says.
    Element(Place, InArray),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InArray {
    ValueOrEnd,
    Value,
    CommaOrEnd,
    /// After a fault, which was told: whatever comes.
    Whatever,
}

/// Cuts a text into pieces.
pub(super) struct Splitter<R> {
    window: Window<R>,
    expected: Expected,
}

impl<R: BufRead> Iterator for Splitter<R> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            let Some(byte) = self.window.peek() else { return self.finish() };
            match (self.expected, byte) {
                (Expected::Any, b'[') => {
                    self.expected = Expected::Element(self.window.place, InArray::ValueOrEnd);
                    self.window.skip(1);
                }
                (Expected::Element(opened, InArray::CommaOrEnd), b',') => {
                    self.expect(opened, InArray::Value);
                    self.window.skip(1);
                }
                (Expected::Element(_, InArray::Whatever), b',') => self.window.skip(1),
                (Expected::Element(opened, InArray::Value), b']') => {
                    let fault = self.array_fault(opened, "a value must follow the comma");
                    self.expected = Expected::Any;
                    self.window.skip(1);
                    return Some(fault);
                }
                (Expected::Element(..), b']') => {
                    self.expected = Expected::Any;
                    self.window.skip(1);
                }
                (Expected::Element(opened, InArray::CommaOrEnd), b'{' | b'[') => {
                    self.expect(opened, InArray::Whatever);
                    return Some(self.array_fault(opened, "a comma must stand between two elements"));
                }
                (Expected::Element(opened, InArray::CommaOrEnd), _) => {
                    self.expect(opened, InArray::Whatever);
                    return Some(self.broken(0));
                }
                (_, byte) => return Some(self.value(byte)),
            }
        }
    }
}

impl<R: BufRead> Splitter<R> {
    /// Where the text goes on after the last piece.
    pub(super) fn offset(&self) -> u64 {
        self.window.place.offset
    }

    #[cfg(test)]
    pub(super) fn new(body: R) -> Self {
        Self::over(Window::new(Input::new(body, None)))
    }

    /// Cuts what stands in a wrapper, and may unpack to so much.
    pub(super) fn within(body: R, allowance: Allowance) -> Self {
        Self::over(Window::new(Input::new(body, Some(allowance))))
    }

    /// Cuts a text of which something may have been looked at.
    pub(super) fn over(window: Window<R>) -> Self {
        Self { window, expected: Expected::Any }
    }

    fn value(&mut self, first: u8) -> Piece {
        if let Expected::Element(opened, _) = self.expected {
            self.expect(opened, InArray::CommaOrEnd);
        }
        let piece = match first {
            b'{' | b'[' | b'"' => self.delimited(),
            _ => self.word(),
        };
        // What followed bad text may have been taken with it.
        let is_bad = matches!(piece.fault, Some(Fault::Syntax { .. } | Fault::CutOff { .. }));
        if let (Expected::Element(opened, _), true) = (self.expected, is_bad) {
            self.expect(opened, InArray::Whatever);
        }
        piece
    }

    /// A value that has an end of its own: an object, an array or a string.
    fn delimited(&mut self) -> Piece {
        let mut scan = Scan::default();
        let mut scanned = 0;
        loop {
            match scan.feed(&self.window.rest()[scanned..], MAX_DEPTH) {
                Step::Done(end) => {
                    let fault = (self.window.rest()[0] != b'{').then_some(Fault::NoObject);
                    return self.window.take(scanned + end, fault);
                }
                Step::Broken(at) => return self.broken(scanned + at),
                Step::Deep(at) => {
                    scanned += at;
                    match syntax_error(&self.window.rest()[..scanned]) {
                        Some(error) if !error.is_end => return self.broken(error.at),
                        _ => scan.give_up_at_line(),
                    }
                }
                Step::More => {
                    scanned = self.window.rest().len();
                    if scanned > MAX_RECORD_BYTES || !self.window.read_more() {
                        return self.unfinished(scan);
                    }
                }
            }
        }
    }

    /// A value that has no end yet though the input has, or though it is too long already.
    fn unfinished(&mut self, scan: Scan) -> Piece {
        match syntax_error(self.window.rest()) {
            Some(error) if !error.is_end => self.broken(error.at),
            _ if self.window.ended => {
                let reason =
                    self.window.failure.take().unwrap_or_else(|| "the input ends within the record".to_owned());
                self.window.take(self.window.rest().len(), Some(Fault::CutOff { reason }))
            }
            _ => self.oversized(scan),
        }
    }

    /// Passes over a record that is too long to hold, and keeps its beginning.
    fn oversized(&mut self, mut scan: Scan) -> Piece {
        let mut text = LongText::begin(self.window.place, self.window.rest());
        loop {
            self.window.pass(self.window.rest().len(), &mut text);
            if !self.window.read_more() {
                break;
            }
            match scan.feed(self.window.rest(), u32::MAX) {
                Step::More => {}
                Step::Done(end) => {
                    self.window.pass(end, &mut text);
                    break;
                }
                Step::Broken(at) | Step::Deep(at) => {
                    self.window.pass(at, &mut text);
                    // A bracket here begins a line: it was the line that broke the record.
                    if !matches!(self.window.rest()[0], b'{' | b'[') {
                        self.pass_to_record_line(&mut text);
                    }
                    break;
                }
            }
        }
        text.finish(self.window.place, Fault::TooLong)
    }

    /// A number, `true`, `false`, `null`, or something that is no JSON at all.
    fn word(&mut self) -> Piece {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
        let length = loop {
            match self.window.rest().iter().position(|byte| !is_part(byte)) {
                Some(length) => break length,
                None if self.window.rest().len() > MAX_WORD_BYTES || !self.window.read_more() => {
                    break self.window.rest().len();
                }
                None => {}
            }
        };
        if length > 0 && length <= MAX_WORD_BYTES && syntax_error(&self.window.rest()[..length]).is_none() {
            return self.window.take(length, Some(Fault::NoObject));
        }
        self.broken(0)
    }

    /// Text that stops being JSON at `at`: takes it up to the next line that begins with a bracket.
    fn broken(&mut self, at: usize) -> Piece {
        let seen = &self.window.rest()[..self.window.rest().len().min(at + 1)];
        let reason =
            syntax_error(seen).filter(|error| !error.is_end).map_or_else(|| unexpected(seen, at), |e| e.reason);
        let fault = Fault::Syntax { at, reason };
        let mut from = at.max(1);
        loop {
            if let Some(end) = record_line(self.window.rest(), from) {
                return self.window.take(end, Some(fault));
            }
            from = self.window.rest().len().max(1);
            if self.window.rest().len() > MAX_RECORD_BYTES {
                let mut text = LongText::begin(self.window.place, self.window.rest());
                self.pass_to_record_line(&mut text);
                return text.finish(self.window.place, fault);
            }
            if !self.window.read_more() {
                return self.window.take(self.window.rest().len(), Some(fault));
            }
        }
    }

    fn pass_to_record_line(&mut self, text: &mut LongText) {
        loop {
            if let Some(end) = record_line(self.window.rest(), 1) {
                return self.window.pass(end, text);
            }
            // The last byte tells whether the next one begins a line.
            self.window.pass(self.window.rest().len().saturating_sub(1), text);
            if !self.window.read_more() {
                return self.window.pass(self.window.rest().len(), text);
            }
        }
    }

    /// What is left to tell once the text is over.
    fn finish(&mut self) -> Option<Piece> {
        let expected = mem::replace(&mut self.expected, Expected::Any);
        if let Some(reason) = self.window.failure.take() {
            return Some(self.window.take(0, Some(Fault::CutOff { reason })));
        }
        match expected {
            Expected::Any | Expected::Element(_, InArray::Whatever) => None,
            Expected::Element(opened, _) => Some(self.array_fault(opened, "the input ends within the array")),
        }
    }

    /// A fault between elements: the array's bracket stands for it.
    fn array_fault(&self, opened: Place, rule: &str) -> Piece {
        let Place { line, column, .. } = self.window.place;
        let reason = format!("{rule} (line {line}, column {column}), in the array that begins here");
        Piece {
            raw: b"[".to_vec(),
            raw_len: 1,
            whole_hash: None,
            place: opened,
            fault: Some(Fault::Syntax { at: 0, reason }),
            header: None,
        }
    }

    fn expect(&mut self, opened: Place, what: InArray) {
        self.expected = Expected::Element(opened, what);
    }
}

/// Position at or after `from`, which is not 0, of a bracket that begins a line.
fn record_line(text: &[u8], from: usize) -> Option<usize> {
    let line_starts = memchr_iter(b'\n', text.get(from - 1..)?).map(|at| from + at);
    line_starts.into_iter().find(|at| matches!(text.get(*at), Some(b'{' | b'[')))
}

fn unexpected(seen: &[u8], at: usize) -> String {
    let byte = seen.get(at).copied().unwrap_or_default();
    format!("unexpected {:?}", char::from(byte))
}

/// Where and why the text is not one JSON value.
fn syntax_error(text: &[u8]) -> Option<SyntaxError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let error = IgnoredAny::deserialize(&mut reader).and_then(|_| reader.end()).err()?;
    Some(SyntaxError { at: position(&error, text), reason: reason(&error), is_end: error.is_eof() })
}

/// The position that a parse error names by line and column.
pub(super) fn position(error: &serde_json::Error, text: &[u8]) -> usize {
    let breaks = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let line = error.line().checked_sub(2).map_or(0, |nth| breaks.clone().nth(nth).unwrap_or(text.len()));
    (line + error.column().saturating_sub(1)).min(text.len())
}

/// A parse error without its place, which would count from the record.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

#[cfg(test)]
mod tests;
