//! The results as a table for people and as JSON for programs.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::import::Imported;
use crate::load::Ingested;

/// One database's figures.
pub struct Measurement {
    database: &'static str,
    reference: &'static str,
    plain_s: f64,
    server_s: f64,
    batch_ms: [f64; 2],
    funnel_ms: [f64; 2],
    imported: Option<Imported>,
}

impl Measurement {
    /// Figures of a server beside the seconds of its reference.
    pub fn new(database: &'static str, reference: &'static str, plain_s: f64, measured: &Ingested) -> Self {
        let ends = |times: &[f64]| [percentile(times, 0.5), percentile(times, 0.99)];
        let (batch_ms, funnel_ms) = (ends(&measured.batch_ms), ends(&measured.funnel_ms));
        Self { database, reference, plain_s, server_s: measured.seconds, batch_ms, funnel_ms, imported: None }
    }

    /// The same with those of an import.
    pub fn with_import(self, imported: Imported) -> Self {
        Self { imported: Some(imported), ..self }
    }
}

/// All figures of a run.
pub struct Results {
    events: usize,
    measurements: Vec<Measurement>,
}

impl Results {
    /// No figures yet.
    pub fn new(events: usize) -> Self {
        Self { events, measurements: Vec::new() }
    }

    /// Adds a database's figures.
    pub fn add(&mut self, measurement: Measurement) {
        self.measurements.push(measurement);
    }

    /// Writes `ingest.md` and `ingest.json`.
    pub fn write(&self, directory: &Path) -> Result<()> {
        std::fs::write(directory.join("ingest.md"), self.markdown())?;
        std::fs::write(directory.join("ingest.json"), serde_json::to_string_pretty(&self.json())?)?;
        Ok(())
    }

    /// The table for the README.
    pub fn markdown(&self) -> String {
        let mut lines = vec![
            format!("{} events, batches of 1,000 over 16 connections, {} processors.", grouped(self.events), processors()),
            String::new(),
            "| database | plain rows, 4 indexes (events/s) | `/ingest/odp` (events/s) | ratio | batch p50 / p99 | funnel over HTTP p50 / p99 |".to_owned(),
            "|---|---|---|---|---|---|".to_owned(),
        ];
        lines.extend(self.measurements.iter().map(|row| self.row(row)));
        lines.extend([
            String::new(),
            "| database | `campaignql import` of gzip NDJSON (events/s) | of `/ingest/odp` | peak memory (MiB) |"
                .to_owned(),
            "|---|---|---|---|".to_owned(),
        ]);
        lines.extend(self.measurements.iter().filter_map(|row| self.import_row(row)));
        lines.join("\n") + "\n"
    }

    fn row(&self, row: &Measurement) -> String {
        let [batch_50, batch_99] = row.batch_ms;
        let [funnel_50, funnel_99] = row.funnel_ms;
        format!(
            "| {} | {} ({}) | {} | {:.2} | {batch_50:.0} / {batch_99:.0} ms | {funnel_50:.2} / {funnel_99:.2} ms |",
            row.database,
            grouped(self.rate(row.plain_s)),
            row.reference,
            grouped(self.rate(row.server_s)),
            row.plain_s / row.server_s,
        )
    }

    fn import_row(&self, row: &Measurement) -> Option<String> {
        let Imported { seconds, peak_mib } = row.imported?;
        let peak = peak_mib.map_or_else(|| "unknown".to_owned(), |mib| mib.to_string());
        let (rate, ratio) = (grouped(self.rate(seconds)), row.server_s / seconds);
        Some(format!("| {} | {rate} | {ratio:.2} | {peak} |", row.database))
    }

    fn json(&self) -> Value {
        let rows = self.measurements.iter().map(|row| {
            json!({
                "database": row.database, "reference": row.reference,
                "reference_events_per_s": self.rate(row.plain_s), "ingest_events_per_s": self.rate(row.server_s),
                "ratio": row.plain_s / row.server_s,
                "batch_ms": {"p50": row.batch_ms[0], "p99": row.batch_ms[1]},
                "funnel_ms": {"p50": row.funnel_ms[0], "p99": row.funnel_ms[1]},
                "import": row.imported.map(|imported| json!({
                    "events_per_s": self.rate(imported.seconds), "peak_mib": imported.peak_mib,
                })),
            })
        });
        json!({"events": self.events, "processors": processors(), "rows": rows.collect::<Vec<_>>()})
    }

    fn rate(&self, seconds: f64) -> usize {
        (self.events as f64 / seconds).round() as usize
    }
}

/// The value of the nearest rank.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = ((sorted.len() as f64 * share).ceil() as usize).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// Processors of this machine.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A number with commas.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!((percentile(&times, 0.5), percentile(&times, 0.99)), (100.0, 198.0));
    }
}
