//! The counts of many campaigns together: by campaign, tag, channel or time, beside those of the period before. Sums of
//! kept rows: one statement for each sort of row, whatever the number of campaigns.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use entity::{campaign, cell};

use crate::domain::day::day_in_zone;
use crate::domain::funnel::{DeliveredBasis, FunnelCounts, FunnelOptions};
use crate::domain::hash::group_id;
use crate::domain::kind::Kind;
use crate::domain::period::{Comparison, Granularity, months_and_days};
use crate::domain::rates::{CountBasis, Rate, RateBase, rate};
use crate::domain::rollup::{Counts, Grouping, Metric, Variant};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::rollup::Span;
use crate::store::{self, Store};
use crate::{Error, Result};

/// What is wanted of some campaigns.
#[derive(Clone, Debug)]
pub struct PerformanceQuestion {
    /// Days in the workspace's zone, since 1970; the end is not included.
    pub days: Range<i32>,
    /// What the numbers stand beside.
    pub comparison: Option<Comparison>,
    /// On these channels only, where a unit counts on each; empty: on all.
    pub channels: Vec<String>,
    /// Whether every campaign has rows of its own.
    pub by_campaign: bool,
    /// Whether every tag has rows of its own: these, or all where there are none.
    pub by_tag: Option<Vec<String>>,
    /// What rows are grouped by besides: with `channels`, by nothing or by channel.
    pub grouping: Grouping,
    /// How long the stretches of time are that have rows of their own.
    pub granularity: Option<Granularity>,
    /// Whether campaigns without any count have a row too, where rows are campaigns and nothing else.
    pub with_empty: bool,
    /// How the counts are to be read.
    pub options: FunnelOptions,
    /// The order of the rows.
    pub order: PerformanceOrder,
    /// Most rows; those behind are summed up.
    pub limit: usize,
}

impl PerformanceQuestion {
    fn has_groups(&self) -> bool {
        let is_grouped = self.grouping != Grouping::None || self.granularity.is_some();
        is_grouped || self.by_campaign || self.by_tag.is_some()
    }
}

/// The order of rows; ties, and what has no rate, are by group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerformanceOrder {
    /// What decides.
    pub by: OrderBy,
    /// Whether the largest, or latest, comes first.
    pub is_descending: bool,
}

/// What decides the order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderBy {
    /// Time, the campaign's name, tag and value, in this order.
    Group,
    /// A count.
    Count(Kind, CountBasis),
    /// A rate.
    Rate(Rate, CountBasis),
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Performance {
    /// The days compared with, where a comparison was wanted.
    pub previous_days: Option<Range<i32>>,
    /// All campaigns together, each once.
    pub total: Numbers,
    /// The first rows.
    pub rows: Vec<PerformanceRow>,
    /// The sum of the rows that the limit left out, and their number.
    pub remainder: Option<(usize, Numbers)>,
}

/// The counts of a period and of the one that it is compared with.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Of the period.
    pub current: FunnelCounts,
    /// Of the period before, where a comparison was wanted.
    pub previous: Option<FunnelCounts>,
}

/// The numbers of a group.
#[derive(Clone, Debug)]
pub struct PerformanceRow {
    /// What the group shares.
    pub group: Group,
    /// Its numbers.
    pub numbers: Numbers,
}

/// What the events of a row share; none of what rows are not grouped by, and of values that events do not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// First day of the day, week or month.
    pub day: Option<i32>,
    /// The place of the campaign in the order of names.
    campaign_place: usize,
    /// The campaign.
    pub campaign: Option<i64>,
    /// The tag.
    pub tag: Option<String>,
    /// The run, treatment, touchpoint or channel.
    pub value: Option<String>,
}

