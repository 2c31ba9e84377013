//! `quarantine list`, `counts` and `show`.

use clap::Args;
use serde_json::json;

use super::filter::{Filter, Place, RecordId, format_parser, parse_id};
use super::{find_record, shown, workspace_of};
use crate::Result;
use crate::command::Outcome;
use crate::command::output::{self, Format as OutputFormat};
use crate::domain::event::Format;
use crate::store::page::{Page, PageEnd};
use crate::store::quarantine::QuarantinePosition;
use crate::store::{self, Store};

/// Records that are read at a time.
const PAGE: u64 = 1_000;

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Which records.
    #[command(flatten)]
    filter: Filter,
    /// That came in this form; auto: those whose form could not be told.
    #[arg(long, value_parser = format_parser())]
    dialect: Option<Format>,
    /// Most records to list.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Where.
    #[command(flatten)]
    place: Place,
}

/// Arguments of `counts`.
#[derive(Debug, Args)]
pub struct Counts {
    /// Which records.
    #[command(flatten)]
    filter: Filter,
    /// That came in this form; auto: those whose form could not be told.
    #[arg(long, value_parser = format_parser())]
    dialect: Option<Format>,
    /// Most groups to list.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    top: u64,
    /// Where.
    #[command(flatten)]
    place: Place,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The record, as listed.
    #[arg(value_parser = parse_id)]
    id: RecordId,
    /// Print the record's bytes as they came and nothing else, to be corrected in an editor.
    #[arg(long)]
    raw: bool,
    /// Where.
    #[command(flatten)]
    place: Place,
}

/// Lists records.
pub async fn list(store: &Store, arguments: List) -> Result<Outcome> {
    let workspace = workspace_of(store, &arguments.place.workspace).await?;
    let filter = arguments.filter.parse(arguments.dialect);
    let mut heads = Vec::new();
    let mut after = None;
    loop {
        let limit = PAGE.min(arguments.limit - heads.len() as u64);
        let page = Page { after, before: None, from: PageEnd::Start, limit };
        let slice = store::quarantine::page(store, workspace, &filter, &page).await?;
        after = slice.rows.last().map(QuarantinePosition::of);
        heads.extend(slice.rows);
        if !slice.has_next || heads.len() as u64 >= arguments.limit {
            break;
        }
    }
    match arguments.place.output {
        OutputFormat::Json => output::json(&heads.iter().map(shown::as_json).collect::<Result<_>>()?),
        OutputFormat::Text => {
            shown::table(&heads)?;
            let all = store::quarantine::count(store, workspace, &filter).await?;
            output::notice(&format!("{} of {all} records", heads.len()));
        }
    }
    Ok(Outcome::Done)
}

/// Counts records in groups.
pub async fn counts(store: &Store, arguments: Counts) -> Result<Outcome> {
    let workspace = workspace_of(store, &arguments.place.workspace).await?;
    let filter = arguments.filter.parse(arguments.dialect);
    let counts = store::quarantine_counts::counts(store, workspace, &filter, arguments.top).await?;
    let listed: i64 = counts.groups.iter().map(|group| group.records).sum();
    let rest = (counts.records - listed, counts.all_groups - counts.groups.len().cast_signed() as i64);
    match arguments.place.output {
        OutputFormat::Json => output::json(&json!({
            "records": counts.records,
            "groups": counts.groups.iter().map(shown::group_json).collect::<Vec<_>>(),
            "otherRecords": rest.0,
            "otherGroups": rest.1,
        })),
        OutputFormat::Text => {
            shown::groups(&counts.groups, rest);
            output::notice(&format!("{} records", counts.records));
        }
    }
    Ok(Outcome::Done)
}

/// Shows a record.
pub async fn show(store: &Store, arguments: Show) -> Result<Outcome> {
    let Show { id, raw, place } = arguments;
    let workspace = workspace_of(store, &place.workspace).await?;
    let head = find_record(store, (&place.workspace, workspace), &id).await?;
    let kept = store::quarantine::raws(store, workspace, std::slice::from_ref(&head.id)).await?;
    let kept = kept.get(&head.id).map(Vec::as_slice).unwrap_or_default();
    match place.output {
        _ if raw => shown::bytes(kept),
        OutputFormat::Json => output::json(&shown::as_json_with(&head, kept)?),
        OutputFormat::Text => shown::record(&head, kept)?,
    }
    Ok(Outcome::Done)
}
