//! The bounded queue before the committers, and the handle that everybody submits through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::committer::{self, CommitterSettings};
use super::merge::{MergeOutcome, MergeRequest, prepare_merge};
use super::prepare::{PreparedBatch, prepare, prepare_profiles};
use super::report::{Batch, Report};
use crate::dialect::{Reading, Rules};
use crate::domain::event::Format;
use crate::domain::profile::ProfileUpdate;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::Store;
use crate::{Error, Result};

/// How ingestion runs.
#[derive(Clone, Debug)]
pub struct IngestSettings {
    /// What records are read by.
    pub rules: Arc<Rules>,
    /// Most records that may wait. More are refused with `Unavailable`.
    pub queue_capacity: usize,
    /// Number of committers. SQLite has one writer and always runs one. A group takes all that waits, so that a second
    /// one makes groups smaller; it pays where the database has processors to spare.
    pub committers: usize,
    /// How long a committer waits for more after the first batch.
    pub commit_wait: Duration,
    /// Most records of one commit.
    pub group_records: usize,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self {
            rules: Arc::default(),
            queue_capacity: 100_000,
            committers: 1,
            commit_wait: Duration::ZERO,
            group_records: 20_000,
        }
    }
}

/// Seconds that a refused client is asked to wait.
const RETRY_AFTER_S: u64 = 1;

/// The one way in. Clones share the queue.
#[derive(Clone, Debug)]
pub struct Ingest {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    sender: std::sync::Mutex<Option<mpsc::UnboundedSender<Job>>>,
    places: Arc<Semaphore>,
    capacity: usize,
    rules: Arc<Rules>,
    is_stopping: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// A batch on its way, the places it takes in the queue, and where its answer goes.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) batch: PreparedBatch,
    pub(super) answer: oneshot::Sender<Result<Report>>,
    pub(super) _places: OwnedSemaphorePermit,
}

impl Ingest {
    /// Starts the committers.
    pub fn start(store: &Store, settings: IngestSettings) -> Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let capacity = settings.queue_capacity.clamp(1, Semaphore::MAX_PERMITS);
        let is_sqlite = store.url().starts_with("sqlite:");
        let committers = if is_sqlite { 1 } else { settings.committers.max(1) };
        let rules = settings.rules;
        let settings = CommitterSettings { wait: settings.commit_wait, group_records: settings.group_records.max(1) };
        let receiver = Arc::new(Mutex::new(receiver));
        let threads = (0..committers)
            .map(|number| committer::spawn(number, store.clone(), settings, Arc::clone(&receiver)))
            .collect::<Result<Vec<_>>>()?;
        let shared = Shared {
            sender: std::sync::Mutex::new(Some(sender)),
            places: Arc::new(Semaphore::new(capacity)),
            capacity,
            rules,
            is_stopping: AtomicBool::new(false),
            threads: Mutex::new(threads),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Takes a batch: when this returns, every event of it is durable and seen by queries. With `Unavailable` nothing
    /// was taken.
    pub async fn submit(&self, batch: Batch) -> Result<Report> {
        if batch.records.is_empty() {
            return Ok(Report::default());
        }
        let places = self.take_places(batch.records.len())?;
        self.enqueue(prepare(batch), places)?.await
    }

    /// Sets attributes of customers, which are found, made or merged by the identifiers of each update as by those of an
    /// event. Returns the customer of each update, in order, none for those that name nobody but erased customers and are
    /// dropped; durability and refusal are those of [`Self::submit`].
    pub async fn submit_profiles(
        &self,
        workspace: WorkspaceId,
        updates: Vec<ProfileUpdate>,
    ) -> Result<Vec<Option<i64>>> {
        if updates.is_empty() {
            return Ok(Vec::new());
        }
        let places = self.take_places(updates.len())?;
        Ok(self.enqueue(prepare_profiles(workspace, updates), places)?.await?.customers)
    }

    /// Merges two customers by hand, behind everything that was submitted before; durability and refusal are those of
    /// [`Self::submit`].
    pub async fn submit_merge(&self, workspace: WorkspaceId, request: MergeRequest) -> Result<MergeOutcome> {
        let places = self.take_places(1)?;
        let report = self.enqueue(prepare_merge(workspace, request), places)?.await?;
        report.merges.first().copied().ok_or_else(|| Error::Corrupt("a merge without an outcome".to_owned()))
    }

    /// Takes a batch that its caller prepared, as [`Self::submit`] does; one with a mark even without records. It is in the
    /// queue when this returns: batches are committed in the order of the calls.
    pub fn submit_prepared(&self, batch: PreparedBatch) -> Result<impl Future<Output = Result<Report>> + use<>> {
        let places = self.take_places(batch.len())?;
        self.enqueue(batch, places)
    }

    fn enqueue(
        &self,
        batch: PreparedBatch,
        places: OwnedSemaphorePermit,
    ) -> Result<impl Future<Output = Result<Report>> + use<>> {
        let (answer, answered) = oneshot::channel();
        self.send(Job { batch, answer, _places: places })?;
        Ok(async move { answered.await.map_err(|_| unavailable())? })
    }

    /// How records that are received now are to be read.
    pub fn reading(&self, format: Format) -> Reading {
        Reading { format, rules: Arc::clone(&self.shared.rules), now: Micros::now() }
    }

    /// Records that wait or are being committed.
    pub fn queue_depth(&self) -> usize {
        self.shared.capacity - self.shared.places.available_permits().min(self.shared.capacity)
    }

    /// Most records that may wait.
    pub fn queue_capacity(&self) -> usize {
        self.shared.capacity
    }

    /// Takes nothing more, commits what was taken, and ends the committers.
    pub async fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Release);
        if let Ok(mut sender) = self.shared.sender.lock() {
            sender.take();
        }
        let threads = std::mem::take(&mut *self.shared.threads.lock().await);
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a committer ended by a panic");
                }
            }
        });
        if joined.await.is_err() {
            tracing::error!("waiting for the committers failed");
        }
    }

    /// A batch larger than the whole queue takes all of it, and so waits for nobody and nobody with it.
    fn take_places(&self, records: usize) -> Result<OwnedSemaphorePermit> {
        if self.shared.is_stopping.load(Ordering::Acquire) {
            return Err(unavailable());
        }
        let places = u32::try_from(records.min(self.shared.capacity)).unwrap_or(u32::MAX);
        Arc::clone(&self.shared.places).try_acquire_many_owned(places).map_err(|_| unavailable())
    }

    fn send(&self, job: Job) -> Result<()> {
        let sender = self.shared.sender.lock().map_err(|_| unavailable())?;
        let sender = sender.as_ref().ok_or_else(unavailable)?;
        sender.send(job).map_err(|_| unavailable())
    }
}

fn unavailable() -> Error {
    Error::Unavailable { retry_after_s: RETRY_AFTER_S }
}
