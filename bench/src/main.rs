//! Measures ingestion and the campaign funnel beside plain inserts of the same events, on the same machine, in one run.
//! Started by `cargo xtask bench`, which builds it and the server for release first.

mod events;
mod load;
mod reference;
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
    let count = event_count()?;
    eprintln!("making {count} events");
    let events = events::generate(count)?;
    let bodies = load::bodies(&events);
    let scratch = tempfile::tempdir_in(results_directory()?)?;

    let mut results = Results::new(count);
    sqlite(&events, &bodies, scratch.path(), &mut results).await?;
    match Cluster::start(Durability::Full) {
        Ok(cluster) => postgres(&events, &bodies, &cluster, &mut results).await?,
        Err(error) => eprintln!("PostgreSQL is left out: {error}"),
    }
    results.write(&results_directory()?)?;
    println!("{}", results.markdown());
    Ok(())
}

async fn sqlite(events: &Events, bodies: &[&'static [u8]], scratch: &Path, results: &mut Results) -> Result<()> {
    eprintln!("SQLite: plain inserts");
    let plain_s = reference::sqlite(&scratch.join("reference.db"), &events.list)?;
    eprintln!("SQLite: the server");
    let url = format!("sqlite://{}?mode=rwc", scratch.join("server.db").display());
    let measured = serve(&url, events, bodies).await?;
    results.add(Measurement::new("SQLite", "prepared inserts, 5,000 a transaction, FULL", plain_s, &measured));
    Ok(())
}

async fn postgres(events: &Events, bodies: &[&'static [u8]], cluster: &Cluster, results: &mut Results) -> Result<()> {
    eprintln!("PostgreSQL: COPY");
    cluster.execute("CREATE DATABASE reference")?;
    let plain_s = reference::postgres(&cluster.url("reference"), &events.list).await?;
    cluster.execute("DROP DATABASE reference")?;
    cluster.execute("CHECKPOINT")?;
    eprintln!("PostgreSQL: the server");
    cluster.execute("CREATE DATABASE campaignql")?;
    let measured = serve(&cluster.url("campaignql"), events, bodies).await?;
    results.add(Measurement::new("PostgreSQL", "COPY, 5,000 a transaction, fsync on", plain_s, &measured));
    Ok(())
}

async fn serve(url: &str, events: &Events, bodies: &[&'static [u8]]) -> Result<Ingested> {
    let server = Server::start(url).await?;
    let mut measured = load::ingest(&server, bodies, events.list.len()).await?;
    measured.funnel_ms = load::funnels(&server, &events.campaigns()).await?;
    Ok(measured)
}

fn event_count() -> Result<usize> {
    let mut arguments = std::env::args().skip(1);
    let mut count = DEFAULT_EVENTS;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => count = QUICK_EVENTS,
            "--events" => {
                let given = arguments.next().context("--events takes a number")?;
                count = given.replace('_', "").parse().with_context(|| format!("{given:?} is no number of events"))?;
            }
            other => bail!("{other:?} is no option: --events N, --quick"),
        }
    }
    if count < load::BATCH {
        bail!("{count} events are less than one batch of {}", load::BATCH);
    }
    Ok(count)
}

/// Beside the program: `target/release/bench` writes into `target/bench-results`.
fn results_directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("the program stands in no target directory")?;
    let directory = target.join("bench-results");
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}
