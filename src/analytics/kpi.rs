//! Amazon Pinpoint's campaign metrics: from kept counts where these answer, else from the recipients' states.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use chrono_tz::Tz;
use entity::cell;

use super::breakdown::{self, Answered, for_each_state};
use crate::domain::breakdown::{
    BreakdownQuestion, DateBasis, Dimension, EndpointCounter, Spend, SpendCounter, endpoint_numbers,
};
use crate::domain::breakdown::{GroupKey, Span};
use crate::domain::day::whole_days;
use crate::domain::hash::group_id;
use crate::domain::kpi::{KpiGrouping, Measure, PinpointKpi, TEXT_CHANNELS};
use crate::domain::price::NANOS_PER_MILLICENT;
use crate::domain::rollup::{Counts, Grouping};
use crate::domain::time::Micros;
use crate::domain::workspace::Workspace;
use crate::store::{self, Store};
use crate::{Error, Result};

/// What is asked of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiQuestion {
    /// The metric.
    pub kpi: PinpointKpi,
    /// What is counted.
    pub span: KpiSpan,
    /// The zone of the days: those of the span, and those that values are grouped by.
    pub zone: Tz,
}

/// Which events are counted; ends are not included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KpiSpan {
    /// Those on these days.
    Days(Range<i32>),
    /// Those at these instants.
    Instants(Range<Micros>),
}

/// A value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct KpiRow {
    /// What it is of.
    pub group: KpiGroup,
    /// The value.
    pub value: f64,
}

/// What a value is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KpiGroup {
    /// The campaign.
    Whole,
    /// A run; none: events without one.
    Activity(Option<String>),
    /// A day.
    Date(i32),
}

/// The values of a metric of a campaign of the workspace, by run or day.
pub async fn values(
    store: &Store,
    workspace: &Workspace,
    campaign: i64,
    question: &KpiQuestion,
) -> Result<Vec<KpiRow>> {
    let cells = store::cell::of_campaigns(store, workspace.id, &[campaign]).await?;
    let asked = Asked { store, workspace, campaign, question, cells };
    let mut rows = match question.kpi.measure() {
        Measure::UniqueDeliveries => asked.endpoints().await?,
        Measure::SmsSpend => asked.spend().await?,
        measure => asked.counts(measure).await?,
    };
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    Ok(rows)
}

struct Asked<'a> {
    store: &'a Store,
    workspace: &'a Workspace,
    campaign: i64,
    question: &'a KpiQuestion,
    cells: Vec<cell::Model>,
}

