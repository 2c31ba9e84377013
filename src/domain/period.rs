//! Stretches of calendar days: days, ISO weeks and months, the period that one is compared with, and how a long one is
//! taken apart into whole months and the days beside them.

use std::ops::Range;

use chrono::{Datelike, Months, NaiveDate};

use super::breakdown::{first_of_month, monday_of};
use super::day::{date_of, day_of};

/// How long the points of a series are, in calendar days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// A day.
    Day,
    /// An ISO week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Granularity {
    /// The first day of the day, week or month that a day lies in.
    pub fn start_of(self, day: i32) -> i32 {
        match self {
            Self::Day => day,
            Self::Week => monday_of(day),
            Self::Month => first_of_month(day),
        }
    }

    /// The first day of the next one.
    pub fn next(self, day: i32) -> i32 {
        match self {
            Self::Day => day + 1,
            Self::Week => monday_of(day) + 7,
            // The 28th and four more days lie in the next month, whatever the month.
            Self::Month => first_of_month(first_of_month(day) + 31),
        }
    }

    /// How many of them a range of days touches.
    pub fn number_in(self, days: &Range<i32>) -> i64 {
        let (first, last) = (days.start, days.end - 1);
        if last < first {
            return 0;
        }
        let count = |from: i32, to: i32| i64::from(to) - i64::from(from);
        match self {
            Self::Day => count(first, last) + 1,
            Self::Week => count(monday_of(first), monday_of(last)) / 7 + 1,
            Self::Month => i64::from(month_number(last) - month_number(first)) + 1,
        }
    }
}

fn month_number(day: i32) -> i32 {
    let date = date_of(day);
    date.year() * 12 + date.month0() as i32
}

/// What a period is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// As many days just before it.
    PreviousPeriod,
    /// The same calendar days a year before. What begins on a 29 February begins on 1 March there.
    PreviousYear,
}

impl Comparison {
    /// The days that a range is compared with.
    pub fn days_before(self, days: &Range<i32>) -> Range<i32> {
        match self {
            Self::PreviousPeriod => days.start - (days.end - days.start)..days.start,
            Self::PreviousYear => a_year_before(days.start)..a_year_before(days.end),
        }
    }

    /// The day of the range that a day of [`Self::days_before`] stands for.
    pub fn day_after(self, days: &Range<i32>, before: i32) -> i32 {
        match self {
            Self::PreviousPeriod => before + (days.end - days.start),
            Self::PreviousYear => {
                let later = date_of(before).checked_add_months(Months::new(12));
                later.map_or(before, day_of)
            }
        }
    }
}

fn a_year_before(day: i32) -> i32 {
    let date = date_of(day);
    let year = date.year() - 1;
    let same = NaiveDate::from_ymd_opt(year, date.month(), date.day());
    same.or_else(|| NaiveDate::from_ymd_opt(year, 3, 1)).map_or(day, day_of)
}

/// A range of days as whole months, by their first days, and the days before and behind them.
pub fn months_and_days(days: &Range<i32>) -> (Range<i32>, [Range<i32>; 2]) {
    let first = if first_of_month(days.start) == days.start { days.start } else { Granularity::Month.next(days.start) };
    let end = first_of_month(days.end);
    if end <= first {
        return (first..first, [days.clone(), days.end..days.end]);
    }
    (first..end, [days.start..first, end..days.end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        day_of(text.parse().expect("a day"))
    }

    fn range(from: &str, to: &str) -> Range<i32> {
        day(from)..day(to)
    }

    #[test]
    fn weeks_begin_on_mondays_and_months_on_the_first() {
        assert_eq!(Granularity::Week.start_of(day("2026-01-01")), day("2025-12-29"));
        assert_eq!(Granularity::Week.next(day("2026-01-04")), day("2026-01-05"));
        assert_eq!(Granularity::Month.start_of(day("2024-02-29")), day("2024-02-01"));
        assert_eq!(Granularity::Month.next(day("2024-02-01")), day("2024-03-01"));
        assert_eq!(Granularity::Month.next(day("2025-12-31")), day("2026-01-01"));
    }

    #[test]
    fn the_number_of_points_is_that_of_the_walk() {
        for granularity in [Granularity::Day, Granularity::Week, Granularity::Month] {
            for start in [0, 17, 58, 59, 364] {
                for length in 0..800 {
                    let days = start..start + length;
                    let (mut walked, mut at) = (0, days.start);
                    while at < days.end {
                        (walked, at) = (walked + 1, granularity.next(at));
                    }
                    assert_eq!(granularity.number_in(&days), walked, "{granularity:?} {days:?}");
                }
            }
        }
    }

    #[test]
    fn every_day_compared_with_stands_for_one_of_the_range() {
        for comparison in [Comparison::PreviousPeriod, Comparison::PreviousYear] {
            for start in [day("2023-02-27"), day("2024-02-29"), day("2025-01-31")] {
                for length in 1..800 {
                    let days = start..start + length;
                    for before in comparison.days_before(&days) {
                        let after = comparison.day_after(&days, before);
                        assert!(days.contains(&after), "{comparison:?} {days:?} {before} {after}");
                    }
                }
            }
        }
    }

    #[test]
    fn leap_days_have_no_day_a_year_before_and_none_is_lost() {
        let year = Comparison::PreviousYear;
        assert_eq!(year.days_before(&range("2024-02-28", "2024-03-01")), range("2023-02-28", "2023-03-01"));
        assert_eq!(year.days_before(&range("2024-02-29", "2024-03-01")), range("2023-03-01", "2023-03-01"));
        assert_eq!(year.days_before(&range("2025-02-28", "2025-03-01")), range("2024-02-28", "2024-03-01"));
        let days = range("2025-02-28", "2025-03-01");
        assert_eq!(year.day_after(&days, day("2024-02-29")), day("2025-02-28"));
    }

    #[test]
    fn months_and_days_are_the_range_once() {
        for start in [0, 1, 30, 31, 58] {
            for length in 0..200 {
                let days = start..start + length;
                let (months, beside) = months_and_days(&days);
                assert_eq!(
                    (first_of_month(months.start), first_of_month(months.end)),
                    (months.start, months.end),
                    "{days:?}"
                );
                let mut walked: Vec<i32> = beside.iter().cloned().flatten().chain(months).collect();
                walked.sort_unstable();
                assert_eq!(walked, days.clone().collect::<Vec<_>>(), "{days:?}");
            }
        }
    }
}
