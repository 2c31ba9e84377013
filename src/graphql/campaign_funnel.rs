//! `Campaign.funnel`: its arguments, and its answer from maintained counts or from the states of the recipients.

use async_graphql::{Context, Enum, Object};

use super::context::caller;
use super::error::{Fault, Result};
use super::funnel_counts::{AutomationFilter, FunnelCounts, StepTimes, UniqueUnit};
use super::funnel_group::{CampaignFunnelGroup, FunnelDimension};
use super::funnel_reasons::{FunnelReasons, ReasonsOf};
use super::limits::{DEFAULT_FUNNEL_GROUPS, MAX_FUNNEL_DIMENSIONS, MAX_FUNNEL_GROUPS};
use super::loader::{FunnelKey, load};
use super::range::DateRange;
use crate::analytics::campaign_funnel::{CampaignCounts, FunnelQuestion, GroupCounts, Remainder};
use crate::domain::breakdown::{self, BreakdownQuestion, Dimension, GapQuestion, Span};
use crate::domain::funnel::{self, FunnelOptions};
use crate::domain::kind::Kind;

/// Which day an event counts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "breakdown::DateBasis")]
pub enum FunnelDateBasis {
    /// Its own. In `unique` a unit counts on the day of its first event of a kind, whenever that was.
    Event,
    /// The day on which its message was sent, by the earliest SENT event or send stamp of the message; its own day where the
    /// message has neither. In `unique` a unit counts on the day on which the message of its first event of a kind was
    /// sent. So the numbers of a range say what became of the messages that were sent in it, whenever it happened.
    Cohort,
}

/// The arguments of the field.
#[derive(Clone, Debug)]
pub struct FunnelArguments {
    /// Days counted, and their zone.
    pub range: Option<DateRange>,
    /// What counts once.
    pub unit: UniqueUnit,
    /// Which day an event counts on.
    pub by: FunnelDateBasis,
    /// What the groups are made of.
    pub group_by: Option<Vec<FunnelDimension>>,
    /// Most groups that are listed.
    pub group_limit: Option<i32>,
    /// Whether later steps imply earlier ones.
    pub implied_steps: bool,
    /// Whose opens and clicks count.
    pub automation: AutomationFilter,
}

/// The funnel of a campaign.
pub async fn answer(ctx: &Context<'_>, campaign: i64, arguments: FunnelArguments) -> Result<CampaignFunnel> {
    let workspace = &caller(ctx)?.workspace;
    let (days, zone) = DateRange::days_and_zone(arguments.range.as_ref(), workspace)?;
    let span = if days == (i32::MIN..i32::MAX) { Span::All } else { Span::Days(days) };
    let dimensions = dimensions(arguments.group_by.as_deref().unwrap_or_default())?;
    let breakdown = BreakdownQuestion { basis: arguments.by.into(), zone, span, dimensions };
    let most_groups = checked_limit(arguments.group_limit)?;
    let options = FunnelOptions {
        unit: arguments.unit.into(),
        implied_steps: arguments.implied_steps,
        automation: arguments.automation.into(),
        infer_deliveries: false,
    };
    let question =
        FunnelQuestion { breakdown: breakdown.clone(), kept_zone: workspace.time_zone, options, most_groups };
    let counts = load(ctx, FunnelKey { campaign, question }).await?.unwrap_or_default();
    let options = FunnelOptions { infer_deliveries: !counts.reports_deliveries, ..options };
    Ok(CampaignFunnel::of(counts, ReasonsOf { campaign, question: breakdown, options }))
}

fn dimensions(group_by: &[FunnelDimension]) -> Result<Vec<Dimension>> {
    if group_by.len() > MAX_FUNNEL_DIMENSIONS {
        let message = format!("groupBy: {} dimensions exceed the maximum of {MAX_FUNNEL_DIMENSIONS}", group_by.len());
        return Err(Fault::bad_input(message));
    }
    let mut dimensions = Vec::with_capacity(group_by.len());
    for dimension in group_by.iter().map(|dimension| dimension.dimension()) {
        let rule = "groupBy: CAMPAIGN and TAG tell campaigns apart: ask performance";
        let dimension = dimension.ok_or_else(|| Fault::bad_input(rule))?;
        if dimensions.contains(&dimension) {
            return Err(Fault::bad_input("groupBy: each dimension may stand there once"));
        }
        dimensions.push(dimension);
    }
    Ok(dimensions)
}

fn checked_limit(limit: Option<i32>) -> Result<usize> {
    let limit = limit.map_or(Ok(DEFAULT_FUNNEL_GROUPS), usize::try_from);
    let limit = limit.ok().filter(|limit| (1..=MAX_FUNNEL_GROUPS).contains(limit));
    limit.ok_or_else(|| Fault::bad_input(format!("groupLimit: it takes 1 to {MAX_FUNNEL_GROUPS}")))
}

/// The funnel of a campaign.
#[derive(Clone, Debug)]
pub struct CampaignFunnel {
    counts: FunnelCounts,
    groups: Option<Vec<CampaignFunnelGroup>>,
    remainder: Option<CampaignFunnelRemainder>,
    reasons: ReasonsOf,
}

