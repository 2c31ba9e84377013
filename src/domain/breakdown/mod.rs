//! Counts of a campaign computed from the states of its recipients: for any range, either basis of dates, any zone and
//! any combination of dimensions. What is kept (see `contribution`) answers the commonest of these questions faster; where
//! both answer, they say the same.
//!
//! - Basis EVENT: a fact lies at its own time. Basis COHORT: it lies when its message was sent, by the earliest SENT or send
//!   stamp of the message; a message without either: at its own time.
//! - A unit counts at its first fact of a metric over all time (and at one instant at the one whose message was sent first);
//!   if that one lies in the span, the unit is counted, in the day, week or month where it lies.
//! - In groups that are not time a unit counts once in each, at its first fact there.

mod calendar;
mod count;
mod gap;
mod group;
mod walk;

use std::ops::Range;

use chrono_tz::Tz;

pub use calendar::{first_of_month, monday_of};
pub use count::Counter;
pub use gap::{GapCounter, GapQuestion, GapTimes, Gaps, StepGap};
pub use group::{CellIndex, GroupKey};

use super::kind::Kind;
use super::rollup::Counts;
use super::time::Micros;

/// Which time decides where a fact lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DateBasis {
    /// Its own.
    #[default]
    Event,
    /// When its message was sent.
    Cohort,
}

/// What groups are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Run.
    Run,
    /// Treatment.
    Treatment,
    /// Touchpoint.
    Touchpoint,
    /// Channel.
    Channel,
    /// Day in the question's zone.
    Day,
    /// ISO week, from Monday on.
    Week,
    /// Month.
    Month,
    /// The list that was joined or left.
    List,
    /// The reason that was given.
    Reason,
    /// The url that was clicked.
    Url,
}

impl Dimension {
    /// Whether it cuts time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// Whether it is told by where an event belongs.
    pub fn is_place(self) -> bool {
        matches!(self, Self::Run | Self::Treatment | Self::Touchpoint | Self::Channel)
    }

    /// Whether it is told by what an event says beside its place. At most one of them applies to an event.
    pub fn is_detail(self) -> bool {
        matches!(self, Self::List | Self::Reason | Self::Url)
    }
}

/// What the detail of an event of a kind is; none: it has none. Steps that are implied have none either.
pub fn detail_dimension(kind: Kind) -> Option<Dimension> {
    match kind {
        Kind::Clicked => Some(Dimension::Url),
        Kind::ListSubscribed | Kind::ListUnsubscribed => Some(Dimension::List),
        Kind::HeldOut
        | Kind::Skipped
        | Kind::Deferred
        | Kind::Failed
        | Kind::DeliveryUnknown
        | Kind::SoftBounced
        | Kind::HardBounced
        | Kind::SpamReported
        | Kind::OptedOut
        | Kind::Disengaged
        | Kind::Exited => Some(Dimension::Reason),
        _ => None,
    }
}

/// Which facts are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Span {
    /// All.
    #[default]
    All,
    /// Those on these days of the question's zone; the end is not included.
    Days(Range<i32>),
    /// Those at these instants; the end is not included.
    Instants(Range<Micros>),
}

/// What is to be counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BreakdownQuestion {
    /// Which time decides.
    pub basis: DateBasis,
    /// The zone of days, weeks and months.
    pub zone: Tz,
    /// Which facts count.
    pub span: Span,
    /// What groups are made of; none: there are no groups. Each at most once.
    pub dimensions: Vec<Dimension>,
}

impl BreakdownQuestion {
    /// Everything in a zone, without groups.
    pub fn new(zone: Tz) -> Self {
        Self { basis: DateBasis::Event, zone, span: Span::All, dimensions: Vec::new() }
    }

    /// Whether a dimension is asked for.
    pub fn has(&self, dimension: Dimension) -> bool {
        self.dimensions.contains(&dimension)
    }

    /// The first day of the group of time that a day is in: what [`GroupKey::day`] says. 0 where time makes no groups.
    pub fn first_day(&self, day: i32) -> i32 {
        calendar::Bucket::of(self).map_or(0, |bucket| bucket.first_day(day))
    }
}

/// The counts of one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// Of the whole.
    pub whole: Counts,
    /// Of every group in which something was counted, in order of their keys; empty where no dimension was asked for.
    pub groups: Vec<(GroupKey, Counts)>,
}
