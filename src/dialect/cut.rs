//! What a text is cut by: JSON into objects, and a list that comes as CSV into rows. Which of both it is, is told by its
//! first line, and looked at only where a list may come.

use std::io::BufRead;
use std::sync::Arc;

use memchr::memchr2;

use super::input::Input;
use super::lists::{FirstLine, Header, RowCutter};
use super::piece::Piece;
use super::rules::Reading;
use super::split::Splitter;
use super::window::Window;
use crate::domain::event::Format;

/// Longest first line that may be a heading.
const MAX_HEADING_BYTES: usize = 1024 * 1024;

/// Cuts a text into pieces.
pub(super) enum Cutter<R> {
    /// Not looked at yet.
    Fresh(Option<(R, Reading)>),
    Objects(Splitter<R>),
    Rows(RowCutter<R>),
}

impl<R: BufRead> Cutter<R> {
    pub(super) fn new(reading: Reading, body: R) -> Self {
        Self::Fresh(Some((body, reading)))
    }

    /// Where the text goes on after the last piece.
    pub(super) fn offset(&self) -> u64 {
        match self {
            Self::Fresh(_) => 0,
            Self::Objects(splitter) => splitter.offset(),
            Self::Rows(rows) => rows.offset(),
        }
    }

    /// The heading of what comes as CSV.
    pub(super) fn header(&mut self) -> Option<&Arc<Header>> {
        self.open();
        match self {
            Self::Rows(rows) => Some(rows.header()),
            _ => None,
        }
    }

    fn open(&mut self) {
        if let Self::Fresh(fresh) = self
            && let Some((body, reading)) = fresh.take()
        {
            *self = open(Window::new(Input::new(body, None)), &reading);
        }
    }
}

impl<R: BufRead> Iterator for Cutter<R> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        self.open();
        match self {
            Self::Fresh(_) => None,
            Self::Objects(splitter) => splitter.next(),
            Self::Rows(rows) => rows.next(),
        }
    }
}

fn open<R: BufRead>(mut window: Window<R>, reading: &Reading) -> Cutter<R> {
    let may_be_list = match reading.format {
        Format::Auto => true,
        Format::Of(dialect) => dialect.is_list(),
    };
    if !may_be_list || window.peek_line().is_none() || is_json(window.rest()) {
        return Cutter::Objects(Splitter::over(window));
    }
    let (line, line_end) = first_line(&mut window);
    match FirstLine::read(line, line_end, reading) {
        None => Cutter::Objects(Splitter::over(window)),
        Some(FirstLine::Row(header)) => Cutter::Rows(RowCutter::new(window, Arc::new(header))),
        Some(FirstLine::Heading(header)) => {
            let length = line.len();
            window.skip(length);
            Cutter::Rows(RowCutter::new(window, Arc::new(header)))
        }
    }
}

fn is_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), None | Some(b'{' | b'['))
}

/// The first line without its end, and what ends lines. Cells of a heading have no line breaks.
fn first_line<R: BufRead>(window: &mut Window<R>) -> (&[u8], u8) {
    let mut looked = 0;
    let end = loop {
        let rest = window.rest();
        // What follows a carriage return must be seen too.
        match memchr2(b'\n', b'\r', &rest[looked..]).map(|at| looked + at) {
            Some(at) if rest[at] == b'\n' || at + 1 < rest.len() || window.ended => break Some(at),
            Some(at) => looked = at,
            None => looked = rest.len(),
        }
        if looked > MAX_HEADING_BYTES || !window.read_more() && window.ended && looked >= window.rest().len() {
            break None;
        }
    };
    let rest = window.rest();
    match end {
        Some(at) if rest[at] == b'\r' && rest.get(at + 1) != Some(&b'\n') => (&rest[..at], b'\r'),
        Some(at) => (&rest[..at], b'\n'),
        None => (rest, b'\n'),
    }
}
