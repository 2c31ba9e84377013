//! Maintained counts of campaigns: the only rows that a campaign funnel reads.

use std::ops::Range;

use entity::{campaign, rollup};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Store;
use crate::Result;
use crate::domain::rollup::{Counts, Grouping};
use crate::domain::workspace::WorkspaceId;

/// One row, unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupRow {
    /// The campaign.
    pub campaign: i64,
    /// What the row is grouped by.
    pub grouping: Grouping,
    /// The group: `domain::hash::group_id` of its value, 0 for the whole campaign.
    pub group_id: i64,
    /// Day in the workspace's time zone, days since 1970.
    pub day: i32,
    /// The counts of one shard.
    pub counts: Counts,
}

/// The rows of several campaigns in all shards: the groupings asked for, and the days from the first on, up to the
/// last, which is not included. A shard, a group and a day have a row each: the reader sums them.
pub async fn rows(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    groupings: &[Grouping],
    days: Range<i32>,
) -> Result<Vec<RollupRow>> {
    let own = Query::select()
        .column(campaign::Column::Id)
        .from(campaign::Entity)
        .and_where(campaign::Column::Workspace.eq(workspace.0))
        .and_where(campaign::Column::Id.is_in(campaigns.iter().copied()))
        .take();
    let rows = rollup::Entity::find()
        .filter(rollup::Column::Shard.is_in(store.all_shards()))
        .filter(rollup::Column::Campaign.in_subquery(own))
        .filter(rollup::Column::Grouping.is_in(groupings.iter().map(|grouping| *grouping as i16)))
        .filter(rollup::Column::Day.gte(days.start))
        .filter(rollup::Column::Day.lt(days.end))
        .all(store.db())
        .await?;
    rows.iter().map(unpack).collect()
}

fn unpack(row: &rollup::Model) -> Result<RollupRow> {
    let grouping = Grouping::ALL
        .into_iter()
        .find(|grouping| *grouping as i16 == row.grouping)
        .ok_or_else(|| crate::Error::Corrupt(format!("rollup grouping {}", row.grouping)))?;
    let counts = Counts::decode(&row.counts)?;
    Ok(RollupRow { campaign: row.campaign, grouping, group_id: row.group_id, day: row.day, counts })
}
