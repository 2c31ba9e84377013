//! Asks a question of all conversions in its range: threads share the parts that the store makes, each counts what it reads,
//! and the counts are added up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio::task::JoinError;

use super::answer::{Answer, Listed};
use super::cells::Cells;
use super::count::{Counted, Counter, Sale};
use super::question::{Question, RevenueBasis, Scope};
use crate::domain::attribution::Touch;
use crate::domain::conversion::Conversion;
use crate::domain::money::Currency;
use crate::domain::workspace::Workspace;
use crate::store::conversion::{Page, Part, Wanted};
use crate::store::{self, Store};
use crate::{Error, Result};

/// A question, for whom, and how much of the answer is wanted.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// For whom credit is summed up.
    pub scope: Scope,
    /// How much is listed.
    pub listed: Listed,
}

/// The answer from the conversions of a workspace.
pub async fn answer(store: &Store, workspace: &Workspace, asked: Asked) -> Result<Answer> {
    let Asked { question, scope, listed } = asked;
    let (counted, cells) = count(store, workspace, &question, &scope).await?;
    Ok(Answer::of(counted, &question, &cells, listed))
}

async fn count(store: &Store, workspace: &Workspace, question: &Question, scope: &Scope) -> Result<(Counted, Cells)> {
    let no_currency = || Error::Corrupt(format!("currency {} of workspace {}", workspace.currency, workspace.id.0));
    let currency = Currency::parse(&workspace.currency).ok_or_else(no_currency)?;
    let wanted = Wanted { workspace: workspace.id, kind: question.kind, at: question.instants(), currency };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let parts = store::conversion::parts(store, &wanted, threads * PARTS_PER_THREAD).await?;
    let threads = threads.min(parts.len());
    let (next, is_cancelled) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (store, question, scope) = (store.clone(), Arc::new(question.clone()), scope.clone());
    let work = CancelOnDrop(Arc::new(Work { store, wanted, question, scope, parts, next, is_cancelled }));
    let start = |_| {
        let (work, handle) = (Arc::clone(&work.0), Handle::current());
        tokio::task::spawn_blocking(move || work.run(&handle))
    };
    let running: Vec<_> = (0..threads).map(start).collect();
    let (mut counted, mut cells) = work.0.counter().finish();
    for thread in running {
        let (more, known) = thread.await.map_err(ended)??;
        counted.absorb(more);
        cells.absorb(known);
    }
    Ok((counted, cells))
}

/// More threads would leave ingestion and other questions too little.
const MOST_THREADS: usize = 8;

/// Parts are smaller than what a thread can do, as some have more conversions than others.
const PARTS_PER_THREAD: usize = 8;

/// Cells that are looked up in one statement.
const CELLS_OF_ONE_STATEMENT: usize = 5_000;

fn ended(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The server is stopping.
        Err(_) => Error::Unavailable { retry_after_s: 1 },
    }
}

/// What the threads share.
struct Work {
    store: Store,
    wanted: Wanted,
    question: Arc<Question>,
    scope: Scope,
    parts: Vec<Part>,
    next: AtomicUsize,
    is_cancelled: AtomicBool,
}

/// Threads end soon after nobody waits for the answer any more.
struct CancelOnDrop(Arc<Work>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }
}

impl Work {
    fn counter(&self) -> Counter {
        Counter::new(Arc::clone(&self.question), &self.scope)
    }

    fn run(&self, handle: &Handle) -> Result<(Counted, Cells)> {
        let (mut counter, mut touches) = (self.counter(), Vec::new());
        while let Some(part) = self.parts.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let mut after = None;
            loop {
                let page = handle.block_on(store::conversion::page(&self.store, &self.wanted, part, after))?;
                add(&page, self.question.revenue, &mut counter, &mut touches)?;
                handle.block_on(self.look_up_cells(&mut counter))?;
                after = page.next;
                if after.is_none() || self.is_cancelled.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
        Ok(counter.finish())
    }

    /// Looks up the cells that conversions wait for: after the first pages there are few.
    async fn look_up_cells(&self, counter: &mut Counter) -> Result<()> {
        let unknown = counter.unknown_cells();
        let mut found = Vec::with_capacity(unknown.len());
        for ids in unknown.chunks(CELLS_OF_ONE_STATEMENT) {
            found.extend(store::cell::find_many(&self.store, self.wanted.workspace, ids).await?);
        }
        if found.len() < unknown.len() {
            return Err(Error::Corrupt("a touch names a cell that is not in the catalogue".to_owned()));
        }
        counter.learn(found);
        Ok(())
    }
}

fn add(page: &Page, basis: RevenueBasis, counter: &mut Counter, touches: &mut Vec<Touch>) -> Result<()> {
    for row in page.rows() {
        let conversion = row?.unpack(touches)?;
        let Conversion { at, currency, .. } = conversion;
        counter.add(Sale { at, currency, amount: earned(&conversion, basis) }, touches);
    }
    Ok(())
}

/// The revenue of a conversion in millionths; less than nothing where more was taken back than it brought.
fn earned(conversion: &Conversion, basis: RevenueBasis) -> i64 {
    let Conversion { revenue, reversed, .. } = conversion;
    let (brought, taken) =
        if basis.of_total { (revenue.total, reversed.total) } else { (revenue.subtotal, reversed.subtotal) };
    if basis.is_net { brought.saturating_sub(taken) } else { brought }
}
