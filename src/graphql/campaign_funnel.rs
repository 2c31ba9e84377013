//! `Campaign.funnel`: its arguments, and its answer from maintained counts.

use async_graphql::{Context, Enum, Object};

use super::context::caller;
use super::error::{Fault, Result};
use super::funnel_counts::{AutomationFilter, FunnelCounts, UniqueUnit};
use super::limits::MAX_FUNNEL_GROUPS;
use super::loader::{FunnelKey, load};
use super::range::DateRange;
use super::scalar::Date;
use crate::analytics::campaign_funnel::{CampaignCounts, FunnelQuestion, GroupCounts};
use crate::domain::day::date_of;
use crate::domain::funnel::{self, FunnelOptions};
use crate::domain::rollup::Grouping;

/// What the groups of a funnel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum FunnelDimension {
    /// Single executions of the campaign.
    Run,
    /// Variants that recipients got.
    Treatment,
    /// Steps within the campaign.
    Touchpoint,
    /// Channels.
    Channel,
    /// Days in the workspace's time zone. A unit counts once over all days, on that of its first event of a kind.
    Day,
    /// ISO weeks, from Monday: as DAY.
    Week,
    /// Calendar months: as DAY.
    Month,
    /// Campaigns: in `performance` only.
    Campaign,
    /// Tags of campaigns: in `performance` only. A campaign counts in the row of each of its tags.
    Tag,
}

impl FunnelDimension {
    fn grouping(self) -> Option<Grouping> {
        match self {
            Self::Run => Some(Grouping::Run),
            Self::Treatment => Some(Grouping::Treatment),
            Self::Touchpoint => Some(Grouping::Touchpoint),
            Self::Channel => Some(Grouping::Channel),
            _ => None,
        }
    }
}

/// The arguments of the field.
#[derive(Clone, Debug)]
pub struct FunnelArguments {
    /// Days of the events counted.
    pub range: Option<DateRange>,
    /// What counts once.
    pub unit: UniqueUnit,
    /// What the groups are.
    pub group_by: Option<Vec<FunnelDimension>>,
    /// Whether later steps imply earlier ones.
    pub implied_steps: bool,
    /// Whose opens and clicks count.
    pub automation: AutomationFilter,
}

/// The funnel of a campaign.
pub async fn answer(ctx: &Context<'_>, campaign: i64, arguments: FunnelArguments) -> Result<CampaignFunnel> {
    let days = DateRange::days(arguments.range.as_ref(), &caller(ctx)?.workspace)?;
    let (grouping, by_day) = dimensions(arguments.group_by.as_deref().unwrap_or_default())?;
    let question = FunnelQuestion { days, grouping, by_day };
    let counts = load(ctx, FunnelKey { campaign, question: question.clone() }).await?.unwrap_or_default();
    let groups = counts.groups.len();
    if groups > MAX_FUNNEL_GROUPS {
        let message = format!("the funnel has {groups} groups, above the maximum of {MAX_FUNNEL_GROUPS}: narrow range");
        return Err(Fault::LimitExceeded(message));
    }
    Ok(CampaignFunnel::of(counts, &question, &arguments))
}

fn dimensions(group_by: &[FunnelDimension]) -> Result<(Grouping, bool)> {
    let mut grouping = Grouping::None;
    let mut by_day = false;
    for dimension in group_by {
        let again = match (dimension, dimension.grouping()) {
            (FunnelDimension::Day, _) => std::mem::replace(&mut by_day, true),
            (_, Some(wanted)) => std::mem::replace(&mut grouping, wanted) != Grouping::None,
            _ => true,
        };
        if again {
            return Err(Fault::bad_input(
                "groupBy takes at most one of RUN, TREATMENT, TOUCHPOINT and CHANNEL, alone or with DAY, each once",
            ));
        }
    }
    Ok((grouping, by_day))
}

