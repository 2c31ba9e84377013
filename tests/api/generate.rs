//! `campaignql generate`: the same bytes for the same arguments, and every count that it promises is the one that the
//! program reports after it has read the records back, in any order, in several files, some of them twice.
//!
//! `RECOUNT_EVENTS=N` recounts another number of events; `cargo xtask recount` does so on a release build.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use campaignql::domain::event::Dialect;
use campaignql::domain::kind::KINDS;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::kit::program::Ended;
use crate::kit::{Client, Program, TestDatabase, TestServer};

/// Distinct records of a recount, unless told otherwise.
const EVENTS: u64 = 10_000;
/// A recount of many takes longer than other tests may.
const PATIENCE: Duration = Duration::from_hours(6);
/// Files that the records are spread over; every second one is compressed.
const FILES: usize = 4;

macro_rules! recounts {
    ($($name:ident: $dialect:expr;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                recount($dialect, "SQLite", TestDatabase::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql() {
                let Some(database) = TestDatabase::postgresql() else { return };
                recount($dialect, "PostgreSQL", database).await;
            }
        }
    )*};
}

recounts! {
    odp_comes_to_its_summary: Dialect::Odp;
    activatepro_comes_to_its_summary: Dialect::ActivatePro;
    pinpoint_comes_to_its_summary: Dialect::Pinpoint;
    ses_comes_to_its_summary: Dialect::Ses;
    sms_comes_to_its_summary: Dialect::Sms;
    sendgrid_comes_to_its_summary: Dialect::SendGrid;
    mailgun_comes_to_its_summary: Dialect::Mailgun;
    native_comes_to_its_summary: Dialect::Native;
}

async fn recount(dialect: Dialect, name: &str, database: TestDatabase) {
    let events = std::env::var("RECOUNT_EVENTS").map_or(EVENTS, |text| text.parse().expect("RECOUNT_EVENTS: a number"));
    let program = Program::over(database.url());
    let (summary, generated_s) = timed(|| generate(&program, dialect, events));
    spread(&program.directory().join("all.ndjson"), &program.directory().join("in"));
    let (imported, imported_s) = timed(|| program.run(["import", "--format", "auto", "--output", "json", "in"]));
    assert_imported(&imported, &summary);
    let server = TestServer::start(database).await;
    let compared = tokio::time::timeout(PATIENCE, compare(&server.admin, &summary)).await.expect("it ends in time");
    server.stop().await;
    println!(
        "{:<12} {name:<10} {} records ({} repeats) of {} campaigns: written in {generated_s:.1} s, read in {imported_s:.1} s \
         ({:.0} records/s); {compared} counts are equal",
        dialect.name(),
        summary["records"],
        summary["repeats"],
        list(&summary["campaigns"]).len(),
        summary["records"].as_f64().unwrap_or_default() / imported_s,
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed().as_secs_f64())
}

/// Writes the records; the summary.
fn generate(program: &Program, dialect: Dialect, events: u64) -> Value {
    let events = events.to_string();
    let arguments = ["generate", "--format", dialect.name(), "--events", &events, "--campaigns", "24", "--seed", "11"];
    let how = ["--order", "shuffled", "--repeats", "0.1", "--output", "all.ndjson", "--summary", "summary.json"];
    let ended = program.run(arguments.into_iter().chain(how));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let summary = std::fs::read(program.directory().join("summary.json")).expect("it is written");
    serde_json::from_slice(&summary).expect("it is JSON")
}

/// Deals the lines of a file out to several files in a new folder.
fn spread(all: &Path, folder: &Path) {
    std::fs::create_dir(folder).expect("a folder can be made");
    let mut files: Vec<Box<dyn Write>> = Vec::new();
    for number in 0..FILES {
        let file = |name: &str| BufWriter::new(File::create(folder.join(name)).expect("a file can be made"));
        files.push(if number % 2 == 0 {
            Box::new(file(&format!("{number}.ndjson")))
        } else {
            Box::new(GzEncoder::new(file(&format!("{number}.gz")), Compression::fast()))
        });
    }
    let mut lines = BufReader::new(File::open(all).expect("it is there"));
    let mut line = Vec::new();
    for number in 0.. {
        line.clear();
        if lines.read_until(b'\n', &mut line).expect("it can be read") == 0 {
            break;
        }
        files[number % FILES].write_all(&line).expect("it can be written");
    }
}

