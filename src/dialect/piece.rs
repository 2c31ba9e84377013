//! What the splitter cuts a text into: the text of a record, or of something that is none, and where it stands.

use std::sync::Arc;

use memchr::{memchr_iter, memrchr};

use super::lists::Header;
use crate::domain::hash::WholeHash;

/// Longest record that is read; of longer ones only [`KEPT_BYTES`] are kept.
pub(super) const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;
/// What is kept of a record that is too long.
pub(super) const KEPT_BYTES: usize = 64 * 1024;

/// A position in the text, after decompression. Lines and columns (in bytes) count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Place {
    pub(super) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The place after `text`.
    pub(super) fn after(self, text: &[u8]) -> Self {
        let breaks = memchr_iter(b'\n', text).count() as u64;
        let column = match memrchr(b'\n', text) {
            Some(last) => (text.len() - last) as u64,
            None => self.column + text.len() as u64,
        };
        Self { offset: self.offset + text.len() as u64, line: self.line + breaks, column }
    }
}

/// The text of one record, or of something that is none.
#[derive(Debug)]
pub(super) struct Piece {
    /// The text; its beginning only when it is too long.
    pub(super) raw: Vec<u8>,
    pub(super) raw_len: u64,
    /// Hash of the whole text, where `raw` is only its beginning.
    pub(super) whole_hash: Option<[u8; 32]>,
    pub(super) place: Place,
    /// Why it is no record. Without a fault, it is an object whose brackets match, or a row whose quotes do.
    pub(super) fault: Option<Fault>,
    /// The heading above it, where it is a row of a CSV file.
    pub(super) header: Option<Arc<Header>>,
}

/// A text that is too long to hold: its beginning, and the hash of all that is passed over.
pub(super) struct LongText {
    place: Place,
    raw: Vec<u8>,
    hash: WholeHash,
}

impl LongText {
    /// Begins with `seen`, of which nothing is passed yet.
    pub(super) fn begin(place: Place, seen: &[u8]) -> Self {
        Self { place, raw: seen[..seen.len().min(KEPT_BYTES)].to_vec(), hash: WholeHash::default() }
    }

    pub(super) fn pass(&mut self, text: &[u8]) {
        self.hash.update(text);
    }

    /// The piece that ends before `end`.
    pub(super) fn finish(self, end: Place, fault: Fault) -> Piece {
        let Self { place, raw, hash } = self;
        let raw_len = end.offset - place.offset;
        Piece { raw, raw_len, whole_hash: Some(hash.finish()), place, fault: Some(fault), header: None }
    }
}

/// Why a piece is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Neither JSON nor a row of CSV at this position of the piece.
    Syntax { at: usize, reason: String },
    /// The input ended, or could not be read on.
    CutOff { reason: String },
    /// JSON, but no object.
    NoObject,
    /// Longer than [`MAX_RECORD_BYTES`].
    TooLong,
}
