//! Where instants lie: within the span of a question or not, and in which day, week or month.

use chrono::Datelike;

use super::{BreakdownQuestion, Dimension, Span};
use crate::domain::day::{ZoneDays, date_of};
use crate::domain::time::Micros;

/// The calendar of a question.
pub(super) struct Calendar {
    days: ZoneDays,
    span: Span,
    bucket: Option<Bucket>,
    /// The last day that was asked about, with its bucket: facts of one recipient are near each other.
    last: (i32, i32),
}

/// The time dimensions of a question.
#[derive(Clone, Copy)]
pub(super) enum Bucket {
    Day,
    Week,
    Month,
    /// Weeks cut by the ends of months.
    WeekOfMonth,
}

impl Bucket {
    pub(super) fn of(question: &BreakdownQuestion) -> Option<Self> {
        let has = |dimension| question.has(dimension);
        match (has(Dimension::Day), has(Dimension::Week), has(Dimension::Month)) {
            (true, _, _) => Some(Self::Day),
            (_, true, true) => Some(Self::WeekOfMonth),
            (_, true, _) => Some(Self::Week),
            (_, _, true) => Some(Self::Month),
            _ => None,
        }
    }

    /// The first day of the group of time that a day is in.
    pub(super) fn first_day(self, day: i32) -> i32 {
        match self {
            Self::Day => day,
            Self::Week => monday_of(day),
            Self::Month => first_of_month(day),
            Self::WeekOfMonth => monday_of(day).max(first_of_month(day)),
        }
    }
}

/// Where a fact lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Whether it lies in the span.
    pub(super) is_in: bool,
    /// First day of its group of time; 0 where time makes no groups.
    pub(super) day: i32,
}

impl Calendar {
    pub(super) fn new(question: &BreakdownQuestion) -> Self {
        let (days, bucket) = (ZoneDays::new(question.zone), Bucket::of(question));
        Self { days, span: question.span.clone(), bucket, last: (i32::MIN, 0) }
    }

    pub(super) fn place(&mut self, at: Micros) -> Place {
        let needs_day = self.bucket.is_some() || matches!(self.span, Span::Days(_));
        let day = if needs_day { self.days.day(at) } else { 0 };
        let is_in = match &self.span {
            Span::All => true,
            Span::Days(days) => days.contains(&day),
            Span::Instants(instants) => instants.contains(&at),
        };
        Place { is_in, day: self.bucket_of(day) }
    }

    fn bucket_of(&mut self, day: i32) -> i32 {
        let Some(bucket) = self.bucket else { return 0 };
        if self.last.0 != day {
            self.last = (day, bucket.first_day(day));
        }
        self.last.1
    }
}

/// The Monday on or before a day.
pub fn monday_of(day: i32) -> i32 {
    // 1970-01-01 was a Thursday.
    day - (day + 3).rem_euclid(7)
}

/// The first day of a day's month.
pub fn first_of_month(day: i32) -> i32 {
    day - date_of(day).day0() as i32
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, Weekday};

    use super::*;
    use crate::domain::day::day_of;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        for day in -800..30_000 {
            let (monday, first) = (date_of(monday_of(day)), date_of(first_of_month(day)));
            assert_eq!(monday, date_of(day).week(Weekday::Mon).first_day());
            assert_eq!(first, date_of(day).with_day(1).expect("every month has a first"));
        }
        let day = day_of(NaiveDate::from_ymd_opt(2027, 1, 2).expect("a day"));
        assert_eq!(date_of(monday_of(day)).to_string(), "2026-12-28");
    }
}
