//! The parsing threads: record texts to prepared batches.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::budget::Permit;
use super::reading::Chunk;
use crate::Error;
use crate::dialect::{Proof, Reading};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::PreparedBatch;

/// What became of a chunk, or of an input that cannot be opened.
#[derive(Debug)]
pub(super) struct Piece {
    /// Number of the task.
    pub(super) task: usize,
    /// Number of the piece within it.
    pub(super) part: u64,
    pub(super) is_last: bool,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    /// Ready to be committed.
    Prepared(PreparedBatch, Permit),
    /// The input cannot be read.
    Unreadable(Error),
}

/// One of the parsing threads.
pub(super) struct Parser {
    pub(super) workspace: WorkspaceId,
    pub(super) reading: Reading,
    pub(super) chunks: Arc<Mutex<Receiver<Chunk>>>,
    pub(super) pieces: UnboundedSender<Piece>,
}

impl Parser {
    /// Parses until no chunk can come any more, or nobody takes pieces.
    pub(super) fn run(self) {
        while let Some(chunk) = self.next_chunk() {
            if self.pieces.send(self.parse(chunk)).is_err() {
                return;
            }
        }
    }

    fn next_chunk(&self) -> Option<Chunk> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }

    fn parse(&self, chunk: Chunk) -> Piece {
        let Chunk { task, part, is_last, source, mark, texts, permit } = chunk;
        let reading = Reading { now: Micros::now(), ..self.reading.clone() };
        let mut batch = PreparedBatch::new(self.workspace, &*source, mark);
        // Whoever can give files to this command needs no signature, and archives of messages often have none.
        for text in texts {
            for record in text.records(&reading, Proof::NotAsked) {
                batch.push(record);
            }
        }
        Piece { task, part, is_last, outcome: Outcome::Prepared(batch, permit) }
    }
}
