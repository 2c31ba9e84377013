//! What may be asked about the credit for conversions.

use std::ops::Range;

use chrono::Datelike;
use chrono_tz::Tz;

use crate::domain::attribution::Rule;
use crate::domain::contribution::CellGroups;
use crate::domain::day::{date_of, day_in_zone, day_of};
use crate::domain::kind::Kind;
use crate::domain::money::Currency;
use crate::domain::time::{MICROS_PER_SECOND, Micros};

/// A question about the credit for the conversions of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Which touches count, and how a conversion is shared among them.
    pub rule: Rule,
    /// On which days of the zone the conversions took place, since 1970; the end is not included.
    pub days: Range<i32>,
    /// The zone in which days are counted.
    pub zone: Tz,
    /// The kind of event that is a conversion.
    pub kind: Kind,
    /// Which amount of an order is its revenue.
    pub revenue: RevenueBasis,
    /// Only conversions in this currency; none: in any.
    pub currency: Option<Currency>,
    /// What groups are made of, at most [`MAX_DIMENSIONS`], each once.
    pub dimensions: Vec<Dimension>,
    /// Whether the times from touch to conversion are wanted.
    pub with_lags: bool,
    /// What the paths to conversion are made of; none: no paths are wanted.
    pub paths: Option<PathStep>,
}

/// Most dimensions of a group.
pub const MAX_DIMENSIONS: usize = 3;

/// Which amount of an order is its revenue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RevenueBasis {
    /// The total instead of the subtotal.
    pub of_total: bool,
    /// Less what returns, refunds and cancellations took back.
    pub is_net: bool,
}

/// For whom credit is summed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For all campaigns together.
    Everything,
    /// For some campaigns together.
    Together(Vec<i64>),
    /// For some campaigns, each for itself.
    Each(Vec<i64>),
}

/// What a group shares: a property of the touch, or of the time of the conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// The campaign.
    Campaign,
    /// The run.
    Run,
    /// The treatment.
    Treatment,
    /// The touchpoint.
    Touchpoint,
    /// The channel.
    Channel,
    /// The day of the conversion.
    Day,
    /// The ISO week of the conversion, by its Monday.
    Week,
    /// The month of the conversion, by its first day.
    Month,
}

impl Dimension {
    /// Whether it is a span of time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// Whether it is told by the catalogue cell of a touch.
    pub fn is_of_cell(self) -> bool {
        matches!(self, Self::Run | Self::Treatment | Self::Touchpoint | Self::Channel)
    }
}

/// What a path to a conversion is a sequence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// Campaigns.
    Campaign,
    /// Channels.
    Channel,
}

impl Question {
    /// Whether the cells of touches must be known.
    pub fn needs_cells(&self) -> bool {
        self.paths == Some(PathStep::Channel) || self.dimensions.iter().any(|dimension| dimension.is_of_cell())
    }

    /// Whether the cells of touches must be known, also of campaigns outside the scope.
    pub fn needs_all_cells(&self) -> bool {
        self.paths == Some(PathStep::Channel)
    }

    /// Instants between which all conversions of the days lie, and some others: no zone is further from UTC than this.
    pub fn instants(&self) -> Range<Micros> {
        let at = |day: i32, hours: i64| Micros((i64::from(day) * 24 + hours).saturating_mul(MICROS_PER_HOUR));
        at(self.days.start, -MOST_HOURS_FROM_UTC)..at(self.days.end, MOST_HOURS_FROM_UTC)
    }

    /// The day of a conversion; none where it is not among those asked for.
    pub(super) fn day(&self, at: Micros) -> Option<i32> {
        Some(day_in_zone(at, self.zone)).filter(|day| self.days.contains(day))
    }

    /// The group of a share: a number for every dimension, 0 behind the last.
    pub(super) fn group(&self, campaign: i64, cell: Option<&CellGroups>, day: i32) -> [i64; MAX_DIMENSIONS] {
        let mut group = [0; MAX_DIMENSIONS];
        for (place, dimension) in group.iter_mut().zip(&self.dimensions) {
            let of_cell = |read: fn(&CellGroups) -> i64| cell.map_or(0, read);
            *place = match dimension {
                Dimension::Campaign => campaign,
                Dimension::Run => of_cell(|cell| cell.run),
                Dimension::Treatment => of_cell(|cell| cell.treatment),
                Dimension::Touchpoint => of_cell(|cell| cell.touchpoint),
                Dimension::Channel => of_cell(|cell| cell.channel),
                time => i64::from(start_of(*time, day)),
            };
        }
        group
    }
}

const MICROS_PER_HOUR: i64 = 3_600 * MICROS_PER_SECOND;
const MOST_HOURS_FROM_UTC: i64 = 16;

/// The first day of the day, week or month in which a day lies.
pub(super) fn start_of(time: Dimension, day: i32) -> i32 {
    match time {
        Dimension::Week => monday_of(day),
        Dimension::Month => first_of_month(day),
        _ => day,
    }
}

/// 1970-01-01 was a Thursday.
fn monday_of(day: i32) -> i32 {
    day - (day + 3).rem_euclid(7)
}

fn first_of_month(day: i32) -> i32 {
    let date = date_of(day);
    date.with_day(1).map_or(day, day_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays_and_months_on_their_first() {
        let day = |text: &str| day_of(text.parse().expect("a date"));
        for (text, monday, first) in [
            ("2026-11-21", "2026-11-16", "2026-11-01"),
            ("2026-11-16", "2026-11-16", "2026-11-01"),
            ("2026-11-01", "2026-10-26", "2026-11-01"),
            ("1969-12-31", "1969-12-29", "1969-12-01"),
        ] {
            assert_eq!(monday_of(day(text)), day(monday), "{text}");
            assert_eq!(first_of_month(day(text)), day(first), "{text}");
        }
    }
}