/// The numbers of several campaigns, which must belong to the workspace.
pub async fn performance(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[campaign::Model],
    question: &PerformanceQuestion,
) -> Result<Performance> {
    let ids: Vec<i64> = campaigns.iter().map(|campaign| campaign.id).collect();
    let previous_days = question.comparison.map(|comparison| comparison.days_before(&question.days));
    let reading = Reading::of(question);
    let (activity, found) =
        futures_util::try_join!(store::campaign::activity(store, workspace, &ids), reading.read(store, &ids))?;
    // A unit counts once in a campaign and once in each of its groups: where these are not the same, both are read.
    let whole = match Reading::of_whole(question) {
        None => None,
        Some(reading) => Some(reading.read(store, &ids).await?),
    };
    // Cells are read after the rows, so that every group that was counted has its value.
    let values = match question.grouping {
        Grouping::None => HashMap::new(),
        grouping => values_by_group(&store::cell::of_campaigns(store, workspace, &ids).await?, grouping),
    };
    let infers = |campaign: i64| {
        question.options.implied_steps && activity.get(&campaign).is_none_or(|activity| activity.delivered == 0)
    };
    let mut total = Sum::default();
    for ((campaign, ..), sides) in whole.as_ref().unwrap_or(&found) {
        total.add(sides, infers(*campaign));
    }
    let rows = group_rows(campaigns, question, &Found { sides: found, values }, infers)?;
    Ok(finish(rows, &total, question, previous_days))
}

/// Counts of the period, and of the one before.
type Sides = [Counts; 2];

/// Counts by campaign, group and stretch of time.
type BySlice = HashMap<(i64, i64, i32), Sides>;

/// Which rows are read, and which stretch of time a day belongs to.
struct Reading<'a> {
    question: &'a PerformanceQuestion,
    grouping: Grouping,
    groups: Option<Vec<i64>>,
    granularity: Option<Granularity>,
}

impl<'a> Reading<'a> {
    /// What the rows of the answer are made of.
    fn of(question: &'a PerformanceQuestion) -> Self {
        let groups: Vec<i64> = question.channels.iter().map(|channel| group_id(Some(channel))).collect();
        let (grouping, groups) =
            if groups.is_empty() { (question.grouping, None) } else { (Grouping::Channel, Some(groups)) };
        Self { question, grouping, groups, granularity: question.granularity }
    }

    /// What the total is made of, where it is not the sum of the rows.
    fn of_whole(question: &'a PerformanceQuestion) -> Option<Self> {
        let is_sum = question.grouping == Grouping::None || !question.channels.is_empty();
        (!is_sum).then_some(Self { question, grouping: Grouping::None, groups: None, granularity: None })
    }

    async fn read(&self, store: &Store, campaigns: &[i64]) -> Result<BySlice> {
        let days = &self.question.days;
        let mut found = BySlice::new();
        let by_month = matches!(self.granularity, None | Some(Granularity::Month));
        let slice = |day| self.granularity.map_or(0, |granularity| granularity.start_of(day));
        for span in self.spans(days, by_month) {
            add_rows(store, campaigns, &span, 0, &slice, &mut found).await?;
        }
        if let Some(comparison) = self.question.comparison {
            let slice = |day| match self.granularity {
                None => 0,
                Some(granularity) => granularity.start_of(comparison.day_after(days, day)),
            };
            // The months of another period need not be months there.
            for span in self.spans(&comparison.days_before(days), self.granularity.is_none()) {
                add_rows(store, campaigns, &span, 1, &slice, &mut found).await?;
            }
        }
        Ok(found)
    }

    /// The rows of some days: of whole months, where there are such rows, and of the days beside them.
    fn spans(&self, days: &Range<i32>, by_month: bool) -> Vec<Span> {
        let span = |grouping, days: Range<i32>| Span { grouping, groups: self.groups.clone(), days };
        match self.grouping.by_month().filter(|_| by_month) {
            None => vec![span(self.grouping, days.clone())],
            Some(months) => {
                let (whole, beside) = months_and_days(&within_reports(days));
                let beside = beside.into_iter().map(|days| span(self.grouping, days));
                beside.chain([span(months, whole)]).filter(|span| !span.days.is_empty()).collect()
            }
        }
    }
}

/// Open ends lie where no event can be.
fn within_reports(days: &Range<i32>) -> Range<i32> {
    let bounds = [Micros::EARLIEST, Micros::LATEST].map(|at| day_in_zone(at, chrono_tz::UTC));
    days.start.max(bounds[0] - 2)..days.end.min(bounds[1] + 2)
}

