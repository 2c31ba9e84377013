//! `cargo xtask`: the one entry for checking, testing and measuring. Whatever CI runs, a person runs with the same words.

mod check;
mod clients;
mod recount;
mod schema;
mod sdk;
mod steps;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask check            format, lints, documentation, tidy rules, schema.graphql
cargo xtask test [ARGS]      all tests, on SQLite and on PostgreSQL; ARGS go to cargo test
cargo xtask clients          boto3 and others against the built server; needs python3 with venv
cargo xtask sdk              ODP clients of the registries against the server (node, npm, python3)
cargo xtask schema           writes schema.graphql
cargo xtask bless            writes schema.graphql and accepts every snapshot
cargo xtask recount [--events N]
                             every vendor's generated events (a million each) through a release build, on SQLite and on
                             PostgreSQL; fails where a count is not what the generator promises
cargo xtask bench [--events N] [--quick]
                             ingestion and funnel beside plain inserts; tables under target/bench-results
cargo xtask bench reports [--events N]
                             every report and list, and merges, over HTTP on a store of 10 million events";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    match task.as_str() {
        "check" => check::run(),
        "test" => test::run(&rest),
        "clients" => clients::run(),
        "schema" => schema::write(),
        "sdk" => sdk::run(),
        "bless" => bless(),
        "recount" => recount::run(&rest),
        "bench" => bench(&rest),
        "" | "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("no task is called {other:?}\n\n{HELP}"),
    }
}

fn bless() -> Result<()> {
    schema::write()?;
    let mut tests = steps::cargo(&["test", "--workspace"]);
    steps::run("accept snapshots", tests.env("INSTA_UPDATE", "always"))
}

/// Both are built in one go, so that their common dependencies are built once.
fn bench(arguments: &[String]) -> Result<()> {
    steps::run("build", &mut steps::cargo(&["build", "--release", "--package", "campaignql", "--package", "bench"]))?;
    let mut bench = std::process::Command::new(steps::target_directory().join("release").join("bench"));
    steps::run("measure", bench.args(arguments).current_dir(steps::root()))
}