/// The funnel of a campaign.
#[derive(Clone, Debug)]
pub struct CampaignFunnel {
    counts: FunnelCounts,
    groups: Option<Vec<CampaignFunnelGroup>>,
}

impl CampaignFunnel {
    fn of(counts: CampaignCounts, question: &FunnelQuestion, arguments: &FunnelArguments) -> Self {
        let options = FunnelOptions {
            unit: arguments.unit.into(),
            implied_steps: arguments.implied_steps,
            automation: arguments.automation.into(),
            infer_deliveries: !counts.reports_deliveries,
        };
        let group = |group: GroupCounts| CampaignFunnelGroup {
            dimension: question.grouping,
            value: group.value,
            day: group.day,
            counts: FunnelCounts(funnel::FunnelCounts::of(&group.counts, options)),
        };
        let groups = question.has_groups().then(|| counts.groups.into_iter().map(group).collect());
        Self { counts: FunnelCounts(funnel::FunnelCounts::of(&counts.whole, options)), groups }
    }
}

/// How many were targeted, sent to, delivered to, opened and clicked, and what happened beside.
#[Object]
impl CampaignFunnel {
    /// The numbers of the whole campaign within the range.
    #[graphql(flatten)]
    fn counts(&self) -> &FunnelCounts {
        &self.counts
    }

    /// The numbers of every group, ordered by value and day; null without `groupBy`. A group without any event is left
    /// out. In a group that is not a day a unit counts at its first event within the group, so that unique numbers of
    /// groups need not add up to those of the whole.
    fn groups(&self) -> Option<&[CampaignFunnelGroup]> {
        self.groups.as_deref()
    }
}

/// The numbers of one group.
#[derive(Clone, Debug)]
pub struct CampaignFunnelGroup {
    dimension: Grouping,
    value: Option<String>,
    day: Option<i32>,
    counts: FunnelCounts,
}

impl CampaignFunnelGroup {
    fn value_in(&self, dimension: Grouping) -> Option<&str> {
        if self.dimension == dimension { self.value.as_deref() } else { None }
    }
}

/// The numbers of one group of a campaign's funnel.
#[Object]
impl CampaignFunnelGroup {
    /// The run, when grouped by RUN; null for events without one.
    fn run(&self) -> Option<&str> {
        self.value_in(Grouping::Run)
    }

    /// The treatment, when grouped by TREATMENT; null for events without one.
    fn treatment(&self) -> Option<&str> {
        self.value_in(Grouping::Treatment)
    }

    /// The touchpoint, when grouped by TOUCHPOINT; null for events without one.
    fn touchpoint(&self) -> Option<&str> {
        self.value_in(Grouping::Touchpoint)
    }

    /// The channel, when grouped by CHANNEL; null for events without one.
    fn channel(&self) -> Option<&str> {
        self.value_in(Grouping::Channel)
    }

    /// The day in the workspace's time zone, when grouped by DAY; otherwise null.
    fn day(&self) -> Option<Date> {
        self.day.map(|day| Date(date_of(day)))
    }

    /// The numbers of the group.
    #[graphql(flatten)]
    fn counts(&self) -> &FunnelCounts {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FunnelDimension::{Channel, Day, Run, Treatment};

    #[test]
    fn groups_are_one_dimension_alone_or_with_days() {
        assert_eq!(dimensions(&[]).expect("none"), (Grouping::None, false));
        assert_eq!(dimensions(&[Day]).expect("days"), (Grouping::None, true));
        assert_eq!(dimensions(&[Day, Run]).expect("runs by day"), (Grouping::Run, true));
        assert_eq!(dimensions(&[Channel]).expect("channels"), (Grouping::Channel, false));
        for wrong in [&[Run, Treatment][..], &[Run, Run], &[Day, Day], &[Day, Run, Channel]] {
            assert_eq!(dimensions(wrong).expect_err("too many").code(), "BAD_INPUT");
        }
    }
}
