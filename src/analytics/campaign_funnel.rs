//! The counts that answer a question about campaign funnels: sums of maintained rows where these answer it, else counts
//! computed from the states of the recipients. Both say the same where both can answer.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chrono_tz::Tz;
use entity::cell;

use super::breakdown;
use crate::domain::breakdown::{BreakdownQuestion, DateBasis, Dimension, GroupKey, Span, first_of_month, monday_of};
use crate::domain::funnel::FunnelOptions;
use crate::domain::hash::group_id;
use crate::domain::rollup::{Counts, Grouping};
use crate::domain::workspace::WorkspaceId;
use crate::store::rollup::RollupRow;
use crate::store::{self, Store};
use crate::{Error, Result};

/// Which of a campaign's counts are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunnelQuestion {
    /// Range, basis and groups.
    pub breakdown: BreakdownQuestion,
    /// The workspace's zone: counts are kept by its days.
    pub kept_zone: Tz,
    /// How the counts will be read: groups in which nothing shows are left out. Whether deliveries are inferred is decided
    /// for each campaign.
    pub options: FunnelOptions,
    /// Most groups that are given one by one: those with the most events.
    pub most_groups: usize,
}

/// The counts of one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignCounts {
    /// Of the campaign as a whole. Groups that are not time need not add up to it: a unit counts in each.
    pub whole: Counts,
    /// Of groups, by their values in the order of the question's dimensions; empty when none were asked for.
    pub groups: Vec<GroupCounts>,
    /// The groups that were left out, if any.
    pub remainder: Option<Remainder>,
    /// Whether the campaign has a reported delivery at any time.
    pub reports_deliveries: bool,
}

/// The counts of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// What the group stands for, as numbers.
    pub key: GroupKey,
    /// What it stands for, as texts.
    pub values: GroupValues,
    /// The counts.
    pub counts: Counts,
}

/// What a group stands for. None: its events have none, or groups are not made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupValues {
    /// Run.
    pub run: Option<String>,
    /// Treatment.
    pub treatment: Option<String>,
    /// Touchpoint.
    pub touchpoint: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// The day.
    pub day: Option<i32>,
    /// The Monday of the week.
    pub week: Option<i32>,
    /// The first day of the month.
    pub month: Option<i32>,
    /// List, reason or url.
    pub detail: Option<(Dimension, String)>,
    /// Whether there was a list, reason or url whose text was erased.
    pub is_erased: bool,
}

/// What was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remainder {
    /// Number of groups.
    pub groups: usize,
    /// The sums of their counts: a unit counts in each of them.
    pub counts: Counts,
}

/// The counts of several campaigns. Campaigns without events have zeros.
pub async fn counts(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    question: &FunnelQuestion,
) -> Result<HashMap<i64, CampaignCounts>> {
    let activity = store::campaign::activity(store, workspace, campaigns).await?;
    let reports = |campaign: &i64| activity.get(campaign).is_some_and(|activity| activity.delivered > 0);
    let empty =
        |campaign: &i64| (*campaign, CampaignCounts { reports_deliveries: reports(campaign), ..Default::default() });
    let mut found: HashMap<i64, CampaignCounts> = campaigns.iter().map(empty).collect();
    if let Some(kept) = Kept::of(question) {
        for (campaign, (whole, groups)) in kept.counts(store, workspace, campaigns).await? {
            let counts = found.entry(campaign).or_default();
            counts.whole = whole;
            counts.list(groups, question);
        }
    } else {
        for campaign in campaigns {
            let counted = breakdown::counts(store, workspace, *campaign, &question.breakdown).await?;
            let counts = found.entry(*campaign).or_default();
            counts.whole = counted.whole.clone();
            counts.list(counted.groups.iter().map(|(key, counts)| (*key, counts)), question);
        }
    }
    name_groups(store, workspace, &mut found, &question.breakdown).await?;
    Ok(found)
}

