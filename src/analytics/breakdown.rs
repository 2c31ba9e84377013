//! Counts of one campaign computed from the states of its recipients: what no kept count answers. Exact at one moment, by
//! several threads, and kept in memory until a state of the campaign changes.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::spawn_blocking;

use crate::domain::breakdown::{Breakdown, BreakdownQuestion, CellIndex, Counter, GapCounter, GapQuestion, Gaps};
use crate::domain::contribution::CellGroups;
use crate::domain::hash::{group_id, hash128};
use crate::domain::workspace::WorkspaceId;
use crate::store::memo::MemoKey;
use crate::store::recipient_scan::{RecipientScan, StatePage};
use crate::store::{self, Store};
use crate::{Error, Result};

/// Most groups that are counted for one question: memory is bounded. More is an error that says so.
pub const MAX_GROUPS: usize = 200_000;

/// Most threads that count for one question.
const MAX_THREADS: usize = 4;
/// Pages that wait for a thread.
const PAGES_AHEAD: usize = 8;

/// The counts of a campaign of the workspace.
pub async fn counts(
    store: &Store,
    workspace: WorkspaceId,
    campaign: i64,
    question: &BreakdownQuestion,
) -> Result<Arc<Breakdown>> {
    let asked = question.clone();
    let count = move |pages: &Pages, cells: &CellIndex| {
        let mut counter = Counter::new(&asked, cells);
        for_each_state(pages, |state| {
            counter.add(state)?;
            check_groups(counter.groups())
        })?;
        Ok(counter.finish())
    };
    let of = Answered { store, workspace, campaign, question, name: format!("counts {question:?}") };
    of.answer(count, |parts| {
        let found = Breakdown::sum(parts);
        let bytes = found.bytes();
        (Arc::new(found), bytes)
    })
    .await
}

/// The times between the steps of a campaign of the workspace.
pub async fn gaps(store: &Store, workspace: WorkspaceId, campaign: i64, asked: &GapQuestion) -> Result<Arc<Gaps>> {
    let question = asked.clone();
    let count = move |pages: &Pages, cells: &CellIndex| {
        let mut counter = GapCounter::new(&question, cells);
        for_each_state(pages, |state| {
            counter.add(state)?;
            check_groups(counter.groups())
        })?;
        Ok(counter.finish())
    };
    let of = Answered { store, workspace, campaign, question: &asked.question, name: format!("gaps {asked:?}") };
    of.answer(count, |parts| {
        let found = Gaps::of(parts);
        let bytes = found.bytes();
        (Arc::new(found), bytes)
    })
    .await
}

fn check_groups(groups: usize) -> Result<()> {
    if groups <= MAX_GROUPS {
        return Ok(());
    }
    let message = format!("there are more than {MAX_GROUPS} groups: ask for fewer dimensions or a shorter range");
    Err(Error::BadInput(message))
}

/// Pages as several threads take them.
type Pages = Arc<Mutex<Receiver<StatePage>>>;

/// What is asked of whom.
struct Answered<'a> {
    store: &'a Store,
    workspace: WorkspaceId,
    campaign: i64,
    question: &'a BreakdownQuestion,
    /// Tells the question from all others.
    name: String,
}

impl Answered<'_> {
    /// The kept answer where it still holds, else a new one: what the threads counted, put together.
    async fn answer<T: Send + 'static, A: Send + Sync + 'static>(
        &self,
        count: impl Fn(&Pages, &CellIndex) -> Result<T> + Clone + Send + 'static,
        put_together: impl FnOnce(Vec<T>) -> (Arc<A>, usize),
    ) -> Result<Arc<A>> {
        let memo = self.store.memo();
        let key = self.key();
        let version = store::campaign::version(self.store, self.workspace, self.campaign).await?;
        if let Some(known) = memo.get(&key, version) {
            return Ok(known);
        }
        let _turn = memo.turn().await;
        if let Some(known) = memo.get(&key, version) {
            return Ok(known);
        }
        let (version, parts) = self.scan(count).await?;
        let (found, bytes) = put_together(parts);
        memo.put(key, version, (Arc::clone(&found), bytes));
        Ok(found)
    }

    fn key(&self) -> MemoKey {
        hash128(&[&self.workspace.0.to_be_bytes(), &self.campaign.to_be_bytes(), self.name.as_bytes()])
    }

    /// Reads all states, shares them among threads that do the same work, and gives what each came to, with the version of
    /// the states.
    async fn scan<T: Send + 'static>(
        &self,
        work: impl Fn(&Pages, &CellIndex) -> Result<T> + Clone + Send + 'static,
    ) -> Result<(i64, Vec<T>)> {
        let scan = RecipientScan::begin(self.store, self.workspace, self.campaign).await?;
        let version = scan.version();
        // Cells are read after the scan began, so that every cell of its states is among them.
        let cells = cells(self.store, self.workspace, self.campaign).await?;
        let cells = Arc::new(CellIndex::new(cells, self.question));
        let (sender, receiver) = channel(PAGES_AHEAD);
        let pages = Arc::new(Mutex::new(receiver));
        let threads = available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let start = |_| {
            let (pages, cells, work) = (Arc::clone(&pages), Arc::clone(&cells), work.clone());
            spawn_blocking(move || work(&pages, &cells))
        };
        let workers: Vec<_> = (0..threads).map(start).collect();
        // Workers alone hold the receiver now: when all have failed, sending ends.
        drop(pages);
        let sent = scan.send(sender).await;
        let mut parts = Vec::with_capacity(threads);
        for worker in workers {
            parts.push(worker.await.map_err(|error| Error::Database(Box::new(error)))??);
        }
        sent?;
        Ok((version, parts))
    }
}

fn for_each_state(pages: &Pages, mut work: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    loop {
        let page = pages.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(page) = page else { return Ok(()) };
        page.states().try_for_each(&mut work)?;
    }
}

async fn cells(store: &Store, workspace: WorkspaceId, campaign: i64) -> Result<Vec<(i64, CellGroups)>> {
    let rows = store::cell::of_campaigns(store, workspace, &[campaign]).await?;
    let group = |value: &Option<String>| group_id(value.as_deref());
    let groups = |row: &entity::cell::Model| CellGroups {
        run: group(&row.run),
        treatment: group(&row.treatment),
        touchpoint: group(&row.touchpoint),
        channel: group(&row.channel),
    };
    Ok(rows.iter().map(|row| (row.id, groups(row))).collect())
}
