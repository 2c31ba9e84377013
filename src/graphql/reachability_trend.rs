//! The days of `reachabilityFunnel`: which are asked for, its trend and its groups.

use async_graphql::{Enum, SimpleObject};
use chrono::Datelike;

use super::error::{Fault, Result};
use super::limits::MAX_TREND_POINTS;
use super::list::List;
use super::range::DateRange;
use super::reachability_funnel::{ReachabilityLossCount, ReachabilityLossReason, ReachabilityStepCount};
use super::scalar::{BigInt, Date};
use crate::analytics::reachability::{ReachabilityFunnel, ReachabilityStep};
use crate::domain::day::{date_of, day_in_zone};
use crate::domain::time::Micros;
use crate::domain::workspace::Workspace;

/// What the groups of a reachability funnel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ReachabilityDimension {
    /// Days in the workspace's time zone: how it was at the end of each. Needs a range.
    Day,
    /// ISO weeks: how it was at the end of each one's Sunday, or of the range. Needs a range.
    Week,
    /// Months: how it was at the end of each, or of the range. Needs a range.
    Month,
    /// Lists: a funnel for each, by name.
    List,
    /// Why customers go no further.
    Reason,
}

impl ReachabilityDimension {
    fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// Whether what the dimension counts ends with a day.
    fn ends_on(self, day: i32) -> bool {
        let date = date_of(day);
        match self {
            Self::Week => date.weekday() == chrono::Weekday::Sun,
            Self::Month => date_of(day.saturating_add(1)).month() != date.month(),
            Self::Day | Self::List | Self::Reason => true,
        }
    }
}

/// What of days and groups is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendQuestion {
    /// The days of the trend; none where no range is given.
    pub days: Option<Vec<i32>>,
    /// Whether the groups are of these days.
    pub by_time: bool,
    /// Whether each list is a group.
    pub by_list: bool,
    by_reason: bool,
}

impl TrendQuestion {
    /// What the arguments ask for; a range without an end goes through the present day.
    pub fn of(range: Option<&DateRange>, group_by: &[ReachabilityDimension], workspace: &Workspace) -> Result<Self> {
        let times: Vec<ReachabilityDimension> = group_by.iter().copied().filter(|by| by.is_time()).collect();
        let has = |by| group_by.contains(&by);
        let again = group_by.iter().enumerate().any(|(place, by)| group_by[..place].contains(by));
        if again || times.len() > 1 {
            return Err(Fault::bad_input(
                "groupBy takes at most one of DAY, WEEK and MONTH, with LIST and REASON where wanted, each once",
            ));
        }
        let days = match range {
            Some(range) => Some(days_of(range, times.first().copied(), workspace)?),
            None if times.is_empty() => None,
            None => return Err(Fault::bad_input("groupBy: DAY, WEEK and MONTH need a range, which is missing")),
        };
        let (by_list, by_reason) = (has(ReachabilityDimension::List), has(ReachabilityDimension::Reason));
        Ok(Self { days, by_time: !times.is_empty(), by_list, by_reason })
    }

    /// Whether there are groups.
    pub fn has_groups(&self) -> bool {
        self.by_time || self.by_list || self.by_reason
    }

    /// An answer with so many lists must not have too many points.
    pub fn check_lists(&self, lists: usize) -> Result<()> {
        let days = self.days.as_ref().filter(|_| self.by_time).map_or(1, Vec::len);
        let points = days.saturating_mul(lists);
        if points <= MAX_TREND_POINTS {
            return Ok(());
        }
        Err(Fault::LimitExceeded(format!(
            "groupBy: {days} days of {lists} lists are {points} points, above the maximum of {MAX_TREND_POINTS}: name a \
             list, or narrow range"
        )))
    }

