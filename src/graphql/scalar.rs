//! Scalars beyond GraphQL's own: large numbers, times, dates, time zones and free JSON.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime as ChronoDateTime, NaiveDate, SecondsFormat};
use chrono_tz::Tz;

use crate::domain::time::Micros;

/// A whole number of up to 64 bits as a decimal string, because JSON numbers and `Int` lose digits beyond 2^53 and 2^31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigInt(pub i64);

/// A whole number of up to 64 bits as a decimal string such as "1234567890123", because `Int` ends at 2^31 and JSON
/// numbers lose digits beyond 2^53. Input may be a string or an integer literal.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        number.map(Self).ok_or_else(|| InputValueError::custom(format!("{value} is not a whole number of 64 bits")))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Micros);

/// An instant as RFC 3339 text such as "2026-10-30T12:00:00.250Z": UTC and at most microseconds on the way out, any
/// offset on the way in, years 1900 to 2199.
#[Scalar(name = "DateTime", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let Ok(parsed) = ChronoDateTime::parse_from_rfc3339(text) else {
            let rule = "is not an RFC 3339 time such as 2026-10-30T12:00:00Z";
            return Err(InputValueError::custom(format!("{value} {rule}")));
        };
        let instant = Micros(parsed.timestamp_micros());
        if instant < Micros::EARLIEST || instant >= Micros::LATEST {
            return Err(InputValueError::custom(format!("{value} is not within the years 1900 to 2199")));
        }
        Ok(Self(instant))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_datetime().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A calendar day as YYYY-MM-DD, such as "2026-10-30", years 1900 to 2199.
#[Scalar(name = "Date", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let parsed = if text.len() == 10 { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None };
        let day = parsed.filter(|day| ("1900".."2200").contains(&day.format("%Y").to_string().as_str()));
        day.map(Self).ok_or_else(|| {
            InputValueError::custom(format!("{value} is not a day as YYYY-MM-DD within the years 1900 to 2199"))
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(pub Tz);

/// A time zone by its IANA name, such as "Europe/Berlin" or "UTC".
#[Scalar(name = "TimeZone", specified_by_url = "https://www.iana.org/time-zones")]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let zone = text.parse().map(Self);
        zone.map_err(|_| InputValueError::custom(format!("{value} is not an IANA time zone such as Europe/Berlin")))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.name().to_owned())
    }
}

/// Any JSON value.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(pub serde_json::Value);

/// Any JSON value: object, list, string, number, boolean or null. Used only for data whose shape its vendor decides.
#[Scalar(name = "JSON", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        value.into_json().map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::String(value.to_owned())
    }

    #[test]
    fn times_are_read_with_any_offset_and_written_in_utc() {
        let time = DateTime::parse(text("2026-10-30T14:00:00.25+02:00")).ok();
        assert_eq!(time.map(|time| time.to_value()), Some(text("2026-10-30T12:00:00.250Z")));
        assert!(DateTime::parse(text("1899-12-31T23:59:59Z")).is_err());
        assert!(DateTime::parse(text("2026-10-30")).is_err());
        assert!(DateTime::parse(Value::from(5)).is_err());
    }

    #[test]
    fn days_have_one_form() {
        let day = Date::parse(text("2026-10-30")).ok();
        assert_eq!(day.map(|day| day.to_value()), Some(text("2026-10-30")));
        for wrong in ["2026-10-3", "2026-02-30", "12026-1-01", "2026-10-30T00:00:00Z", "2200-01-01"] {
            assert!(Date::parse(text(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn large_numbers_are_strings() {
        assert_eq!(BigInt(i64::MAX).to_value(), text("9223372036854775807"));
        assert_eq!(BigInt::parse(Value::from(7)).ok(), Some(BigInt(7)));
        assert!(BigInt::parse(text("7.5")).is_err());
    }
}
