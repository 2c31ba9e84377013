//! The history of who is who: merges of customers and moves of identifiers, with what caused them.

use entity::{customer, identity_change};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use super::page::{Page, PageEnd, Slice};
use crate::Result;
use crate::domain::workspace::WorkspaceId;

/// The place of a change in a history: (number, shard).
pub type ChangePosition = (i64, i16);

/// The place of a change.
pub fn position_of(row: &identity_change::Model) -> ChangePosition {
    (row.id, row.shard)
}

/// A page of the changes that concern a customer, which stands for itself, or any that became part of it: what they gained
/// and what they lost, the latest first.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    customer: i64,
    page: &Page<ChangePosition>,
) -> Result<Slice<identity_change::Model>> {
    use identity_change::Column;
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    let place = || Expr::tuple([Expr::col(Column::Id), Expr::col(Column::Shard)]);
    let values = |(id, shard): ChangePosition| Expr::tuple([Expr::val(id), Expr::val(shard)]);
    let between = Condition::all()
        .add_option(page.after.map(|position| place().lt(values(position))))
        .add_option(page.before.map(|position| place().gt(values(position))));
    let rows = of_customer(workspace, customer)
        .filter(between)
        .order_by(Column::Id, order.clone())
        .order_by(Column::Shard, order)
        .limit(page.limit + 1);
    Ok(Slice::of_walk(rows.all(store.db()).await?, page))
}

/// Number of changes that concern a customer or any that became part of it.
pub async fn count(store: &Store, workspace: WorkspaceId, customer: i64) -> Result<i64> {
    let number = of_customer(workspace, customer).count(store.db()).await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Rows are found by the indexes of both customers; they name those of their time, and are never rewritten.
pub fn of_customer(workspace: WorkspaceId, customer: i64) -> sea_orm::Select<identity_change::Entity> {
    let concerns = Condition::any()
        .add(identity_change::Column::Customer.in_subquery(parts_of(customer)))
        .add(identity_change::Column::Other.in_subquery(parts_of(customer)));
    identity_change::Entity::find().filter(identity_change::Column::Workspace.eq(workspace.0)).filter(concerns)
}

/// The customer, and all that became part of it.
fn parts_of(customer: i64) -> SelectStatement {
    let merged = Query::select()
        .column(customer::Column::Id)
        .from(customer::Entity)
        .and_where(customer::Column::MergedInto.eq(customer))
        .take();
    Query::select().expr(Expr::val(customer)).union(sea_orm::sea_query::UnionType::All, merged).take()
}
