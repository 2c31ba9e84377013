//! An import at work: starts the threads that read and parse, puts their pieces back into the order of files and texts, and
//! submits them to the one committer, which takes all that waits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc as std_mpsc};
use std::thread;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::budget::{BUDGET_BYTES, Budget, Permit};
use super::parsing::{Outcome, Parser, Piece};
use super::progress::Progress;
use super::reading::{Reader, Shared, Task};
use super::resume::Remainder;
use super::totals::Totals;
use crate::dialect::Reading;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::{Claim, Ingest, PreparedBatch, Report};
use crate::{Error, Result};

/// Most threads that read, and most that parse.
const MAX_THREADS: usize = 4;

/// What every part of an import needs to know.
pub(super) struct Pipeline {
    pub(super) ingest: Ingest,
    pub(super) workspace: WorkspaceId,
    /// How every input is read.
    pub(super) reading: Reading,
    /// For the files; none where there is none.
    pub(super) claim: Option<Claim>,
}

/// How an import that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Everything was read.
    Complete,
    /// Somebody asked it to stop.
    Interrupted,
    /// So many inputs could not be read.
    Skipped(u64),
}

impl Pipeline {
    /// Imports what is left. After a failed commit nothing more is read, but what is in flight is waited for; an input that
    /// cannot be read holds up no other.
    pub(super) async fn run(self, left: Remainder, unreadable: &[Error], totals: &mut Totals) -> Result<Ending> {
        let shared = Arc::new(Shared::default());
        let budget = Budget::new(BUDGET_BYTES);
        let tasks: Arc<[Task]> = left.tasks.into();
        let progress = Progress::start(&tasks, totals, Arc::clone(&shared));
        let pieces = self.start(&tasks, &shared, &budget)?;
        let mut import = Import {
            pipeline: self,
            tasks,
            inputs: left.inputs,
            shared,
            budget,
            progress,
            totals,
            place: Place::default(),
            skipped: 0,
        };
        for error in unreadable {
            import.skip(error);
        }
        let ended = import.run(pieces).await;
        import.progress.finish();
        ended?;
        import.ending()
    }

    /// Starts the threads. They end by themselves when everything is read, or when the budget is closed.
    fn start(
        &self,
        tasks: &Arc<[Task]>,
        shared: &Arc<Shared>,
        budget: &Arc<Budget>,
    ) -> Result<UnboundedReceiver<Piece>> {
        let (pieces, received) = mpsc::unbounded_channel();
        let (chunks, chunks_received) = std_mpsc::channel();
        let (next, chunks_received) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(chunks_received)));
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        for number in 0..threads {
            let reader = Reader {
                tasks: Arc::clone(tasks),
                claim: self.claim,
                reading: self.reading.clone(),
                next: Arc::clone(&next),
                shared: Arc::clone(shared),
                budget: Arc::clone(budget),
                chunks: chunks.clone(),
                pieces: pieces.clone(),
            };
            spawn(format!("reader-{number}"), || reader.run())?;
            let parser = Parser {
                workspace: self.workspace,
                reading: self.reading.clone(),
                chunks: Arc::clone(&chunks_received),
                pieces: pieces.clone(),
            };
            spawn(format!("parser-{number}"), || parser.run())?;
        }
        Ok(received)
    }
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = thread::Builder::new().name(name).spawn(run);
    spawned.map(drop).map_err(|error| Error::Config(format!("a thread of the import cannot start: {error}")))
}

/// The piece that comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    task: usize,
    part: u64,
    /// Records of the task before it.
    records: u64,
}

struct Import<'a> {
    pipeline: Pipeline,
    tasks: Arc<[Task]>,
    /// Number of each task's input among all.
    inputs: Vec<usize>,
    shared: Arc<Shared>,
    budget: Arc<Budget>,
    progress: Progress,
    totals: &'a mut Totals,
    place: Place,
    /// Inputs that could not be read.
    skipped: u64,
}

