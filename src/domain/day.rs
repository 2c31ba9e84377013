//! Calendar days in a time zone: the day that an instant falls on, as days since 1970-01-01.

use std::ops::Range;

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

/// The days that a range of instants is made of, where it begins and ends with whole days: every instant of these days lies
/// in it, and no other.
pub fn whole_days(instants: &Range<Micros>, zone: Tz) -> Option<Range<i32>> {
    let day_begun_at = |at: Micros| {
        let day = day_in_zone(at, zone);
        // Where clocks go back over midnight, instants of a day lie on both sides of another's.
        let is_clean = (1..=26 * 60).all(|minute| {
            let distance = minute * 60 * MICROS_PER_SECOND;
            day_in_zone(Micros(at.0 + distance), zone) >= day && day_in_zone(Micros(at.0 - distance), zone) < day
        });
        (is_clean && day_in_zone(Micros(at.0 - 1), zone) < day).then_some(day)
    };
    Some(day_begun_at(instants.start)?..day_begun_at(instants.end)?)
}

/// Days of one zone for many instants: remembers how far the zone was from UTC on the days that it was asked about.
#[derive(Clone, Debug)]
pub struct ZoneDays {
    zone: Tz,
    /// UTC days with the zone's distance in seconds throughout the day; each day has one place where it may stand.
    known: Vec<(i64, i32)>,
}

const DAYS_KNOWN: usize = 1_024;
const NO_DAY: i64 = i64::MIN;
/// On that day the clocks change.
const CHANGES: i32 = i32::MIN;

impl ZoneDays {
    /// Days of a zone.
    pub fn new(zone: Tz) -> Self {
        Self { zone, known: vec![(NO_DAY, 0); DAYS_KNOWN] }
    }

    /// The day on which an instant falls, as [`day_in_zone`] says.
    pub fn day(&mut self, at: Micros) -> i32 {
        let seconds = at.0.div_euclid(MICROS_PER_SECOND);
        (seconds + self.distance(seconds)).div_euclid(86_400) as i32
    }

    /// The hour in which an instant lies, as [`hour_in_zone`] says.
    pub fn hour(&mut self, at: Micros) -> i32 {
        let seconds = at.0.div_euclid(MICROS_PER_SECOND);
        hour_of(seconds, self.distance(seconds))
    }

    fn distance(&mut self, seconds: i64) -> i64 {
        if self.zone == Tz::UTC {
            return 0;
        }
        let utc_day = seconds.div_euclid(86_400);
        let place = &mut self.known[utc_day.rem_euclid(DAYS_KNOWN as i64) as usize];
        if place.0 != utc_day {
            *place = (utc_day, distance_throughout(utc_day, self.zone));
        }
        match place.1 {
            CHANGES => offset_seconds(seconds, self.zone),
            distance => i64::from(distance),
        }
    }
}

/// A zone's distance from UTC in seconds, if it is the same throughout a UTC day. Clocks are never changed twice in an hour.
fn distance_throughout(utc_day: i64, zone: Tz) -> i32 {
    let at = |hour: i64| offset_seconds(utc_day * 86_400 + hour * 3_600, zone);
    let first = at(0);
    let is_same = (1..24).all(|hour| at(hour) == first) && offset_seconds(utc_day * 86_400 + 86_399, zone) == first;
    if is_same { first as i32 } else { CHANGES }
}

/// The hour by a zone's clocks that an instant lies in: the minutes from 1970 to its beginning. An hour that clocks go through
/// twice is two.
pub fn hour_in_zone(at: Micros, zone: Tz) -> i32 {
    let seconds = at.0.div_euclid(MICROS_PER_SECOND);
    hour_of(seconds, if zone == Tz::UTC { 0 } else { offset_seconds(seconds, zone) })
}

fn hour_of(seconds: i64, offset_s: i64) -> i32 {
    (seconds - (seconds + offset_s).rem_euclid(3_600)).div_euclid(60) as i32
}

