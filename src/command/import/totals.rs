//! What an import did, by file, dialect, kind and reason.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::paths::Input;
use crate::command::output::{self, Format};
use crate::ingest::{DialectCounts, Report, Tally};

/// Up to so many files are all listed; of more, only those with quarantined records.
const FEW_FILES: usize = 12;
/// Most files that are listed for people.
const LISTED_FILES: usize = 40;

/// What became of the records of a whole import, the part of an earlier run included.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) tally: Tally,
    /// By the number of the input.
    files: BTreeMap<usize, FileTotals>,
    /// Files that are gone since an earlier part of the import read them.
    gone: BTreeMap<String, FileTotals>,
}

#[derive(Debug, Default)]
struct FileTotals {
    counts: DialectCounts,
    reasons: BTreeMap<String, u64>,
}

impl Totals {
    /// Adds a commit.
    pub(super) fn add(&mut self, input: usize, report: &Report) {
        let mut tally = Tally::default();
        tally.add_report(report);
        self.tally.add(&tally);
        self.files.entry(input).or_default().add(&tally);
    }

    /// Adds what an earlier run committed of an input, or of a file that is none any more.
    pub(super) fn add_earlier(&mut self, input: Option<usize>, path: &str, tally: &Tally) {
        self.tally.add(tally);
        let file = match input {
            Some(number) => self.files.entry(number).or_default(),
            None => self.gone.entry(path.to_owned()).or_default(),
        };
        file.add(tally);
    }

    /// Prints everything.
    pub(super) fn print(&self, inputs: &[Input], format: Format) {
        match format {
            Format::Json => output::json(&self.json(inputs)),
            Format::Text => self.print_text(inputs),
        }
    }

    fn named_files(&self, inputs: &[Input]) -> impl Iterator<Item = (String, &FileTotals)> {
        let present = self.files.iter().map(|(number, file)| (inputs[*number].name(), file));
        present.chain(self.gone.iter().map(|(path, file)| (path.clone(), file)))
    }

    fn json(&self, inputs: &[Input]) -> Value {
        let files = self.named_files(inputs).map(|(path, file)| {
            let mut value = counts_json(&file.counts);
            value["path"] = json!(path);
            value["reasons"] = json!(file.reasons);
            value
        });
        let files: Vec<Value> = files.collect();
        let dialects: BTreeMap<_, _> = self.tally.dialects.iter().map(|(name, c)| (name, counts_json(c))).collect();
        let mut value = counts_json(&self.tally.counts);
        value["dialects"] = json!(dialects);
        value["kinds"] = json!(self.tally.kinds);
        value["reasons"] = json!(self.tally.reasons);
        value["files"] = json!(files);
        value
    }

    fn print_text(&self, inputs: &[Input]) {
        let shown = self.shown();
        for (name, count) in shown.of(COLUMNS).iter().zip(shown.of(columns(&self.tally.counts))) {
            output::line(&format!("{name:<12}{count:>12}"));
        }
        self.print_files(inputs);
        let dialects = self.tally.dialects.iter().map(|(name, counts)| (name.clone(), shown.of(columns(counts))));
        print_table("by dialect", &shown.of(COLUMNS), dialects.collect());
        let plain = |counts: &BTreeMap<String, u64>| counts.iter().map(|(name, c)| (name.clone(), vec![*c])).collect();
        print_table("new events by kind", &["events"], plain(&self.tally.kinds));
        print_table("quarantined by reason", &["records"], plain(&self.tally.reasons));
    }

    /// Only workspaces that erased somebody lately drop records.
    fn shown(&self) -> Shown {
        Shown { dropped: self.tally.counts.dropped > 0 }
    }

    fn print_files(&self, inputs: &[Input]) {
        let all = self.files.len() + self.gone.len();
        let is_listed = |file: &FileTotals| all <= FEW_FILES || file.counts.quarantined > 0;
        let listed = self.named_files(inputs).filter(|(_, file)| is_listed(file)).take(LISTED_FILES);
        let rows: Vec<_> = listed.map(|(path, file)| (path, self.shown().of(columns(&file.counts)))).collect();
        let left_out = all - rows.len();
        print_table("by file", &self.shown().of(COLUMNS), rows);
        if left_out > 0 {
            output::line(&format!("and {left_out} more files; --output json lists all"));
        }
    }
}

/// Which columns people are shown.
#[derive(Clone, Copy)]
struct Shown {
    dropped: bool,
}

impl Shown {
    fn of<T>(self, columns: [T; 6]) -> Vec<T> {
        let is_shown = |(place, _): &(usize, T)| self.dropped || *place != DROPPED;
        columns.into_iter().enumerate().filter(is_shown).map(|(_, column)| column).collect()
    }
}

impl FileTotals {
    fn add(&mut self, tally: &Tally) {
        self.counts += tally.counts;
        for (reason, count) in &tally.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
    }
}

const COLUMNS: [&str; 6] = ["read", "accepted", "duplicates", "quarantined", "dropped", "new events"];

/// The column of records that were dropped.
const DROPPED: usize = 4;

fn columns(counts: &DialectCounts) -> [u64; 6] {
    [counts.records(), counts.accepted, counts.duplicates, counts.quarantined, counts.dropped, counts.events]
}

fn counts_json(counts: &DialectCounts) -> Value {
    let [read, accepted, duplicates, quarantined, dropped, events] = columns(counts);
    json!({
        "read": read, "accepted": accepted, "duplicates": duplicates, "quarantined": quarantined, "dropped": dropped,
        "events": events,
    })
}

/// Names on the left, counts aligned on the right; nothing where there is no row.
fn print_table(title: &str, heads: &[&str], rows: Vec<(String, Vec<u64>)>) {
    if rows.is_empty() {
        return;
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).chain([title.len()]).max().unwrap_or(0);
    let heads: Vec<String> = heads.iter().map(|head| format!("{head:>12}")).collect();
    output::line("");
    output::line(&format!("{title:<width$}{}", heads.concat()));
    for (name, counts) in rows {
        let counts: Vec<String> = counts.iter().map(|count| format!("{count:>12}")).collect();
        output::line(&format!("{name:<width$}{}", counts.concat()));
    }
}
