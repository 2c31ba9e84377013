//! One thing that happened with all that a record may tell of it.

use chrono::{DateTime, SecondsFormat};

use super::campaign::Campaign;
use super::dice::mix;
use super::person::Person;
use super::story::Happening;

/// What a vendor writes a record of.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Which campaign.
    pub campaign: &'a Campaign,
    /// Which of its runs, from 0.
    pub run: usize,
    /// Which of its variants, from 0.
    pub treatment: u64,
    /// Who.
    pub person: Person,
    /// What.
    pub happening: Happening,
    /// When the message was sent, in milliseconds since 1970.
    pub sent_ms: i64,
    /// What the ids of the story's messages and records follow from.
    pub key: u64,
    /// Which record of the story, from 0.
    pub slot: u64,
}

impl Scene<'_> {
    /// When it happened, in milliseconds since 1970.
    pub fn at_ms(&self) -> i64 {
        self.happening.at_ms
    }

    /// When it happened, in seconds since 1970.
    pub fn at_s(&self) -> i64 {
        self.happening.at_ms.div_euclid(1_000)
    }

    /// Hexadecimal digits that belong to the message.
    pub fn message_digits(&self) -> String {
        let letter = u64::from(self.happening.letter);
        format!("{:016x}{:016x}", mix(&[self.key, 20, letter]), mix(&[self.key, 21, letter]))
    }

    /// Hexadecimal digits that belong to the record alone.
    pub fn record_digits(&self) -> String {
        format!("{:016x}{:016x}", mix(&[self.key, 22, self.slot]), mix(&[self.key, 23, self.slot]))
    }

    /// A number that belongs to the message, below another.
    pub fn message_number(&self, end: u64) -> u64 {
        mix(&[self.key, 24, u64::from(self.happening.letter)]) % end
    }

    /// One of several, by what was drawn for the record.
    pub fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[usize::from(self.happening.choice) % choices.len()]
    }

    /// The link.
    pub fn link(&self) -> String {
        self.campaign.link(self.happening.choice)
    }

    /// The message's place in its run, from 1.
    pub fn touchpoint(&self) -> u8 {
        self.happening.letter + 1
    }
}

/// A UUID of 32 hexadecimal digits.
pub fn uuid(digits: &str) -> String {
    let part = |range| digits.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

/// A time as RFC 3339 in milliseconds.
pub fn rfc3339_ms(at_ms: i64) -> String {
    at(at_ms).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time as RFC 3339 in seconds.
pub fn rfc3339_s(at_ms: i64) -> String {
    at(at_ms).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A time as mails write it.
pub fn rfc2822(at_ms: i64) -> String {
    at(at_ms).to_rfc2822()
}

fn at(at_ms: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default()
}