impl CampaignCounts {
    /// Takes the groups in which something shows: those with the most events one by one, the others in sum. Ties are decided
    /// by what the groups stand for.
    fn list<C: Borrow<Counts>>(&mut self, groups: impl IntoIterator<Item = (GroupKey, C)>, question: &FunnelQuestion) {
        let options = FunnelOptions { infer_deliveries: !self.reports_deliveries, ..question.options };
        let mut groups: Vec<(GroupKey, C)> =
            groups.into_iter().filter(|(_, counts)| options.shows(counts.borrow())).collect();
        if groups.len() > question.most_groups {
            groups.sort_by_cached_key(|(key, counts)| (Reverse(counts.borrow().events()), *key));
            let rest = groups.split_off(question.most_groups);
            let mut remainder = Remainder { groups: rest.len(), counts: Counts::default() };
            for (_, counts) in &rest {
                remainder.counts.add(counts.borrow(), 1);
            }
            self.remainder = Some(remainder);
        }
        let group = |(key, counts): (GroupKey, C)| GroupCounts {
            key,
            values: GroupValues::default(),
            counts: counts.borrow().clone(),
        };
        self.groups = groups.into_iter().map(group).collect();
    }
}

/// Gives groups their values and their order.
async fn name_groups(
    store: &Store,
    workspace: WorkspaceId,
    found: &mut HashMap<i64, CampaignCounts>,
    question: &BreakdownQuestion,
) -> Result<()> {
    let campaigns: Vec<i64> =
        found.iter().filter(|(_, counts)| !counts.groups.is_empty()).map(|(campaign, _)| *campaign).collect();
    if campaigns.is_empty() {
        return Ok(());
    }
    let keys = || found.values().flat_map(|counts| &counts.groups).map(|group| &group.key);
    // Catalogues are read after the counts, so that every group that was counted has its value.
    let names = Names {
        values: if question.dimensions.iter().any(|dimension| dimension.is_place()) {
            values_by_group(&store::cell::of_campaigns(store, workspace, &campaigns).await?)
        } else {
            HashMap::new()
        },
        details: detail_texts(store, workspace, keys().filter_map(|key| key.detail)).await?,
    };
    for counts in found.values_mut() {
        for group in &mut counts.groups {
            group.values = names.values_of(&group.key, question)?;
        }
        counts.groups.sort_by_cached_key(|group| {
            let parts: Vec<_> = question.dimensions.iter().map(|by| group.values.part(*by)).collect();
            (parts, group.key)
        });
    }
    Ok(())
}

/// The texts of lists, reasons and urls by their hashes. Those that were erased have none.
pub async fn detail_texts(
    store: &Store,
    workspace: WorkspaceId,
    details: impl Iterator<Item = (Dimension, i64)>,
) -> Result<HashMap<(Dimension, i64), String>> {
    let details: Vec<(Dimension, i64)> = details.collect();
    let hashes: Vec<i64> =
        details.iter().filter(|(dimension, _)| *dimension != Dimension::List).map(|(_, hash)| *hash).collect();
    let texts = store::detail::texts(store, workspace, &hashes).await?;
    let lists = if details.iter().any(|(dimension, _)| *dimension == Dimension::List) {
        store::list::names_by_detail(store, workspace).await?
    } else {
        HashMap::new()
    };
    let text = |(dimension, hash): (Dimension, i64)| {
        let texts = if dimension == Dimension::List { &lists } else { &texts };
        Some(((dimension, hash), texts.get(&hash)?.clone()))
    };
    Ok(details.into_iter().filter_map(text).collect())
}

/// What the numbers of groups stand for.
struct Names {
    values: HashMap<i64, Option<String>>,
    details: HashMap<(Dimension, i64), String>,
}

impl Names {
    fn values_of(&self, key: &GroupKey, question: &BreakdownQuestion) -> Result<GroupValues> {
        let value = |dimension, group: i64| {
            if !question.has(dimension) {
                return Ok(None);
            }
            self.values.get(&group).cloned().ok_or_else(|| no_value(group))
        };
        let day = |dimension, day| question.has(dimension).then_some(day);
        let detail = key.detail.and_then(|detail| Some((detail.0, self.details.get(&detail)?.clone())));
        Ok(GroupValues {
            run: value(Dimension::Run, key.run)?,
            treatment: value(Dimension::Treatment, key.treatment)?,
            touchpoint: value(Dimension::Touchpoint, key.touchpoint)?,
            channel: value(Dimension::Channel, key.channel)?,
            day: day(Dimension::Day, key.day),
            week: day(Dimension::Week, monday_of(key.day)),
            month: day(Dimension::Month, first_of_month(key.day)),
            is_erased: key.detail.is_some() && detail.is_none(),
            detail,
        })
    }
}

