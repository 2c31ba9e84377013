//! The reading threads: each opens the next file, decompresses it and cuts it into chunks of record texts. The parsing
//! threads make events of the chunks, whichever file they are of. One large file keeps all parsing threads busy; of many
//! small ones several are open at a time.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, stdin};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use tokio::sync::mpsc::UnboundedSender;

use super::budget::{Budget, Permit};
use super::parsing::{Outcome, Piece};
use super::paths::{Input, unreadable};
use super::resume::{self, Start};
use crate::dialect::lists::Header;
use crate::dialect::{self, Reading, Text};
use crate::ingest::{Claim, Mark, MarkedFile};

/// Most texts of one chunk.
const CHUNK_TEXTS: usize = 2_000;
/// Most bytes of one chunk, unless a single text has more.
const CHUNK_BYTES: usize = 1_024 * 1_024;
/// What a parsed record takes besides its text.
const RECORD_BYTES: u64 = 1_024;
/// What a text takes while it is parsed, as a multiple of its length.
const PARSING_FACTOR: u64 = 10;
/// Most columns that are named.
const NAMED_COLUMNS: usize = 40;
const READ_BUFFER_BYTES: usize = 256 * 1_024;

/// A file, pipe or standard input to be read.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) input: Input,
    /// Where reading begins.
    pub(super) start: Start,
}

/// How far reading is, and whether it shall go on.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Set to end reading.
    pub(super) stop: AtomicBool,
    /// Bytes read so far, compressed ones as they are.
    pub(super) bytes: AtomicU64,
    /// Files opened so far, and the sum of their sizes.
    pub(super) opened: AtomicU64,
    pub(super) opened_bytes: AtomicU64,
    /// What is to be said of inputs, each with what it is about.
    notices: Mutex<Notices>,
}

#[derive(Debug, Default)]
struct Notices {
    /// What was said once: of a folder of lists alike, one is named.
    said: HashSet<String>,
    waiting: Vec<String>,
}

impl Shared {
    /// What there is to say since this was asked last.
    pub(super) fn take_notices(&self) -> Vec<String> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner).waiting)
    }

    fn say(&self, source: &str, notice: String) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.said.contains(&notice) {
            notices.waiting.push(format!("{source}: {notice}"));
            notices.said.insert(notice);
        }
    }
}

/// Consecutive texts of one input.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Number of the task.
    pub(super) task: usize,
    /// Number of the chunk within it.
    pub(super) part: u64,
    pub(super) is_last: bool,
    pub(super) source: Arc<str>,
    pub(super) mark: Option<Mark>,
    pub(super) texts: Vec<Text>,
    pub(super) permit: Permit,
}

/// One of the reading threads.
pub(super) struct Reader {
    pub(super) tasks: Arc<[Task]>,
    /// For the journal of files.
    pub(super) claim: Option<Claim>,
    pub(super) reading: Reading,
    /// Number of the next task that no thread has taken.
    pub(super) next: Arc<AtomicUsize>,
    pub(super) shared: Arc<Shared>,
    pub(super) budget: Arc<Budget>,
    pub(super) chunks: Sender<Chunk>,
    /// For inputs that cannot be opened.
    pub(super) pieces: UnboundedSender<Piece>,
}

/// Nobody takes chunks any more, or reading was stopped.
struct Ended;

/// Where a chunk is from.
struct Origin {
    task: usize,
    source: Arc<str>,
    file: Option<Arc<MarkedFile>>,
}

