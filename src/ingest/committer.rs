//! A committer: takes all batches that wait, commits them as one group, and answers each. A group that fails is tried
//! again where that can help; where it cannot, its batches are tried one by one, so that none is held up by another.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio::sync::{Mutex, mpsc};

use super::group::{self, Attempt};
use super::memory::Memory;
use super::queue::Job;
use super::report::Report;
use super::upgrade;
use crate::store::Store;
use crate::store::hot::{HotConnection, IdentityLock, is_worth_repeating};
use crate::{Error, Result};

/// How a committer groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitterSettings {
    /// How long to wait for more after the first batch.
    pub(super) wait: Duration,
    /// Most records of one commit.
    pub(super) group_records: usize,
}

const MAX_ATTEMPTS: u32 = 10;
const MAX_SHARED_ATTEMPTS: u32 = 3;
const RETRY_AFTER_S: u64 = 1;

/// Starts a committer on a thread of its own: its work is half computing, half waiting for its own connection.
pub(super) fn spawn(
    number: usize,
    store: Store,
    settings: CommitterSettings,
    receiver: Arc<Mutex<mpsc::UnboundedReceiver<Job>>>,
) -> Result<JoinHandle<()>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Config(format!("a committer cannot start: {error}")))?;
    let thread = std::thread::Builder::new().name(format!("committer-{number}"));
    let committer = Committer { store, settings, memory: Memory::default(), connection: None };
    let run = move || runtime.block_on(committer.run(&receiver));
    thread.spawn(run).map_err(|error| Error::Config(format!("a committer cannot start: {error}")))
}

struct Committer {
    store: Store,
    settings: CommitterSettings,
    memory: Memory,
    connection: Option<HotConnection>,
}

impl Committer {
    async fn run(mut self, receiver: &Mutex<mpsc::UnboundedReceiver<Job>>) {
        if let Err(error) = upgrade::bring_up_to_date(&self.store).await {
            tracing::error!(?error, "the counts of an older database could not be made; the next start tries again");
        }
        while let Some(jobs) = self.next_group(receiver).await {
            for group in groups(jobs) {
                self.commit_and_answer(group).await;
            }
        }
    }

    /// All jobs that wait, up to the most of one commit; none when the queue is closed and empty.
    async fn next_group(&self, receiver: &Mutex<mpsc::UnboundedReceiver<Job>>) -> Option<Vec<Job>> {
        let mut receiver = receiver.lock().await;
        let first = receiver.recv().await?;
        let deadline = tokio::time::Instant::now() + self.settings.wait;
        let mut records = first.batch.len();
        let mut jobs = vec![first];
        while records < self.settings.group_records {
            let next = match receiver.try_recv() {
                Ok(job) => Some(job),
                Err(_) if self.settings.wait.is_zero() => None,
                Err(_) => tokio::time::timeout_at(deadline, receiver.recv()).await.ok().flatten(),
            };
            let Some(job) = next else { break };
            records += job.batch.len();
            jobs.push(job);
        }
        Some(jobs)
    }

    async fn commit_and_answer(&mut self, jobs: Vec<Job>) {
        let started = Instant::now();
        match self.commit(&jobs).await {
            Ok(reports) => {
                observe(&jobs, &reports, started);
                for (job, report) in jobs.into_iter().zip(reports) {
                    let _ = job.answer.send(Ok(report));
                }
            }
            Err(error) if jobs.len() > 1 => {
                tracing::warn!(%error, batches = jobs.len(), "a group failed; its batches are tried one by one");
                for job in jobs {
                    Box::pin(self.commit_and_answer(vec![job])).await;
                }
            }
            Err(error) => {
                tracing::error!(?error, "a batch could not be committed");
                for job in jobs {
                    let _ = job.answer.send(Err(refusal(&error)));
                }
            }
        }
    }