impl Asked<'_> {
    /// Values that are made of counts.
    async fn counts(&self, measure: Measure) -> Result<Vec<KpiRow>> {
        let channel = measure.channel();
        let is_of = |cell: &cell::Model| channel.is_none_or(|wanted| cell.channel.as_deref() == Some(wanted));
        if !self.cells.iter().any(is_of) {
            return Ok(Vec::new());
        }
        // On one channel alone a channel's counts are those of the campaign.
        let channel = if self.cells.iter().all(is_of) { None } else { channel };
        let grouping = self.question.kpi.grouping();
        let found = match (self.kept_days(), grouping, channel) {
            (Some(days), KpiGrouping::Whole | KpiGrouping::Date, _) => self.kept(days, channel).await?,
            (Some(days), KpiGrouping::Activity, None) => self.kept(days, None).await?,
            _ => self.broken_down(channel).await?,
        };
        let row = |(group, counts): (KpiGroup, Counts)| Some(KpiRow { value: measure.value(&counts)?, group });
        Ok(found.into_iter().filter_map(row).collect())
    }

    /// The days of the workspace's zone that the span is made of, where there are such days.
    fn kept_days(&self) -> Option<Range<i32>> {
        let zone = self.workspace.time_zone;
        let days = match &self.question.span {
            KpiSpan::Days(days) if self.question.zone == zone => Some(days.clone()),
            KpiSpan::Days(_) => None,
            KpiSpan::Instants(instants) => whole_days(instants, zone),
        };
        days.filter(|_| self.question.kpi.grouping() != KpiGrouping::Date || self.question.zone == zone)
    }

    async fn kept(&self, days: Range<i32>, channel: Option<&str>) -> Result<Vec<(KpiGroup, Counts)>> {
        let by_day = self.question.kpi.grouping() == KpiGrouping::Date;
        let by_activity = self.question.kpi.grouping() == KpiGrouping::Activity;
        let grouping = match channel {
            Some(_) => Grouping::Channel,
            None if by_activity => Grouping::Run,
            None => Grouping::None,
        };
        let groups = channel.map(|channel| vec![group_id(Some(channel))]);
        let span = store::rollup::Span { grouping, groups, days };
        let mut found: BTreeMap<GroupKey, Counts> = BTreeMap::new();
        for row in store::rollup::packed_rows(self.store, &[self.campaign], &span).await? {
            let run = if by_activity { row.group_id } else { 0 };
            let key = GroupKey { run, day: if by_day { row.day } else { 0 }, ..GroupKey::default() };
            found.entry(key).or_default().add_packed(&row.counts)?;
        }
        let runs = self.runs().await?;
        found.into_iter().map(|(key, counts)| Ok((self.group(&key, &runs)?, counts))).collect()
    }

    async fn broken_down(&self, channel: Option<&str>) -> Result<Vec<(KpiGroup, Counts)>> {
        let mut dimensions = self.dimensions();
        dimensions.extend(channel.map(|_| Dimension::Channel));
        let question = self.breakdown_question(dimensions);
        let found = breakdown::counts(self.store, self.workspace.id, self.campaign, &question).await?;
        if question.dimensions.is_empty() {
            return Ok(vec![(KpiGroup::Whole, found.whole.clone())]);
        }
        let runs = self.runs().await?;
        let wanted = channel.map(|channel| group_id(Some(channel)));
        let of_channel = found.groups.iter().filter(|(key, _)| wanted.is_none_or(|wanted| key.channel == wanted));
        of_channel.map(|(key, counts)| Ok((self.group(key, &runs)?, counts.clone()))).collect()
    }

    async fn endpoints(&self) -> Result<Vec<KpiRow>> {
        let question = self.breakdown_question(self.dimensions());
        let of = Answered {
            store: self.store,
            workspace: self.workspace.id,
            campaign: self.campaign,
            question: &question,
            name: format!("endpoints {question:?}"),
        };
        let asked = question.clone();
        let found: Arc<Vec<(GroupKey, i64)>> = of
            .answer(
                move |pages, cells| {
                    let mut counter = EndpointCounter::new(&asked, cells);
                    for_each_state(pages, |state| counter.add(state))?;
                    Ok(counter.finish())
                },
                |parts| {
                    let found = endpoint_numbers(parts);
                    let bytes = found.len() * size_of::<(GroupKey, i64)>();
                    (Arc::new(found), bytes)
                },
            )
            .await?;
        let runs = self.runs().await?;
        let row =
            |(key, number): &(GroupKey, i64)| Ok(KpiRow { group: self.group(key, &runs)?, value: *number as f64 });
        found.iter().map(row).collect()
    }

    async fn spend(&self) -> Result<Vec<KpiRow>> {
        let is_text = |cell: &cell::Model| TEXT_CHANNELS.iter().any(|text| cell.channel.as_deref() == Some(text));
        if !self.cells.iter().any(is_text) {
            return Ok(Vec::new());
        }
        let question = self.breakdown_question(Vec::new());
        let of = Answered {
            store: self.store,
            workspace: self.workspace.id,
            campaign: self.campaign,
            question: &question,
            name: format!("spend {question:?}"),
        };
        let asked = question.clone();
        let channels: Vec<i64> = TEXT_CHANNELS.iter().map(|channel| group_id(Some(channel))).collect();
        let found: Arc<Spend> = of
            .answer(
                move |pages, cells| {
                    let mut counter = SpendCounter::new(&asked, cells, channels.clone());
                    for_each_state(pages, |state| counter.add(state))?;
                    Ok(counter.finish())
                },
                |parts| (Arc::new(Spend::sum(parts)), size_of::<Spend>()),
            )
            .await?;
        if found.messages == 0 {
            return Ok(Vec::new());
        }
        Ok(vec![KpiRow { group: KpiGroup::Whole, value: found.nanos as f64 / NANOS_PER_MILLICENT as f64 }])
    }

    fn dimensions(&self) -> Vec<Dimension> {
        match self.question.kpi.grouping() {
            KpiGrouping::Whole => Vec::new(),
            KpiGrouping::Activity => vec![Dimension::Run],
            KpiGrouping::Date => vec![Dimension::Day],
        }
    }

    fn breakdown_question(&self, dimensions: Vec<Dimension>) -> BreakdownQuestion {
        let span = match &self.question.span {
            KpiSpan::Days(days) => Span::Days(days.clone()),
            KpiSpan::Instants(instants) => Span::Instants(instants.clone()),
        };
        BreakdownQuestion { basis: DateBasis::Event, zone: self.question.zone, span, dimensions }
    }

    /// Runs by their hashes. Cells are read again after the counts, so that every run that was counted has its id.
    async fn runs(&self) -> Result<HashMap<i64, Option<String>>> {
        if self.question.kpi.grouping() != KpiGrouping::Activity {
            return Ok(HashMap::new());
        }
        let cells = store::cell::of_campaigns(self.store, self.workspace.id, &[self.campaign]).await?;
        Ok(cells.into_iter().map(|cell| (group_id(cell.run.as_deref()), cell.run)).collect())
    }

    fn group(&self, key: &GroupKey, runs: &HashMap<i64, Option<String>>) -> Result<KpiGroup> {
        Ok(match self.question.kpi.grouping() {
            KpiGrouping::Whole => KpiGroup::Whole,
            KpiGrouping::Date => KpiGroup::Date(key.day),
            KpiGrouping::Activity => {
                let run = runs.get(&key.run).cloned();
                KpiGroup::Activity(run.ok_or_else(|| Error::Corrupt(format!("no cell has the run {}", key.run)))?)
            }
        })
    }
}
