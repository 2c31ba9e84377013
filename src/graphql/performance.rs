//! `performance`: the numbers of many campaigns together, by campaign, tag, channel or time, beside a period before.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::campaign::{Campaign, bounded};
use super::context::{caller, store};
use super::error::{Fault, Result};
use super::funnel_counts::{AutomationFilter, CountBasis, FunnelStep, UniqueUnit};
use super::funnel_group::FunnelDimension;
use super::limits::{DEFAULT_PERFORMANCE_ROWS, MAX_PERFORMANCE_CAMPAIGNS, MAX_PERFORMANCE_ROWS};
use super::loader::{CampaignKey, load};
use super::node::NodeId;
use super::page::OrderDirection;
use super::performance_numbers::{PerformanceNumbers, Rate};
use super::range::DateRange;
use super::scalar::Date;
use crate::analytics::performance::{self, Group, OrderBy, PerformanceOrder as Order, PerformanceQuestion};
use crate::domain::day::date_of;
use crate::domain::funnel::FunnelOptions;
use crate::domain::period::{Comparison, Granularity};
use crate::domain::rollup::Grouping;
use crate::store::campaign::CampaignFilter;

/// Which period a period is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PerformanceComparison {
    /// As many days just before its first.
    PreviousPeriod,
    /// The same days of the year before; what begins on a 29 February begins on 1 March there.
    PreviousYear,
    /// None.
    None,
}

impl PerformanceComparison {
    fn wanted(self) -> Option<Comparison> {
        match self {
            Self::PreviousPeriod => Some(Comparison::PreviousPeriod),
            Self::PreviousYear => Some(Comparison::PreviousYear),
            Self::None => None,
        }
    }
}

/// The order of rows: by one of `step` and `rate`, else by group, which is the time, the campaign's name (its external id
/// where it has none), the tag and the value. Ties are by group, and rows whose rate is null come last.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct PerformanceOrder {
    /// By the count of this step.
    step: Option<FunnelStep>,
    /// By this rate.
    rate: Option<Rate>,
    /// Which of the step's numbers, or which numbers the rate is made of.
    #[graphql(default_with = "Some(CountBasis::Unique)")]
    basis: Option<CountBasis>,
    /// In which direction; without it, groups ascending, numbers descending.
    direction: Option<OrderDirection>,
}

impl PerformanceOrder {
    fn wanted(order: Option<Self>) -> Result<Order> {
        let Some(order) = order else { return Ok(Order { by: OrderBy::Group, is_descending: false }) };
        let basis = order.basis.unwrap_or(CountBasis::Unique).into();
        let by = match (order.step, order.rate) {
            (None, None) => OrderBy::Group,
            (Some(step), None) => OrderBy::Count(step.kind(), basis),
            (None, Some(rate)) => OrderBy::Rate(rate.into(), basis),
            _ => return Err(Fault::bad_input("orderBy takes one of step and rate")),
        };
        let default = if by == OrderBy::Group { OrderDirection::Asc } else { OrderDirection::Desc };
        Ok(Order { by, is_descending: order.direction.unwrap_or(default) == OrderDirection::Desc })
    }
}

/// The arguments of the field.
#[derive(Clone, Debug)]
pub struct PerformanceArguments {
    /// These campaigns.
    pub campaigns: Option<Vec<ID>>,
    /// With any of these tags.
    pub tags: Option<Vec<String>>,
    /// Counts of these channels.
    pub channels: Option<Vec<String>>,
    /// Archived ones only, or the others only.
    pub is_archived: Option<bool>,
    /// Days of the events counted.
    pub range: Option<DateRange>,
    /// What rows are.
    pub group_by: Vec<FunnelDimension>,
    /// What the numbers are compared with.
    pub compare_to: PerformanceComparison,
    /// What counts once.
    pub unit: UniqueUnit,
    /// Whether later steps imply earlier ones.
    pub implied_steps: bool,
    /// Whose opens and clicks count.
    pub automation: AutomationFilter,
    /// The order of the rows.
    pub order_by: Option<PerformanceOrder>,
    /// Most rows.
    pub limit: Option<i32>,
}

