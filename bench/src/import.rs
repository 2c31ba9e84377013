//! `campaignql import` of the same events as one gzip file of NDJSON: how fast, and how much memory the program held.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tokio::process::Command;

/// How often the program's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What was measured of an import.
#[derive(Clone, Copy, Debug)]
pub struct Imported {
    /// From the start of the program to its end.
    pub seconds: f64,
    /// The most anonymous memory that it held, in MiB; none where the system does not tell.
    pub peak_mib: Option<u64>,
}

/// Writes records, one per line, into a gzip file.
pub fn write_archive(path: PathBuf, lines: impl Iterator<Item = String>) -> Result<PathBuf> {
    let mut writer = BufWriter::new(GzEncoder::new(File::create(&path)?, Compression::default()));
    for line in lines {
        writeln!(writer, "{line}")?;
    }
    writer.into_inner().context("the archive cannot be written")?.finish()?;
    Ok(path)
}

/// Imports an archive into a new database, and makes sure that every event was taken.
pub async fn measure(database_url: &str, archive: &Path, events: usize) -> Result<Imported> {
    let program = std::env::current_exe()?.with_file_name("campaignql");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).env("CAMPAIGNQL_DATABASE_URL", database_url).env("CAMPAIGNQL_LOG_LEVEL", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn()
    };
    let migrated = run(&["migrate", "up"])?.wait_with_output().await?;
    ensure!(migrated.status.success(), "the database cannot be made");
    let archive = archive.to_str().context("the archive's path is no text")?;
    let started = Instant::now();
    let import = run(&["import", "--output", "json", archive])?;
    let watcher = tokio::spawn(watch(import.id()));
    let ended = import.wait_with_output().await?;
    let seconds = started.elapsed().as_secs_f64();
    let peak_mib = watcher.await?.map(|kib| kib / 1_024);
    let summary: Value = serde_json::from_slice(&ended.stdout).context("the import ended without a summary")?;
    ensure!(summary["accepted"] == events, "{} of {events} events were imported", summary["accepted"]);
    Ok(Imported { seconds, peak_mib })
}

/// The most anonymous memory in KiB until the process ends.
async fn watch(process: Option<u32>) -> Option<u64> {
    let status = format!("/proc/{}/status", process?);
    let mut peak = None;
    while let Some(held) = std::fs::read_to_string(&status).ok().and_then(|text| anonymous_kib(&text)) {
        peak = peak.max(Some(held));
        tokio::time::sleep(LOOK_EVERY).await;
    }
    peak
}

fn anonymous_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anonymous_memory_is_found_in_a_status() {
        let status = "Name:\tx\nVmHWM:\t  900 kB\nRssAnon:\t    812 kB\n";
        assert_eq!(anonymous_kib(status), Some(812));
        assert_eq!(anonymous_kib("Name:\tx\n"), None);
    }
}