impl CampaignFunnel {
    fn of(counts: CampaignCounts, reasons: ReasonsOf) -> Self {
        let ReasonsOf { campaign, question, options } = &reasons;
        let asked = GapQuestion { question: question.clone(), options: *options };
        let times = |key| StepTimes { campaign: *campaign, asked: asked.clone(), group: key };
        let whole = funnel::FunnelCounts::of(&counts.whole, *options);
        let group = |group: GroupCounts| {
            let numbers = funnel::FunnelCounts::of(&group.counts, *options);
            CampaignFunnelGroup::new(group.values, FunnelCounts::with_times(numbers, times(Some(group.key))))
        };
        let remainder = |Remainder { groups, counts }| CampaignFunnelRemainder {
            groups,
            counts: FunnelCounts::new(funnel::FunnelCounts::of(&counts, *options)),
        };
        Self {
            counts: FunnelCounts::with_times(whole, times(None)),
            groups: (!question.dimensions.is_empty()).then(|| counts.groups.into_iter().map(group).collect()),
            remainder: counts.remainder.map(remainder),
            reasons,
        }
    }
}

/// How many were targeted, sent to, delivered to, opened and clicked, and what happened beside.
#[Object]
impl CampaignFunnel {
    /// The numbers of the whole campaign within the range.
    #[graphql(flatten)]
    #[expect(clippy::unused_async, reason = "flattened fields are asynchronous")]
    async fn counts(&self) -> &FunnelCounts {
        &self.counts
    }

    /// The numbers of groups, ordered by the values of the first dimension of `groupBy`, then of the next; null before any
    /// value. Null without `groupBy`. Groups in which nothing is counted are left out; of more than `groupLimit` those with
    /// the most events are listed. In a group that is not a day, week or month a unit counts at its first event within
    /// the group, so that unique numbers of groups need not add up to those of the whole.
    async fn groups(&self) -> Option<&[CampaignFunnelGroup]> {
        self.groups.as_deref()
    }

    /// The groups that `groupLimit` left out, summed up; null when all are listed.
    async fn remainder(&self) -> Option<&CampaignFunnelRemainder> {
        self.remainder.as_ref()
    }

    /// Why recipients were held out: events of the kind `HELD_OUT` by reason.
    #[graphql(complexity = "20 + child_complexity")]
    async fn held_out_reasons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Most reasons, 1 to 1,000; without it, 100.")] first: Option<i32>,
    ) -> Result<FunnelReasons> {
        self.reasons.answer(ctx, &[Kind::HeldOut], first).await
    }

    /// Why messages were not sent: events of the kind `SKIPPED` by reason.
    #[graphql(complexity = "20 + child_complexity")]
    async fn skip_reasons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Most reasons, 1 to 1,000; without it, 100.")] first: Option<i32>,
    ) -> Result<FunnelReasons> {
        self.reasons.answer(ctx, &[Kind::Skipped], first).await
    }

    /// Why messages failed: events of the kind `FAILED` by reason.
    #[graphql(complexity = "20 + child_complexity")]
    async fn fail_reasons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Most reasons, 1 to 1,000; without it, 100.")] first: Option<i32>,
    ) -> Result<FunnelReasons> {
        self.reasons.answer(ctx, &[Kind::Failed], first).await
    }

    /// Why messages bounced: events of the kinds `SOFT_BOUNCED` and `HARD_BOUNCED` by reason.
    #[graphql(complexity = "20 + child_complexity")]
    async fn bounce_reasons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Most reasons, 1 to 1,000; without it, 100.")] first: Option<i32>,
    ) -> Result<FunnelReasons> {
        self.reasons.answer(ctx, &[Kind::SoftBounced, Kind::HardBounced], first).await
    }
}

/// What a list of groups leaves out.
#[derive(Clone, Debug)]
pub struct CampaignFunnelRemainder {
    groups: usize,
    counts: FunnelCounts,
}

/// The groups of a funnel that are not listed one by one.
#[Object]
impl CampaignFunnelRemainder {
    /// Number of groups.
    async fn groups(&self) -> i32 {
        i32::try_from(self.groups).unwrap_or(i32::MAX)
    }

    /// The sums of the groups' numbers: a unit counts in each of its groups.
    #[graphql(flatten)]
    #[expect(clippy::unused_async, reason = "flattened fields are asynchronous")]
    async fn counts(&self) -> &FunnelCounts {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FunnelDimension::{Channel, Day, Run, Treatment};

    #[test]
    fn groups_are_made_of_at_most_three_dimensions_each_once() {
        assert_eq!(dimensions(&[]).expect("none"), []);
        let three = dimensions(&[Day, Run, Channel]).expect("three");
        assert_eq!(three, [Dimension::Day, Dimension::Run, Dimension::Channel]);
        for wrong in [&[Run, Treatment, Day, Channel][..], &[Run, Run]] {
            assert_eq!(dimensions(wrong).expect_err("refused").code(), "BAD_INPUT");
        }
    }

    #[test]
    fn the_number_of_groups_has_bounds() {
        assert_eq!(checked_limit(None).expect("a default"), DEFAULT_FUNNEL_GROUPS);
        assert_eq!(checked_limit(Some(1)).expect("one"), 1);
        for wrong in [0, -1, 5_001] {
            assert_eq!(checked_limit(Some(wrong)).expect_err("refused").code(), "BAD_INPUT");
        }
    }
}