/// The answer.
pub async fn answer(ctx: &Context<'_>, arguments: PerformanceArguments) -> Result<CampaignPerformance> {
    let (store, caller) = (store(ctx)?, caller(ctx)?);
    let days = DateRange::days(arguments.range.as_ref(), &caller.workspace)?;
    let tags = bounded("tags", arguments.tags)?;
    let rows = Dimensions::of(&arguments.group_by)?;
    let lower = |channel: String| channel.trim().to_lowercase();
    let channels: Vec<String> = bounded("channels", arguments.channels)?.into_iter().map(lower).collect();
    if !channels.is_empty() && !matches!(rows.grouping, Grouping::None | Grouping::Channel) {
        return Err(Fault::bad_input("channels: not together with groupBy RUN, TREATMENT or TOUCHPOINT"));
    }
    let ids = named(arguments.campaigns)?;
    let filter =
        CampaignFilter { tags: tags.clone(), is_archived: arguments.is_archived, ids, ..CampaignFilter::default() };
    let campaigns = crate::store::campaign::matching(store, caller.workspace_id(), &filter).await?;
    all_found(ctx, &filter.ids).await?;
    let is_bounded = days.start != i32::MIN && days.end != i32::MAX;
    let question = PerformanceQuestion {
        comparison: arguments.compare_to.wanted().filter(|_| is_bounded),
        days,
        channels,
        by_campaign: rows.by_campaign,
        by_tag: rows.by_tag.then_some(tags),
        grouping: rows.grouping,
        granularity: rows.granularity,
        with_empty: !filter.ids.is_empty(),
        options: FunnelOptions {
            unit: arguments.unit.into(),
            implied_steps: arguments.implied_steps,
            automation: arguments.automation.into(),
            infer_deliveries: false,
        },
        order: PerformanceOrder::wanted(arguments.order_by)?,
        limit: limit(arguments.limit)?,
    };
    let answer = performance::performance(store, caller.workspace_id(), &campaigns, &question).await?;
    Ok(CampaignPerformance::of(answer, &question, campaigns))
}

/// The numbers of the named campaigns, each once; an id that is not one of a campaign names nothing.
fn named(ids: Option<Vec<ID>>) -> Result<Vec<i64>> {
    let Some(ids) = ids else { return Ok(Vec::new()) };
    if ids.is_empty() {
        return Err(Fault::bad_input("campaigns: the list is empty; leave it out to admit all"));
    }
    if ids.len() > MAX_PERFORMANCE_CAMPAIGNS {
        let number = ids.len();
        let rule = format!("campaigns: {number} ids exceed the maximum of {MAX_PERFORMANCE_CAMPAIGNS}");
        return Err(Fault::bad_input(rule));
    }
    let number = |id: &ID| NodeId::campaign(id).ok_or_else(|| unknown(id));
    let mut numbers = ids.iter().map(number).collect::<Result<Vec<i64>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// An empty answer for an id that names nothing would look like one.
async fn all_found(ctx: &Context<'_>, ids: &[i64]) -> Result<()> {
    let found = futures_util::future::try_join_all(ids.iter().map(|id| load(ctx, CampaignKey(*id)))).await?;
    match found.iter().zip(ids).find(|(campaign, _)| campaign.is_none()) {
        Some((_, missing)) => Err(unknown(&NodeId::Campaign(*missing).encode())),
        None => Ok(()),
    }
}

fn unknown(id: &ID) -> Fault {
    Fault::not_found(format!("campaigns: {} names no campaign of this workspace", id.as_str()))
}

fn limit(limit: Option<i32>) -> Result<usize> {
    let Some(limit) = limit else { return Ok(DEFAULT_PERFORMANCE_ROWS) };
    let asked = usize::try_from(limit).ok().filter(|limit| (1..=MAX_PERFORMANCE_ROWS).contains(limit));
    asked.ok_or_else(|| Fault::bad_input(format!("limit: {limit} is not within 1 and {MAX_PERFORMANCE_ROWS}")))
}

/// What rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dimensions {
    by_campaign: bool,
    by_tag: bool,
    grouping: Grouping,
    granularity: Option<Granularity>,
}

