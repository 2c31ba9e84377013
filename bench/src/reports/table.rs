//! The figures of all reports as a table for people and as JSON for programs.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::table::{grouped, percentile, processors};

/// One figure: which database, what was asked, milliseconds of every try in ascending order.
struct Figure {
    database: &'static str,
    what: &'static str,
    times: Vec<f64>,
}

/// How a store was filled and opened.
#[derive(Default)]
struct Loaded {
    database: &'static str,
    events_per_s: f64,
    peak_mib: Option<u64>,
    start: Duration,
}

/// All figures of a run.
pub struct Table {
    events: usize,
    loads: Vec<Loaded>,
    figures: Vec<Figure>,
}

impl Table {
    /// No figures yet.
    pub fn new(events: usize) -> Self {
        Self { events, loads: Vec::new(), figures: Vec::new() }
    }

    /// Adds how fast a store was filled, and the memory that took.
    pub fn add_load(&mut self, database: &'static str, events_per_s: f64, peak_mib: Option<u64>) {
        self.loads.push(Loaded { database, events_per_s, peak_mib, start: Duration::ZERO });
    }

    /// Adds how long the server took to be ready on the full store.
    pub fn add_start(&mut self, database: &'static str, start: Duration) {
        if let Some(loaded) = self.loads.iter_mut().find(|loaded| loaded.database == database) {
            loaded.start = start;
        }
    }

    /// Adds a question's figures, sorted.
    pub fn add(&mut self, database: &'static str, what: &'static str, times: Vec<f64>) {
        self.figures.push(Figure { database, what, times });
    }

    /// Writes `reports.md` and `reports.json`.
    pub fn write(&self, directory: &Path) -> Result<()> {
        std::fs::write(directory.join("reports.md"), self.markdown())?;
        std::fs::write(directory.join("reports.json"), serde_json::to_string_pretty(&self.json())?)?;
        Ok(())
    }

    /// The table for the README: a line for each question, p50 / p99 in milliseconds for each database.
    pub fn markdown(&self) -> String {
        let events = grouped(self.events);
        let mut lines = vec![format!("{events} events of 200 campaigns in the store, {} processors.", processors())];
        lines.extend(self.loads.iter().map(|loaded| {
            let peak = loaded.peak_mib.map_or_else(|| "unknown".to_owned(), |mib| mib.to_string());
            let rate = grouped(loaded.events_per_s.round() as usize);
            let start = loaded.start.as_millis();
            format!("{}: imported at {rate} events/s, peak memory {peak} MiB; ready after {start} ms.", loaded.database)
        }));
        let databases: Vec<&str> = self.loads.iter().map(|loaded| loaded.database).collect();
        lines.push(String::new());
        lines.push(format!("| asked over HTTP | {} p50 / p99 (ms) |", databases.join(" p50 / p99 (ms) | ")));
        lines.push("|---".repeat(databases.len() + 1) + "|");
        for what in self.questions() {
            let cells = databases.iter().map(|database| self.figure(database, what).map_or_else(String::new, shown));
            lines.push(format!("| {what} | {} |", cells.collect::<Vec<_>>().join(" | ")));
        }
        lines.join("\n") + "\n"
    }

    /// Every question once, in the order in which they were asked.
    fn questions(&self) -> Vec<&'static str> {
        let mut questions = Vec::new();
        for figure in &self.figures {
            if !questions.contains(&figure.what) {
                questions.push(figure.what);
            }
        }
        questions
    }

    fn figure(&self, database: &str, what: &str) -> Option<&[f64]> {
        let is_it = |figure: &&Figure| figure.database == database && figure.what == what;
        self.figures.iter().find(is_it).map(|figure| figure.times.as_slice())
    }

    fn json(&self) -> Value {
        let figures = self.figures.iter().map(|figure| {
            let at = |share| percentile(&figure.times, share);
            json!({
                "database": figure.database, "what": figure.what, "tries": figure.times.len(),
                "ms": {"min": at(0.0), "p50": at(0.5), "p99": at(0.99), "max": at(1.0)},
            })
        });
        let loads = self.loads.iter().map(|loaded| {
            json!({
                "database": loaded.database, "import_events_per_s": loaded.events_per_s, "peak_mib": loaded.peak_mib,
                "ready_ms": loaded.start.as_millis() as u64,
            })
        });
        json!({
            "events": self.events, "processors": processors(), "loads": loads.collect::<Vec<_>>(),
            "figures": figures.collect::<Vec<_>>(),
        })
    }
}

/// p50 / p99 of sorted milliseconds.
pub fn shown(times: &[f64]) -> String {
    format!("{:.1} / {:.1}", percentile(times, 0.5), percentile(times, 0.99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_one_line_with_a_cell_for_each_database() {
        let mut table = Table::new(1_000);
        table.add_load("SQLite", 2_000.4, Some(90));
        table.add_start("SQLite", Duration::from_millis(12));
        table.add_load("PostgreSQL", 1_000.0, None);
        table.add("SQLite", "funnel", vec![1.0, 2.0, 3.0]);
        table.add("PostgreSQL", "funnel", vec![4.0]);
        let text = table.markdown();
        assert!(text.contains("SQLite: imported at 2,000 events/s, peak memory 90 MiB; ready after 12 ms."));
        assert!(text.contains("| funnel | 2.0 / 3.0 | 4.0 / 4.0 |"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with('|')).count(), 3);
    }
}
