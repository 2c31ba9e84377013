//! Times as vendors write them: epoch seconds or milliseconds, ISO 8601, and the American forms of ODP's files.
//!
//! | form | example |
//! |---|---|
//! | epoch seconds, number or text, with or without a fraction | `1555008209`, `"1555008209.25"` |
//! | epoch milliseconds: a number too large to be seconds before the year 2200 | `1555008209000` |
//! | ISO 8601, `T` or a space between, zone `Z`, `±hh:mm`, `±hhmm` or none (UTC) | `2019-04-11T18:43:29.5+02:00` |
//! | day | `2019-04-11` |
//! | month/day/year, hours and minutes, seconds optional, UTC | `04/11/2019 18:43`, `04/11/19 18:43:29` |

use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use super::field::{shown, shown_text};
use crate::domain::event::{Rejection, RejectionCode};
use crate::domain::time::{MICROS_PER_SECOND, Micros};

/// The accepted forms, as error messages name them.
pub const FORMATS: &str = "epoch seconds or milliseconds, 2019-04-11T18:43:29Z, 2019-04-11T18:43:29+00:00, 2019-04-11, \
                           2019-04-11 18:43:29[+00:00], 04/11/2019 18:43[:29] or 04/11/19 18:43[:29], from 1900 to 2199";

/// The instant that `value` stands for; `None` when it is null or empty. `path` names the field in the rejection.
pub fn parse_time(value: &Value, path: &str) -> Result<Option<Micros>, Rejection> {
    let parsed = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => parse_text(text.trim()),
        Value::Number(number) => parse_epoch(&number.to_string()),
        _ => None,
    };
    let in_range = parsed.filter(|at| (Micros::EARLIEST..Micros::LATEST).contains(at));
    in_range.map(Some).ok_or_else(|| invalid(&shown(value), path))
}

/// The instant that a text stands for, as [`parse_time`] has it.
pub fn parse_time_text(text: &str, path: &str) -> Result<Option<Micros>, Rejection> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let in_range = parse_text(text).filter(|at| (Micros::EARLIEST..Micros::LATEST).contains(at));
    in_range.map(Some).ok_or_else(|| invalid(&shown_text(text), path))
}

fn invalid(value: &str, path: &str) -> Rejection {
    let message = format!("{path} is {value}, which is not a time; accepted are {FORMATS}");
    Rejection::new(RejectionCode::InvalidTime, path, message)
}

fn parse_text(text: &str) -> Option<Micros> {
    if !text.is_ascii() || text.len() > 64 {
        return None;
    }
    match text.as_bytes().get(..5)? {
        [_, _, _, _, b'-'] => parse_iso(text),
        [_, _, b'/', _, _] => parse_american(text),
        _ => parse_epoch(text),
    }
    .or_else(|| parse_epoch(text))
}

/// Seconds, or milliseconds where seconds would lie in 2200 or later. Fractions are cut after microseconds.
fn parse_epoch(text: &str) -> Option<Micros> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !plain {
        return None;
    }
    let number = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
    let too_large = number >= Decimal::from(Micros::LATEST.0 / MICROS_PER_SECOND);
    let micros_per_unit = if too_large { 1_000 } else { MICROS_PER_SECOND };
    let micros = number.checked_mul(Decimal::from(micros_per_unit))?;
    micros.round_dp_with_strategy(0, RoundingStrategy::ToNegativeInfinity).to_i64().map(Micros)
}

/// `yyyy-mm-dd`, alone or followed by `T` or a space and a time of day with or without a zone.
fn parse_iso(text: &str) -> Option<Micros> {
    let mut digits = Digits(text);
    let year = digits.take(4)?;
    let month = digits.after("-")?.take(2)?;
    let day = digits.after("-")?.take(2)?;
    let date = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    if digits.0.is_empty() {
        return Some(instant(date, NaiveTime::MIN, 0));
    }
    digits.after_any("Tt ")?;
    let hour = digits.take(2)?;
    let minute = digits.after(":")?.take(2)?;
    let second = digits.after(":")?.take(2)?;
    let micro = digits.take_fraction()?;
    let offset_s = digits.take_zone()?;
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micro)?;
    digits.0.is_empty().then(|| instant(date, time, offset_s))
}

/// `mm/dd/yyyy hh:mm[:ss]`, the year with two or four digits (two: 1969 to 2068, as `strptime` has it).
fn parse_american(text: &str) -> Option<Micros> {
    let mut digits = Digits(text);
    let month = digits.take(2)?;
    let day = digits.after("/")?.take(2)?;
    digits.after("/")?;
    let year = match digits.take(4) {
        Some(year) => year,
        None => match digits.take(2)? {
            year @ 0..=68 => 2000 + year,
            year => 1900 + year,
        },
    };
    let hour = digits.after(" ")?.take(2)?;
    let minute = digits.after(":")?.take(2)?;
    let second = if digits.0.is_empty() { 0 } else { digits.after(":")?.take(2)? };
    let date = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    let time = NaiveTime::from_hms_opt(hour, minute, second)?;
    digits.0.is_empty().then(|| instant(date, time, 0))
}

