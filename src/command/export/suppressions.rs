//! `campaignql export suppressions`: addresses that must not be written to, for whoever sends.

use std::io::Write;
use std::path::PathBuf;

use chrono::SecondsFormat;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::{done, target};
use crate::Result;
use crate::command::Outcome;
use crate::command::key::find_workspace;
use crate::domain::reachability::{REACHABILITY_TYPES, ReachabilityType};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::page::{Page, PageEnd};
use crate::store::suppression::{self, SuppressionFilter, position_of};
use crate::store::{Store, workspace};

/// Which suppressed addresses, and in which form.
#[derive(Debug, Args)]
pub struct Suppressions {
    /// Only addresses of this channel, such as email.
    #[arg(long)]
    channel: Option<String>,
    /// Only addresses that cannot be reached for this reason, such as `hard_bounce`.
    #[arg(long, value_parser = parse_reason)]
    reason: Option<ReachabilityType>,
    /// Form of the file.
    #[arg(long, value_enum, default_value_t)]
    format: FileFormat,
    /// The file; without it, standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Name of the workspace.
    #[arg(long, default_value = "default")]
    workspace: String,
}

/// Form of an exported file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// A heading and one line a row, as RFC 4180 has it.
    #[default]
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Rows read at a time.
const PAGE: u64 = 2_000;

/// Exports.
pub async fn run(wanted: &Suppressions, store: &Store) -> Result<Outcome> {
    let id = find_workspace(store, &wanted.workspace).await?;
    let mut target = target(wanted.output.as_deref())?;
    let written = write_suppressions(store, id, wanted, &mut target).await?;
    done(written.and_then(|()| target.flush()))
}

async fn write_suppressions(
    store: &Store,
    id: WorkspaceId,
    wanted: &Suppressions,
    target: &mut impl Write,
) -> Result<std::io::Result<()>> {
    let found = workspace::find(store, id).await?;
    let types = found.map(|workspace| workspace.settings.identifier_types).unwrap_or_default();
    let channel = wanted.channel.as_ref().map(|channel| (channel.trim().to_lowercase(), types));
    let filter = SuppressionFilter { channel, reason: wanted.reason };
    if wanted.format == FileFormat::Csv
        && let Err(error) = target.write_all(b"type,address,reason,since\r\n")
    {
        return Ok(Err(error));
    }
    let mut after = None;
    loop {
        let page = Page { after, before: None, from: PageEnd::Start, limit: PAGE };
        let slice = suppression::page(store, id, &filter, &page).await?;
        for row in &slice.rows {
            if let Err(error) = target.write_all(line(row, wanted.format).as_bytes()) {
                return Ok(Err(error));
            }
        }
        match slice.rows.last() {
            Some(last) if slice.has_next => after = Some(position_of(last)),
            _ => return Ok(Ok(())),
        }
    }
}

fn line(row: &entity::suppression::Model, format: FileFormat) -> String {
    let reason = u8::try_from(row.reason).ok().and_then(ReachabilityType::from_code);
    let reason = reason.unwrap_or(ReachabilityType::Other).name();
    // A file that is imported again must lose nothing.
    let digits = if row.since % 1_000 == 0 { SecondsFormat::Millis } else { SecondsFormat::Micros };
    let since = Micros(row.since).to_datetime().to_rfc3339_opts(digits, true);
    match format {
        FileFormat::Csv => format!("{},{},{reason},{since}\r\n", csv(&row.name), csv(&row.value)),
        FileFormat::Ndjson => {
            format!("{}\n", json!({ "type": row.name, "address": row.value, "reason": reason, "since": since }))
        }
    }
}

/// A field; quoted where it must be.
fn csv(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn parse_reason(text: &str) -> std::result::Result<ReachabilityType, String> {
    let names = || REACHABILITY_TYPES.map(|(_, name)| name).join(", ");
    ReachabilityType::from_name(text).ok_or_else(|| format!("it takes one of {}", names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_csv_file_are_quoted_where_they_must_be() {
        assert_eq!(csv("a@x.test"), "a@x.test");
        assert_eq!(csv("a,\"b\""), "\"a,\"\"b\"\"\"");
    }

    #[test]
    fn a_reason_is_one_of_the_types() {
        assert_eq!(parse_reason("Hard-Bounce"), Ok(ReachabilityType::HardBounce));
        assert!(parse_reason("bounce").is_err());
    }
}
