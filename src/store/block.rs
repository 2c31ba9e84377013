//! Blocked identifiers: how many there are, and until when. Which they are cannot be told.

use entity::blocked_identifier;
use entity::blocked_identifier::Column;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use crate::Result;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// Identifiers that were blocked at once: those of one customer, or of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockGroup {
    /// When their customer was erased.
    pub blocked_at: Micros,
    /// From when on they are taken again.
    pub blocked_until: Micros,
    /// Their number.
    pub identifiers: i64,
}

/// The blocks that hold at an instant, the first to end first.
pub async fn groups(store: &Store, workspace: WorkspaceId, now: Micros, limit: u64) -> Result<Vec<BlockGroup>> {
    let rows: Vec<(i64, i64, i64)> = blocked_identifier::Entity::find()
        .select_only()
        .column(Column::BlockedAt)
        .column(Column::BlockedUntil)
        .column_as(Expr::col(Column::Hash).count(), "identifiers")
        .filter(Column::Workspace.eq(workspace.0))
        .filter(Column::BlockedUntil.gt(now.0))
        .group_by(Column::BlockedAt)
        .group_by(Column::BlockedUntil)
        .order_by_asc(Column::BlockedUntil)
        .order_by_asc(Column::BlockedAt)
        .limit(limit)
        .into_tuple()
        .all(store.db())
        .await?;
    let group =
        |(at, until, identifiers)| BlockGroup { blocked_at: Micros(at), blocked_until: Micros(until), identifiers };
    Ok(rows.into_iter().map(group).collect())
}

/// Number of identifiers that are blocked at an instant, and until when the last of them is.
pub async fn total(store: &Store, workspace: WorkspaceId, now: Micros) -> Result<(i64, Option<Micros>)> {
    let row: Option<(i64, Option<i64>)> = blocked_identifier::Entity::find()
        .select_only()
        .column_as(Expr::col(Column::Hash).count(), "identifiers")
        .column_as(Expr::col(Column::BlockedUntil).max(), "last_until")
        .filter(Column::Workspace.eq(workspace.0))
        .filter(Column::BlockedUntil.gt(now.0))
        .into_tuple()
        .one(store.db())
        .await?;
    Ok(row.map_or((0, None), |(identifiers, until)| (identifiers, until.map(Micros))))
}
