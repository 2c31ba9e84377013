//! The reading thread: opens one input after the other, parses, and hands over pieces of records.

use std::fs::File;
use std::io::{self, BufReader, Read, stdin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use tokio::sync::mpsc::{self, Receiver, Sender};

use super::paths::{Input, unreadable};
use crate::dialect::envelope::Proof;
use crate::dialect::{self, Reading};
use crate::domain::event::Record;
use crate::{Error, Result};

/// Most records of one piece.
pub(super) const PIECE_RECORDS: usize = 2_000;

/// Most bytes of one piece: large records make smaller pieces.
const PIECE_BYTES: usize = 8 * 1_024 * 1_024;

/// Pieces that are parsed ahead.
const AHEAD: usize = 2;

const READ_BUFFER_BYTES: usize = 256 * 1_024;

/// What the reading thread and the rest share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Set to end reading after the present piece.
    pub(super) stop: AtomicBool,
    /// Bytes read so far, compressed ones as they are.
    pub(super) bytes: AtomicU64,
}

/// Some consecutive records of one input.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) source: String,
    pub(super) first_index: u64,
    pub(super) records: Vec<Record>,
}

/// Starts reading. An input that cannot be read is an error among the pieces.
pub(super) fn start(inputs: Vec<Input>, reading: Reading, shared: Arc<Shared>) -> Result<Receiver<Result<Piece>>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let reader = Reader { reading, shared, sender };
    let spawned = thread::Builder::new().name("import".to_owned()).spawn(move || reader.run(&inputs));
    spawned.map_err(|error| Error::Config(format!("no thread for reading: {error}")))?;
    Ok(receiver)
}

struct Reader {
    reading: Reading,
    shared: Arc<Shared>,
    sender: Sender<Result<Piece>>,
}

/// Nobody takes pieces any more, or reading was stopped.
struct Ended;

impl Reader {
    fn run(self, inputs: &[Input]) {
        for input in inputs {
            let read = match input {
                Input::Stdin => self.read("stdin", stdin().lock()),
                Input::File(path, _) => match File::open(path) {
                    Ok(file) => self.read(&path.display().to_string(), file),
                    Err(error) => self.send(Err(unreadable(path, &error))),
                },
            };
            if read.is_err() {
                return;
            }
        }
    }

    fn read(&self, source: &str, input: impl Read) -> Result<(), Ended> {
        let counted = Counted { input, shared: &self.shared };
        let body = BufReader::with_capacity(READ_BUFFER_BYTES, counted);
        let piece = |first_index| Piece { source: source.to_owned(), first_index, records: Vec::new() };
        let mut present = piece(0);
        let mut bytes = 0;
        // Whoever can give files to this command needs no signature, and archives of messages often have none.
        for record in dialect::read(self.reading.clone(), body).asking_for(Proof::NotAsked) {
            bytes += record.raw.len();
            present.records.push(record);
            if present.records.len() >= PIECE_RECORDS || bytes >= PIECE_BYTES {
                let next = piece(present.first_index + present.records.len() as u64);
                self.send(Ok(std::mem::replace(&mut present, next)))?;
                bytes = 0;
            }
        }
        if present.records.is_empty() { Ok(()) } else { self.send(Ok(present)) }
    }

    fn send(&self, piece: Result<Piece>) -> Result<(), Ended> {
        let sent = self.sender.blocking_send(piece);
        let stopped = self.shared.stop.load(Ordering::Relaxed);
        if sent.is_err() || stopped { Err(Ended) } else { Ok(()) }
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
