//! `quarantine replay`: one record, as it came or corrected; or all that the flags admit, until none is left to try.

use std::io::{IsTerminal, Read, stderr, stdin};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::filter::{FILTER_FLAGS, Filter, Place, RecordId, dialect_parser, format_parser, parse_id};
use super::{find_record, shown, workspace_of};
use crate::command::Outcome;
use crate::command::output::{self, Format as OutputFormat};
use crate::config::Settings;
use crate::domain::audit::{Actor, AuditEntry};
use crate::domain::event::{Dialect, Format};
use crate::domain::time::Micros;
use crate::ingest::replay::{self, Correction, ReplayContext, ReplayRange, Replayed};
use crate::ingest::{Ingest, IngestSettings};
use crate::store::quarantine::QuarantinedHead;
use crate::store::{self, Store};
use crate::{Error, Result};

/// Records that are tried between two looks at the progress.
const AT_ONCE: u64 = 1_000;
/// Most refusals that are told one by one.
const TOLD: u64 = 20;
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Arguments of `replay`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").args(["id", "all"]).required(true))]
pub struct Replay {
    /// The record, as listed; open or discarded.
    #[arg(value_parser = parse_id, value_name = "ID", conflicts_with_all = FILTER_FLAGS)]
    id: Option<RecordId>,
    /// All records that the flags admit, as they came, the earliest received first.
    #[arg(long)]
    all: bool,
    /// A corrected text in place of what came: a file, or - for stdin. It is taken as a whole or not at all.
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    record: Option<PathBuf>,
    /// With an ID, the form to read it in. With --all, only records that came in this form; auto: those whose form could
    /// not be told.
    #[arg(long, value_parser = format_parser())]
    dialect: Option<Format>,
    /// The form to read records in, whatever they came in.
    #[arg(long, value_name = "DIALECT", value_parser = dialect_parser(), conflicts_with = "id")]
    read_as: Option<Dialect>,
    /// Which records, with --all.
    #[command(flatten)]
    filter: Filter,
    /// Where.
    #[command(flatten)]
    place: Place,
}

/// Replays.
pub async fn run(store: &Store, arguments: Replay, settings: &Settings) -> Result<Outcome> {
    let workspace = workspace_of(store, &arguments.place.workspace).await?;
    let output = arguments.place.output;
    let ingest_settings = IngestSettings::from(settings);
    let queue_capacity = ingest_settings.queue_capacity.max(100_000);
    let ingest = Ingest::start(store, IngestSettings { queue_capacity, ..ingest_settings })?;
    let context = ReplayContext { store, ingest: &ingest, workspace };
    let entry = AuditEntry::new(Actor::command_line(), "quarantineReplay");
    let open = store::audit::open(store, workspace, &entry).await?;
    let mut totals = Totals::default();
    let ended = match arguments.id {
        Some(id) => {
            let head = find_record(store, (&arguments.place.workspace, workspace), &id).await?;
            replay_one(context, head, &arguments, &mut totals).await
        }
        None => replay_all(context, arguments, &mut totals).await,
    };
    ingest.stop().await;
    let Totals { replayed, events, refused, .. } = totals;
    let entry = entry.with("replayed", replayed).with("events", events).with("refused", refused);
    store::audit::complete(store, open, &entry).await?;
    totals.print(output);
    ended?;
    Ok(if totals.refused > 0 { Outcome::Partial } else { Outcome::Done })
}

async fn replay_one(
    context: ReplayContext<'_>,
    head: QuarantinedHead,
    arguments: &Replay,
    totals: &mut Totals,
) -> Result<()> {
    let dialect = match arguments.dialect {
        Some(Format::Of(dialect)) => Some(dialect),
        Some(Format::Auto) => return Err(Error::BadInput("--dialect auto names no form to read in".to_owned())),
        None => None,
    };
    let text = arguments.record.as_deref().map(read_text).transpose()?;
    let replayed = replay::replay_one(context, &head, &Correction { text, dialect }).await?;
    if let Some(line) = totals.count(&head, &replayed)? {
        output::notice(&line);
    }
    Ok(())
}