impl GroupValues {
    /// The list, reason or url.
    pub fn detail(&self, dimension: Dimension) -> Option<&str> {
        self.detail.as_ref().filter(|(of, _)| *of == dimension).map(|(_, text)| text.as_str())
    }

    /// The value of a dimension, such that values are in order.
    fn part(&self, dimension: Dimension) -> (Option<String>, Option<i32>) {
        match dimension {
            Dimension::Run => (self.run.clone(), None),
            Dimension::Treatment => (self.treatment.clone(), None),
            Dimension::Touchpoint => (self.touchpoint.clone(), None),
            Dimension::Channel => (self.channel.clone(), None),
            Dimension::Hour | Dimension::Day => (None, self.day),
            Dimension::Week => (None, self.week),
            Dimension::Month => (None, self.month),
            Dimension::List | Dimension::Reason | Dimension::Url => (self.detail(dimension).map(str::to_owned), None),
        }
    }
}

fn no_value(group: i64) -> Error {
    Error::Corrupt(format!("no cell has the group {group}"))
}

fn values_by_group(cells: &[cell::Model]) -> HashMap<i64, Option<String>> {
    let values = cells.iter().flat_map(|cell| [&cell.run, &cell.treatment, &cell.touchpoint, &cell.channel]);
    values.map(|value| (group_id(value.as_deref()), value.clone())).collect()
}

/// A question that maintained counts answer: by the event's own day in the workspace's zone, grouped by at most one of run,
/// treatment, touchpoint and channel, and by time.
struct Kept<'a> {
    breakdown: &'a BreakdownQuestion,
    days: Range<i32>,
    grouping: Grouping,
}

impl<'a> Kept<'a> {
    fn of(question: &'a FunnelQuestion) -> Option<Self> {
        let breakdown = &question.breakdown;
        let is_kept = breakdown.basis == DateBasis::Event && breakdown.zone == question.kept_zone;
        if !is_kept || breakdown.has(Dimension::Hour) {
            return None;
        }
        let days = match &breakdown.span {
            Span::All => i32::MIN..i32::MAX,
            Span::Days(days) => days.clone(),
            Span::Instants(_) => return None,
        };
        let mut grouping = Grouping::None;
        for dimension in breakdown.dimensions.iter().filter(|dimension| !dimension.is_time()) {
            if grouping != Grouping::None {
                return None;
            }
            grouping = match dimension {
                Dimension::Run => Grouping::Run,
                Dimension::Treatment => Grouping::Treatment,
                Dimension::Touchpoint => Grouping::Touchpoint,
                Dimension::Channel => Grouping::Channel,
                _ => return None,
            };
        }
        Some(Self { breakdown, days, grouping })
    }

    /// The whole and the groups of every campaign that has a row.
    async fn counts(
        &self,
        store: &Store,
        workspace: WorkspaceId,
        campaigns: &[i64],
    ) -> Result<HashMap<i64, (Counts, BTreeMap<GroupKey, Counts>)>> {
        let mut groupings = vec![Grouping::None];
        if self.grouping != Grouping::None {
            groupings.push(self.grouping);
        }
        let mut found: HashMap<i64, (Counts, BTreeMap<GroupKey, Counts>)> = HashMap::new();
        for row in store::rollup::rows(store, workspace, campaigns, &groupings, self.days.clone()).await? {
            let (whole, groups) = found.entry(row.campaign).or_default();
            self.add(whole, groups, &row);
        }
        Ok(found)
    }

    fn add(&self, whole: &mut Counts, groups: &mut BTreeMap<GroupKey, Counts>, row: &RollupRow) {
        if row.grouping == Grouping::None {
            whole.add(&row.counts, 1);
        }
        if row.grouping == self.grouping && !self.breakdown.dimensions.is_empty() {
            groups.entry(self.key(row)).or_default().add(&row.counts, 1);
        }
    }

    fn key(&self, row: &RollupRow) -> GroupKey {
        let key = GroupKey { day: self.breakdown.first_day(row.day), ..GroupKey::default() };
        match row.grouping {
            Grouping::None | Grouping::NoneByMonth => key,
            Grouping::Run => GroupKey { run: row.group_id, ..key },
            Grouping::Treatment => GroupKey { treatment: row.group_id, ..key },
            Grouping::Touchpoint => GroupKey { touchpoint: row.group_id, ..key },
            Grouping::Channel | Grouping::ChannelByMonth => GroupKey { channel: row.group_id, ..key },
        }
    }
}
