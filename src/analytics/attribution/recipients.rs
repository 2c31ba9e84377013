//! How many recipients stand behind a campaign's credit, as the campaign's funnel counts them: what revenue per recipient
//! divides by.

use std::collections::HashMap;

use chrono_tz::Tz;

use super::question::{Dimension, Question};
use crate::Result;
use crate::analytics::campaign_funnel::{self, CampaignCounts, FunnelQuestion, GroupValues};
use crate::domain::breakdown::{self, BreakdownQuestion, DateBasis, Span};
use crate::domain::funnel::{AutomationFilter, FunnelOptions, UniqueUnit};
use crate::domain::kind::Kind;
use crate::domain::rollup::{Counts, Metric, Variant};
use crate::domain::workspace::WorkspaceId;
use crate::store::Store;

/// Whose recipients are counted, and in which groups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecipientQuestion(FunnelQuestion);

/// What a group shares beside its campaign: run, treatment, touchpoint and channel, and the first day of its day, week or
/// month; none of what it is not grouped by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RecipientGroup {
    /// Run, treatment, touchpoint and channel.
    pub values: [Option<String>; 4],
    /// First day.
    pub start: Option<i32>,
}

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
    /// The recipients of whole campaigns on the days of a question, and of the question's groups within each campaign where
    /// they are wanted. Counts are kept by days of one zone.
    pub fn of(question: &Question, with_groups: bool, kept_zone: Tz) -> Self {
        let all_days = question.days == (i32::MIN..i32::MAX);
        let span = if all_days { Span::All } else { Span::Days(question.days.clone()) };
        let dimensions = if with_groups { question.dimensions.as_slice() } else { &[] };
        let dimensions = dimensions.iter().filter_map(|dimension| dimension_of_funnel(*dimension)).collect();
        let breakdown = BreakdownQuestion { basis: DateBasis::Event, zone: question.zone, span, dimensions };
        Self(FunnelQuestion { breakdown, kept_zone, options: SENT, most_groups: usize::MAX })
    }
}

/// How their counts are read: a group without any is of no use.
const SENT: FunnelOptions = FunnelOptions {
    unit: UniqueUnit::Recipient,
    implied_steps: true,
    automation: AutomationFilter::All,
    infer_deliveries: false,
};

fn dimension_of_funnel(dimension: Dimension) -> Option<breakdown::Dimension> {
    Some(match dimension {
        Dimension::Campaign => return None,
        Dimension::Run => breakdown::Dimension::Run,
        Dimension::Treatment => breakdown::Dimension::Treatment,
        Dimension::Touchpoint => breakdown::Dimension::Touchpoint,
        Dimension::Channel => breakdown::Dimension::Channel,
        Dimension::Day => breakdown::Dimension::Day,
        Dimension::Week => breakdown::Dimension::Week,
        Dimension::Month => breakdown::Dimension::Month,
    })
}

/// The recipients of some campaigns.
pub async fn recipients(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    asked: &RecipientQuestion,
) -> Result<HashMap<i64, Recipients>> {
    let counts = campaign_funnel::counts(store, workspace, campaigns, &asked.0).await?;
    let read = |(campaign, counts): (i64, CampaignCounts)| {
        let group = |group: campaign_funnel::GroupCounts| (group_of(group.values), sent_to(&group.counts));
        let whole = sent_to(&counts.whole);
        (campaign, Recipients { whole, groups: counts.groups.into_iter().map(group).collect() })
    };
    Ok(counts.into_iter().map(read).collect())
}

fn group_of(values: GroupValues) -> RecipientGroup {
    let GroupValues { run, treatment, touchpoint, channel, day, week, month, .. } = values;
    RecipientGroup { values: [run, treatment, touchpoint, channel], start: day.or(week).or(month) }
}

fn sent_to(counts: &Counts) -> i64 {
    counts.get(Metric(Kind::Sent, Variant::Implied)).recipients
}
