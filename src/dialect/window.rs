//! The part of a text that is being cut: what was read and not taken yet, and where it stands.

use std::io::BufRead;
use std::mem;

use super::input::Input;
use super::piece::{Fault, LongText, MAX_RECORD_BYTES, Piece, Place};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text as it is read, from the first byte that no piece has taken.
pub(super) struct Window<R> {
    input: Input<R>,
    buffer: Vec<u8>,
    /// First byte of `buffer` that no piece has taken, and its place in the text.
    start: usize,
    pub(super) place: Place,
    pub(super) ended: bool,
    /// Why the input ended early, until it is told.
    pub(super) failure: Option<String>,
}

impl<R: BufRead> Window<R> {
    pub(super) fn new(input: Input<R>) -> Self {
        Self { input, buffer: Vec::new(), start: 0, place: Place::START, ended: false, failure: None }
    }

    /// What was read and not taken.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Reads on; false at the end, or when reading fails, which ends the text too.
    pub(super) fn read_more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.buffer.drain(..mem::take(&mut self.start));
        match self.input.read_more(&mut self.buffer) {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => {
                self.ended = true;
                self.failure = Some(format!("the input cannot be read on: {error}"));
            }
        }
        !self.ended
    }

    pub(super) fn skip(&mut self, length: usize) {
        self.place = self.place.after(&self.buffer[self.start..self.start + length]);
        self.start += length;
    }

    /// Skips a part of a text that is too long to hold.
    pub(super) fn pass(&mut self, length: usize, text: &mut LongText) {
        text.pass(&self.rest()[..length]);
        self.skip(length);
    }

    /// The next byte that is no white space, not taken.
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.peek_behind(u8::is_ascii_whitespace)
    }

    /// The first byte of the next line that is not empty, not taken.
    pub(super) fn peek_line(&mut self) -> Option<u8> {
        self.peek_behind(|byte| matches!(byte, b'\n' | b'\r'))
    }

    fn peek_behind(&mut self, is_blank: fn(&u8) -> bool) -> Option<u8> {
        loop {
            let blank = self.rest().iter().position(|byte| !is_blank(byte));
            self.skip(blank.unwrap_or(self.rest().len()));
            match self.rest().first().copied() {
                Some(first) if first == BYTE_ORDER_MARK[0] && self.skip_byte_order_mark() => {}
                Some(first) => return Some(first),
                None if self.read_more() => {}
                None => return None,
            }
        }
    }

    /// Where files that begin with one were joined, it stands between their records. Editors do not count it as a column.
    fn skip_byte_order_mark(&mut self) -> bool {
        while self.rest().len() < BYTE_ORDER_MARK.len() && self.read_more() {}
        let is_mark = self.rest().starts_with(BYTE_ORDER_MARK);
        if is_mark {
            let column = self.place.column;
            self.skip(BYTE_ORDER_MARK.len());
            self.place.column = column;
        }
        is_mark
    }

    /// The next piece, which has so many bytes.
    pub(super) fn take(&mut self, length: usize, fault: Option<Fault>) -> Piece {
        let place = self.place;
        if length > MAX_RECORD_BYTES {
            let mut text = LongText::begin(place, self.rest());
            self.pass(length, &mut text);
            let fault = fault.filter(|fault| *fault != Fault::NoObject).unwrap_or(Fault::TooLong);
            return text.finish(self.place, fault);
        }
        let raw = self.rest()[..length].to_vec();
        self.skip(length);
        Piece { raw, raw_len: length as u64, whole_hash: None, place, fault, header: None }
    }
}