async fn add_rows(
    store: &Store,
    campaigns: &[i64],
    span: &Span,
    side: usize,
    slice: &(impl Fn(i32) -> i32 + Sync),
    found: &mut BySlice,
) -> Result<()> {
    for row in store::rollup::packed_rows(store, campaigns, span).await? {
        let key = (row.campaign, row.group_id, slice(row.day));
        found.entry(key).or_default()[side].add_packed(&row.counts)?;
    }
    Ok(())
}

/// Counts that were read, and the values that their groups stand for.
struct Found {
    sides: BySlice,
    values: HashMap<i64, Option<String>>,
}

fn group_rows(
    campaigns: &[campaign::Model],
    question: &PerformanceQuestion,
    found: &Found,
    infers: impl Fn(i64) -> bool,
) -> Result<BTreeMap<Group, Sum>> {
    if !question.has_groups() {
        return Ok(BTreeMap::new());
    }
    let places = places_by_name(campaigns);
    let tags = tags_of(campaigns, question)?;
    let mut rows: BTreeMap<Group, Sum> = BTreeMap::new();
    let group_of = |campaign: i64| Group {
        campaign_place: if question.by_campaign { places.get(&campaign).copied().unwrap_or_default() } else { 0 },
        campaign: question.by_campaign.then_some(campaign),
        ..Group::default()
    };
    let is_campaigns_alone =
        question.by_tag.is_none() && question.grouping == Grouping::None && question.granularity.is_none();
    if question.with_empty && question.by_campaign && is_campaigns_alone {
        for campaign in campaigns {
            rows.entry(group_of(campaign.id)).or_default().note_basis(infers(campaign.id));
        }
    }
    for ((campaign, group, day), sides) in &found.sides {
        let value = match question.grouping {
            Grouping::None => None,
            _ => found.values.get(group).cloned().ok_or_else(|| no_value(*campaign, *group))?,
        };
        let group = Group { day: question.granularity.map(|_| *day), value, ..group_of(*campaign) };
        for tag in tags.get(campaign).into_iter().flatten() {
            rows.entry(Group { tag: tag.clone(), ..group.clone() }).or_default().add(sides, infers(*campaign));
        }
    }
    let keeps_empty = question.with_empty && is_campaigns_alone;
    rows.retain(|_, sum| keeps_empty || !sum.is_zero());
    Ok(rows)
}

/// What the groups of a grouping stand for.
fn values_by_group(cells: &[cell::Model], grouping: Grouping) -> HashMap<i64, Option<String>> {
    let value = |cell: &cell::Model| match grouping {
        Grouping::Run => cell.run.clone(),
        Grouping::Treatment => cell.treatment.clone(),
        Grouping::Touchpoint => cell.touchpoint.clone(),
        Grouping::Channel | Grouping::ChannelByMonth => cell.channel.clone(),
        Grouping::None | Grouping::NoneByMonth => None,
    };
    cells.iter().map(value).map(|value| (group_id(value.as_deref()), value)).collect()
}

fn places_by_name(campaigns: &[campaign::Model]) -> HashMap<i64, usize> {
    let mut named: Vec<(&str, i64)> = campaigns
        .iter()
        .map(|campaign| (campaign.name.as_deref().unwrap_or(&campaign.external_id), campaign.id))
        .collect();
    named.sort_unstable();
    named.into_iter().zip(0..).map(|((_, id), place)| (id, place)).collect()
}

/// The tags in whose rows a campaign counts: one row without a tag, where rows are not grouped by them.
fn tags_of(campaigns: &[campaign::Model], question: &PerformanceQuestion) -> Result<HashMap<i64, Vec<Option<String>>>> {
    let of_campaign = |campaign: &campaign::Model| {
        let Some(wanted) = &question.by_tag else { return Ok((campaign.id, vec![None])) };
        let mut tags = store::campaign::tags(campaign)?;
        tags.sort_unstable();
        tags.dedup();
        if !wanted.is_empty() {
            tags.retain(|tag| wanted.contains(tag));
        }
        let untagged = (tags.is_empty() && wanted.is_empty()).then_some(None);
        Ok((campaign.id, tags.into_iter().map(Some).chain(untagged).collect()))
    };
    campaigns.iter().map(of_campaign).collect()
}