/// Everything that was received until now: what comes meanwhile is for the next time.
async fn replay_all(context: ReplayContext<'_>, arguments: Replay, totals: &mut Totals) -> Result<()> {
    let mut filter = arguments.filter.parse(arguments.dialect);
    filter.received_until = Some(filter.received_until.unwrap_or(Micros::LATEST).min(Micros::now()));
    let all = store::quarantine::count(context.store, context.workspace, &filter).await?;
    let mut progress = Progress::start(all.cast_unsigned());
    let mut range = ReplayRange { filter, after: None, limit: AT_ONCE, dialect: arguments.read_as };
    loop {
        let replayed = replay::replay_range(context, &range).await?;
        for (head, replayed) in &replayed.records {
            if let Some(line) = totals.count(head, replayed)? {
                progress.say(&line);
            }
        }
        progress.show(totals);
        range.after = replayed.next;
        if range.after.is_none() {
            break;
        }
    }
    progress.finish();
    if totals.refused > TOLD {
        output::notice(&format!("{} more were refused; `campaignql quarantine counts` sums up", totals.refused - TOLD));
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error: std::io::Error| Error::Config(format!("{} cannot be read: {error}", path.display()));
    if path.as_os_str() == "-" {
        let mut text = Vec::new();
        stdin().lock().read_to_end(&mut text).map_err(unreadable)?;
        return Ok(text);
    }
    std::fs::read(path).map_err(unreadable)
}

/// What became of the records so far.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    replayed: u64,
    duplicates: u64,
    events: u64,
    refused: u64,
    already_replayed: u64,
}

impl Totals {
    /// Counts a record; what to tell about it, if it is one of the first that stay.
    fn count(&mut self, head: &QuarantinedHead, replayed: &Replayed) -> Result<Option<String>> {
        let refusal = match replayed {
            Replayed::Taken(report) => {
                self.replayed += 1;
                self.duplicates += u64::from(report.events == 0);
                self.events += report.events;
                return Ok(None);
            }
            Replayed::Before => {
                self.already_replayed += 1;
                return Ok(None);
            }
            Replayed::Refused(rejection) => rejection.clone(),
            Replayed::Incomplete => replay::incomplete(head),
        };
        self.refused += 1;
        let line = format!("{} stays: {} {}", shown::id(head)?, refusal.code.name(), refusal.message);
        Ok((self.refused <= TOLD).then(|| shown::plain(&line)))
    }

    fn print(&self, format: OutputFormat) {
        match format {
            OutputFormat::Json => output::json(&json!({
                "replayed": self.replayed,
                "duplicates": self.duplicates,
                "events": self.events,
                "refused": self.refused,
                "alreadyReplayed": self.already_replayed,
            })),
            OutputFormat::Text => {
                let rows = [
                    ("replayed", self.replayed),
                    ("duplicates", self.duplicates),
                    ("new events", self.events),
                    ("refused", self.refused),
                    ("already replayed", self.already_replayed),
                ];
                for (name, count) in rows {
                    output::line(&format!("{name:<18}{count:>12}"));
                }
            }
        }
    }
}

/// How far a replay is: a bar on a terminal, a line now and then elsewhere.
struct Progress {
    all: u64,
    bar: Option<ProgressBar>,
    last: Instant,
}

impl Progress {
    fn start(all: u64) -> Self {
        let template = "{bar:30} {pos}/{len} {msg} ETA {eta}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = stderr().is_terminal().then(|| ProgressBar::new(all).with_style(style));
        Self { all, bar, last: Instant::now() }
    }

    fn show(&mut self, totals: &Totals) {
        let done = totals.replayed + totals.refused + totals.already_replayed;
        let message = format!("{} replayed, {} refused", totals.replayed, totals.refused);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(message);
        } else if self.last.elapsed() >= LINE_EVERY {
            output::notice(&format!("{done} of {} records, {message}", self.all));
            self.last = Instant::now();
        }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::notice(text)),
            None => output::notice(text),
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
