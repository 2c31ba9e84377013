//! Wrappers that are being read, the innermost on top. One part of each is open at a time, so that memory does not grow
//! with what the others hold.

use std::io::Cursor;
use std::vec;

use serde_json::{Map, Value};

use super::allowance::{Allowance, UnpackLimit};
use super::part::{Inside, Part};
use crate::dialect::piece::{Fault, Piece};
use crate::dialect::split::Splitter;
use crate::domain::event::{Rejection, RejectionCode};

/// Something found within a wrapper.
pub(in crate::dialect) enum Found {
    /// The text of a record, or of something that is none, and the path of the part that it was found in.
    Piece(Piece, String),
    /// A record that is an object of the wrapper's own document.
    Object(Map<String, Value>),
    /// A part, or the rest of one, that cannot be read; with the text of its element.
    Refused(Rejection, Vec<u8>),
}

/// The wrappers that are open.
pub(in crate::dialect) struct Stack {
    levels: Vec<Level>,
    limit: UnpackLimit,
}

struct Level {
    parts: vec::IntoIter<Part>,
    open: Option<OpenPart>,
}

struct OpenPart {
    part: Part,
    pieces: Splitter<Cursor<Vec<u8>>>,
    allowance: Allowance,
    is_empty: bool,
}

impl Stack {
    pub(in crate::dialect) fn new(limit: UnpackLimit) -> Self {
        Self { levels: Vec::new(), limit }
    }

    /// Another record that stands in no wrapper begins.
    pub(in crate::dialect) fn begin_record(&self) {
        self.limit.begin_record();
    }

    /// How many wrappers stand around what was found last.
    pub(in crate::dialect) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Opens another wrapper, within the present one.
    pub(in crate::dialect) fn push(&mut self, parts: Vec<Part>) {
        self.levels.push(Level { parts: parts.into_iter(), open: None });
    }

    /// What comes next in the innermost wrapper; nothing when none is left.
    pub(in crate::dialect) fn next(&mut self) -> Option<Found> {
        loop {
            let level = self.levels.last_mut()?;
            if let Some(open) = &mut level.open {
                match open.next(&self.limit) {
                    Some(found) => return Some(found),
                    None => level.open = None,
                }
            }
            let Some(part) = level.parts.next() else {
                self.levels.pop();
                continue;
            };
            match part.inside() {
                Ok(Inside::Object(map)) => return Some(Found::Object(map)),
                Ok(Inside::Text(text)) => level.open = Some(OpenPart::new(part, text, self.limit.allowance())),
                Err(rejection) => return Some(Found::Refused(rejection, part.text())),
            }
        }
    }
}

impl OpenPart {
    fn new(part: Part, text: Vec<u8>, allowance: Allowance) -> Self {
        let pieces = Splitter::within(Cursor::new(text), allowance.clone());
        Self { part, pieces, allowance, is_empty: true }
    }

    fn next(&mut self, limit: &UnpackLimit) -> Option<Found> {
        let was_empty = std::mem::replace(&mut self.is_empty, false);
        let refused = |code, message: String| {
            Some(Found::Refused(Rejection::new(code, self.part.path.as_str(), message), self.part.text()))
        };
        let path = &self.part.path;
        match self.pieces.next() {
            None if was_empty => refused(RejectionCode::MissingField, format!("{path} holds no record")),
            None => None,
            Some(Piece { fault: Some(Fault::CutOff { .. }), .. }) if self.allowance.is_exceeded() => {
                refused(RejectionCode::TooLarge, format!("{path} unpacks to more than {}", limit.shown()))
            }
            // Nothing readable is left, so that the element stands for the rest.
            Some(Piece { fault: Some(Fault::CutOff { reason }), raw, .. }) if raw.is_empty() => {
                refused(RejectionCode::NotJson, format!("{path}: {reason}"))
            }
            Some(piece) => Some(Found::Piece(piece, path.clone())),
        }
    }
}