impl Reader {
    /// Reads until there is nothing left.
    pub(super) fn run(self) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(number) else { return };
            if self.read(number, task).is_err() {
                return;
            }
        }
    }

    fn read(&self, number: usize, task: &Task) -> Result<(), Ended> {
        let origin = |file| Origin { task: number, source: task.input.name().into(), file };
        let opened = match &task.input {
            Input::Stdin => return self.cut(&origin(None), task.start, stdin().lock()),
            Input::Stream(path) => File::open(path).map(|file| (file, None)),
            Input::File(path) => File::open(path).and_then(|file| {
                let metadata = file.metadata()?;
                let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
                let marked = self.claim.map(|claim| resume::marked_file(claim, path, metadata.len(), modified));
                Ok((file, marked.map(Arc::new)))
            }),
        };
        match (opened, &task.input) {
            (Ok((file, marked)), _) => {
                let size = marked.as_ref().map_or(0, |marked| marked.size.cast_unsigned());
                self.shared.opened.fetch_add(1, Ordering::Relaxed);
                self.shared.opened_bytes.fetch_add(size, Ordering::Relaxed);
                self.cut(&origin(marked), task.start, file)
            }
            (Err(error), Input::Stream(path) | Input::File(path)) => {
                let outcome = Outcome::Unreadable(unreadable(path, &error));
                let piece = Piece { task: number, part: 0, is_last: true, outcome };
                self.pieces.send(piece).map_err(|_| Ended)
            }
            (Err(_), Input::Stdin) => Ok(()),
        }
    }

    /// Cuts an input into chunks, behind what is committed of it.
    fn cut(&self, origin: &Origin, start: Start, input: impl Read) -> Result<(), Ended> {
        let counted = Counted { input, shared: &self.shared };
        let mut texts = dialect::texts(self.reading.clone(), BufReader::with_capacity(READ_BUFFER_BYTES, counted));
        if let Some(notice) = texts.header().and_then(unknown_columns) {
            self.shared.say(&origin.source, notice);
        }
        for _ in 0..start.texts {
            self.go_on()?;
            texts.next();
        }
        let mut part = Part { number: 0, from: start.texts, end_offset: texts.offset(), bytes: 0, texts: Vec::new() };
        while let Some(text) = texts.next() {
            let bytes = part.bytes + text.held_bytes();
            if part.texts.len() >= CHUNK_TEXTS || !part.texts.is_empty() && bytes > CHUNK_BYTES {
                part = self.send(origin, part, false)?;
            }
            part.bytes += text.held_bytes();
            part.texts.push(text);
            part.end_offset = texts.offset();
        }
        self.send(origin, part, true)?;
        Ok(())
    }

    /// Hands a part over once there is room for it, and begins the next.
    fn send(&self, origin: &Origin, part: Part, is_last: bool) -> Result<Part, Ended> {
        self.go_on()?;
        let permit = self.budget.take(origin.task, part.cost()).ok_or(Ended)?;
        let Part { number, from, end_offset, texts, .. } = part;
        let to = from + texts.len() as u64;
        let mark = origin.file.as_ref().map(|file| Mark { file: Arc::clone(file), from, to, end_offset, is_last });
        let source = Arc::clone(&origin.source);
        let chunk = Chunk { task: origin.task, part: number, is_last, source, mark, texts, permit };
        self.chunks.send(chunk).map_err(|_| Ended)?;
        Ok(Part { number: number + 1, from: to, end_offset, bytes: 0, texts: Vec::new() })
    }

    fn go_on(&self) -> Result<(), Ended> {
        if self.shared.stop.load(Ordering::Relaxed) { Err(Ended) } else { Ok(()) }
    }
}

/// Names the columns of a list that nobody knows.
fn unknown_columns(header: &Header) -> Option<String> {
    let unknown: Vec<&str> = header.unknown().collect();
    let (named, more) = (unknown[..unknown.len().min(NAMED_COLUMNS)].join(", "), unknown.len() > NAMED_COLUMNS);
    let more = if more { ", …" } else { "" };
    let what = format!("columns that mean nothing here, kept with the events: {named}{more}");
    (!unknown.is_empty()).then_some(what)
}

/// A chunk that grows.
struct Part {
    number: u64,
    /// Texts of the input before it.
    from: u64,
    end_offset: u64,
    bytes: usize,
    texts: Vec<Text>,
}

impl Part {
    /// What it takes until it is committed, texts that are parsed into much more than themselves included.
    fn cost(&self) -> u64 {
        let longest = self.texts.iter().map(Text::held_bytes).max().unwrap_or(0) as u64;
        self.bytes as u64 + (self.texts.len() as u64 + 1) * RECORD_BYTES + longest * PARSING_FACTOR
    }
}

/// Counts what is read, before decompression.
struct Counted<'a, R> {
    input: R,
    shared: &'a Shared,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.shared.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
