//! Asks a question of all conversions in its range: the store hands them to several threads, each counts what it gets, and the
//! counts are added up.

use std::sync::Arc;

use super::answer::{Answer, Listed};
use super::cells::Cells;
use super::count::{Counter, Sale};
use super::question::{Question, RevenueBasis, Scope};
use crate::Result;
use crate::domain::conversion::Conversion;
use crate::domain::workspace::WorkspaceId;
use crate::store::conversion::{Converted, fold};
use crate::store::{self, Store};

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
    let mut cells = load_cells(store, workspace, &question, &scope).await?;
    let times = question.instants();
    let basis = question.revenue;
    let empty = Counter::new(Arc::new(question.clone()), &scope, Arc::new(cells.clone()));
    let start = {
        let empty = empty.clone();
        move || empty.clone()
    };
    let take = move |counter: &mut Counter, converted: &Converted<'_>| {
        let Conversion { at, currency, .. } = converted.conversion;
        let amount = earned(&converted.conversion, basis);
        counter.add(Sale { at, currency, amount }, converted.touches);
    };
    let mut whole = empty;
    for part in fold(store, workspace, times, (start, take)).await? {
        whole.absorb(part);
    }
    // Campaigns got new cells since they were read: their conversions waited.
    let unknown = whole.unknown_cells();
    for ids in unknown.chunks(CELLS_OF_ONE_STATEMENT) {
        cells.extend(store::cell::find_many(store, workspace, ids).await?, &question);
    }
    let cells = Arc::new(cells);
    let counted = whole.finish(&cells);
    Ok(Answer::of(counted, &question, &cells, listed))
}

/// Numbers in one statement that every database takes.
const CELLS_OF_ONE_STATEMENT: usize = 5_000;

async fn load_cells(store: &Store, workspace: WorkspaceId, question: &Question, scope: &Scope) -> Result<Cells> {
    let mut cells = Cells::default();
    if question.needs_cells() {
        let rows = match scope {
            Scope::Together(campaigns) | Scope::Each(campaigns) if !question.needs_all_cells() => {
                store::cell::of_campaigns(store, workspace, campaigns).await?
            }
            _ => store::cell::of_workspace(store, workspace).await?,
        };
        cells.extend(rows, question);
    }
    Ok(cells)
}

/// The revenue of a conversion in millionths; less than nothing where more was taken back than it brought.
fn earned(conversion: &Conversion, basis: RevenueBasis) -> i64 {
    let Conversion { revenue, reversed, .. } = conversion;
    let (brought, taken) =
        if basis.of_total { (revenue.total, reversed.total) } else { (revenue.subtotal, reversed.subtotal) };
    if basis.is_net { brought.saturating_sub(taken) } else { brought }
}
