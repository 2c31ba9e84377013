//! `campaignql quarantine`: what could not be taken, on the database itself, beside a server or without one.

mod discard;
mod filter;
mod list;
mod replay;
mod shown;

use clap::Subcommand;

use super::Outcome;
use super::key::find_workspace;
use crate::config::Settings;
use crate::domain::workspace::WorkspaceId;
use crate::store::quarantine::QuarantinedHead;
use crate::store::{self, Store};
use crate::{Error, Result};
use filter::RecordId;

/// What to do with quarantined records.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List records, the latest received first.
    List(list::List),
    /// Count records by form, reason and field, the largest groups first.
    Counts(list::Counts),
    /// Show one record with what is wrong with it.
    Show(list::Show),
    /// Read records again and take those that break no rule any more, each once. Ends with 3 when something stays.
    Replay(replay::Replay),
    /// Mark open records as not wanted. They are kept and can still be replayed.
    Discard(discard::Discard),
}

/// Lists, shows, replays or discards.
pub async fn run(action: Action, settings: &Settings) -> Result<Outcome> {
    let store = store::open(&settings.database).await?;
    match action {
        Action::List(arguments) => list::list(&store, arguments).await,
        Action::Counts(arguments) => list::counts(&store, arguments).await,
        Action::Show(arguments) => list::show(&store, arguments).await,
        Action::Replay(arguments) => replay::run(&store, arguments, settings).await,
        Action::Discard(arguments) => discard::run(&store, arguments).await,
    }
}

/// The record of an id, or an error that says that there is none.
async fn find_record(store: &Store, workspace: (&str, WorkspaceId), id: &RecordId) -> Result<QuarantinedHead> {
    let (name, workspace) = workspace;
    let found = store::quarantine::find(store, workspace, &id.0).await?;
    found.ok_or_else(|| Error::NotFound(format!("workspace {name} has no quarantined record {id}")))
}

async fn workspace_of(store: &Store, name: &str) -> Result<WorkspaceId> {
    find_workspace(store, name).await
}
