//! How long reports and changes of customers take on a store of many events, asked over HTTP, one after the other.

mod customers;
mod merges;
mod question;
mod table;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use cluster::{Cluster, Durability};
use serde_json::Value;
use tokio::process::Command;

use crate::import;
use crate::server::Server;
use question::Question;
use table::Table;

const DEFAULT_EVENTS: usize = 10_000_000;
const CAMPAIGNS: &str = "200";
const SEED: &str = "20261121";

/// Measures all reports on both databases, and writes `reports.md` and `reports.json` into the directory.
pub async fn measure(events: Option<usize>, results: &Path) -> Result<()> {
    let events = events.unwrap_or(DEFAULT_EVENTS);
    let scratch = tempfile::tempdir_in(results)?;
    eprintln!("making {events} events");
    let archive = generate(events, scratch.path()).await?;
    let mut table = Table::new(events);
    let url = format!("sqlite://{}?mode=rwc", scratch.path().join("reports.db").display());
    database("SQLite", &url, (&archive, events), &mut table).await?;
    match Cluster::start(Durability::Full) {
        Ok(cluster) => {
            cluster.execute("CREATE DATABASE reports")?;
            database("PostgreSQL", &cluster.url("reports"), (&archive, events), &mut table).await?;
        }
        Err(error) => eprintln!("PostgreSQL is left out: {error}"),
    }
    table.write(results)?;
    println!("{}", table.markdown());
    Ok(())
}

async fn generate(events: usize, scratch: &Path) -> Result<PathBuf> {
    let archive = scratch.join("events.ndjson.gz");
    let program = std::env::current_exe()?.with_file_name("campaignql");
    let mut command = Command::new(&program);
    command.args([
        "generate",
        "--format",
        "odp",
        "--campaigns",
        CAMPAIGNS,
        "--order",
        "time",
        "--gzip",
        "--seed",
        SEED,
    ]);
    command.args(["--events", &events.to_string(), "--output"]).arg(&archive);
    let status = command.stderr(Stdio::inherit()).stdout(Stdio::null()).status().await;
    let status = status.with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(status.success(), "generate ended with {status}");
    Ok(archive)
}

async fn database(name: &'static str, url: &str, (archive, events): (&Path, usize), table: &mut Table) -> Result<()> {
    eprintln!("{name}: import");
    let imported = import::measure(url, archive, events).await?;
    table.add_load(name, events as f64 / imported.seconds, imported.peak_mib);
    let started = Instant::now();
    let server = Server::start(url).await?;
    table.add_start(name, started.elapsed());
    let campaigns = campaigns(&server).await?;
    customers::prepare(&server).await?;
    for question in question::all(&campaigns) {
        let times = ask(&server, &question).await.with_context(|| question.name.to_owned())?;
        eprintln!("{name}: {}: {}", question.name, table::shown(&times));
        table.add(name, question.name, times);
    }
    for (what, times) in merges::measure(&server).await? {
        eprintln!("{name}: {what}: {}", table::shown(&times));
        table.add(name, what, times);
    }
    Ok(())
}

/// Global ids of all campaigns, those with the most recent events first.
async fn campaigns(server: &Server) -> Result<Vec<String>> {
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    loop {
        let query = "query($after: String) { campaigns(first: 100, after: $after) \
                     { nodes { id } pageInfo { endCursor hasNextPage } } }";
        let data = server.graphql(query, &serde_json::json!({ "after": after })).await?;
        let page = &data["campaigns"];
        ids.extend(
            page["nodes"].as_array().into_iter().flatten().filter_map(|node| Some(node["id"].as_str()?.to_owned())),
        );
        if page["pageInfo"]["hasNextPage"] != true {
            break Ok(ids);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Milliseconds of every try, sorted: the first answers to every set of variables are among them.
async fn ask(server: &Server, question: &Question) -> Result<Vec<f64>> {
    let begun = Instant::now();
    let mut times = Vec::new();
    for variables in question.variables.iter().cycle().take(question.tries) {
        let started = Instant::now();
        server.graphql(&question.query, variables).await?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        if begun.elapsed() > question::PATIENCE {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
