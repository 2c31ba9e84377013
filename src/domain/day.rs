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
        if self.zone == Tz::UTC {
            return seconds.div_euclid(86_400) as i32;
        }
        let utc_day = seconds.div_euclid(86_400);
        let place = &mut self.known[utc_day.rem_euclid(DAYS_KNOWN as i64) as usize];
        if place.0 != utc_day {
            *place = (utc_day, distance_throughout(utc_day, self.zone));
        }
        let distance = match place.1 {
            CHANGES => offset_seconds(seconds, self.zone),
            distance => i64::from(distance),
        };
        (seconds + distance).div_euclid(86_400) as i32
    }
}

/// A zone's distance from UTC in seconds, if it is the same throughout a UTC day. Clocks are never changed twice in an hour.
fn distance_throughout(utc_day: i64, zone: Tz) -> i32 {
    let at = |hour: i64| offset_seconds(utc_day * 86_400 + hour * 3_600, zone);
    let first = at(0);
    let is_same = (1..24).all(|hour| at(hour) == first) && offset_seconds(utc_day * 86_400 + 86_399, zone) == first;
    if is_same { first as i32 } else { CHANGES }
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
            }
        }
    }

    #[test]
    fn dates_and_day_numbers_lead_back_to_each_other() {
        for day in [-40_000, -1, 0, 1, 20_777] {
            assert_eq!(day_of(date_of(day)), day);
        }
    }
}
