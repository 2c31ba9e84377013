//! Instants as microseconds since 1970 UTC: what the database stores and what all rules compare.

use chrono::{DateTime, Utc};

/// A UTC instant in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Micros(pub i64);

/// Microseconds in one second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;

impl Micros {
    /// The earliest time that is taken: 1900-01-01.
    pub const EARLIEST: Self = Self(-2_208_988_800 * MICROS_PER_SECOND);
    /// The first instant that is no longer taken: 2200-01-01.
    pub const LATEST: Self = Self(7_258_118_400 * MICROS_PER_SECOND);

    /// The present.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_micros())
    }

    /// From whole seconds since 1970.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// From milliseconds since 1970.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// As a calendar value. Total: instants outside chrono's range become the epoch, and none is ever stored.
    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// The UTC day as days since 1970-01-01.
    pub fn utc_day(self) -> i32 {
        self.0.div_euclid(86_400 * MICROS_PER_SECOND) as i32
    }
}

impl From<DateTime<Utc>> for Micros {
    fn from(value: DateTime<Utc>) -> Self {
        Self(value.timestamp_micros())
    }
}
