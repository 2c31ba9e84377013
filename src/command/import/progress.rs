//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::Totals;
use super::paths::Input;
use super::reading::Shared;
use crate::command::output;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

const BAR: &str = "{bar:30} {bytes}/{total_bytes} {msg} ETA {eta}";
const SPINNER: &str = "{spinner} {bytes} {msg}";

/// Shows how far an import is.
pub(super) struct Progress {
    shared: Arc<Shared>,
    began: Instant,
    display: Display,
}

enum Display {
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    /// Begins with nothing done.
    pub(super) fn start(inputs: &[Input], shared: Arc<Shared>) -> Self {
        let display = if stderr().is_terminal() {
            Display::Bar(bar(total_bytes(inputs)))
        } else {
            Display::Lines { last: Instant::now() }
        };
        Self { shared, began: Instant::now(), display }
    }

    /// Shows the present state, as often as is useful.
    pub(super) fn show(&mut self, totals: &Totals) {
        let bytes = self.shared.bytes.load(Ordering::Relaxed);
        let message = format!("{} records, {} events/s", totals.read, self.rate(totals.events));
        match &mut self.display {
            Display::Bar(bar) => {
                bar.set_position(bytes);
                bar.set_message(message);
            }
            Display::Lines { last } if last.elapsed() >= LINE_EVERY => {
                output::notice(&format!("{bytes} bytes, {message}, {} quarantined", totals.quarantined));
                *last = Instant::now();
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

    fn rate(&self, events: u64) -> u64 {
        (events as f64 / self.began.elapsed().as_secs_f64().max(0.001)) as u64
    }
}

/// The size of all inputs; none when standard input is among them.
fn total_bytes(inputs: &[Input]) -> Option<u64> {
    let sizes = inputs.iter().map(|input| match input {
        Input::Stdin => None,
        Input::File(_, bytes) => Some(*bytes),
    });
    sizes.sum()
}

fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), BAR),
        None => (ProgressBar::new_spinner(), SPINNER),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
