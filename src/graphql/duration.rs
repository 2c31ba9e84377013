//! Lengths of time as ISO 8601 durations.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::domain::time::MICROS_PER_SECOND;

/// A length of time in microseconds, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration(pub i64);

/// A length of time as an ISO 8601 duration: weeks, days, hours, minutes and seconds, such as "P3D", "PT72H", "P1W",
/// "P1DT12H" or "PT0.5S". A day is 24 hours and a week 7 days, whatever the clocks do. Years and months have no fixed length
/// and are refused, as are negative durations. Seconds take up to six decimals. On the way out days, hours, minutes and
/// seconds: "PT72H" comes back as "P3D".
#[Scalar(name = "Duration")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        micros_of(text).map(Self).map_err(|rule| InputValueError::custom(format!("{value} {rule}")))
    }

    fn to_value(&self) -> Value {
        Value::String(text_of(self.0))
    }
}

const NO_DURATION: &str = "is not an ISO 8601 duration such as P3D, PT72H or P1DT12H";
const NO_FIXED_LENGTH: &str =
    "has years or months, which have no fixed length: give weeks, days, hours, minutes or seconds";
const TOO_LONG: &str = "is longer than 1000000 days";

/// Longer ones are mistakes, and would not fit.
const LONGEST_MICROS: i64 = 1_000_000 * 86_400 * MICROS_PER_SECOND;

/// Units in their order, with their seconds; none: of no fixed length.
const DATE_UNITS: [(char, Option<i64>); 4] = [('Y', None), ('M', None), ('W', Some(604_800)), ('D', Some(86_400))];
const TIME_UNITS: [(char, Option<i64>); 3] = [('H', Some(3_600)), ('M', Some(60)), ('S', Some(1))];

fn micros_of(text: &str) -> Result<i64, &'static str> {
    let rest = text.strip_prefix('P').ok_or(NO_DURATION)?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return Err(NO_DURATION),
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err(NO_DURATION);
    }
    let sum = part(date, &DATE_UNITS)?.checked_add(part(time, &TIME_UNITS)?);
    sum.filter(|micros| *micros <= LONGEST_MICROS).ok_or(TOO_LONG)
}

fn part(text: &str, units: &[(char, Option<i64>)]) -> Result<i64, &'static str> {
    let (mut rest, mut units, mut sum) = (text, units.iter(), 0_i64);
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or(NO_DURATION)?;
        let (number, behind) = rest.split_at(end);
        let letter = behind.chars().next().ok_or(NO_DURATION)?;
        // Each unit at most once, in their order.
        let (_, seconds) = units.find(|(known, _)| *known == letter).ok_or(NO_DURATION)?;
        let seconds = seconds.ok_or(NO_FIXED_LENGTH)?;
        let micros = number_micros(number, letter == 'S')?;
        sum = micros.checked_mul(seconds).and_then(|part| sum.checked_add(part)).ok_or(TOO_LONG)?;
        rest = &behind[1..];
    }
    Ok(sum)
}

/// A number of seconds in microseconds.
fn number_micros(text: &str, may_have_decimals: bool) -> Result<i64, &'static str> {
    let (whole, decimals) = match text.split_once(['.', ',']) {
        Some((whole, decimals)) if may_have_decimals && (1..=6).contains(&decimals.len()) => (whole, decimals),
        Some(_) => return Err(NO_DURATION),
        None => (text, ""),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(decimals) {
        return Err(NO_DURATION);
    }
    let whole: i64 = whole.parse().map_err(|_| TOO_LONG)?;
    let decimals: i64 = format!("{decimals:0<6}").parse().map_err(|_| NO_DURATION)?;
    whole.checked_mul(MICROS_PER_SECOND).and_then(|micros| micros.checked_add(decimals)).ok_or(TOO_LONG)
}

/// The duration as text.
pub fn text_of(micros: i64) -> String {
    let (seconds, decimals) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let decimals = if decimals == 0 { String::new() } else { format!(".{decimals:06}") };
    let second = format!("{}{}", seconds % 60, decimals.trim_end_matches('0'));
    let unit = |number: i64, letter: char| if number == 0 { String::new() } else { format!("{number}{letter}") };
    let (day, mut time) = (unit(days, 'D'), unit(hours, 'H') + &unit(minutes, 'M'));
    if second != "0" || (day.is_empty() && time.is_empty()) {
        time = time + &second + "S";
    }
    let mark = if time.is_empty() { "" } else { "T" };
    format!("P{day}{mark}{time}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_in_one_form() {
        for (text, micros, written) in [
            ("P3D", 3 * 86_400_000_000, "P3D"),
            ("PT72H", 3 * 86_400_000_000, "P3D"),
            ("P1W", 7 * 86_400_000_000, "P7D"),
            ("P1DT12H30M", 131_400_000_000, "P1DT12H30M"),
            ("PT90M", 5_400_000_000, "PT1H30M"),
            ("PT0.5S", 500_000, "PT0.5S"),
            ("PT1,000001S", 1_000_001, "PT1.000001S"),
            ("PT0S", 0, "PT0S"),
            ("P0D", 0, "PT0S"),
        ] {
            assert_eq!(micros_of(text), Ok(micros), "{text}");
            assert_eq!(text_of(micros), written, "{text}");
            assert_eq!(micros_of(written), Ok(micros), "{written}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_rule() {
        for text in ["", "3D", "P", "PT", "P3", "PD", "P3H", "PT3D", "P1DT", "-P3D", "P-3D", "P1D1D", "P1D1W", "PT1S1M"]
        {
            assert_eq!(micros_of(text), Err(NO_DURATION), "{text}");
        }
        for text in ["P1.5D", "PT0.0000001S", "PT.5S", "PT1.S", "p3d", "P3 D", "P٣D", "P3DX"] {
            assert_eq!(micros_of(text), Err(NO_DURATION), "{text}");
        }
        for text in ["P1Y", "P1M", "P1Y2M"] {
            assert_eq!(micros_of(text), Err(NO_FIXED_LENGTH), "{text}");
        }
        for text in ["P1000001D", "PT99999999999999999999S", "P9223372036854W"] {
            assert_eq!(micros_of(text), Err(TOO_LONG), "{text}");
        }
    }
}
