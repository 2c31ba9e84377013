//! `Campaign.timeSeries`: the numbers of a campaign's funnel, day by day, week by week or month by month.

use async_graphql::{Context, Enum, Object};

use super::context::caller;
use super::error::{Fault, Result};
use super::funnel_counts::{AutomationFilter, FunnelCounts, UniqueUnit};
use super::limits::MAX_SERIES_POINTS;
use super::loader::{FunnelKey, load};
use super::range::DateRange;
use super::scalar::Date;
use crate::analytics::campaign_funnel::{CampaignCounts, FunnelQuestion};
use crate::analytics::time_series::{Point, points};
use crate::domain::day::date_of;
use crate::domain::funnel::{self, FunnelOptions};
use crate::domain::period;
use crate::domain::rollup::Grouping;

/// How long the points of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "period::Granularity")]
pub enum Granularity {
    /// A calendar day, whatever the clocks do on it.
    Day,
    /// An ISO week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

/// The arguments of the field.
#[derive(Clone, Debug)]
pub struct SeriesArguments {
    /// Days of the events counted.
    pub range: DateRange,
    /// How long the points are.
    pub granularity: Granularity,
    /// What counts once.
    pub unit: UniqueUnit,
    /// Whether later steps imply earlier ones.
    pub implied_steps: bool,
    /// Whose opens and clicks count.
    pub automation: AutomationFilter,
}