impl Dimensions {
    fn of(group_by: &[FunnelDimension]) -> Result<Self> {
        let mut rows = Self { by_campaign: false, by_tag: false, grouping: Grouping::None, granularity: None };
        for dimension in group_by {
            let again = match dimension {
                FunnelDimension::Campaign => std::mem::replace(&mut rows.by_campaign, true),
                FunnelDimension::Tag => std::mem::replace(&mut rows.by_tag, true),
                FunnelDimension::Day => rows.granularity.replace(Granularity::Day).is_some(),
                FunnelDimension::Week => rows.granularity.replace(Granularity::Week).is_some(),
                FunnelDimension::Month => rows.granularity.replace(Granularity::Month).is_some(),
                FunnelDimension::Run => rows.group(Grouping::Run),
                FunnelDimension::Treatment => rows.group(Grouping::Treatment),
                FunnelDimension::Touchpoint => rows.group(Grouping::Touchpoint),
                FunnelDimension::Channel => rows.group(Grouping::Channel),
                FunnelDimension::List | FunnelDimension::Reason | FunnelDimension::Url => true,
            };
            if again {
                return Err(Fault::bad_input(RULE));
            }
        }
        Ok(rows)
    }

    fn group(&mut self, grouping: Grouping) -> bool {
        std::mem::replace(&mut self.grouping, grouping) != Grouping::None
    }
}

const RULE: &str = "groupBy takes CAMPAIGN, TAG, one of CHANNEL, RUN, TREATMENT and TOUCHPOINT, and one of DAY, WEEK and \
                    MONTH, each once";

/// The numbers of several campaigns.
pub struct CampaignPerformance {
    question: PerformanceQuestion,
    previous: Option<std::ops::Range<i32>>,
    total: PerformanceNumbers,
    rows: Vec<PerformanceRow>,
    remainder: Option<(usize, PerformanceNumbers)>,
    campaigns: usize,
}

impl CampaignPerformance {
    fn of(
        answer: performance::Performance,
        question: &PerformanceQuestion,
        campaigns: Vec<entity::campaign::Model>,
    ) -> Self {
        let number = campaigns.len();
        let by_id: std::collections::HashMap<i64, entity::campaign::Model> =
            campaigns.into_iter().map(|campaign| (campaign.id, campaign)).collect();
        let row = |row: performance::PerformanceRow| PerformanceRow {
            campaign: row.group.campaign.and_then(|id| by_id.get(&id).cloned()).map(Campaign::from),
            grouping: question.grouping,
            group: row.group,
            numbers: row.numbers.into(),
        };
        Self {
            question: question.clone(),
            previous: answer.previous_days,
            total: answer.total.into(),
            rows: answer.rows.into_iter().map(row).collect(),
            remainder: answer.remainder.map(|(rows, numbers)| (rows, numbers.into())),
            campaigns: number,
        }
    }
}

/// The numbers of several campaigns, from counts that are kept up to date with every event.
#[Object]
impl CampaignPerformance {
    /// How many campaigns were asked about: those that are named, else all that the filters admit.
    async fn campaign_count(&self) -> i32 {
        i32::try_from(self.campaigns).unwrap_or(i32::MAX)
    }

    /// The days counted, in the workspace's time zone; null where all days are.
    async fn period(&self) -> Option<DayRange> {
        DayRange::of(&self.question.days)
    }

    /// The days that the numbers are compared with; null without a comparison, and where the range is open.
    async fn previous_period(&self) -> Option<DayRange> {
        self.previous.as_ref().and_then(DayRange::of)
    }

    /// All campaigns together, each once. Rows need not add up to it: a campaign counts in the row of each of its tags, and a
    /// unit in every channel, run, treatment or touchpoint in which it was seen.
    async fn total(&self) -> &PerformanceNumbers {
        &self.total
    }

    /// The rows, in the order asked for, up to `limit`; empty without dimensions. A row without any count in either period
    /// is left out, but for named campaigns where rows are campaigns and nothing else.
    async fn rows(&self) -> &[PerformanceRow] {
        &self.rows
    }

    /// What `limit` left out; null where that is nothing.
    async fn remainder(&self) -> Option<PerformanceRemainder<'_>> {
        let (rows, numbers) = self.remainder.as_ref()?;
        Some(PerformanceRemainder { rows: i32::try_from(*rows).unwrap_or(i32::MAX), numbers })
    }
}

/// A range of whole days.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct DayRange {
    /// The first day; null where the range has no beginning.
    from: Option<Date>,
    /// The day after the last, which is not included; null where the range has no end.
    to: Option<Date>,
}

