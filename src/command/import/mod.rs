//! `campaignql import`: files of events into the database, without a server. One thread reads and parses, several
//! batches wait for their commit meanwhile; memory does not grow with the file. A second run adds nothing.

mod paths;
mod progress;
mod reading;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Receiver;

use super::Outcome;
use super::key::find_workspace;
use super::output::{self, Format as OutputFormat};
use crate::config::Settings;
use crate::domain::event::Format;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::{Batch, Ingest, IngestSettings, Report};
use crate::store;
use crate::{Error, Result};
use progress::Progress;
use reading::{PIECE_RECORDS, Piece, Shared};

/// Batches that wait for their commit at a time.
const IN_FLIGHT: usize = 4;

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
    /// Files, folders (all files in them, in the order of their names) or - for stdin. NDJSON, arrays, objects one after
    /// the other, gzip or not.
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
    let inputs = paths::list(&arguments.paths)?;
    let store = store::open(&settings.database).await?;
    let workspace = find_workspace(&store, &arguments.workspace).await?;
    let ingest = Ingest::start(&store, ingest_settings(settings))?;
    let shared = Arc::new(Shared::default());
    let progress = Progress::start(&inputs, Arc::clone(&shared));
    let pieces = reading::start(inputs, ingest.reading(arguments.format), Arc::clone(&shared))?;
    let mut import = Import { ingest, workspace, shared, progress, totals: Totals::default(), skipped: 0 };
    let ended = import.run(pieces).await;
    import.ingest.stop().await;
    import.progress.finish();
    import.totals.print(arguments.output);
    ended?;
    Ok(import.outcome())
}

/// The queue holds at least what this command has in flight, so that it is never refused.
fn ingest_settings(settings: &Settings) -> IngestSettings {
    let settings = IngestSettings::from(settings);
    IngestSettings { queue_capacity: settings.queue_capacity.max(IN_FLIGHT * PIECE_RECORDS), ..settings }
}

struct Import {
    ingest: Ingest,
    workspace: WorkspaceId,
    shared: Arc<Shared>,
    progress: Progress,
    totals: Totals,
    /// Inputs that could not be read.
    skipped: u64,
}

impl Import {
    /// Submits pieces as they come. After a failed commit nothing more is read, but what is in flight is waited for; an
    /// input that cannot be read holds up no other.
    async fn run(&mut self, mut pieces: Receiver<Result<Piece>>) -> Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())
            .map_err(|error| Error::Config(format!("signals cannot be received: {error}")))?;
        let mut in_flight = FuturesUnordered::new();
        let mut is_open = true;
        let mut failure = Ok(());
        while is_open || !in_flight.is_empty() {
            tokio::select! {
                _ = interrupt.recv() => self.shared.stop.store(true, Ordering::Relaxed),
                Some(report) = in_flight.next() => match report {
                    Ok(report) => self.totals.add(&report),
                    Err(error) => {
                        is_open = false;
                        failure = failure.and(Err(error));
                    }
                },
                piece = pieces.recv(), if is_open && in_flight.len() < IN_FLIGHT => match piece {
                    Some(Ok(piece)) => in_flight.push(self.submit(piece)),
                    Some(Err(error)) => self.skip(&error),
                    None => is_open = false,
                },
            }
            self.progress.show(&self.totals);
        }
        failure
    }

    fn skip(&mut self, error: &Error) {
        self.skipped += 1;
        self.progress.say(&format!("skipped: {error}"));
    }

    fn submit(&mut self, piece: Piece) -> impl Future<Output = Result<Report>> + use<> {
        self.totals.read += piece.records.len() as u64;
        let ingest = self.ingest.clone();
        let batch = Batch { first_index: piece.first_index, ..Batch::new(self.workspace, piece.source, piece.records) };
        async move { ingest.submit(batch).await }
    }

    fn outcome(&self) -> Outcome {
        if self.shared.stop.load(Ordering::Relaxed) {
            output::notice("interrupted: run it again to go on; what is there already counts as duplicate");
            return Outcome::Incomplete;
        }
        if self.skipped > 0 {
            output::notice(&format!("skipped inputs: {}", self.skipped));
            return Outcome::Incomplete;
        }
        if self.totals.quarantined > 0 { Outcome::Partial } else { Outcome::Done }
    }
}

/// What became of the records so far.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    read: u64,
    accepted: u64,
    duplicates: u64,
    quarantined: u64,
    events: u64,
}

impl Totals {
    fn add(&mut self, report: &Report) {
        self.accepted += report.accepted;
        self.duplicates += report.duplicates;
        self.quarantined += report.quarantined;
        self.events += report.events;
    }

    fn print(&self, format: OutputFormat) {
        match format {
            OutputFormat::Json => output::json(&json!({
                "read": self.read,
                "accepted": self.accepted,
                "duplicates": self.duplicates,
                "quarantined": self.quarantined,
                "events": self.events,
            })),
            OutputFormat::Text => self.print_text(),
        }
    }

    fn print_text(&self) {
        let rows = [
            ("read", self.read),
            ("accepted", self.accepted),
            ("duplicates", self.duplicates),
            ("quarantined", self.quarantined),
            ("new events", self.events),
        ];
        for (name, count) in rows {
            output::line(&format!("{name:<12}{count:>12}"));
        }
    }
}
