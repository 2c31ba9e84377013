//! `cargo xtask recount`: the tests of the generator's promises at full size, on a release build, one after the other.

use anyhow::{Context, Result, bail};

use crate::steps;

const DEFAULT_EVENTS: u64 = 1_000_000;

/// Runs them; a line with the figures for each vendor and database.
pub fn run(arguments: &[String]) -> Result<()> {
    let events = match arguments {
        [] => DEFAULT_EVENTS,
        [flag, given] if flag == "--events" => {
            given.replace('_', "").parse().with_context(|| format!("{given:?} is no number of events"))?
        }
        other => bail!("{:?}: recount takes --events N and nothing else", other.join(" ")),
    };
    if cluster::Binaries::find().is_none() {
        eprintln!("{}\nIt is recounted on SQLite only.", cluster::MISSING);
    }
    let only = ["comes_to_its_summary", "--nocapture", "--test-threads=1"];
    let mut tests = steps::cargo(&["test", "--release", "--locked", "--test", "api", "--"]);
    steps::run("recount", tests.args(only).env("RECOUNT_EVENTS", events.to_string()))
}