impl DayRange {
    fn of(days: &std::ops::Range<i32>) -> Option<Self> {
        let from = (days.start != i32::MIN).then(|| Date(date_of(days.start)));
        let to = (days.end != i32::MAX).then(|| Date(date_of(days.end)));
        (from.is_some() || to.is_some()).then_some(Self { from, to })
    }
}

/// Rows that a limit left out.
pub struct PerformanceRemainder<'a> {
    rows: i32,
    numbers: &'a PerformanceNumbers,
}

/// The rows that a limit left out, as one.
#[Object]
impl PerformanceRemainder<'_> {
    /// How many rows were left out.
    async fn row_count(&self) -> i32 {
        self.rows
    }

    /// The sum of their numbers.
    #[graphql(flatten)]
    #[expect(clippy::unused_async, reason = "flattened fields are asynchronous")]
    async fn numbers(&self) -> &PerformanceNumbers {
        self.numbers
    }
}

/// The numbers of one group.
pub struct PerformanceRow {
    campaign: Option<Campaign>,
    grouping: Grouping,
    group: Group,
    numbers: PerformanceNumbers,
}

impl PerformanceRow {
    fn value_in(&self, grouping: Grouping) -> Option<&str> {
        if self.grouping == grouping { self.group.value.as_deref() } else { None }
    }
}

/// The numbers of one group of campaigns' events.
#[Object]
impl PerformanceRow {
    /// The campaign, when grouped by CAMPAIGN; otherwise null.
    async fn campaign(&self) -> Option<&Campaign> {
        self.campaign.as_ref()
    }

    /// The tag, when grouped by TAG; null for campaigns without any.
    async fn tag(&self) -> Option<&str> {
        self.group.tag.as_deref()
    }

    /// The channel, when grouped by CHANNEL; null for events without one.
    async fn channel(&self) -> Option<&str> {
        self.value_in(Grouping::Channel)
    }

    /// The run, when grouped by RUN; null for events without one. Runs of two campaigns with the same id are one row,
    /// unless rows are grouped by CAMPAIGN too.
    async fn run(&self) -> Option<&str> {
        self.value_in(Grouping::Run)
    }

    /// The treatment, when grouped by TREATMENT; null for events without one.
    async fn treatment(&self) -> Option<&str> {
        self.value_in(Grouping::Treatment)
    }

    /// The touchpoint, when grouped by TOUCHPOINT; null for events without one.
    async fn touchpoint(&self) -> Option<&str> {
        self.value_in(Grouping::Touchpoint)
    }

    /// The first day of the stretch of time, when grouped by DAY, WEEK (ISO weeks, from Monday) or MONTH; otherwise null. It
    /// may lie before the range, of which only the part within counts. The row is compared with the same days of the
    /// previous period: those as far from its beginning, or of the year before.
    async fn day(&self) -> Option<Date> {
        self.group.day.map(|day| Date(date_of(day)))
    }

    /// The numbers of the group.
    #[graphql(flatten)]
    #[expect(clippy::unused_async, reason = "flattened fields are asynchronous")]
    async fn numbers(&self) -> &PerformanceNumbers {
        &self.numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FunnelDimension::{Campaign, Channel, Day, Month, Run, Tag};

    #[test]
    fn rows_are_of_each_sort_of_dimension_at_most_one() {
        let rows = Dimensions::of(&[Month, Tag, Channel, Campaign]).expect("one of each");
        let expected = Dimensions {
            by_campaign: true,
            by_tag: true,
            grouping: Grouping::Channel,
            granularity: Some(Granularity::Month),
        };
        assert_eq!(rows, expected);
        for wrong in [&[Day, Month][..], &[Run, Channel], &[Tag, Tag], &[Campaign, Campaign]] {
            assert_eq!(Dimensions::of(wrong).expect_err("too many").to_string(), RULE);
        }
    }

    #[test]
    fn a_limit_has_bounds() {
        assert_eq!(limit(None).expect("the default"), DEFAULT_PERFORMANCE_ROWS);
        for wrong in [0, -1, i32::MAX] {
            assert_eq!(limit(Some(wrong)).expect_err("no limit").code(), "BAD_INPUT");
        }
    }
}
