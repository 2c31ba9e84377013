//! Cuts a CSV file into rows. Quotes are taken strictly, so that one that is never closed, or stands where none may, spoils
//! its own line and no other: such a row ends with its line, and the next line is read as if nothing had been.

use std::io::BufRead;
use std::sync::Arc;

use memchr::memchr;

use super::header::Header;
use crate::dialect::piece::{Fault, LongText, MAX_RECORD_BYTES, Piece};
use crate::dialect::window::Window;

const NEVER_CLOSED: &str = "the quote of a cell is never closed";

/// Cuts the rows below a heading.
pub(in crate::dialect) struct RowCutter<R> {
    window: Window<R>,
    header: Arc<Header>,
}

impl<R: BufRead> Iterator for RowCutter<R> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            if self.window.peek_line().is_none() {
                let reason = self.window.failure.take()?;
                return Some(self.window.take(0, Some(Fault::CutOff { reason })));
            }
            let piece = self.row();
            if piece.fault.is_some() || !self.is_blank(&piece.raw) && piece.raw != self.header.line {
                return Some(piece);
            }
        }
    }
}

impl<R: BufRead> RowCutter<R> {
    pub(in crate::dialect) fn new(window: Window<R>, header: Arc<Header>) -> Self {
        Self { window, header }
    }

    /// The heading above the rows.
    pub(in crate::dialect) fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Where the text goes on after the last row.
    pub(in crate::dialect) fn offset(&self) -> u64 {
        self.window.place.offset
    }

    fn row(&mut self) -> Piece {
        let mut scan = Scan::new(&self.header);
        loop {
            match scan.feed(self.window.rest()) {
                Fed::End => return self.take(scan.at, None),
                Fed::Broken => {
                    let reason = "a quoted cell must end with its quote, and quotes within it be doubled";
                    return self.first_line(scan.at, reason);
                }
                Fed::More if scan.at > MAX_RECORD_BYTES => return self.too_long(),
                Fed::More => {
                    if !self.window.read_more() {
                        return self.last(&scan);
                    }
                }
            }
        }
    }

    /// The row that the text ends in.
    fn last(&mut self, scan: &Scan) -> Piece {
        match self.window.failure.take() {
            Some(reason) => self.take(scan.at, Some(Fault::CutOff { reason })),
            None if scan.cell == Cell::Quoted => self.first_line(scan.at, NEVER_CLOSED),
            None => self.take(scan.at, None),
        }
    }

    /// A row that is none, up to the end of its first line.
    fn first_line(&mut self, at: usize, reason: &str) -> Piece {
        let rest = self.window.rest();
        let end = memchr(self.header.line_end, rest).unwrap_or(rest.len());
        self.take(end, Some(Fault::Syntax { at: at.min(end), reason: reason.to_owned() }))
    }

    /// What is too long for a row: more likely a quote that is not closed, if there are lines.
    fn too_long(&mut self) -> Piece {
        if memchr(self.header.line_end, self.window.rest()).is_some() {
            return self.first_line(0, NEVER_CLOSED);
        }
        let mut text = LongText::begin(self.window.place, self.window.rest());
        loop {
            let rest = self.window.rest();
            if let Some(end) = memchr(self.header.line_end, rest) {
                self.window.pass(end, &mut text);
                break;
            }
            self.window.pass(rest.len(), &mut text);
            if !self.window.read_more() {
                break;
            }
        }
        text.finish(self.window.place, Fault::TooLong)
    }

    fn take(&mut self, end: usize, fault: Option<Fault>) -> Piece {
        let rest = &self.window.rest()[..end];
        let length = if rest.ends_with(b"\r") { end - 1 } else { end };
        let piece = self.window.take(length, fault);
        // Of a row that is too long only the beginning is kept, which is no row.
        let header = piece.whole_hash.is_none().then(|| Arc::clone(&self.header));
        Piece { header, ..piece }
    }

    /// Programs end files with rows of separators.
    fn is_blank(&self, row: &[u8]) -> bool {
        row.iter().all(|byte| *byte == self.header.delimiter || byte.is_ascii_whitespace())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Start,
    Plain,
    Quoted,
    /// Behind a quote that ends the cell, or is the first of two.
    Quote,
    /// Behind a carriage return after the cell's last quote.
    Return,
}

/// What was found of a row.
enum Fed {
    /// It ends at the scan's place.
    End,
    /// It is no row, from there on.
    Broken,
    More,
}

/// How far a row was looked through.
struct Scan {
    at: usize,
    cell: Cell,
    delimiter: u8,
    line_end: u8,
}

impl Scan {
    fn new(header: &Header) -> Self {
        Self { at: 0, cell: Cell::Start, delimiter: header.delimiter, line_end: header.line_end }
    }

    /// Goes on with a text that begins with the row.
    fn feed(&mut self, text: &[u8]) -> Fed {
        while let Some(byte) = text.get(self.at).copied() {
            self.cell = match (self.cell, byte) {
                (Cell::Quoted, b'"') => Cell::Quote,
                (Cell::Quoted, _) => {
                    let Some(quote) = memchr(b'"', &text[self.at..]) else {
                        self.at = text.len();
                        return Fed::More;
                    };
                    self.at += quote;
                    continue;
                }
                (_, byte) if byte == self.line_end => return Fed::End,
                (Cell::Return, _) => return Fed::Broken,
                (_, byte) if byte == self.delimiter => Cell::Start,
                (Cell::Start | Cell::Quote, b'"') => Cell::Quoted,
                (Cell::Quote, b'\r') => Cell::Return,
                (Cell::Quote, _) => return Fed::Broken,
                (Cell::Start | Cell::Plain, _) => Cell::Plain,
            };
            self.at += 1;
        }
        Fed::More
    }
}

#[cfg(test)]
mod tests;
