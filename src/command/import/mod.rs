//! `campaignql import`: files of events into the database, without a server. Several threads read and parse while one
//! committer writes; memory does not grow with files or records. An interrupted import goes on where it stopped.
//!
//! A file's way: `paths` lists it, `resume` says where to begin, `reading` cuts it into chunks of record texts, `parsing`
//! makes batches of them, `pipeline` puts these back into order and submits them, `totals` adds up what became of them.

mod budget;
mod lists;
mod parsing;
mod paths;
mod pipeline;
mod progress;
mod reading;
mod resume;
mod totals;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::Outcome;
use super::key::find_workspace;
use super::output::{self, Format as OutputFormat};
use crate::Result;
use crate::config::Settings;
use crate::dialect::Reading;
use crate::domain::event::Format;
use crate::ingest::{Claim, Ingest, IngestSettings};
use crate::store::{self, import_journal};
use lists::ListArguments;
use paths::Input;
use pipeline::{Ending, Pipeline};
use totals::Totals;

/// How long the committer waits for more batches, so that many small files become few large commits. Where parsing is the
/// slower part this costs nothing; where committing is, enough batches wait anyway.
const COMMIT_WAIT: Duration = Duration::from_millis(25);

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Form of the records; auto tells it record by record.
    #[arg(long, default_value = "auto", value_parser = format_parser())]
    format: Format,
    /// Name of the workspace.
    #[arg(long, default_value = "default")]
    workspace: String,
    /// Form of the summary.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
    /// Read everything from the beginning, whatever an interrupted run of the same command has done.
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    lists: ListArguments,
    /// Files, folders (all files in them, in the order of their names) or - for stdin. NDJSON, arrays, objects one after
    /// the other, lists as CSV too, gzip or not.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// `--format`: auto, or the name of a form of records.
fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::all().map(Format::name))
        .map(|name| Format::from_name(&name).expect("clap admits these names alone"))
}

/// Imports.
pub async fn run(arguments: Arguments, settings: &Settings) -> Result<Outcome> {
    let given = arguments.lists.given(arguments.format);
    let plan = paths::list(&arguments.paths)?;
    let store = store::open(&settings.database).await?;
    let workspace = find_workspace(&store, &arguments.workspace).await?;
    let run = resume::run_id(workspace, arguments.format, &given, &arguments.paths);
    if arguments.restart {
        Claim::forget(&store, workspace, run).await?;
    }
    let has_files = plan.inputs.iter().any(|input| matches!(input, Input::File(_)));
    let claim = if has_files { Some(Claim::take(&store, workspace, run).await?) } else { None };
    let rows = import_journal::list(&store, workspace, run).await?;
    let mut totals = Totals::default();
    let remainder = resume::remainder(&plan.inputs, rows, &mut totals)?;
    let ingest = Ingest::start(&store, ingest_settings(settings))?;
    let reading = Reading { given: given.into(), ..ingest.reading(arguments.format) };
    let pipeline = Pipeline { ingest: ingest.clone(), workspace, reading, claim };
    let ended = pipeline.run(remainder, &plan.unreadable, &mut totals).await;
    ingest.stop().await;
    totals.print(&plan.inputs, arguments.output);
    let ending = ended?;
    if let (Ending::Complete, Some(claim)) = (ending, claim) {
        claim.complete(&store).await?;
    }
    Ok(outcome(ending, totals.tally.counts.quarantined))
}

/// What is read ahead is bounded by bytes: the queue refuses nothing.
fn ingest_settings(settings: &Settings) -> IngestSettings {
    let settings = IngestSettings::from(settings);
    let commit_wait = settings.commit_wait.max(COMMIT_WAIT);
    IngestSettings { queue_capacity: usize::MAX, committers: 1, commit_wait, ..settings }
}

fn outcome(ending: Ending, quarantined: u64) -> Outcome {
    match ending {
        Ending::Interrupted => {
            output::notice("interrupted: the same command goes on where this one stopped");
            Outcome::Incomplete
        }
        Ending::Skipped(inputs) => {
            output::notice(&format!("skipped inputs: {inputs}; the same command reads these alone"));
            Outcome::Incomplete
        }
        Ending::Complete if quarantined > 0 => Outcome::Partial,
        Ending::Complete => Outcome::Done,
    }
}
