//! How many records wait in the quarantine, by form, reason and path: what to mend first. Answered from an index alone.

use entity::quarantine;
use entity::quarantine::Column;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Func, Order, Query, SelectStatement, WindowStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::Store;
use super::quarantine::{QuarantineFilter, condition, states};
use crate::Result;
use crate::domain::workspace::WorkspaceId;

/// Records of one form, refused for one reason at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineGroup {
    /// Dialect name; `auto` where it could not be told.
    pub dialect: String,
    /// Stable reason code.
    pub code: String,
    /// JSON path of the offending field; empty: the whole record.
    pub path: String,
    /// Their number.
    pub records: i64,
    /// When the first was received, UTC microseconds.
    pub first_at: i64,
    /// When the last was received, UTC microseconds.
    pub last_at: i64,
}

/// The largest groups, and all of them in sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineCounts {
    /// The largest groups first; of equal ones by form, reason and path.
    pub groups: Vec<QuarantineGroup>,
    /// Records in all groups.
    pub records: i64,
    /// Number of groups, the listed ones among them.
    pub all_groups: i64,
}

/// Counts what a filter admits; lists at most `top` groups.
pub async fn counts(
    store: &Store,
    workspace: WorkspaceId,
    filter: &QuarantineFilter,
    top: u64,
) -> Result<QuarantineCounts> {
    let mut counts = QuarantineCounts::default();
    for row in store.db().query_all(&largest(workspace, filter, top)).await? {
        let row = Row::from_query_result(&row, "")?;
        (counts.records, counts.all_groups) = (row.all_records, row.all_groups);
        let Row { dialect, code, path, records, first_at, last_at, .. } = row;
        counts.groups.push(QuarantineGroup { dialect, code, path, records, first_at, last_at });
    }
    Ok(counts)
}

#[derive(FromQueryResult)]
struct Row {
    dialect: String,
    code: String,
    path: String,
    records: i64,
    first_at: i64,
    last_at: i64,
    all_records: i64,
    all_groups: i64,
}

/// The groups with their sums, and around them the largest alone: a sum over a window is no whole number on Postgres
/// until it is cast, and a cast cannot stand within.
fn largest(workspace: WorkspaceId, filter: &QuarantineFilter, top: u64) -> SelectStatement {
    let summed = Query::select()
        .column(Asterisk)
        .expr_window_as(Func::sum(Expr::col(RECORDS)), WindowStatement::new(), ALL_RECORDS)
        .expr_window_as(Func::count(Expr::col(RECORDS)), WindowStatement::new(), ALL_GROUPS)
        .from_subquery(groups(workspace, filter), "by_reason")
        .take();
    Query::select()
        .columns([Column::Dialect, Column::Code, Column::Path])
        .columns([RECORDS, FIRST_AT, LAST_AT, ALL_GROUPS])
        .expr_as(Expr::col(ALL_RECORDS).cast_as("bigint"), ALL_RECORDS)
        .from_subquery(summed, "summed")
        .order_by(RECORDS, Order::Desc)
        .order_by(Column::Dialect, Order::Asc)
        .order_by(Column::Code, Order::Asc)
        .order_by(Column::Path, Order::Asc)
        .limit(top)
        .take()
}

fn groups(workspace: WorkspaceId, filter: &QuarantineFilter) -> SelectStatement {
    Query::select()
        .columns([Column::Dialect, Column::Code, Column::Path])
        .expr_as(Func::count(Expr::col(Asterisk)), RECORDS)
        .expr_as(Expr::col(Column::ReceivedAt).min(), FIRST_AT)
        .expr_as(Expr::col(Column::ReceivedAt).max(), LAST_AT)
        .from(quarantine::Entity)
        .cond_where(condition(workspace, &states(filter), filter))
        .group_by_columns([Column::Dialect, Column::Code, Column::Path])
        .take()
}

const RECORDS: &str = "records";
const FIRST_AT: &str = "first_at";
const LAST_AT: &str = "last_at";
const ALL_RECORDS: &str = "all_records";
const ALL_GROUPS: &str = "all_groups";
