//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::paths::Input;
use super::reading::{Shared, Task};
use super::totals::Totals;
use crate::command::output;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

const BAR: &str = "{bar:30} {bytes}/{total_bytes} {msg} ETA {eta}";
const SPINNER: &str = "{spinner} {bytes} {msg}";

/// Shows how far an import is.
pub(super) struct Progress {
    shared: Arc<Shared>,
    began: Instant,
    /// New events of an earlier run.
    events_before: u64,
    /// Files to be read; none where an input has no size.
    files: Option<u64>,
    display: Display,
}

enum Display {
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    /// Begins with what an earlier run did.
    pub(super) fn start(tasks: &[Task], totals: &Totals, shared: Arc<Shared>) -> Self {
        let has_size = |task: &Task| matches!(task.input, Input::File(_));
        let files = tasks.iter().all(has_size).then_some(tasks.len() as u64);
        let display =
            if stderr().is_terminal() { Display::Bar(bar(files)) } else { Display::Lines { last: Instant::now() } };
        Self { shared, began: Instant::now(), events_before: totals.tally.counts.events, files, display }
    }

    /// Shows the present state, as often as is useful.
    pub(super) fn show(&mut self, totals: &Totals) {
        let bytes = self.shared.bytes.load(Ordering::Relaxed);
        let message = || {
            let counts = totals.tally.counts;
            let rate = self.rate(counts.events - self.events_before);
            format!("{} records, {rate} events/s, {} quarantined", counts.records(), counts.quarantined)
        };
        match &self.display {
            Display::Bar(bar) => {
                if let Some(total) = self.total_bytes() {
                    bar.set_length(total);
                }
                bar.set_position(bytes);
                bar.set_message(message());
            }
            Display::Lines { last } if last.elapsed() >= LINE_EVERY => {
                output::notice(&format!("{bytes} bytes, {}", message()));
                self.display = Display::Lines { last: Instant::now() };
            }
            Display::Lines { .. } => {}
        }
    }

    /// Writes a line that stays.
    pub(super) fn say(&self, text: &str) {
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| output::notice(text)),
            Display::Lines { .. } => output::notice(text),
        }
    }

    /// Leaves the terminal to the summary.
    pub(super) fn finish(&self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }

    /// The size of all files, as those that are open let expect: asking for every size beforehand would take as long as
    /// opening every file.
    fn total_bytes(&self) -> Option<u64> {
        let opened = self.shared.opened.load(Ordering::Relaxed).max(1);
        let bytes = self.shared.opened_bytes.load(Ordering::Relaxed);
        Some((u128::from(bytes) * u128::from(self.files?) / u128::from(opened)) as u64)
    }

    fn rate(&self, events: u64) -> u64 {
        (events as f64 / self.began.elapsed().as_secs_f64().max(0.001)) as u64
    }
}

fn bar(files: Option<u64>) -> ProgressBar {
    let (bar, template) = match files {
        Some(_) => (ProgressBar::new(0), BAR),
        None => (ProgressBar::new_spinner(), SPINNER),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
