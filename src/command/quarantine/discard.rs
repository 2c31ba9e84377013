//! `quarantine discard`.

use clap::{ArgGroup, Args};
use serde_json::json;

use super::filter::{FILTER_FLAGS, Filter, Place, RecordId, format_parser, parse_id};
use super::{find_record, workspace_of};
use crate::command::Outcome;
use crate::command::output::{self, Format as OutputFormat};
use crate::domain::audit::{Actor, AuditEntry};
use crate::domain::event::Format;
use crate::domain::quarantine::RecordState;
use crate::domain::workspace::WorkspaceId;
use crate::store::quarantine::QuarantineFilter;
use crate::store::{self, Store};
use crate::{Error, Result};

/// Records that are discarded in one statement.
const AT_ONCE: u64 = 1_000;

/// Arguments of `discard`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").args(["ids", "all"]).required(true))]
pub struct Discard {
    /// The records, as listed.
    #[arg(value_parser = parse_id, value_name = "ID", conflicts_with_all = FILTER_FLAGS)]
    ids: Vec<RecordId>,
    /// All open records that the flags admit.
    #[arg(long)]
    all: bool,
    /// Why they are not wanted.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    reason: String,
    /// Which records, with --all.
    #[command(flatten)]
    filter: Filter,
    /// With --all, only those that came in this form; auto: those whose form could not be told.
    #[arg(long, value_parser = format_parser(), conflicts_with = "ids")]
    dialect: Option<Format>,
    /// Where.
    #[command(flatten)]
    place: Place,
}

/// Discards.
pub async fn run(store: &Store, arguments: Discard) -> Result<Outcome> {
    let Discard { ids, reason, filter, dialect, place, .. } = arguments;
    let workspace = workspace_of(store, &place.workspace).await?;
    let discarded = if ids.is_empty() {
        discard_all(store, workspace, filter.parse(dialect), &reason).await?
    } else {
        discard_ids(store, (&place.workspace, workspace), &ids, &reason).await?
    };
    match place.output {
        OutputFormat::Json => output::json(&json!({"discarded": discarded})),
        OutputFormat::Text => output::line(&format!("{:<12}{discarded:>12}", "discarded")),
    }
    Ok(Outcome::Done)
}

/// All are looked at before the first is changed.
async fn discard_ids(store: &Store, place: (&str, WorkspaceId), ids: &[RecordId], reason: &str) -> Result<u64> {
    for id in ids {
        let head = find_record(store, place, id).await?;
        if head.state == RecordState::Replayed.code() {
            return Err(Error::BadInput(format!("{id} was replayed: its events were taken, and it stays as it is")));
        }
    }
    let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.0.to_vec()).collect();
    let discarded = store::quarantine_change::discard(store, place.1, (&ids, reason), &entry()).await?;
    Ok(discarded)
}

async fn discard_all(store: &Store, workspace: WorkspaceId, mut filter: QuarantineFilter, reason: &str) -> Result<u64> {
    if !filter.states.contains(&RecordState::Open) {
        return Err(Error::BadInput("only open records can be discarded".to_owned()));
    }
    filter.states = vec![RecordState::Open];
    let mut discarded = 0;
    loop {
        let found = store::quarantine::walk(store, workspace, &filter, None, AT_ONCE).await?;
        let ids: Vec<Vec<u8>> = found.rows.into_iter().map(|head| head.id).collect();
        if ids.is_empty() {
            return Ok(discarded);
        }
        discarded += store::quarantine_change::discard(store, workspace, (&ids, reason), &entry()).await?;
    }
}

fn entry() -> AuditEntry {
    AuditEntry::new(Actor::command_line(), "quarantineDiscard")
}

fn parse_reason(text: &str) -> std::result::Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("it takes a reason".to_owned()) } else { Ok(text.to_owned()) }
}
