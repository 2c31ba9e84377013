//! The counts that answer a question about campaign funnels: sums of maintained rows, never of events.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use entity::cell;

use crate::domain::hash::group_id;
use crate::domain::rollup::{Counts, Grouping};
use crate::domain::workspace::WorkspaceId;
use crate::store::rollup::RollupRow;
use crate::store::{self, Store};
use crate::{Error, Result};

/// Which of a campaign's counts are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunnelQuestion {
    /// Days in the workspace's zone, since 1970; the end is not included.
    pub days: Range<i32>,
    /// What the groups are, besides days.
    pub grouping: Grouping,
    /// Whether every day has groups of its own.
    pub by_day: bool,
}

impl FunnelQuestion {
    /// Whether the answer has groups at all.
    pub fn has_groups(&self) -> bool {
        self.by_day || self.grouping != Grouping::None
    }
}

/// The counts of one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignCounts {
    /// Of the campaign as a whole. Groups that are not days need not add up to it: a unit counts in each.
    pub whole: Counts,
    /// Of every group, by value and day; empty when none were asked for.
    pub groups: Vec<GroupCounts>,
    /// Whether the campaign has a reported delivery at any time.
    pub reports_deliveries: bool,
}

/// The counts of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// The value that the group shares; none for events without one, and where groups are days alone.
    pub value: Option<String>,
    /// The day, where every day has groups of its own.
    pub day: Option<i32>,
    /// The counts.
    pub counts: Counts,
}

/// The counts of several campaigns. Campaigns without events have zeros.
pub async fn counts(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    question: &FunnelQuestion,
) -> Result<HashMap<i64, CampaignCounts>> {
    let mut groupings = vec![Grouping::None];
    if question.grouping != Grouping::None {
        groupings.push(question.grouping);
    }
    let (rows, activity) = futures_util::try_join!(
        store::rollup::rows(store, workspace, campaigns, &groupings, question.days.clone()),
        store::campaign::activity(store, workspace, campaigns),
    )?;
    // Cells are read after the rows, so that every group that was counted has its value.
    let values = if question.grouping == Grouping::None {
        HashMap::new()
    } else {
        values_by_group(&store::cell::of_campaigns(store, workspace, campaigns).await?, question.grouping)
    };
    let mut found: HashMap<i64, CampaignCounts> =
        campaigns.iter().map(|campaign| (*campaign, CampaignCounts::default())).collect();
    for (campaign, rows) in by_campaign(rows) {
        found.insert(campaign, sum(rows, question, &values)?);
    }
    for (campaign, counts) in &mut found {
        counts.reports_deliveries = activity.get(campaign).is_some_and(|activity| activity.delivered > 0);
    }
    Ok(found)
}

fn by_campaign(rows: Vec<RollupRow>) -> HashMap<i64, Vec<RollupRow>> {
    let mut found: HashMap<i64, Vec<RollupRow>> = HashMap::new();
    for row in rows {
        found.entry(row.campaign).or_default().push(row);
    }
    found
}

fn values_by_group(cells: &[cell::Model], grouping: Grouping) -> HashMap<i64, Option<String>> {
    cells.iter().map(|cell| value_in(cell, grouping)).map(|value| (group_id(value), value.map(str::to_owned))).collect()
}

fn value_in(cell: &cell::Model, grouping: Grouping) -> Option<&str> {
    match grouping {
        Grouping::None | Grouping::NoneByMonth => None,
        Grouping::Run => cell.run.as_deref(),
        Grouping::Treatment => cell.treatment.as_deref(),
        Grouping::Touchpoint => cell.touchpoint.as_deref(),
        Grouping::Channel | Grouping::ChannelByMonth => cell.channel.as_deref(),
    }
}

fn sum(
    rows: Vec<RollupRow>,
    question: &FunnelQuestion,
    values: &HashMap<i64, Option<String>>,
) -> Result<CampaignCounts> {
    let mut whole = Counts::default();
    let mut groups: BTreeMap<(Option<String>, Option<i32>), Counts> = BTreeMap::new();
    for row in rows {
        if row.grouping == Grouping::None {
            whole.add(&row.counts, 1);
        }
        if question.has_groups() && row.grouping == question.grouping {
            let value = match row.grouping {
                Grouping::None => None,
                _ => values.get(&row.group_id).cloned().ok_or_else(|| no_value(&row))?,
            };
            groups.entry((value, question.by_day.then_some(row.day))).or_default().add(&row.counts, 1);
        }
    }
    let groups = groups
        .into_iter()
        .filter(|(_, counts)| !counts.is_zero())
        .map(|((value, day), counts)| GroupCounts { value, day, counts })
        .collect();
    Ok(CampaignCounts { whole, groups, reports_deliveries: false })
}

fn no_value(row: &RollupRow) -> Error {
    Error::Corrupt(format!("no cell has the group {} of campaign {}", row.group_id, row.campaign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;
    use crate::domain::rollup::{Metric, Variant};

    const SENT: Metric = Metric(Kind::Sent, Variant::Reported);

    fn row(grouping: Grouping, value: Option<&str>, day: i32, total: i64) -> RollupRow {
        let mut counts = Counts::default();
        counts.entry(SENT).total = total;
        let group_id = if grouping == Grouping::None { 0 } else { group_id(value) };
        RollupRow { campaign: 1, grouping, group_id, day, counts }
    }

    fn totals(groups: &[GroupCounts]) -> Vec<(Option<&str>, Option<i32>, i64)> {
        groups.iter().map(|group| (group.value.as_deref(), group.day, group.counts.get(SENT).total)).collect()
    }

    #[test]
    fn rows_of_all_shards_and_days_are_summed_by_group() {
        let values = [None, Some("a"), Some("b")]
            .into_iter()
            .map(|value| (group_id(value), value.map(str::to_owned)))
            .collect::<HashMap<_, _>>();
        let rows = [
            row(Grouping::None, None, 5, 3),
            row(Grouping::None, None, 5, 2),
            row(Grouping::None, None, 6, 1),
            row(Grouping::Run, Some("b"), 5, 2),
            row(Grouping::Run, Some("a"), 5, 2),
            row(Grouping::Run, Some("a"), 6, 1),
            row(Grouping::Run, None, 5, 1),
        ];
        let ask = |grouping, by_day| {
            let question = FunnelQuestion { days: 0..10, grouping, by_day };
            let rows = rows.iter().filter(|row| row.grouping == Grouping::None || row.grouping == grouping);
            sum(rows.cloned().collect(), &question, &values).expect("every group has its value")
        };
        let answer = ask(Grouping::Run, false);
        assert_eq!(answer.whole.get(SENT).total, 6);
        assert_eq!(totals(&answer.groups), [(None, None, 1), (Some("a"), None, 3), (Some("b"), None, 2)]);
        assert_eq!(totals(&ask(Grouping::None, true).groups), [(None, Some(5), 5), (None, Some(6), 1)]);
        let both = ask(Grouping::Run, true).groups;
        let expected = [(None, Some(5), 1), (Some("a"), Some(5), 2), (Some("a"), Some(6), 1), (Some("b"), Some(5), 2)];
        assert_eq!(totals(&both), expected);
        assert!(ask(Grouping::None, false).groups.is_empty());
    }

    #[test]
    fn groups_that_came_to_nothing_are_left_out() {
        let question = FunnelQuestion { days: 0..10, grouping: Grouping::None, by_day: true };
        let rows = vec![row(Grouping::None, None, 5, 3), row(Grouping::None, None, 5, -3)];
        assert!(sum(rows, &question, &HashMap::new()).expect("sums").groups.is_empty());
    }
}
