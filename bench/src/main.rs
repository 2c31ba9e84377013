//! Measures ingestion, import and the campaign funnel beside plain inserts of the same events, on the same machine, in one run.
//! Started by `cargo xtask bench`, which builds it and the server for release first.

mod events;
mod import;
mod load;
mod reference;
mod reports;
mod server;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cluster::{Cluster, Durability};

use events::Events;
use load::Ingested;
use server::Server;
use table::{Measurement, Results};

const DEFAULT_EVENTS: usize = 1_000_000;
const QUICK_EVENTS: usize = 100_000;

#[tokio::main]
async fn main() -> Result<()> {
    let Request { events, what } = request()?;
    if let What::Reports = what {
        return reports::measure(events, &results_directory()?).await;
    }
    let count = events.unwrap_or(DEFAULT_EVENTS);
    eprintln!("making {count} events");
    let events = events::generate(count)?;
    let bodies = load::bodies(&events);
    let scratch = tempfile::tempdir_in(results_directory()?)?;
    let archive = import::write_archive(
        scratch.path().join("events.ndjson.gz"),
        events.list.iter().map(|event| event.json().to_owned()),
    )?;
    let input = Input { events, bodies, archive };

    let mut results = Results::new(count);
    sqlite(&input, scratch.path(), &mut results).await?;
    match Cluster::start(Durability::Full) {
        Ok(cluster) => postgres(&input, &cluster, &mut results).await?,
        Err(error) => eprintln!("PostgreSQL is left out: {error}"),
    }
    results.write(&results_directory()?)?;
    println!("{}", results.markdown());
    Ok(())
}

/// The same events in every form that is measured.
struct Input {
    events: Events,
    bodies: Vec<&'static [u8]>,
    archive: PathBuf,
}

async fn sqlite(input: &Input, scratch: &Path, results: &mut Results) -> Result<()> {
    eprintln!("SQLite: plain inserts");
    let plain_s = reference::sqlite(&scratch.join("reference.db"), &input.events.list)?;
    let url = |name: &str| format!("sqlite://{}?mode=rwc", scratch.join(name).display());
    eprintln!("SQLite: the server");
    let measured = serve(&url("server.db"), input).await?;
    eprintln!("SQLite: import");
    let imported = import::measure(&url("import.db"), &input.archive, input.events.list.len()).await?;
    let reference = "prepared inserts, 5,000 a transaction, FULL";
    results.add(Measurement::new("SQLite", reference, plain_s, &measured).with_import(imported));
    Ok(())
}

async fn postgres(input: &Input, cluster: &Cluster, results: &mut Results) -> Result<()> {
    eprintln!("PostgreSQL: COPY");
    cluster.execute("CREATE DATABASE reference")?;
    let plain_s = reference::postgres(&cluster.url("reference"), &input.events.list).await?;
    cluster.execute("DROP DATABASE reference")?;
    cluster.execute("CHECKPOINT")?;
    eprintln!("PostgreSQL: the server");
    cluster.execute("CREATE DATABASE campaignql")?;
    let measured = serve(&cluster.url("campaignql"), input).await?;
    cluster.execute("CHECKPOINT")?;
    eprintln!("PostgreSQL: import");
    cluster.execute("CREATE DATABASE import")?;
    let imported = import::measure(&cluster.url("import"), &input.archive, input.events.list.len()).await?;
    let reference = "COPY, 5,000 a transaction, fsync on";
    results.add(Measurement::new("PostgreSQL", reference, plain_s, &measured).with_import(imported));
    Ok(())
}

async fn serve(url: &str, input: &Input) -> Result<Ingested> {
    let server = Server::start(url).await?;
    let mut measured = load::ingest(&server, &input.bodies, input.events.list.len()).await?;
    measured.funnel_ms = load::funnels(&server, &input.events.campaigns()).await?;
    Ok(measured)
}

/// What is to be measured.
enum What {
    /// Ingestion, import and the campaign funnel beside plain inserts.
    Ingestion,
    /// Every report, on a store that is filled first.
    Reports,
}

struct Request {
    what: What,
    events: Option<usize>,
}

fn request() -> Result<Request> {
    let mut arguments = std::env::args().skip(1);
    let mut request = Request { what: What::Ingestion, events: None };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "reports" => request.what = What::Reports,
            "--quick" => request.events = Some(QUICK_EVENTS),
            "--events" => {
                let given = arguments.next().context("--events takes a number")?;
                let count = given.replace('_', "").parse();
                request.events = Some(count.with_context(|| format!("{given:?} is no number of events"))?);
            }
            other => bail!("{other:?} is no option: reports, --events N, --quick"),
        }
    }
    if let Some(count) = request.events.filter(|count| *count < load::BATCH) {
        bail!("{count} events are less than one batch of {}", load::BATCH);
    }
    Ok(request)
}

/// Beside the program: `target/release/bench` writes into `target/bench-results`.
fn results_directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("the program stands in no target directory")?;
    let directory = target.join("bench-results");
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}
