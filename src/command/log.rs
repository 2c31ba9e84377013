//! The log: on stderr, as text for people or one JSON object per line.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};

/// Installs the log of this process. A second call changes nothing.
pub fn install(settings: &Settings) {
    // The directives were checked when the settings were parsed.
    let builder = tracing_subscriber::fmt().with_writer(stderr).with_env_filter(EnvFilter::new(&settings.log_level));
    let _installed_before = match settings.log_format {
        LogFormat::Text => builder.with_ansi(stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).try_init(),
    };
}
