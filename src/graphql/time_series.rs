//! `Campaign.timeSeries`: the numbers of a campaign's funnel, day by day, week by week or month by month.

use std::ops::Range;

use async_graphql::{Context, Enum, Object};
use chrono_tz::Tz;

use super::context::caller;
use super::error::{Fault, Result};
use super::funnel_counts::{AutomationFilter, FunnelCounts, UniqueUnit};
use super::limits::MAX_SERIES_POINTS;
use super::loader::{SeriesKey, load};
use super::range::DateRange;
use super::scalar::{Date, DateTime, TimeZone};
use crate::analytics::time_series::{Series, SeriesQuestion};
use crate::domain::breakdown::DateBasis;
use crate::domain::day::{date_of, start_of_day};
use crate::domain::funnel::{self, FunnelOptions};
use crate::domain::period;

/// How long the points of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "period::Granularity")]
pub enum Granularity {
    /// A calendar day, however many hours it has.
    Day,
    /// An ISO week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

/// Which day something counts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DateBasis")]
pub enum FunnelDateBasis {
    /// That of the event.
    Event,
    /// That on which its message was sent: by the earliest send, or the vendor's send stamp. An event of a message
    /// without either counts on its own day.
    Cohort,
}

/// The arguments of the field.
#[derive(Clone, Debug)]
pub struct SeriesArguments {
    /// Days of the events counted.
    pub range: DateRange,
    /// How long the points are.
    pub granularity: Granularity,
    /// The zone of the days.
    pub time_zone: Option<TimeZone>,
    /// What counts once.
    pub unit: UniqueUnit,
    /// Which day something counts on.
    pub by: FunnelDateBasis,
    /// Whether later steps imply earlier ones.
    pub implied_steps: bool,
    /// Whose opens and clicks count.
    pub automation: AutomationFilter,
}

/// The points of a campaign.
pub async fn answer(ctx: &Context<'_>, campaign: i64, arguments: SeriesArguments) -> Result<Vec<FunnelPoint>> {
    let workspace = &caller(ctx)?.workspace;
    let zone = zone(&arguments, workspace.time_zone)?;
    let days = arguments.range.bounded_days("timeSeries")?;
    let granularity = period::Granularity::from(arguments.granularity);
    check_points(granularity, &days)?;
    let (kept_zone, basis) = (workspace.time_zone, arguments.by.into());
    let question = SeriesQuestion { days: days.clone(), granularity, zone, kept_zone, basis };
    let mut series = load(ctx, SeriesKey { campaign, question }).await?.unwrap_or_default();
    let options = FunnelOptions {
        unit: arguments.unit.into(),
        implied_steps: arguments.implied_steps,
        automation: arguments.automation.into(),
        infer_deliveries: !series.reports_deliveries,
    };
    let mut points = Vec::new();
    let mut first = days.start;
    while first < days.end {
        let next = granularity.next(first).min(days.end);
        points.push(FunnelPoint::of(&mut series, (granularity, zone), first..next, options));
        first = next;
    }
    Ok(points)
}

/// The zone of the points, which is that of the range's days.
fn zone(arguments: &SeriesArguments, of_workspace: Tz) -> Result<Tz> {
    let of_range = arguments.range.zone();
    match (arguments.time_zone.map(|TimeZone(zone)| zone), of_range) {
        (Some(zone), Some(range)) if zone != range => {
            Err(Fault::bad_input(format!("timeZone: {zone} is not the time zone of range, {range}: give one of them")))
        }
        (asked, range) => Ok(asked.or(range).unwrap_or(of_workspace)),
    }
}

fn check_points(granularity: period::Granularity, days: &Range<i32>) -> Result<()> {
    let points = granularity.number_in(days);
    if points <= MAX_SERIES_POINTS {
        return Ok(());
    }
    let name = format!("{granularity:?}").to_uppercase();
    Err(Fault::LimitExceeded(format!(
        "range: {points} points of granularity {name} exceed the maximum of {MAX_SERIES_POINTS}: take longer points or a \
         shorter range"
    )))
}

/// The numbers of one stretch of time.
#[derive(Clone, Debug)]
pub struct FunnelPoint {
    date: i32,
    days: Range<i32>,
    granularity: period::Granularity,
    zone: Tz,
    counts: FunnelCounts,
}

impl FunnelPoint {
    fn of(
        series: &mut Series,
        (granularity, zone): (period::Granularity, Tz),
        days: Range<i32>,
        options: FunnelOptions,
    ) -> Self {
        let date = granularity.start_of(days.start);
        let counts = series.counts.remove(&date).unwrap_or_default();
        Self { date, days, granularity, zone, counts: FunnelCounts(funnel::FunnelCounts::of(&counts, options)) }
    }
}

/// The numbers of one day, week or month of a series. A unit counts once over all points: at its first event of a kind.
#[Object]
impl FunnelPoint {
    /// The day; of a week its Monday, of a month its first, also where the range begins later.
    async fn date(&self) -> Date {
        Date(date_of(self.date))
    }

    /// When the point begins: where its first day within the range does.
    async fn from(&self) -> DateTime {
        DateTime(start_of_day(self.days.start, self.zone))
    }

    /// When the point ends, which is not included: where the day after its last day within the range begins.
    async fn to(&self) -> DateTime {
        DateTime(start_of_day(self.days.end, self.zone))
    }

    /// Whether the range covers only a part of the week or month.
    async fn is_partial(&self) -> bool {
        self.days != (self.date..self.granularity.next(self.date))
    }

    /// The numbers of the point; zeros where nothing happened.
    #[graphql(flatten)]
    async fn counts(&self) -> &FunnelCounts {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_at_most_2000_points() {
        let days = |number: i32| 7..7 + number;
        assert!(check_points(period::Granularity::Day, &days(2_000)).is_ok());
        let refused = check_points(period::Granularity::Day, &days(2_001)).expect_err("too many");
        assert_eq!(refused.code(), "LIMIT_EXCEEDED");
        let rule =
            "range: 2001 points of granularity DAY exceed the maximum of 2000: take longer points or a shorter range";
        assert_eq!(refused.to_string(), rule);
        assert!(check_points(period::Granularity::Week, &days(2_001)).is_ok());
    }
}
