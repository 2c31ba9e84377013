//! The counts of campaigns, stretch by stretch of time: from kept counts where days are the workspace's, else from the
//! recipients' states.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chrono_tz::Tz;

use super::breakdown;
use crate::Result;
use crate::domain::breakdown::{BreakdownQuestion, DateBasis, Dimension, Span};
use crate::domain::day::{day_in_zone, hour_in_zone, start_of_day};
use crate::domain::period::Granularity;
use crate::domain::rollup::{Counts, Grouping};
use crate::domain::time::{MICROS_PER_SECOND, Micros};
use crate::domain::workspace::WorkspaceId;
use crate::store::{self, Store};

/// No hour of any zone is longer.
const MINUTES_OF_DAY: i64 = 24 * 60;

/// Which stretches of time are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeriesQuestion {
    /// The days, in the zone; the end is not included.
    pub days: Range<i32>,
    /// How long each stretch is; none: an hour.
    pub granularity: Option<Granularity>,
    /// The zone of the days.
    pub zone: Tz,
    /// The workspace's zone, in which counts are kept.
    pub kept_zone: Tz,
    /// Which time decides where something lies.
    pub basis: DateBasis,
}

/// The counts of one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// By the first day of the stretch, as the calendar has it, or by the hour as `domain::day::hour_in_zone` has it; those
    /// without any count are left out.
    pub counts: BTreeMap<i32, Counts>,
    /// Whether the campaign has a reported delivery at any time.
    pub reports_deliveries: bool,
}

/// A stretch of time, without gap to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// By what its counts are kept in a [`Series`].
    pub key: i32,
    /// Its first day; of a week or month that of the calendar's, also where the range begins later.
    pub date: i32,
    /// When it begins within the range.
    pub from: Micros,
    /// When it ends, which is not included.
    pub to: Micros,
    /// Whether the range covers only a part of it.
    pub is_partial: bool,
}

impl SeriesQuestion {
    /// The stretches of time, in order. There are as many as the range is long.
    pub fn stretches(&self) -> Vec<Stretch> {
        match self.granularity {
            Some(granularity) => self.calendar(granularity),
            None => self.hours(),
        }
    }

    fn calendar(&self, granularity: Granularity) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        let (mut first, mut from) = (self.days.start, start_of_day(self.days.start, self.zone));
        while first < self.days.end {
            let next = granularity.next(first).min(self.days.end);
            let to = start_of_day(next, self.zone);
            let date = granularity.start_of(first);
            let is_partial = (first, next) != (date, granularity.next(date));
            stretches.push(Stretch { key: date, date, from, to, is_partial });
            (first, from) = (next, to);
        }
        stretches
    }

    /// Hours begin and end where the clocks' hour changes, whatever the clocks do in between.
    fn hours(&self) -> Vec<Stretch> {
        let end = start_of_day(self.days.end, self.zone);
        let mut from = start_of_day(self.days.start, self.zone);
        let mut stretches = Vec::new();
        while from < end {
            let key = hour_in_zone(from, self.zone);
            let is_later = |at: Micros| at >= end || hour_in_zone(at, self.zone) != key;
            let minute = |minutes: i64| Micros(from.0 + minutes * 60 * MICROS_PER_SECOND);
            let minutes = (1..MINUTES_OF_DAY).find(|minutes| is_later(minute(*minutes))).unwrap_or(60);
            // Where a zone was once off by seconds, its hours began within minutes.
            let last = minute(minutes - 1);
            let seconds = (1..60).map(|second| Micros(last.0 + second * MICROS_PER_SECOND)).find(|at| is_later(*at));
            let to = seconds.unwrap_or(minute(minutes)).min(end);
            stretches.push(Stretch { key, date: day_in_zone(from, self.zone), from, to, is_partial: false });
            from = to;
        }
        stretches
    }
}

/// The counts of several campaigns, which must belong to the workspace.
pub async fn series(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    question: &SeriesQuestion,
) -> Result<HashMap<i64, Series>> {
    let is_kept = question.basis == DateBasis::Event && question.zone == question.kept_zone;
    let mut found = match question.granularity.filter(|_| is_kept) {
        Some(granularity) => kept(store, campaigns, &question.days, granularity).await?,
        None => broken_down(store, workspace, campaigns, question).await?,
    };
    let activity = store::campaign::activity(store, workspace, campaigns).await?;
    for campaign in campaigns {
        let reports = activity.get(campaign).is_some_and(|activity| activity.delivered > 0);
        found.entry(*campaign).or_default().reports_deliveries = reports;
    }
    Ok(found)
}

async fn kept(
    store: &Store,
    campaigns: &[i64],
    days: &Range<i32>,
    granularity: Granularity,
) -> Result<HashMap<i64, Series>> {
    let span = store::rollup::Span { grouping: Grouping::None, groups: None, days: days.clone() };
    let mut found: HashMap<i64, Series> = HashMap::new();
    for row in store::rollup::packed_rows(store, campaigns, &span).await? {
        let counts = &mut found.entry(row.campaign).or_default().counts;
        counts.entry(granularity.start_of(row.day)).or_default().add_packed(&row.counts)?;
    }
    Ok(found)
}

async fn broken_down(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    question: &SeriesQuestion,
) -> Result<HashMap<i64, Series>> {
    let dimension = match question.granularity {
        None => Dimension::Hour,
        Some(Granularity::Day) => Dimension::Day,
        Some(Granularity::Week) => Dimension::Week,
        Some(Granularity::Month) => Dimension::Month,
    };
    let asked = BreakdownQuestion {
        basis: question.basis,
        zone: question.zone,
        span: Span::Days(question.days.clone()),
        dimensions: vec![dimension],
    };
    let mut found: HashMap<i64, Series> = HashMap::new();
    for campaign in campaigns {
        let counted = breakdown::counts(store, workspace, *campaign, &asked).await?;
        let counts = counted.groups.iter().map(|(key, counts)| (key.day, counts.clone())).collect();
        found.insert(*campaign, Series { counts, reports_deliveries: false });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(day: &str, zone: Tz) -> Vec<Stretch> {
        let first = crate::domain::day::day_of(day.parse().expect("a day"));
        let (days, basis) = (first..first + 1, DateBasis::Event);
        SeriesQuestion { days, granularity: None, zone, kept_zone: zone, basis }.stretches()
    }

    #[test]
    fn a_day_has_as_many_hours_as_its_clocks_show() {
        for (day, zone, expected) in [
            ("2026-03-28", Tz::Europe__Berlin, 24),
            ("2026-03-29", Tz::Europe__Berlin, 23),
            ("2026-10-25", Tz::Europe__Berlin, 25),
            ("2026-10-25", Tz::UTC, 24),
            ("2026-10-25", Tz::Asia__Kathmandu, 24),
            // Half an hour is gone through twice.
            ("2026-04-05", Tz::Australia__Lord_Howe, 25),
            ("1960-01-02", Tz::Africa__Monrovia, 24),
        ] {
            let hours = hours(day, zone);
            assert_eq!(hours.len(), expected, "{zone} {day}");
            assert!(
                hours.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].key < pair[1].key),
                "{zone} {day}"
            );
        }
    }
}