/// Every repeat was recognised, nothing went to the quarantine.
fn assert_imported(ended: &Ended, summary: &Value) {
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    for (counted, promised) in
        [("read", "records"), ("accepted", "distinct"), ("duplicates", "repeats"), ("events", "events")]
    {
        assert_eq!(report[counted], summary[promised], "{counted}, {promised}: {report}");
    }
    assert_eq!(report["quarantined"], 0);
}

const COUNTS: &str = "steps { step total unique } beside { kind total unique } \
    machineOpens { total unique } machineClicks { total unique }";

/// Compares all that was promised with what the server says; the number of counts.
async fn compare(client: &Client, summary: &Value) -> usize {
    let data = client.data("{ eventTypes { kind count } campaigns(first: 1) { totalCount } }", json!({})).await;
    assert_eq!(kinds(&data["eventTypes"]), summary["kinds"], "left: server, right: summary");
    let campaigns = list(&summary["campaigns"]);
    assert_eq!(number(&data["campaigns"]["totalCount"]), campaigns.len() as u64);
    let mut compared = summary["kinds"].as_object().map_or(0, Map::len);
    let query = format!(
        "query($id: String!, $source: CampaignSource!) {{ campaign(externalId: $id, source: $source) {{ \
            funnel {{ deliveredBasis {COUNTS} }} \
            byRun: funnel(groupBy: [RUN]) {{ groups {{ run {COUNTS} }} }} }} }}"
    );
    for campaign in campaigns {
        let variables = json!({"id": campaign["externalId"], "source": campaign["source"]});
        let data = client.data(&query, variables).await;
        let (whole, groups) = (&data["campaign"]["funnel"], list(&data["campaign"]["byRun"]["groups"]));
        let name = format!("left: server, right: summary; campaign {}", campaign["externalId"]);
        assert_eq!(whole["deliveredBasis"], campaign["deliveredBasis"], "{name}");
        compared += compare_counts(whole, campaign, &name);
        assert_eq!(groups.len(), list(&campaign["runs"]).len(), "runs; {name}");
        for run in list(&campaign["runs"]) {
            let group = groups.iter().find(|group| group["run"] == run["run"]);
            let group = group.unwrap_or_else(|| panic!("{name}: no run {}", run["run"]));
            compared += compare_counts(group, run, &format!("{name}, run {}", run["run"]));
        }
    }
    compared
}

fn compare_counts(server: &Value, promised: &Value, name: &str) -> usize {
    let answered = json!({
        "steps": by_name(&server["steps"], "step"),
        "beside": by_name(&server["beside"], "kind"),
        "machineOpens": pair(&server["machineOpens"]),
        "machineClicks": pair(&server["machineClicks"]),
    });
    let mut compared = 0;
    for (part, counts) in answered.as_object().expect("made so") {
        assert_eq!(*counts, promised[part], "{part}; {name}");
        compared += counts.as_object().map_or(0, Map::len);
    }
    compared
}

/// Events by kind.
fn kinds(types: &Value) -> Value {
    let count = |name: &str| {
        let rows = list(types).iter().filter(|row| row["kind"] == name);
        rows.map(|row| number(&row["count"])).sum::<u64>()
    };
    let counted = KINDS.iter().map(|(_, name)| ((*name).to_owned(), count(name))).filter(|(_, count)| *count > 0);
    Value::Object(counted.map(|(name, count)| (name, json!(count))).collect())
}

