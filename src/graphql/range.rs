//! Half-open ranges of days and instants.

use std::ops::Range;

use async_graphql::InputObject;
use chrono_tz::Tz;

use super::error::{Fault, Result};
use super::scalar::{Date, DateTime, TimeZone};
use crate::domain::day::day_of;
use crate::domain::time::Micros;
use crate::domain::workspace::Workspace;

/// A range of whole days.
#[derive(Clone, Debug, InputObject)]
pub struct DateRange {
    /// The first day; without it, since ever.
    from: Option<Date>,
    /// The day after the last, which is not included; without it, for ever.
    to: Option<Date>,
    /// The zone in which days begin; without it, the workspace's. Where a field's description does not speak of zones, any
    /// other is an error.
    time_zone: Option<TimeZone>,
}

impl DateRange {
    /// The day numbers of a range, in the workspace's zone; all days where no range is given.
    pub fn days(range: Option<&Self>, workspace: &Workspace) -> Result<Range<i32>> {
        let (days, zone) = Self::days_and_zone(range, workspace)?;
        if zone != workspace.time_zone {
            return Err(Fault::bad_input(format!(
                "timeZone: {zone} is not answered: days are counted in the workspace's zone, {}",
                workspace.time_zone
            )));
        }
        Ok(days)
    }

    /// The day numbers of a range, and the zone that they are days of; all days where no range is given.
    pub fn days_and_zone(range: Option<&Self>, workspace: &Workspace) -> Result<(Range<i32>, Tz)> {
        let Some(range) = range else { return Ok((i32::MIN..i32::MAX, workspace.time_zone)) };
        let zone = range.time_zone.map_or(workspace.time_zone, |TimeZone(zone)| zone);
        if let (Some(Date(from)), Some(Date(to))) = (range.from, range.to)
            && from >= to
        {
            return Err(Fault::bad_input(format!("from: {from} is not before to: {to} (to is not included)")));
        }
        let day = |date: Option<Date>, open: i32| date.map_or(open, |Date(date)| day_of(date));
        Ok((day(range.from, i32::MIN)..day(range.to, i32::MAX), zone))
    }
}

/// A range of instants.
#[derive(Clone, Debug, InputObject)]
pub struct DateTimeRange {
    /// The first instant; without it, since ever.
    from: Option<DateTime>,
    /// The instant at which the range ends, which is not included; without it, for ever.
    to: Option<DateTime>,
}

impl DateTimeRange {
    /// Both ends of a range; none of either where no range is given.
    pub fn ends(range: Option<&Self>) -> Result<(Option<Micros>, Option<Micros>)> {
        let Some(Self { from, to }) = range else { return Ok((None, None)) };
        let (from, to) = (from.map(|from| from.0), to.map(|to| to.0));
        if let (Some(start), Some(end)) = (from, to)
            && start >= end
        {
            let (start, end) = (start.to_datetime().to_rfc3339(), end.to_datetime().to_rfc3339());
            return Err(Fault::bad_input(format!("from: {start} is not before to: {end} (to is not included)")));
        }
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::domain::workspace::{WorkspaceId, WorkspaceSettings};

    fn berlin() -> Workspace {
        Workspace {
            id: WorkspaceId(1),
            name: "default".to_owned(),
            time_zone: chrono_tz::Europe::Berlin,
            currency: "EUR".to_owned(),
            settings: WorkspaceSettings::default(),
        }
    }

    fn range(from: Option<&str>, to: Option<&str>, zone: Option<chrono_tz::Tz>) -> DateRange {
        let date = |text: &str| Date(NaiveDate::parse_from_str(text, "%Y-%m-%d").expect("a day"));
        DateRange { from: from.map(date), to: to.map(date), time_zone: zone.map(TimeZone) }
    }

    #[test]
    fn a_range_is_half_open_and_may_be_open_at_either_end() {
        let days = |range| DateRange::days(Some(&range), &berlin()).expect("a range");
        assert_eq!(days(range(Some("1970-01-02"), Some("1970-01-05"), None)), 1..4);
        assert_eq!(days(range(None, Some("1970-01-05"), Some(chrono_tz::Europe::Berlin))), i32::MIN..4);
        assert_eq!(DateRange::days(None, &berlin()).expect("all days"), i32::MIN..i32::MAX);
    }

    #[test]
    fn an_empty_range_and_another_zone_are_bad_input() {
        let fault = |range| DateRange::days(Some(&range), &berlin()).expect_err("not a range");
        assert_eq!(fault(range(Some("2026-01-02"), Some("2026-01-02"), None)).code(), "BAD_INPUT");
        let other = fault(range(None, None, Some(chrono_tz::UTC)));
        assert_eq!(
            other.to_string(),
            "timeZone: UTC is not answered: days are counted in the workspace's zone, Europe/Berlin"
        );
    }
}