impl Import<'_> {
    async fn run(&mut self, mut pieces: UnboundedReceiver<Piece>) -> Result<()> {
        let (mut interrupt, mut termination) =
            (on_signal(SignalKind::interrupt())?, on_signal(SignalKind::terminate())?);
        let mut in_flight = FuturesUnordered::new();
        let mut waiting: BTreeMap<(usize, u64), Piece> = BTreeMap::new();
        let mut failure = Ok(());
        let mut is_open = true;
        self.begin_task(0);
        while is_open || !in_flight.is_empty() {
            tokio::select! {
                _ = interrupt.recv() => is_open = self.stop(),
                _ = termination.recv() => is_open = self.stop(),
                Some((input, report)) = in_flight.next() => match report {
                    Ok(report) => self.totals.add(input, &report),
                    Err(error) => {
                        is_open = self.stop();
                        failure = failure.and(Err(error));
                    }
                },
                piece = pieces.recv(), if is_open => match piece {
                    Some(piece) => drop(waiting.insert((piece.task, piece.part), piece)),
                    None => is_open = false,
                },
            }
            while is_open && let Some(piece) = waiting.remove(&(self.place.task, self.place.part)) {
                in_flight.extend(self.take(piece)?);
            }
            self.tell_notices();
            self.progress.show(self.totals);
        }
        failure
    }

    /// Submits the piece that comes next.
    fn take(&mut self, piece: Piece) -> Result<Option<impl Future<Output = (usize, Result<Report>)> + use<>>> {
        let (records, submitted) = match piece.outcome {
            Outcome::Prepared(batch, permit) => (batch.len() as u64, Some(self.submit(batch, permit)?)),
            Outcome::Unreadable(error) => {
                self.skip(&error);
                (0, None)
            }
        };
        if piece.is_last {
            self.begin_task(piece.task + 1);
        } else {
            let Place { task, part, records: before } = self.place;
            self.place = Place { task, part: part + 1, records: before + records };
        }
        Ok(submitted)
    }

    fn begin_task(&mut self, number: usize) {
        let records = self.tasks.get(number).map_or(0, |task| task.start.records);
        self.place = Place { task: number, part: 0, records };
        self.budget.set_turn(number);
    }

    /// What the batch takes of the budget is given back when it is committed.
    fn submit(
        &self,
        mut batch: PreparedBatch,
        permit: Permit,
    ) -> Result<impl Future<Output = (usize, Result<Report>)> + use<>> {
        batch.count_from(self.place.records);
        let input = self.inputs[self.place.task];
        let report = self.pipeline.ingest.submit_prepared(batch)?;
        Ok(async move {
            let report = report.await;
            drop(permit);
            (input, report)
        })
    }

    /// Writes what the readers have to say.
    fn tell_notices(&self) {
        for notice in self.shared.take_notices() {
            self.progress.say(&notice);
        }
    }

    fn skip(&mut self, error: &Error) {
        self.skipped += 1;
        self.progress.say(&format!("skipped: {error}"));
    }

    /// Ends reading. What is read and not submitted yet is left to the next run, and a thread that waits for its input is
    /// not waited for. Returns that no more pieces are wanted.
    fn stop(&self) -> bool {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.budget.close();
        false
    }

    fn ending(&self) -> Result<Ending> {
        if self.shared.stop.load(Ordering::Relaxed) {
            return Ok(Ending::Interrupted);
        }
        if self.place.task < self.tasks.len() {
            return Err(Error::Corrupt(format!(
                "reading ended early, within {}",
                self.tasks[self.place.task].input.name()
            )));
        }
        Ok(if self.skipped > 0 { Ending::Skipped(self.skipped) } else { Ending::Complete })
    }
}

fn on_signal(kind: SignalKind) -> Result<Signal> {
    signal(kind).map_err(|error| Error::Config(format!("signals cannot be received: {error}")))
}
