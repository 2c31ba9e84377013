//! The log: on stderr, as text for people or one JSON object per line.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};

/// Installs the log of this process. A second call changes nothing.
pub fn install(settings: &Settings) {
    // The directives were checked when the settings were parsed.
    let builder =
        tracing_subscriber::fmt().with_writer(stderr).with_env_filter(EnvFilter::new(directives(&settings.log_level)));
    let _installed_before = match settings.log_format {
        LogFormat::Text => builder.with_ansi(stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).try_init(),
    };
}

/// A bare level is meant for this program: the libraries under it say little of use below warnings.
fn directives(level: &str) -> String {
    match level.trim().to_ascii_lowercase().as_str() {
        level @ ("warn" | "info" | "debug" | "trace") => format!("warn,campaignql={level}"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn a_bare_level_is_for_this_program_alone() {
        assert_eq!(directives("DEBUG"), "warn,campaignql=debug");
        assert_eq!(directives("error"), "error");
        assert_eq!(directives("info,sqlx=debug"), "info,sqlx=debug");
    }
}
