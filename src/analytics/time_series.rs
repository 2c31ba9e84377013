//! The counts of campaigns, stretch by stretch of time: from kept counts where days are the workspace's, else from the
//! recipients' states.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chrono_tz::Tz;

use super::breakdown;
use crate::Result;
use crate::domain::breakdown::{BreakdownQuestion, DateBasis, Dimension, Span};
use crate::domain::period::Granularity;
use crate::domain::rollup::{Counts, Grouping};
use crate::domain::workspace::WorkspaceId;
use crate::store::{self, Store};

/// Which stretches of time are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeriesQuestion {
    /// The days, in the zone; the end is not included.
    pub days: Range<i32>,
    /// How long each stretch is.
    pub granularity: Granularity,
    /// The zone of the days.
    pub zone: Tz,
    /// The workspace's zone, in which counts are kept.
    pub kept_zone: Tz,
    /// Which time decides where something lies.
    pub basis: DateBasis,
}

/// The counts of one campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// By the first day of the stretch, as the calendar has it; those without any count are left out.
    pub counts: BTreeMap<i32, Counts>,
    /// Whether the campaign has a reported delivery at any time.
    pub reports_deliveries: bool,
}

/// The counts of several campaigns, which must belong to the workspace.
pub async fn series(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    question: &SeriesQuestion,
) -> Result<HashMap<i64, Series>> {
    let is_kept = question.basis == DateBasis::Event && question.zone == question.kept_zone;
    let mut found = if is_kept {
        kept(store, campaigns, question).await?
    } else {
        broken_down(store, workspace, campaigns, question).await?
    };
    let activity = store::campaign::activity(store, workspace, campaigns).await?;
    for campaign in campaigns {
        let reports = activity.get(campaign).is_some_and(|activity| activity.delivered > 0);
        found.entry(*campaign).or_default().reports_deliveries = reports;
    }
    Ok(found)
}

async fn kept(store: &Store, campaigns: &[i64], question: &SeriesQuestion) -> Result<HashMap<i64, Series>> {
    let span = store::rollup::Span { grouping: Grouping::None, groups: None, days: question.days.clone() };
    let mut found: HashMap<i64, Series> = HashMap::new();
    for row in store::rollup::packed_rows(store, campaigns, &span).await? {
        let counts = &mut found.entry(row.campaign).or_default().counts;
        counts.entry(question.granularity.start_of(row.day)).or_default().add_packed(&row.counts)?;
    }
    Ok(found)
}

async fn broken_down(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    question: &SeriesQuestion,
) -> Result<HashMap<i64, Series>> {
    let dimension = match question.granularity {
        Granularity::Day => Dimension::Day,
        Granularity::Week => Dimension::Week,
        Granularity::Month => Dimension::Month,
    };
    let asked = BreakdownQuestion {
        basis: question.basis,
        zone: question.zone,
        span: Span::Days(question.days.clone()),
        dimensions: vec![dimension],
    };
    let mut found: HashMap<i64, Series> = HashMap::new();
    for campaign in campaigns {
        let counted = breakdown::counts(store, workspace, *campaign, &asked).await?;
        let counts = counted.groups.iter().map(|(key, counts)| (key.day, counts.clone())).collect();
        found.insert(*campaign, Series { counts, reports_deliveries: false });
    }
    Ok(found)
}