    async fn commit(&mut self, jobs: &[Job]) -> Result<Vec<Report>> {
        // SQLite has one writer: it holds every lock there is.
        let is_alone = self.store.url().starts_with("sqlite:");
        let has_merge = jobs.iter().any(|job| !job.batch.merges.is_empty());
        let mut lock = if is_alone || has_merge { IdentityLock::Exclusive } else { IdentityLock::Shared };
        for attempt in 1.. {
            match self.attempt(jobs, lock).await {
                Ok(Attempt::Committed(reports)) => return Ok(reports),
                Ok(Attempt::NeedsExclusiveIdentity) => lock = IdentityLock::Exclusive,
                // What another transaction linked is committed by now, and the next try sees it. Not for ever.
                Ok(Attempt::LostRace) if attempt >= MAX_SHARED_ATTEMPTS => lock = IdentityLock::Exclusive,
                Ok(Attempt::LostRace) => {}
                Err(error) => {
                    self.recover().await;
                    if attempt >= MAX_ATTEMPTS || !is_worth_repeating(&error) {
                        return Err(error);
                    }
                    tracing::debug!(%error, attempt, "a group is tried again");
                }
            }
        }
        Err(Error::Unavailable { retry_after_s: RETRY_AFTER_S })
    }

    async fn attempt(&mut self, jobs: &[Job], lock: IdentityLock) -> Result<Attempt> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(HotConnection::open(&self.store).await?),
        };
        let batches: Vec<_> = jobs.iter().map(|job| &job.batch).collect();
        group::commit(connection, &mut self.memory, self.store.shards(), &batches, lock).await
    }

    /// After a failure nothing may stay open; a connection that cannot be cleaned up is replaced.
    async fn recover(&mut self) {
        if let Some(mut connection) = self.connection.take()
            && connection.rollback().await.is_ok()
        {
            self.connection = Some(connection);
        }
    }
}

/// The jobs in their order, each merge by hand as a group of its own: so it finds customers of whom ids are stored, and
/// holds up nobody else's events where it fails.
fn groups(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let mut groups: Vec<Vec<Job>> = Vec::new();
    let mut is_open = false;
    for job in jobs {
        let stands_alone = !job.batch.merges.is_empty();
        match groups.last_mut().filter(|_| is_open && !stands_alone) {
            Some(group) => group.push(job),
            None => groups.push(vec![job]),
        }
        is_open = !stands_alone;
    }
    groups
}

/// What a client is told: to come again, where the database is the trouble.
fn refusal(error: &Error) -> Error {
    match error {
        Error::Corrupt(text) => Error::Corrupt(text.clone()),
        Error::BadInput(text) => Error::BadInput(text.clone()),
        _ => Error::Unavailable { retry_after_s: RETRY_AFTER_S },
    }
}

fn observe(jobs: &[Job], reports: &[Report], started: Instant) {
    metrics::histogram!("campaignql_ingest_commit_seconds").record(started.elapsed().as_secs_f64());
    let records: usize = jobs.iter().map(|job| job.batch.len()).sum();
    metrics::histogram!("campaignql_ingest_group_records").record(records as f64);
    for report in reports {
        for (dialect, counts) in &report.dialects {
            let count = |status: &'static str, number: u64| {
                let name = "campaignql_ingest_records_total";
                metrics::counter!(name, "dialect" => *dialect, "status" => status).increment(number);
            };
            count("accepted", counts.accepted);
            count("duplicate", counts.duplicates);
            count("quarantined", counts.quarantined);
            count("dropped", counts.dropped);
            metrics::counter!("campaignql_ingest_events_total", "dialect" => *dialect).increment(counts.events);
        }
        let profiles = report.customers.iter().filter(|customer| customer.is_none()).count() as u64;
        metrics::counter!("campaignql_profiles_dropped_total").increment(profiles);
        for code in report.results.iter().filter_map(|result| result.code) {
            metrics::counter!("campaignql_quarantined_total", "code" => code).increment(1);
        }
    }
}