/// Counts by name. Nothing is promised of conversions: which campaign earns one takes all stories of a person to tell.
fn by_name(rows: &Value, name: &str) -> Value {
    let named = |row: &Value| (row[name].as_str().unwrap_or_default().to_owned(), pair(row));
    Value::Object(list(rows).iter().filter(|row| row[name] != "CONVERTED").map(named).collect())
}

fn pair(row: &Value) -> Value {
    json!({"total": number(&row["total"]), "unique": number(&row["unique"])})
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no BigInt"))
}

/// A change here is a change of everybody's data: it needs a line in the changelog.
const BYTES: [(Dialect, &str); 8] = [
    (Dialect::Odp, "f3e8d48ac1a527f0"),
    (Dialect::ActivatePro, "8c6671a101cd8ef2"),
    (Dialect::Pinpoint, "204e245932d247f6"),
    (Dialect::Ses, "e9890c8b2a2c06f3"),
    (Dialect::Sms, "b5eae958d5b07158"),
    (Dialect::SendGrid, "24d9cde62647d800"),
    (Dialect::Mailgun, "536358ef495e1408"),
    (Dialect::Native, "b783353bf642554a"),
];

#[test]
fn the_same_arguments_give_the_same_bytes_everywhere() {
    let program = Program::by_itself();
    let hash = |dialect: Dialect| {
        let arguments = ["generate", "--format", dialect.name(), "--events", "800", "--repeats", "0.2"];
        let ended = program.run(arguments.into_iter().chain(["--order", "shuffled", "--seed", "3"]));
        blake3::hash(ended.stdout.as_bytes()).to_hex()[..16].to_owned()
    };
    let hashes = BYTES.map(|(dialect, _)| (dialect, hash(dialect)));
    assert_eq!(hashes, BYTES.map(|(dialect, hash)| (dialect, hash.to_owned())));
}

#[test]
fn compressed_or_not_to_a_file_or_not_it_is_the_same() {
    let program = Program::by_itself();
    let arguments = ["generate", "--format", "sendgrid", "--events", "300"];
    let plain = program.run(arguments);
    let zipped = program.run(arguments.into_iter().chain(["--gzip", "--output", "out.gz", "--summary", "-"]));
    assert_eq!((plain.code, zipped.code), (0, 0), "{}", zipped.stderr);
    let mut text = String::new();
    let file = File::open(program.directory().join("out.gz")).expect("it is written");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("it is gzip");
    assert_eq!(text, plain.stdout);
    let summary: Value = serde_json::from_str(&zipped.stdout).expect("the summary is JSON");
    assert_eq!((&summary["distinct"], &summary["records"]), (&json!(300), &json!(text.lines().count())));
}

#[test]
fn records_come_in_order_of_time_unless_asked_otherwise() {
    let times = |order: &str| {
        let program = Program::by_itself();
        let ended = program.run(["generate", "--format", "native", "--events", "2000", "--order", order]);
        let records = ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        records.map(|record: Value| record["occurredAt"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert!(times("time").is_sorted());
    assert!(!times("shuffled").is_sorted());
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let program = Program::by_itself();
    let mut command = program.command(["generate", "--format", "odp", "--events", "200000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("it prints")).read_line(&mut first).expect("a line");
    assert!(first.starts_with('{'), "{first}");
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr)), (Some(0), "".into()));
}

#[test]
fn what_cannot_be_meant_is_wrong_usage() {
    let usual = ["--format", "odp", "--events", "5"];
    for wrong in [
        &["--format", "auto", "--events", "5"][..],
        &["--format", "odp"],
        &["--format", "odp", "--events", "0"],
        &[&usual[..], &["--repeats", "1.5"]].concat(),
        &[&usual[..], &["--start", "yesterday"]].concat(),
        &[&usual[..], &["--campaigns", "0"]].concat(),
        &[&usual[..], &["--summary", "-"]].concat(),
    ] {
        let ended = Program::by_itself().run(std::iter::once("generate").chain(wrong.iter().copied()));
        assert_eq!(ended.code, 2, "{wrong:?}: {}", ended.stderr);
    }
}
