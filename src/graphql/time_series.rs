//! `Campaign.timeSeries`: the numbers of a campaign's funnel, day by day, week by week or month by month.

use async_graphql::{Context, Enum, Object};
use chrono_tz::Tz;

use super::campaign_funnel::FunnelDateBasis;
use super::context::caller;
use super::error::{Fault, Result};
use super::funnel_counts::{AutomationFilter, FunnelCounts, UniqueUnit};
use super::limits::MAX_SERIES_POINTS;
use super::loader::{SeriesKey, load};
use super::range::DateRange;
use super::scalar::{Date, DateTime, TimeZone};
use crate::analytics::time_series::{SeriesQuestion, Stretch};
use crate::domain::day::date_of;
use crate::domain::funnel::{self, FunnelOptions};
use crate::domain::period;

/// How long the points of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum Granularity {
    /// An hour by the zone's clocks; one that they go through twice is two.
    Hour,
    /// A calendar day, however many hours it has.
    Day,
    /// An ISO week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Granularity {
    /// The calendar's stretch, if it is none of the clock's.
    fn of_calendar(self) -> Option<period::Granularity> {
        match self {
            Self::Hour => None,
            Self::Day => Some(period::Granularity::Day),
            Self::Week => Some(period::Granularity::Week),
            Self::Month => Some(period::Granularity::Month),
        }
    }
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
    let (days, _) = arguments.range.bounded_days_and_zone(workspace, "timeSeries")?;
    let zone = zone(&arguments, workspace.time_zone)?;
    let granularity = arguments.granularity.of_calendar();
    let (kept_zone, basis) = (workspace.time_zone, arguments.by.into());
    let question = SeriesQuestion { days, granularity, zone, kept_zone, basis };
    check_points(&question)?;
    let mut series = load(ctx, SeriesKey { campaign, question: question.clone() }).await?.unwrap_or_default();
    let options = FunnelOptions {
        unit: arguments.unit.into(),
        implied_steps: arguments.implied_steps,
        automation: arguments.automation.into(),
        infer_deliveries: !series.reports_deliveries,
    };
    let point = |stretch: Stretch| {
        let counts = series.counts.remove(&stretch.key).unwrap_or_default();
        FunnelPoint { stretch, counts: FunnelCounts::new(funnel::FunnelCounts::of(&counts, options)) }
    };
    Ok(question.stretches().into_iter().map(point).collect())
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

fn check_points(question: &SeriesQuestion) -> Result<()> {
    let (points, name) = match question.granularity {
        None => (24 * i64::from(question.days.end - question.days.start), "HOUR".to_owned()),
        Some(granularity) => (granularity.number_in(&question.days), format!("{granularity:?}").to_uppercase()),
    };
    if points <= MAX_SERIES_POINTS {
        return Ok(());
    }
    Err(Fault::LimitExceeded(format!(
        "range: {points} points of granularity {name} exceed the maximum of {MAX_SERIES_POINTS}: take longer points or a \
         shorter range"
    )))
}

/// The numbers of one stretch of time.
#[derive(Clone, Debug)]
pub struct FunnelPoint {
    stretch: Stretch,
    counts: FunnelCounts,
}

/// The numbers of one hour, day, week or month of a series. A unit counts once over all points: at its first event of a
/// kind.
#[Object]
impl FunnelPoint {
    /// The day; of an hour the day that it lies in, of a week its Monday, of a month its first, also where the range begins
    /// later.
    async fn date(&self) -> Date {
        Date(date_of(self.stretch.date))
    }

    /// When the point begins within the range.
    async fn from(&self) -> DateTime {
        DateTime(self.stretch.from)
    }

    /// When the point ends within the range, which is not included.
    async fn to(&self) -> DateTime {
        DateTime(self.stretch.to)
    }

    /// Whether the range covers only a part of the week or month.
    async fn is_partial(&self) -> bool {
        self.stretch.is_partial
    }

    /// The numbers of the point; zeros where nothing happened. They have no times between steps.
    #[graphql(flatten)]
    #[expect(clippy::unused_async, reason = "flattened fields are asynchronous")]
    async fn counts(&self) -> &FunnelCounts {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::breakdown::DateBasis;
    use period::Granularity::{Day, Week};

    fn check(granularity: Option<period::Granularity>, days: i32) -> Result<()> {
        let (zone, kept_zone, basis) = (Tz::UTC, Tz::UTC, DateBasis::Event);
        check_points(&SeriesQuestion { days: 7..7 + days, granularity, zone, kept_zone, basis })
    }

    #[test]
    fn a_series_has_at_most_2000_points() {
        assert!(check(Some(Day), 2_000).is_ok());
        let refused = check(Some(Day), 2_001).expect_err("too many");
        assert_eq!(refused.code(), "LIMIT_EXCEEDED");
        let rule =
            "range: 2001 points of granularity DAY exceed the maximum of 2000: take longer points or a shorter range";
        assert_eq!(refused.to_string(), rule);
        assert!(check(Some(Week), 2_001).is_ok());
        assert!(check(None, 83).is_ok());
        assert!(check(None, 84).expect_err("too many").to_string().contains("2016 points of granularity HOUR"));
    }
}
