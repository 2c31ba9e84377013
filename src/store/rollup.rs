//! Maintained counts of campaigns: the only rows that a campaign funnel reads.

use std::ops::Range;

use entity::{campaign, rollup};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

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

/// Which rows of some campaigns are to be added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What the rows are grouped by.
    pub grouping: Grouping,
    /// These groups only; none: all.
    pub groups: Option<Vec<i64>>,
    /// The days from the first on, up to the last, which is not included; of months, their first days.
    pub days: Range<i32>,
}

/// A row as it is stored.
#[derive(Debug)]
pub struct PackedRow {
    /// The campaign.
    pub campaign: i64,
    /// The group.
    pub group_id: i64,
    /// The day.
    pub day: i32,
    /// Packed counts of one shard.
    pub counts: Vec<u8>,
}

/// The rows of a span in all shards, of campaigns that must belong to the workspace of the caller; packed, as many are
/// added up at once.
pub async fn packed_rows(store: &Store, campaigns: &[i64], span: &Span) -> Result<Vec<PackedRow>> {
    let mut found = Vec::new();
    if span.days.is_empty() {
        return Ok(found);
    }
    for campaigns in campaigns.chunks(CAMPAIGNS_OF_ONE_STATEMENT) {
        let columns = [rollup::Column::Campaign, rollup::Column::GroupId, rollup::Column::Day, rollup::Column::Counts];
        let mut query = rollup::Entity::find()
            .select_only()
            .columns(columns)
            .filter(rollup::Column::Shard.is_in(store.all_shards()))
            .filter(rollup::Column::Campaign.is_in(campaigns.iter().copied()))
            .filter(rollup::Column::Grouping.eq(span.grouping as i16));
        if let Some(groups) = &span.groups {
            query = query.filter(rollup::Column::GroupId.is_in(groups.iter().copied()));
        }
        let rows: Vec<(i64, i64, i32, Vec<u8>)> = query
            .filter(rollup::Column::Day.gte(span.days.start))
            .filter(rollup::Column::Day.lt(span.days.end))
            .into_tuple()
            .all(store.db())
            .await?;
        found.extend(rows.into_iter().map(|(campaign, group_id, day, counts)| PackedRow {
            campaign,
            group_id,
            day,
            counts,
        }));
    }
    Ok(found)
}

/// A statement takes at most 32,766 values.
const CAMPAIGNS_OF_ONE_STATEMENT: usize = 10_000;

fn unpack(row: &rollup::Model) -> Result<RollupRow> {
    let grouping = Grouping::from_code(row.grouping)
        .ok_or_else(|| crate::Error::Corrupt(format!("rollup grouping {}", row.grouping)))?;
    let counts = Counts::decode(&row.counts)?;
    Ok(RollupRow { campaign: row.campaign, grouping, group_id: row.group_id, day: row.day, counts })
}
