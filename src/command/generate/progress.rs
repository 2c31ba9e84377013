//! How far a long run is: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::command::output;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Records between two looks at the clock.
const LOOK_EVERY: u64 = 4_096;

const BAR: &str = "{bar:30} {human_pos}/{human_len} {msg} ETA {eta}";

/// Shows how far it is.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    last: Instant,
}

impl Progress {
    /// Begins with nothing done.
    pub(super) fn start() -> Self {
        Self { bar: stderr().is_terminal().then(bar), last: Instant::now() }
    }

    /// So many records are planned.
    pub(super) fn planned(&mut self, records: u64, total: u64) {
        self.show(records, total, "records planned");
    }

    /// So many records are written.
    pub(super) fn written(&mut self, records: u64, total: u64) {
        if records.is_multiple_of(LOOK_EVERY) {
            self.show(records, total, "records written");
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn show(&mut self, done: u64, total: u64, what: &'static str) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(what);
            }
            None if self.last.elapsed() >= LINE_EVERY => {
                output::notice(&format!("{done} of {total} {what}"));
                self.last = Instant::now();
            }
            None => {}
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template(BAR) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