    /// The rows of one funnel, of a list where there is one.
    pub fn rows(&self, date: Option<i32>, list: Option<&List>, funnel: &ReachabilityFunnel) -> Vec<ReachabilityGroup> {
        let date = date.map(|day| Date(date_of(day)));
        let group = |reason, customers| ReachabilityGroup {
            date,
            list: list.filter(|_| self.by_list).cloned(),
            reason,
            customers: BigInt(customers),
            steps: None,
        };
        if !self.by_reason {
            let steps = Some(ReachabilityStepCount::all(funnel, list.is_some()));
            return vec![ReachabilityGroup { steps, ..group(None, funnel.reached(ReachabilityStep::Known)) }];
        }
        let others = funnel.lost().map(|(loss, customers)| group(Some(ReachabilityLossReason::of(loss)), customers));
        let eligible = Some(funnel.eligible()).filter(|customers| *customers != 0);
        others.chain(eligible.map(|customers| group(None, customers))).collect()
    }
}

fn days_of(range: &DateRange, by: Option<ReachabilityDimension>, workspace: &Workspace) -> Result<Vec<i32>> {
    let days = DateRange::days(Some(range), workspace)?;
    let today = day_in_zone(Micros::now(), workspace.time_zone);
    if days.start == i32::MIN {
        return Err(Fault::bad_input("range: from is missing, but a trend needs its first day"));
    }
    let end = if days.end == i32::MAX { today.saturating_add(1) } else { days.end };
    if days.start >= end {
        let (from, today) = (date_of(days.start), date_of(today));
        let message = format!("from: {from} is after today, {today}, with which a trend without to ends");
        return Err(Fault::bad_input(message));
    }
    let by = by.unwrap_or(ReachabilityDimension::Day);
    let ends = (days.start..end).filter(|day| by.ends_on(*day) || *day == end - 1);
    let points: Vec<i32> = ends.take(MAX_TREND_POINTS + 1).collect();
    if points.len() > MAX_TREND_POINTS {
        let (from, to) = (date_of(days.start), date_of(end));
        return Err(Fault::LimitExceeded(format!(
            "range: from {from} to {to} has more than {MAX_TREND_POINTS} points, the maximum: narrow it, or group by \
             WEEK or MONTH"
        )));
    }
    Ok(points)
}

/// How many customers could be reached at the end of a day.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReachabilityPoint {
    /// The day at whose end it was so, in the workspace's time zone.
    date: Date,
    /// Customers of whom an identifier had been named by then; merged customers count once, from the first time that one of
    /// theirs was named.
    known: BigInt,
    /// Those of them of whom an address of the channel had been named.
    has_address: BigInt,
    /// Those of them with such an address that could be reached.
    reachable: BigInt,
    /// Those of them who had agreed to be messaged there, or said nothing where the channel's default is yes.
    consented: BigInt,
    /// Those of them who were on the list; null without one.
    subscribed: Option<BigInt>,
    /// Those who could be messaged: the last of the numbers above that is there.
    eligible: BigInt,
    /// The others by reason; only reasons that occurred.
    reasons: Vec<ReachabilityLossCount>,
}

impl ReachabilityPoint {
    /// The point of a day.
    pub fn of(day: i32, funnel: &ReachabilityFunnel, has_list: bool) -> Self {
        let reached = |step| BigInt(funnel.reached(step));
        Self {
            date: Date(date_of(day)),
            known: reached(ReachabilityStep::Known),
            has_address: reached(ReachabilityStep::HasAddress),
            reachable: reached(ReachabilityStep::Reachable),
            consented: reached(ReachabilityStep::Consented),
            subscribed: has_list.then(|| reached(ReachabilityStep::Subscribed)),
            eligible: BigInt(funnel.eligible()),
            reasons: funnel.lost().map(ReachabilityLossCount::from).collect(),
        }
    }
}