fn no_value(campaign: i64, group: i64) -> Error {
    Error::Corrupt(format!("no cell has the group {group} of campaign {campaign}"))
}

/// Counts of several campaigns, with the deliveries of each by its own basis.
#[derive(Clone, Debug, Default)]
struct Sum {
    sides: Sides,
    reports: bool,
    infers: bool,
}

impl Sum {
    fn add(&mut self, sides: &Sides, infers: bool) {
        let delivered = Metric(Kind::Delivered, Variant::Implied);
        for (sum, counts) in self.sides.iter_mut().zip(sides) {
            sum.add(counts, 1);
            if infers {
                // What the campaign delivered stands where those of reporting campaigns stand.
                sum.entry(delivered).add(&counts.get(delivered), -1);
                sum.entry(delivered).add(&counts.get(Metric(Kind::Delivered, Variant::Inferred)), 1);
                sum.prune();
            }
        }
        if !sides.iter().all(Counts::is_zero) {
            self.note_basis(infers);
        }
    }

    fn add_sum(&mut self, other: &Self) {
        for (sum, counts) in self.sides.iter_mut().zip(&other.sides) {
            sum.add(counts, 1);
        }
        self.reports |= other.reports;
        self.infers |= other.infers;
    }

    fn note_basis(&mut self, infers: bool) {
        self.infers |= infers;
        self.reports |= !infers;
    }

    fn is_zero(&self) -> bool {
        self.sides.iter().all(Counts::is_zero)
    }

    fn numbers(&self, question: &PerformanceQuestion) -> Numbers {
        let options = FunnelOptions { infer_deliveries: false, ..question.options };
        let basis = match (self.reports, self.infers) {
            (true, true) => DeliveredBasis::Mixed,
            (false, true) => DeliveredBasis::Inferred,
            _ => DeliveredBasis::Reported,
        };
        let counts = |side: usize| FunnelCounts::of_sum(&self.sides[side], options, basis);
        Numbers { current: counts(0), previous: question.comparison.map(|_| counts(1)) }
    }
}

fn finish(
    rows: BTreeMap<Group, Sum>,
    total: &Sum,
    question: &PerformanceQuestion,
    previous_days: Option<Range<i32>>,
) -> Performance {
    let mut rows: Vec<(PerformanceRow, Sum)> =
        rows.into_iter().map(|(group, sum)| (PerformanceRow { group, numbers: sum.numbers(question) }, sum)).collect();
    sort(&mut rows, question.order);
    let left_out = rows.split_off(rows.len().min(question.limit));
    let mut rest = Sum::default();
    for (_, sum) in &left_out {
        rest.add_sum(sum);
    }
    let remainder = (!left_out.is_empty()).then(|| (left_out.len(), rest.numbers(question)));
    let rows = rows.into_iter().map(|(row, _)| row).collect();
    Performance { previous_days, total: total.numbers(question), rows, remainder }
}

/// The rows come in order of their groups, which a stable sort keeps for ties.
fn sort(rows: &mut [(PerformanceRow, Sum)], order: PerformanceOrder) {
    let key = |row: &PerformanceRow| {
        let counts = &row.numbers.current;
        match order.by {
            OrderBy::Group => None,
            OrderBy::Count(kind, CountBasis::Total) => Some(counts.step(kind).total as f64),
            OrderBy::Count(kind, CountBasis::Unique) => Some(counts.step(kind).unique as f64),
            OrderBy::Rate(name, basis) => rate(name, counts, basis, RateBase::Default),
        }
    };
    if order.by == OrderBy::Group {
        if order.is_descending {
            rows.reverse();
        }
        return;
    }
    rows.sort_by(|(a, _), (b, _)| match (key(a), key(b)) {
        (Some(a), Some(b)) if order.is_descending => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
}
