//! The flags that say which records are meant.

use std::fmt;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::command::key::parse_time;
use crate::command::output::Format as OutputFormat;
use crate::domain::event::{Dialect, Format, REJECTION_CODES};
use crate::domain::quarantine::RecordState;
use crate::domain::time::Micros;
use crate::graphql::node::NodeId;
use crate::store::quarantine::QuarantineFilter;

/// The workspace, and the form of the answer.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// Name of the workspace.
    #[arg(long, default_value = "default")]
    pub(super) workspace: String,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: OutputFormat,
}

/// Which records. Conditions add up; what is not given admits all, but for the state.
#[derive(Clone, Debug, Args)]
pub(super) struct Filter {
    /// In this state: open, replayed, discarded or all.
    #[arg(long, default_value = "open", value_parser = state_parser())]
    state: States,
    /// Refused for this reason, such as `INVALID_TIME`.
    #[arg(long, value_parser = code_parser())]
    code: Option<String>,
    /// Refused for this field, by its JSON path such as data.ts; with * at its end, for all that begin like it.
    #[arg(long)]
    path: Option<String>,
    /// That came by a route or file whose name begins like this.
    #[arg(long, value_name = "PREFIX")]
    source: Option<String>,
    /// Received at this time or later: 2027-01-31 or 2027-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Micros>,
    /// Received before this time.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Micros>,
}

/// The flags of a filter that say nothing about one record.
pub(super) const FILTER_FLAGS: [&str; 6] = ["state", "code", "path", "source", "since", "until"];

impl Filter {
    /// The filter as the store takes it. The form comes from a flag of its own, which may mean something else.
    pub(super) fn parse(self, format: Option<Format>) -> QuarantineFilter {
        let (path, path_prefix) = match self.path {
            Some(path) => match path.strip_suffix('*') {
                Some(start) => (None, Some(start.to_owned())),
                None => (Some(path), None),
            },
            None => (None, None),
        };
        QuarantineFilter {
            states: self.state.0,
            format,
            code: self.code,
            path,
            path_prefix,
            source_prefix: self.source,
            received_from: self.since,
            received_until: self.until,
        }
    }
}

/// The states of `--state`.
#[derive(Clone, Debug)]
struct States(Vec<RecordState>);

fn state_parser() -> impl TypedValueParser<Value = States> {
    let names = RecordState::ALL.map(RecordState::name).into_iter().chain(["all"]);
    PossibleValuesParser::new(names).map(|name| {
        States(RecordState::ALL.into_iter().filter(|state| name == "all" || state.name() == name).collect())
    })
}

fn code_parser() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(REJECTION_CODES.map(|(_, name)| name)).map(|name: String| name)
}

/// `--dialect` of a filter: the name of a form, or auto for records whose form could not be told.
pub(super) fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::all().map(Format::name))
        .map(|name| Format::from_name(&name).expect("clap admits these names alone"))
}

/// The name of a form to read in.
pub(super) fn dialect_parser() -> impl TypedValueParser<Value = Dialect> {
    PossibleValuesParser::new(Dialect::ALL.iter().map(|dialect| dialect.name()))
        .map(|name| Dialect::from_name(&name).expect("clap admits these names alone"))
}

/// A record as it is named on the command line: 32 hexadecimal digits, or its global id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordId(pub(super) [u8; 16]);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// Reads an id.
pub(super) fn parse_id(text: &str) -> Result<RecordId, String> {
    if text.len() == 32
        && let Ok(number) = u128::from_str_radix(text, 16)
    {
        return Ok(RecordId(number.to_be_bytes()));
    }
    match NodeId::decode(&text.into()) {
        Some(NodeId::QuarantinedRecord(id)) => Ok(RecordId(id)),
        _ => Err("it takes an id as `campaignql quarantine list` prints it, or a global id of the API".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_in_either_form() {
        let id = RecordId([0x0f; 16]);
        assert_eq!(parse_id(&id.to_string()), Ok(id));
        assert_eq!(parse_id(NodeId::QuarantinedRecord([0x0f; 16]).encode().as_str()), Ok(id));
        assert!(parse_id("17").is_err());
        assert!(parse_id(NodeId::Customer(1).encode().as_str()).is_err());
    }

    #[test]
    fn a_path_with_a_star_is_the_beginning_of_one() {
        let filter = |path: &str| {
            let path = Some(path.to_owned());
            let states = States(vec![RecordState::Open]);
            Filter { state: states, code: None, path, source: None, since: None, until: None }.parse(None)
        };
        assert_eq!(filter("data.ts").path.as_deref(), Some("data.ts"));
        assert_eq!(filter("data.*").path_prefix.as_deref(), Some("data."));
    }
}
