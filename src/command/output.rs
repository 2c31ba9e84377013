//! Writing results to stdout and notices to stderr. A closed pipe is no reason to fail: whoever reads has had enough.

use std::io::{Write, stderr, stdout};

use clap::ValueEnum;

/// The form of a command's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// One line of a result.
pub fn line(text: &str) {
    let _closed = writeln!(stdout(), "{}", text.trim_end());
}

/// A value as the result.
pub fn json(value: &serde_json::Value) {
    line(&format!("{value:#}"));
}

/// One line beside the result.
pub fn notice(text: &str) {
    let _closed = writeln!(stderr(), "{text}");
}

/// Rows under a heading, in columns.
pub fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(&cells.collect::<Vec<_>>().join("  "));
    }
}
