//! Asks a question of all conversions in its range: threads share the stretches that the store cuts, and what they counted is
//! added up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use entity::cell;
use tokio::runtime::Handle;
use tokio::task::JoinError;

use super::answer::{Answer, Listed, Values};
use super::count::{Counted, Counter, Sale};
use super::question::{Dimension, PathStep, Question, RevenueBasis, Scope};
use crate::domain::attribution::Touch;
use crate::domain::contribution::CellGroups;
use crate::domain::conversion::Conversion;
use crate::domain::hash::group_id;
use crate::domain::workspace::WorkspaceId;
use crate::store::conversion_walk::{self, PackedConversion, Stretch};
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
pub async fn answer(store: &Store, workspace: WorkspaceId, asked: Asked) -> Result<Answer> {
    let Asked { question, scope, listed } = asked;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let at = question.instants();
    let stretches = conversion_walk::stretches(store, workspace, &at, threads * STRETCHES_PER_THREAD).await?;
    let threads = threads.min(stretches.len());
    let (next, is_cancelled) = (AtomicUsize::new(0), AtomicBool::new(false));
    let question = Arc::new(question);
    let work = Work { store: store.clone(), workspace, question, scope, stretches, next, is_cancelled };
    let work = CancelOnDrop(Arc::new(work));
    let mut counted = Counter::new(Arc::clone(&work.0.question), &work.0.scope).finish();
    let mut values = Values::new();
    let start = |_| {
        let (work, handle) = (Arc::clone(&work.0), Handle::current());
        tokio::task::spawn_blocking(move || work.run(&handle))
    };
    let running: Vec<_> = (0..threads).map(start).collect();
    for thread in running {
        let (part, known) = thread.await.map_err(ended)??;
        counted.absorb(part);
        values.extend(known);
    }
    Ok(Answer::of(counted, &work.0.question, &values, listed))
}

/// More threads would leave ingestion and other questions too little.
const MOST_THREADS: usize = 8;

/// Stretches are smaller than what a thread can do, as some have more conversions than others.
const STRETCHES_PER_THREAD: usize = 8;

/// Conversions that are read at a time.
const PAGE: u64 = 10_000;

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
    workspace: WorkspaceId,
    question: Arc<Question>,
    scope: Scope,
    stretches: Vec<Stretch>,
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
    fn run(&self, handle: &Handle) -> Result<(Counted, Values)> {
        let mut part = Part {
            counter: Counter::new(Arc::clone(&self.question), &self.scope),
            values: Values::new(),
            touches: Vec::new(),
        };
        while let Some(stretch) = self.stretches.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let mut after = None;
            loop {
                let page = conversion_walk::page(&self.store, self.workspace, stretch, after, PAGE);
                let page = handle.block_on(page)?;
                handle.block_on(self.learn_cells(&mut part, &page))?;
                part.count(&page, self.question.revenue)?;
                after = page.last().map(PackedConversion::position);
                if (page.len() as u64) < PAGE || self.is_cancelled.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
        Ok((part.counter.finish(), part.values))
    }

    /// Looks up the cells of a page's touches that are not known yet, where the question needs them.
    async fn learn_cells(&self, part: &mut Part, page: &[PackedConversion]) -> Result<()> {
        if !self.question.needs_cells() {
            return Ok(());
        }
        let unknown = part.unknown_cells(page)?;
        for ids in unknown.chunks(CELLS_OF_ONE_STATEMENT) {
            for cell in store::cell::find_many(&self.store, self.workspace, ids).await? {
                part.learn(&self.question, &cell);
            }
        }
        Ok(())
    }
}

/// What one thread counts.
struct Part {
    counter: Counter,
    values: Values,
    touches: Vec<Touch>,
}

impl Part {
    fn unknown_cells(&mut self, page: &[PackedConversion]) -> Result<Vec<i64>> {
        let mut unknown = Vec::new();
        for packed in page {
            packed.unpack(&mut self.touches)?;
            self.counter.unknown_cells(&self.touches, &mut unknown);
        }
        unknown.sort_unstable();
        unknown.dedup();
        Ok(unknown)
    }

    fn learn(&mut self, question: &Question, cell: &cell::Model) {
        let of_cell = [
            (Dimension::Run, &cell.run),
            (Dimension::Treatment, &cell.treatment),
            (Dimension::Touchpoint, &cell.touchpoint),
            (Dimension::Channel, &cell.channel),
        ];
        let numbers = of_cell.map(|(dimension, value)| {
            let number = group_id(value.as_deref());
            let is_path = dimension == Dimension::Channel && question.paths == Some(PathStep::Channel);
            if is_path || question.dimensions.contains(&dimension) {
                self.values.entry((dimension, number)).or_insert_with(|| value.clone());
            }
            number
        });
        let [run, treatment, touchpoint, channel] = numbers;
        self.counter.learn(cell.id, CellGroups { run, treatment, touchpoint, channel });
    }

    fn count(&mut self, page: &[PackedConversion], basis: RevenueBasis) -> Result<()> {
        for packed in page {
            let conversion = packed.unpack(&mut self.touches)?;
            let Conversion { at, currency, .. } = conversion;
            self.counter.add(Sale { at, currency, amount: earned(&conversion, basis) }, &self.touches);
        }
        Ok(())
    }
}

/// The revenue of a conversion in millionths; less than nothing where more was taken back than it brought.
fn earned(conversion: &Conversion, basis: RevenueBasis) -> i64 {
    let Conversion { revenue, reversed, .. } = conversion;
    let (brought, taken) =
        if basis.of_total { (revenue.total, reversed.total) } else { (revenue.subtotal, reversed.subtotal) };
    if basis.is_net { brought.saturating_sub(taken) } else { brought }
}
