//! `campaignql generate`: events of our own making in a vendor's form, to a file or to stdout, and a summary of the counts
//! that reports over them must come to. Memory does not grow with their number.

mod progress;

use std::fs::File;
use std::io::{self, BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveTime};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, ValueEnum, value_parser};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Outcome, output};
use crate::domain::event::Dialect;
use crate::generate::{self, MILLION, PerMillion, Plan, Request, summary};
use crate::{Error, Result};
use progress::Progress;

/// Arguments of `generate`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Form of the records.
    #[arg(long, value_parser = dialect_parser())]
    format: Dialect,
    /// Number of distinct records; repeats come on top.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=1_000_000_000_000))]
    events: u64,
    /// What everything follows from: the same arguments give the same bytes on every machine.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Number of campaigns, of very different sizes.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = value_parser!(u32).range(1..=100_000))]
    campaigns: u32,
    /// First day, in UTC.
    #[arg(long, value_name = "DATE", default_value = "2026-10-01")]
    start: NaiveDate,
    /// Days that the events lie in.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = value_parser!(u32).range(1..=3_650))]
    days: u32,
    /// Order of the records.
    #[arg(long, value_enum, default_value_t)]
    order: Order,
    /// Share of the records that are written twice, from 0 to 1; the repeats are the same bytes.
    #[arg(long, value_name = "SHARE", default_value = "0.0", value_parser = share)]
    repeats: PerMillion,
    /// Compress the records.
    #[arg(long)]
    gzip: bool,
    /// Where the records go; - is stdout.
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Where the counts go that reports must come to, as JSON; - is stdout, if the records go elsewhere.
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
}

/// The order of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// As they happened; repeats some minutes behind.
    #[default]
    Time,
    /// Any record anywhere.
    Shuffled,
}

fn dialect_parser() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::reporting().map(Dialect::name))
        .map(|name| Dialect::from_name(&name).expect("clap admits these names alone"))
}

/// A share as parts of a million: the same on every machine.
fn share(text: &str) -> Result<PerMillion, String> {
    let share: f64 = text.parse().map_err(|_| format!("{text:?} is no number from 0 to 1"))?;
    if !(0.0..=1.0).contains(&share) {
        return Err(format!("{text} is not from 0 to 1"));
    }
    Ok((share * f64::from(MILLION)).round() as PerMillion)
}

const STDOUT: &str = "-";

/// Generates. Whoever reads may stop at any time.
pub fn run(arguments: &Arguments) -> Result<Outcome> {
    if arguments.summary.as_deref() == Some(Path::new(STDOUT)) && arguments.output == Path::new(STDOUT) {
        let message = "--summary and --output both name stdout: write one of them to a file\n";
        clap::Error::raw(ErrorKind::ArgumentConflict, message).exit();
    }
    let mut progress = Progress::start();
    let plan = generate::plan(request(arguments), |records| progress.planned(records, arguments.events));
    match write(arguments, &plan, &mut progress) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written.map_err(|error| unwritable(&arguments.output, &error))?,
    }
    progress.finish();
    if let Some(path) = &arguments.summary {
        write_summary(path, &plan).map_err(|error| unwritable(path, &error))?;
    }
    Ok(Outcome::Done)
}

fn request(arguments: &Arguments) -> Request {
    Request {
        dialect: arguments.format,
        events: arguments.events,
        seed: arguments.seed,
        campaigns: arguments.campaigns,
        start_ms: arguments.start.and_time(NaiveTime::MIN).and_utc().timestamp_millis(),
        days: arguments.days,
        order: match arguments.order {
            Order::Time => generate::Order::Time,
            Order::Shuffled => generate::Order::Shuffled,
        },
        repeats: arguments.repeats,
    }
}

fn write(arguments: &Arguments, plan: &Plan, progress: &mut Progress) -> io::Result<()> {
    let out: Box<dyn Write> = match &arguments.output {
        path if path == Path::new(STDOUT) => Box::new(stdout().lock()),
        path => Box::new(File::create(path)?),
    };
    let mut out = BufWriter::with_capacity(256 * 1_024, out);
    if !arguments.gzip {
        write_lines(plan, &mut out, progress)?;
        return out.flush();
    }
    let mut zip = GzEncoder::new(out, Compression::default());
    write_lines(plan, &mut zip, progress)?;
    zip.finish()?.flush()
}

fn write_lines(plan: &Plan, out: &mut impl Write, progress: &mut Progress) -> io::Result<()> {
    let total = plan.lines();
    let mut written = 0;
    generate::write(plan, |line| {
        out.write_all(line)?;
        written += 1;
        progress.written(written, total);
        Ok(())
    })
}

fn write_summary(path: &Path, plan: &Plan) -> io::Result<()> {
    let summary = summary::of(plan);
    if path == Path::new(STDOUT) {
        output::json(&summary);
        return Ok(());
    }
    std::fs::write(path, format!("{summary:#}\n"))
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::BadInput(format!("{} cannot be written: {error}", path.display()))
}
