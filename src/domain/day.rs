//! Calendar days in a time zone: the day that an instant falls on, as days since 1970-01-01.

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use super::time::{MICROS_PER_SECOND, Micros};

const EPOCH_DAY_FROM_CE: i32 = 719_163;

/// The day on which an instant falls in a zone.
pub fn day_in_zone(at: Micros, zone: Tz) -> i32 {
    let seconds = at.0.div_euclid(MICROS_PER_SECOND);
    let offset_s = if zone == Tz::UTC { 0 } else { offset_seconds(seconds, zone) };
    (seconds + offset_s).div_euclid(86_400) as i32
}

/// The calendar date of a day number.
pub fn date_of(day: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(day.saturating_add(EPOCH_DAY_FROM_CE)).unwrap_or_default()
}

/// The day number of a calendar date.
pub fn day_of(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH_DAY_FROM_CE
}

/// The instant at which a day begins in a zone: its first midnight, or where clocks go forward over midnight the end of
/// that gap.
pub fn start_of_day(day: i32, zone: Tz) -> Micros {
    let midnight = i64::from(day) * 86_400;
    // Zones lie within a day of UTC and change their clocks at most once in two days: the instant at which the day
    // begins lies between these two, and the days of instants never fall.
    let (mut before, mut at) = (midnight - 2 * 86_400, midnight + 2 * 86_400);
    while at - before > 1 {
        let middle = before + (at - before) / 2;
        if day_in_zone(Micros::from_seconds(middle), zone) < day { before = middle } else { at = middle }
    }
    Micros::from_seconds(at)
}

fn offset_seconds(seconds: i64, zone: Tz) -> i64 {
    let utc = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_zone_through_a_change_of_clocks() {
        let zone: Tz = "Europe/Berlin".parse().expect("a known zone");
        let at = |text: &str| Micros::from(DateTime::parse_from_rfc3339(text).expect("a time").with_timezone(&Utc));
        let day = |text: &str| date_of(day_in_zone(at(text), zone)).to_string();
        assert_eq!(day("2026-03-28T22:59:59Z"), "2026-03-28");
        assert_eq!(day("2026-03-28T23:00:00Z"), "2026-03-29");
        assert_eq!(day("2026-03-29T21:59:59Z"), "2026-03-29", "a day of 23 hours");
        assert_eq!(day("2026-03-29T22:00:00Z"), "2026-03-30");
        assert_eq!(day("1969-12-31T22:30:00Z"), "1969-12-31");
    }

    #[test]
    fn dates_and_day_numbers_lead_back_to_each_other() {
        for day in [-40_000, -1, 0, 1, 20_777] {
            assert_eq!(day_of(date_of(day)), day);
        }
    }
}
