//! How many recipients stand behind a campaign's credit, from kept counts: what revenue per recipient divides by.

use std::collections::HashMap;
use std::ops::Range;

use chrono_tz::Tz;

use super::question::{Dimension, Question};
use crate::Result;
use crate::analytics::campaign_funnel::{self, FunnelQuestion};
use crate::domain::breakdown::{self, BreakdownQuestion, DateBasis, Span};
use crate::domain::kind::Kind;
use crate::domain::rollup::{Counts, Grouping, Metric, Variant};
use crate::domain::workspace::WorkspaceId;
use crate::store::Store;

/// Whose recipients are counted, and in which groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecipientQuestion {
    days: Range<i32>,
    grouping: Grouping,
    time: Option<Dimension>,
    zone: Tz,
}

/// Run, treatment, touchpoint or channel, and the first day of the day, week or month.
pub type RecipientGroup = (Option<String>, Option<i32>);

/// The recipients of a campaign: customers to whom it was sent, each once, on the day of the first time within the campaign or
/// group. A send that was not reported counts where it is implied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// Of the campaign.
    pub whole: i64,
    /// Of its groups.
    pub groups: HashMap<RecipientGroup, i64>,
}

impl RecipientQuestion {
    /// The recipients of whole campaigns within the days of a question; none where it counts days in another zone than the
    /// workspace's, in which counts are kept.
    pub fn of_campaigns(question: &Question, kept_in: Tz) -> Option<Self> {
        let all_days = question.days == (i32::MIN..i32::MAX);
        let can_tell = all_days || question.zone == kept_in;
        can_tell.then(|| Self { days: question.days.clone(), grouping: Grouping::None, time: None, zone: kept_in })
    }

    /// The recipients of the groups of a question within each campaign; none where counts are not kept by such groups: by at
    /// most one of run, treatment, touchpoint and channel, and time in the workspace's zone.
    pub fn of_groups(question: &Question, kept_in: Tz) -> Option<Self> {
        let mut asked = Self::of_campaigns(question, kept_in)?;
        for dimension in &question.dimensions {
            let grouping = match dimension {
                Dimension::Campaign => continue,
                Dimension::Run => Grouping::Run,
                Dimension::Treatment => Grouping::Treatment,
                Dimension::Touchpoint => Grouping::Touchpoint,
                Dimension::Channel => Grouping::Channel,
                time if question.zone == kept_in => {
                    asked.time = Some(*time);
                    continue;
                }
                _ => return None,
            };
            if std::mem::replace(&mut asked.grouping, grouping) != Grouping::None {
                return None;
            }
        }
        Some(asked)
    }
}

/// The recipients of some campaigns.
pub async fn recipients(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    asked: &RecipientQuestion,
) -> Result<HashMap<i64, Recipients>> {
    let RecipientQuestion { days, grouping, time, zone } = asked.clone();
    let of_time = time.map(|time| match time {
        Dimension::Week => breakdown::Dimension::Week,
        Dimension::Month => breakdown::Dimension::Month,
        _ => breakdown::Dimension::Day,
    });
    let span = if days == (i32::MIN..i32::MAX) { Span::All } else { Span::Days(days) };
    let dimensions = of_grouping(grouping).into_iter().chain(of_time).collect();
    let asked = BreakdownQuestion { basis: DateBasis::Event, zone, span, dimensions };
    let question = FunnelQuestion { breakdown: asked, kept_zone: zone, most_groups: usize::MAX };
    let counts = campaign_funnel::counts(store, workspace, campaigns, &question).await?;
    let read = |(campaign, counts): (i64, campaign_funnel::CampaignCounts)| {
        let mut groups: HashMap<RecipientGroup, i64> = HashMap::new();
        for group in &counts.groups {
            let values = &group.values;
            let start = values.day.or(values.week).or(values.month);
            let value =
                [&values.run, &values.treatment, &values.touchpoint, &values.channel].into_iter().flatten().next();
            *groups.entry((value.cloned(), start)).or_default() += sent_to(&group.counts);
        }
        (campaign, Recipients { whole: sent_to(&counts.whole), groups })
    };
    Ok(counts.into_iter().map(read).collect())
}

fn of_grouping(grouping: Grouping) -> Option<breakdown::Dimension> {
    match grouping {
        Grouping::None => None,
        Grouping::Run => Some(breakdown::Dimension::Run),
        Grouping::Treatment => Some(breakdown::Dimension::Treatment),
        Grouping::Touchpoint => Some(breakdown::Dimension::Touchpoint),
        Grouping::Channel => Some(breakdown::Dimension::Channel),
    }
}

fn sent_to(counts: &Counts) -> i64 {
    counts.get(Metric(Kind::Sent, Variant::Implied)).recipients
}
