//! `quarantineCounts`: what waits, in groups.

use async_graphql::{Context, SimpleObject};

use super::context::{caller, store};
use super::error::{Fault, Result};
use super::limits::MAX_QUARANTINE_GROUPS;
use super::quarantine::dialect;
use super::quarantine_filter::QuarantineFilter;
use super::scalar::{BigInt, DateTime};
use super::source::EventDialect;
use crate::domain::time::Micros;
use crate::store;

/// How many records the quarantine holds, in groups of one form, reason and field.
#[derive(Clone, Debug, SimpleObject)]
pub struct QuarantineCounts {
    /// All records that the filter admits.
    records: BigInt,
    /// The largest groups, by number of records, form, reason and path.
    groups: Vec<QuarantineGroup>,
    /// Records of the groups that are not listed.
    other_records: BigInt,
    /// Number of the groups that are not listed.
    other_groups: BigInt,
}

/// Records of one form that were refused for one reason at one field.
#[derive(Clone, Debug, SimpleObject)]
pub struct QuarantineGroup {
    /// The form that they came in; null where that could not be told.
    dialect: Option<EventDialect>,
    /// Stable reason code.
    code: String,
    /// JSON path of the offending field; empty for the whole record.
    path: String,
    /// Their number.
    records: BigInt,
    /// When the first of them was received.
    first_received_at: DateTime,
    /// When the last of them was received.
    last_received_at: DateTime,
}

/// Counts what a filter admits.
pub async fn answer(ctx: &Context<'_>, filter: Option<QuarantineFilter>, top: Option<i32>) -> Result<QuarantineCounts> {
    let filter = QuarantineFilter::parse(filter)?;
    let top = top.unwrap_or(DEFAULT_TOP);
    let wanted = u64::try_from(top).ok().filter(|top| (1..=MAX_QUARANTINE_GROUPS).contains(top));
    let wanted =
        wanted.ok_or_else(|| Fault::bad_input(format!("top: {top} is not within 1 to {MAX_QUARANTINE_GROUPS}")))?;
    let workspace = caller(ctx)?.workspace_id();
    let counts = store::quarantine_counts::counts(store(ctx)?, workspace, &filter, wanted).await?;
    let listed: i64 = counts.groups.iter().map(|group| group.records).sum();
    let other_groups = counts.all_groups - i64::try_from(counts.groups.len()).unwrap_or(counts.all_groups);
    Ok(QuarantineCounts {
        records: BigInt(counts.records),
        other_records: BigInt(counts.records - listed),
        other_groups: BigInt(other_groups),
        groups: counts.groups.into_iter().map(group).collect::<Result<_>>()?,
    })
}

const DEFAULT_TOP: i32 = 20;

fn group(group: store::quarantine_counts::QuarantineGroup) -> Result<QuarantineGroup> {
    Ok(QuarantineGroup {
        dialect: dialect(&group.dialect)?,
        code: group.code,
        path: group.path,
        records: BigInt(group.records),
        first_received_at: DateTime(Micros(group.first_at)),
        last_received_at: DateTime(Micros(group.last_at)),
    })
}
