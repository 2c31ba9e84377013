//! Records that could not be taken.

use entity::quarantine;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use super::page::{Page, PageEnd, Slice};
use crate::Result;
use crate::domain::event::Dialect;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// Which records are wanted; what is not given admits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineFilter {
    /// The form that they came in.
    pub dialect: Option<Dialect>,
    /// The stable reason code.
    pub code: Option<String>,
    /// Received at this time or later.
    pub received_from: Option<Micros>,
    /// Received before this time.
    pub received_until: Option<Micros>,
}

/// The place of a record in a list by time of receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinePosition {
    /// UTC microseconds.
    pub received_at: i64,
    /// 128-bit id.
    pub id: Vec<u8>,
}

impl QuarantinePosition {
    /// The place of a record.
    pub fn of(row: &quarantine::Model) -> Self {
        Self { received_at: row.received_at, id: row.id.clone() }
    }
}

/// The record of an id.
pub async fn find(store: &Store, workspace: WorkspaceId, id: &[u8]) -> Result<Option<quarantine::Model>> {
    let found = quarantine::Entity::find_by_id((store.shards().of_bytes(id), id.to_vec()))
        .filter(quarantine::Column::Workspace.eq(workspace.0));
    Ok(found.one(store.db()).await?)
}

/// A page of records, the latest received first.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    filter: &QuarantineFilter,
    page: &Page<QuarantinePosition>,
) -> Result<Slice<quarantine::Model>> {
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    let found = quarantine::Entity::find()
        .filter(condition(workspace, filter))
        .filter(Condition::all().add_option(page.after.as_ref().map(earlier_than)))
        .filter(Condition::all().add_option(page.before.as_ref().map(later_than)))
        .order_by(quarantine::Column::ReceivedAt, order.clone())
        .order_by(quarantine::Column::Id, order)
        .limit(page.limit + 1);
    Ok(Slice::of_walk(found.all(store.db()).await?, page))
}

/// Number of records that the filter admits.
pub async fn count(store: &Store, workspace: WorkspaceId, filter: &QuarantineFilter) -> Result<i64> {
    let number = quarantine::Entity::find().filter(condition(workspace, filter)).count(store.db()).await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

fn condition(workspace: WorkspaceId, filter: &QuarantineFilter) -> Condition {
    Condition::all()
        .add(quarantine::Column::Workspace.eq(workspace.0))
        .add_option(filter.dialect.map(|dialect| quarantine::Column::Dialect.eq(dialect.name())))
        .add_option(filter.code.as_ref().map(|code| quarantine::Column::Code.eq(code.as_str())))
        .add_option(filter.received_from.map(|from| quarantine::Column::ReceivedAt.gte(from.0)))
        .add_option(filter.received_until.map(|until| quarantine::Column::ReceivedAt.lt(until.0)))
}

fn earlier_than(position: &QuarantinePosition) -> Condition {
    let at = position.received_at;
    let tie = quarantine::Column::ReceivedAt.eq(at).and(quarantine::Column::Id.lt(position.id.clone()));
    Condition::any().add(quarantine::Column::ReceivedAt.lt(at)).add(tie)
}

fn later_than(position: &QuarantinePosition) -> Condition {
    let at = position.received_at;
    let tie = quarantine::Column::ReceivedAt.eq(at).and(quarantine::Column::Id.gt(position.id.clone()));
    Condition::any().add(quarantine::Column::ReceivedAt.gt(at)).add(tie)
}
