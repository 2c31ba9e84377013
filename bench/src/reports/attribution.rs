//! Attribution over a month with a million conversions, by models and groups: orders of people who opened and clicked messages
//! of 200 campaigns in the 30 days before.

use std::path::Path;

use anyhow::{Context, Result};
use cluster::{Cluster, Durability};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::question::Question;
use super::table::{Table, shown};
use super::{SEED, ask};
use crate::import;
use crate::server::Server;

const DEFAULT_CONVERSIONS: usize = 1_000_000;
/// Touches of a conversion: so many on the average, at most twice as many.
const TOUCHES: usize = 5;
const CAMPAIGNS: u64 = 200;
const RUNS: u64 = 5;

/// 2026-03-01T00:00Z.
const MONTH_S: u64 = 1_772_323_200;
const DAY_S: u64 = 86_400;

/// Measures on both databases, and writes `attribution.md` and `attribution.json` into the directory.
pub async fn measure(conversions: Option<usize>, results: &Path) -> Result<()> {
    let conversions = conversions.unwrap_or(DEFAULT_CONVERSIONS);
    let scratch = tempfile::tempdir_in(results)?;
    eprintln!("making {conversions} conversions");
    let mut count = 0;
    let lines = events(conversions).inspect(|_| count += 1);
    let archive = import::write_archive(scratch.path().join("orders.ndjson.gz"), lines)?;
    let mut table = Table::new(count);
    let url = format!("sqlite://{}?mode=rwc", scratch.path().join("attribution.db").display());
    database("SQLite", &url, (&archive, count), &mut table).await?;
    match Cluster::start(Durability::Full) {
        Ok(cluster) => {
            cluster.execute("CREATE DATABASE attribution")?;
            database("PostgreSQL", &cluster.url("attribution"), (&archive, count), &mut table).await?;
        }
        Err(error) => eprintln!("PostgreSQL is left out: {error}"),
    }
    table.write(results, "attribution")?;
    println!("{}", table.markdown());
    Ok(())
}

async fn database(name: &'static str, url: &str, (archive, events): (&Path, usize), table: &mut Table) -> Result<()> {
    eprintln!("{name}: import");
    let imported = import::measure(url, archive, events).await?;
    table.add_load(name, events as f64 / imported.seconds, imported.peak_mib);
    let server = Server::start(url).await?;
    for question in questions() {
        let times = ask(&server, &question).await.with_context(|| question.name.to_owned())?;
        eprintln!("{name}: {}: {}", question.name, shown(&times));
        table.add(name, question.name, times);
    }
    Ok(())
}

/// Every order with its touches before it, in one ODP event a line.
fn events(conversions: usize) -> impl Iterator<Item = String> {
    let mut chance = StdRng::seed_from_u64(SEED.parse().unwrap_or(0));
    (0..conversions).flat_map(move |number| {
        let who = json!({ "user_id": format!("u{}", chance.random_range(0..conversions)) });
        let at = MONTH_S + chance.random_range(0..31 * DAY_S);
        let mut lines: Vec<String> =
            (0..chance.random_range(0..=2 * TOUCHES)).map(|_| touch(&who, at, &mut chance)).collect();
        let order = json!({"order_id": number, "subtotal": f64::from(chance.random_range(100..20_000)) / 100.0});
        let data = json!({"ts": at, "order": order});
        lines.push(json!({"type": "order", "action": "purchase", "identifiers": who, "data": data}).to_string());
        lines
    })
}

fn touch(who: &Value, conversion: u64, chance: &mut StdRng) -> String {
    let campaign = chance.random_range(0..CAMPAIGNS);
    let action = if chance.random_range(0..5) == 0 { "click" } else { "open" };
    let data = json!({
        "ts": conversion - chance.random_range(1..30 * DAY_S), "campaign_id": campaign + 1,
        "campaign_schedule_run_ts": MONTH_S + chance.random_range(0..RUNS) * 7 * DAY_S,
        "content_id": chance.random_range(0..2),
    });
    json!({"type": "email", "action": action, "identifiers": who, "data": data}).to_string()
}

fn questions() -> Vec<Question> {
    let numbers = "conversions revenue { amount currencyCode }";
    let by = |group: &str| format!("{numbers} groups {{ {group} {numbers} }}");
    let campaigns = by("campaign { id }");
    let wide = |model: &str, group_by: &[&str]| json!({"model": model, "window": "P30D", "groupBy": group_by});
    [
        ("last touch", numbers.to_owned(), json!({})),
        ("last touch, by campaign", campaigns.clone(), json!({"groupBy": ["CAMPAIGN"]})),
        ("linear over 30 days, by campaign", campaigns.clone(), wide("LINEAR", &["CAMPAIGN"])),
        (
            "position over 30 days, by campaign and day",
            by("day campaign { id }"),
            wide("POSITION", &["CAMPAIGN", "DAY"]),
        ),
        ("time decay over 30 days, by campaign", campaigns, wide("TIME_DECAY", &["CAMPAIGN"])),
        ("linear over 30 days, by campaign, run, day", by("run day"), wide("LINEAR", &["CAMPAIGN", "RUN", "DAY"])),
        ("linear over 30 days, with lags", format!("{numbers} lag {{ medianSeconds }}"), wide("LINEAR", &[])),
        (
            "linear over 30 days, with paths",
            format!("{numbers} paths {{ conversions }}"),
            json!({"model": "LINEAR", "window": "P30D", "paths": {"of": "CAMPAIGN"}}),
        ),
    ]
    .into_iter()
    .map(|(name, selection, mut input)| {
        input["range"] = json!({"from": "2026-03-01", "to": "2026-04-01"});
        let query = format!("query($input: AttributionInput!) {{ attribution(input: $input) {{ {selection} }} }}");
        Question { name, query, variables: vec![json!({ "input": input })], tries: 10 }
    })
    .collect()
}