fn instant(date: NaiveDate, time: NaiveTime, offset_s: i64) -> Micros {
    Micros(date.and_time(time).and_utc().timestamp_micros() - offset_s * MICROS_PER_SECOND)
}

/// The part of an ASCII text that is still to be read.
struct Digits<'a>(&'a str);

impl Digits<'_> {
    /// The next `count` characters as a number; all must be digits.
    fn take(&mut self, count: usize) -> Option<u32> {
        let digits = self.0.get(..count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = &self.0[count..];
        digits.parse().ok()
    }

    fn after(&mut self, mark: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(mark)?;
        Some(self)
    }

    fn after_any(&mut self, marks: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(|next| marks.contains(next))?;
        Some(self)
    }

    /// Microseconds after a decimal point, 0 without one. Further digits are cut.
    fn take_fraction(&mut self) -> Option<u32> {
        let Some(rest) = self.0.strip_prefix('.') else { return Some(0) };
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        let kept = &rest[..count.min(6)];
        self.0 = &rest[count..];
        let number: u32 = kept.parse().ok()?;
        Some(number * 10_u32.pow(6 - kept.len() as u32))
    }

    /// Seconds east of UTC: `Z`, `±hh:mm`, `±hhmm`, or nothing for UTC.
    fn take_zone(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.after_any("Zz").is_some() {
            return Some(0);
        }
        let sign = if self.after("-").is_some() { -1 } else { self.after("+").map(|_| 1)? };
        let hours = self.take(2)?;
        let _colon = self.after(":");
        let minutes = self.take(2)?;
        (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3_600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOON: i64 = 1_555_008_209 * MICROS_PER_SECOND; // 2019-04-11T18:43:29Z

    #[test]
    fn every_accepted_form_reads_as_its_instant() {
        for (value, expected) in [
            (json!(1_555_008_209), NOON),
            (json!("1555008209"), NOON),
            (json!(1_555_008_209.0), NOON),
            (json!(1_555_008_209_250_i64), NOON + 250_000),
            (json!("1555008209250"), NOON + 250_000),
            (json!(1_555_008_209.123_456), NOON + 123_456),
            (json!("1555008209.1234567"), NOON + 123_456),
            (json!("2019-04-11T18:43:29Z"), NOON),
            (json!("2019-04-11t18:43:29z"), NOON),
            (json!("2019-04-11T18:43:29+00:00"), NOON),
            (json!("2019-04-11T20:43:29+0200"), NOON),
            (json!("2019-04-11T18:43:29.123456789Z"), NOON + 123_456),
            (json!("2019-04-11T18:43:29.5"), NOON + 500_000),
            (json!("2019-04-11"), NOON - 67_409 * MICROS_PER_SECOND),
            (json!("2019-04-11 18:43:29"), NOON),
            (json!("2019-04-11 14:13:29-04:30"), NOON),
            (json!(" 2019-04-12 00:43:29+06:00 "), NOON),
            (json!("04/11/2019 18:43"), NOON - 29 * MICROS_PER_SECOND),
            (json!("04/11/2019 18:43:29"), NOON),
            (json!("04/11/19 18:43"), NOON - 29 * MICROS_PER_SECOND),
            (json!("04/11/19 18:43:29"), NOON),
            (json!(0), 0),
            (json!(-1), -MICROS_PER_SECOND),
            (json!("1969-12-31T23:59:59.999999Z"), -1),
            (json!(7_258_118_399_i64), Micros::LATEST.0 - MICROS_PER_SECOND),
            (json!(7_258_118_400_i64), 7_258_118_400_000),
        ] {
            assert_eq!(parse_time(&value, "ts"), Ok(Some(Micros(expected))), "{value}");
        }
    }

    #[test]
    fn nothing_is_no_time() {
        for value in [json!(null), json!(""), json!("  ")] {
            assert_eq!(parse_time(&value, "ts"), Ok(None));
        }
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for value in [
            json!("yesterday"),
            json!(true),
            json!([1]),
            json!({}),
            json!("2019-13-01"),
            json!("2019-02-29"),
            json!("2019-04-11T25:00:00Z"),
            json!("2019-04-11T18:43:29+24:00"),
            json!("2019-04-11T18:43:29Zulu"),
            json!("2019-04-11T18:43"),
            json!("04/11/2019"),
            json!("13/11/2019 10:00"),
            json!("04/11/019 10:00"),
            json!("1899-12-31"),
            json!("2200-01-01"),
            json!(7_258_118_400_000_i64),
            json!(-2_208_988_801_i64),
            json!(1e300),
            json!("NaN"),
            json!("1555008209 s"),
            json!("２０１９-04-11"),
            json!("1.5.5"),
            json!("-"),
            json!("2019-04-11T18:43:29."),
        ] {
            let refused = parse_time(&value, "data.ts").expect_err("a refusal");
            assert_eq!((refused.code, refused.path.as_str()), (RejectionCode::InvalidTime, "data.ts"), "{value}");
            assert!(refused.message.starts_with("data.ts is "), "{}", refused.message);
        }
    }
}
