//! Which records of the quarantine are meant: the filter of its list, its counts, and of what is done with many at once.

use async_graphql::{Enum, InputObject};

use super::campaign::bounded;
use super::error::{Fault, Result};
use super::limits::MAX_FILTER_TEXT_CHARS;
use super::range::DateTimeRange;
use super::source::EventDialect;
use crate::domain::event::{Format, RejectionCode};
use crate::domain::quarantine::RecordState;
use crate::store;

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "RejectionCode")]
pub enum QuarantineReason {
    /// The text is not JSON.
    NotJson,
    /// A row that does not fit its CSV file: a quote that does not close, too many or too few cells.
    NotCsv,
    /// A value has a type that the field does not take.
    WrongType,
    /// A required field is missing, null or empty.
    MissingField,
    /// The event names nobody.
    MissingIdentifier,
    /// A time that no accepted format reads, or one outside the range that can be stored.
    InvalidTime,
    /// A value outside the field's set or form.
    InvalidValue,
    /// A field that the form does not have.
    UnknownField,
    /// The same key twice in one object.
    DuplicateKey,
    /// A value is longer than can be stored.
    TooLarge,
    /// Text with a NUL character or an unpaired surrogate.
    InvalidText,
    /// A record whose vendor cannot be told.
    UnknownFormat,
    /// A message whose signature does not fit it.
    InvalidSignature,
    /// A confirmation that an operator must give by hand.
    ConfirmationRequired,
}

/// What became of a quarantined record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "RecordState")]
pub enum QuarantineState {
    /// It waits.
    Open,
    /// It was read again, as it came or corrected, and taken. For good.
    Replayed,
    /// It is not wanted. It can still be replayed.
    Discarded,
}

/// Which records are wanted. Conditions add up; what is not given admits all, but for `states`.
#[derive(Clone, Debug, Default, InputObject)]
pub struct QuarantineFilter {
    /// In any of these states.
    #[graphql(default_with = "Some(vec![QuarantineState::Open])")]
    states: Option<Vec<QuarantineState>>,
    /// That came in this form.
    dialect: Option<EventDialect>,
    /// True: only those whose form could not be told; excludes `dialect`. False admits all.
    dialect_is_unknown: Option<bool>,
    /// Refused for this reason.
    code: Option<QuarantineReason>,
    /// Refused for exactly this field, by its JSON path such as `data.ts`; empty: for the whole record.
    path: Option<String>,
    /// Refused for a field whose path begins like this, such as `identifiers.`
    path_prefix: Option<String>,
    /// That came by a route or file whose name begins like this, such as `/ingest/` or `/var/archive/2026-`.
    source_prefix: Option<String>,
    /// First received within this range.
    received_at: Option<DateTimeRange>,
}

impl QuarantineFilter {
    /// The filter as the store takes it.
    pub fn parse(filter: Option<Self>) -> Result<store::quarantine::QuarantineFilter> {
        let filter = filter.unwrap_or_default();
        let (received_from, received_until) = DateTimeRange::ends(filter.received_at.as_ref())?;
        let format = format(filter.dialect, filter.dialect_is_unknown)?;
        let states = filter.states.unwrap_or_else(|| vec![QuarantineState::Open]);
        Ok(store::quarantine::QuarantineFilter {
            states: bounded("states", Some(states))?.into_iter().map(Into::into).collect(),
            format,
            code: filter.code.map(|code| RejectionCode::from(code).name().to_owned()),
            path: bounded_text("path", filter.path)?,
            path_prefix: bounded_text("pathPrefix", filter.path_prefix)?,
            source_prefix: bounded_text("sourcePrefix", filter.source_prefix)?,
            received_from,
            received_until,
        })
    }
}

fn format(dialect: Option<EventDialect>, is_unknown: Option<bool>) -> Result<Option<Format>> {
    match (dialect, is_unknown) {
        (Some(_), Some(true)) => {
            Err(Fault::bad_input("dialect and dialectIsUnknown exclude each other: give one of them"))
        }
        (Some(dialect), _) => Ok(Some(Format::Of(dialect.into()))),
        (None, Some(true)) => Ok(Some(Format::Auto)),
        (None, _) => Ok(None),
    }
}

fn bounded_text(name: &str, text: Option<String>) -> Result<Option<String>> {
    let length = text.as_ref().map_or(0, |text| text.chars().count());
    if length > MAX_FILTER_TEXT_CHARS {
        let message = format!("{name} has {length} characters, above the maximum of {MAX_FILTER_TEXT_CHARS}");
        return Err(Fault::LimitExceeded(message));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_word_about_states_only_open_records_are_meant() {
        let states = |filter| QuarantineFilter::parse(filter).expect("a filter").states;
        assert_eq!(states(None), [RecordState::Open]);
        let discarded = QuarantineFilter { states: Some(vec![QuarantineState::Discarded]), ..Default::default() };
        assert_eq!(states(Some(discarded)), [RecordState::Discarded]);
    }

    #[test]
    fn a_form_is_told_or_not_and_texts_are_bounded() {
        let untold = QuarantineFilter { dialect_is_unknown: Some(true), ..Default::default() };
        assert_eq!(QuarantineFilter::parse(Some(untold.clone())).expect("a filter").format, Some(Format::Auto));
        let both = QuarantineFilter { dialect: Some(EventDialect::Odp), ..untold };
        assert_eq!(QuarantineFilter::parse(Some(both)).expect_err("both").code(), "BAD_INPUT");
        let long = QuarantineFilter { path: Some("x".repeat(MAX_FILTER_TEXT_CHARS + 1)), ..Default::default() };
        assert_eq!(QuarantineFilter::parse(Some(long)).expect_err("too long").code(), "LIMIT_EXCEEDED");
    }
}