/// The instant at which a day begins in a zone: the first after which no earlier day comes within a day. Where clocks went
/// back over midnight a little of the day may lie before it.
pub fn start_of_day(day: i32, zone: Tz) -> Micros {
    let midnight = i64::from(day) * 86_400;
    // Zones lie within a day of UTC: nearly always their clocks are not changed so near to a midnight.
    let distance = offset_seconds(midnight, zone);
    if (-26..=26).all(|hour| offset_seconds(midnight + hour * 3_600, zone) == distance) {
        return Micros::from_seconds(midnight - distance);
    }
    let minutes = (-26 * 60..26 * 60).map(|minute| midnight + minute * 60);
    let before = minutes.rev().find(|at| day_in_zone(Micros::from_seconds(*at), zone) < day);
    let (mut before, mut at) = before.map_or((midnight, midnight), |before| (before, before + 60));
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
    fn remembered_days_are_those_of_the_zone() {
        for zone in [
            Tz::UTC,
            Tz::America__New_York,
            Tz::Asia__Kathmandu,
            Tz::Australia__Lord_Howe,
            Tz::America__St_Johns,
            Tz::Pacific__Apia,
            Tz::Africa__Monrovia,
        ] {
            let mut days = ZoneDays::new(zone);
            // Steps of some minutes over years with odd changes, and of some days over all time.
            let fine = (0..400_000_i64).map(|step| 915_148_800 + step * 1_373);
            let coarse = (0..100_000_i64).map(|step| -2_208_988_800 + step * 94_621);
            for seconds in fine.chain(coarse) {
                let at = Micros::from_seconds(seconds);
                assert_eq!(days.day(at), day_in_zone(at, zone), "{zone} {seconds}");
                assert_eq!(days.hour(at), hour_in_zone(at, zone), "{zone} {seconds}");
            }
        }
    }

    #[test]
    fn a_day_begins_where_the_day_before_ends() {
        for (zone, day, begins) in [
            (Tz::UTC, "2026-03-29", "2026-03-29T00:00:00Z"),
            (Tz::Europe__Berlin, "2026-03-29", "2026-03-28T23:00:00Z"),
            (Tz::Europe__Berlin, "2026-03-30", "2026-03-29T22:00:00Z"),
            (Tz::America__Sao_Paulo, "2018-11-04", "2018-11-04T03:00:00Z"),
            (Tz::Pacific__Apia, "2011-12-30", "2011-12-30T10:00:00Z"),
            (Tz::Pacific__Apia, "2011-12-31", "2011-12-30T10:00:00Z"),
            (Tz::Africa__Monrovia, "1960-01-02", "1960-01-02T00:44:30Z"),
        ] {
            let expected = DateTime::parse_from_rfc3339(begins).expect("a time").with_timezone(&Utc);
            let begun = start_of_day(day_of(day.parse().expect("a day")), zone);
            assert_eq!(begun.to_datetime(), expected, "{zone} {day}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_two() {
        let hour = |text: &str, zone| {
            let at = Micros::from(DateTime::parse_from_rfc3339(text).expect("a time").with_timezone(&Utc));
            Micros::from_seconds(i64::from(hour_in_zone(at, zone)) * 60).to_datetime().to_rfc3339()
        };
        assert_eq!(hour("2026-10-25T00:59:59Z", Tz::Europe__Berlin), "2026-10-25T00:00:00+00:00");
        assert_eq!(hour("2026-10-25T01:10:00Z", Tz::Europe__Berlin), "2026-10-25T01:00:00+00:00");
        assert_eq!(hour("2026-10-25T01:10:00Z", Tz::Asia__Kathmandu), "2026-10-25T00:15:00+00:00");
        assert_eq!(hour("1969-12-31T23:59:59Z", Tz::UTC), "1969-12-31T23:00:00+00:00");
    }

    #[test]
    fn whole_days_are_told_from_other_ranges() {
        let days = |from: &str, to: &str, zone: Tz| {
            let at = |text: &str| Micros::from(DateTime::parse_from_rfc3339(text).expect("a time").with_timezone(&Utc));
            whole_days(&(at(from)..at(to)), zone).map(|days| (date_of(days.start).to_string(), days.len()))
        };
        let march = Some(("2026-03-28".to_owned(), 2));
        assert_eq!(days("2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z", Tz::UTC), march);
        assert_eq!(days("2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z", Tz::Europe__Berlin), march);
        assert_eq!(days("2026-03-27T23:00:00Z", "2026-03-29T23:00:00Z", Tz::Europe__Berlin), None);
        assert_eq!(days("2026-03-28T00:00:00.000001Z", "2026-03-30T00:00:00Z", Tz::UTC), None);
        // Clocks went from 00:01 back to 23:01 there.
        assert_eq!(days("2005-10-30T02:30:00Z", "2005-11-02T03:30:00Z", Tz::America__St_Johns), None);
        assert!(days("2005-06-30T02:30:00Z", "2005-07-02T02:30:00Z", Tz::America__St_Johns).is_some());
    }

    #[test]
    fn dates_and_day_numbers_lead_back_to_each_other() {
        for day in [-40_000, -1, 0, 1, 20_777] {
            assert_eq!(day_of(date_of(day)), day);
        }
    }
}