/// A group of a reachability funnel.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReachabilityGroup {
    /// The day at whose end it was so, in the workspace's time zone; null without DAY, WEEK or MONTH: now.
    date: Option<Date>,
    /// The list; null without LIST.
    list: Option<List>,
    /// Why the customers go no further; null for those who may be messaged, and without REASON.
    reason: Option<ReachabilityLossReason>,
    /// Customers; without REASON all that are known.
    customers: BigInt,
    /// The steps of the group's funnel, as those of the whole; null with REASON.
    steps: Option<Vec<ReachabilityStepCount>>,
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::domain::day::day_of;
    use crate::domain::workspace::{WorkspaceId, WorkspaceSettings};

    fn asked(from: Option<&str>, to: Option<&str>, by: &[ReachabilityDimension]) -> Result<TrendQuestion> {
        let workspace = Workspace {
            id: WorkspaceId(1),
            name: "default".to_owned(),
            time_zone: chrono_tz::America::New_York,
            currency: "USD".to_owned(),
            settings: WorkspaceSettings::default(),
        };
        TrendQuestion::of(Some(&DateRange::between(from.map(date), to.map(date))), by, &workspace)
    }

    fn date(text: &str) -> NaiveDate {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").expect("a day")
    }

    fn points(from: &str, to: &str, by: ReachabilityDimension) -> Vec<String> {
        let days = asked(Some(from), Some(to), &[by]).expect("a trend").days.expect("a range");
        days.into_iter().map(|day| date_of(day).to_string()).collect()
    }

    #[test]
    fn weeks_and_months_end_with_their_last_day_or_the_range() {
        assert_eq!(points("2026-03-07", "2026-03-10", ReachabilityDimension::Day).len(), 3);
        let weeks = points("2026-03-01", "2026-03-11", ReachabilityDimension::Week);
        assert_eq!(weeks, ["2026-03-01", "2026-03-08", "2026-03-10"]);
        let months = points("2026-01-31", "2026-04-01", ReachabilityDimension::Month);
        assert_eq!(months, ["2026-01-31", "2026-02-28", "2026-03-31"]);
    }

    #[test]
    fn what_cannot_be_answered_names_the_rule() {
        use ReachabilityDimension::{Day, List, Month, Week};
        let fault = |from, to, by: &[_]| asked(from, to, by).expect_err("no trend").to_string();
        assert_eq!(fault(None, Some("2026-01-01"), &[]), "range: from is missing, but a trend needs its first day");
        let reversed = fault(Some("2026-02-01"), Some("2026-01-01"), &[]);
        assert_eq!(reversed, "from: 2026-02-01 is not before to: 2026-01-01 (to is not included)");
        assert!(fault(Some("2199-01-01"), None, &[Month]).starts_with("from: 2199-01-01 is after today, "));
        assert!(
            fault(Some("2026-01-01"), Some("2026-01-02"), &[Day, Week]).starts_with("groupBy takes at most one of")
        );
        assert!(
            fault(Some("2026-01-01"), Some("2026-01-02"), &[List, List]).starts_with("groupBy takes at most one of")
        );
        let many = fault(Some("2020-01-01"), Some("2026-01-01"), &[Day]);
        assert!(many.contains("has more than 2000 points"), "{many}");
        assert_eq!(points("2020-01-01", "2026-01-01", Week).len(), 314);
    }

    #[test]
    fn a_range_without_an_end_goes_through_today() {
        let today = day_in_zone(Micros::now(), chrono_tz::America::New_York);
        let from = date_of(today - 2).to_string();
        let days = asked(Some(&from), None, &[]).expect("a trend").days.expect("a range");
        assert!(days == [today - 2, today - 1, today] || days.len() == 4, "midnight may pass meanwhile: {days:?}");
        assert_eq!(day_of(date(&from)), days[0]);
    }

    #[test]
    fn lists_and_days_together_are_bounded() {
        let question = asked(Some("2026-01-01"), Some("2026-02-01"), &[ReachabilityDimension::Day]).expect("a trend");
        assert!(question.check_lists(64).is_ok());
        let fault = question.check_lists(65).expect_err("too many").to_string();
        assert!(fault.contains("31 days of 65 lists are 2015 points, above the maximum of 2000"), "{fault}");
    }
}
