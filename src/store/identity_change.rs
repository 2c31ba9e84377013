//! The history of who is who: merges of customers and moves of identifiers, with what caused them.

use entity::identity_change;
use sea_orm::sea_query::{Expr, ExprTrait, Order};
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

/// A page of the changes that concern any of several customers: what they gained and what they lost, the latest first.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    customers: &[i64],
    page: &Page<ChangePosition>,
) -> Result<Slice<identity_change::Model>> {
    use identity_change::Column;
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    let place = || Expr::tuple([Expr::col(Column::Id), Expr::col(Column::Shard)]);
    let values = |(id, shard): ChangePosition| Expr::tuple([Expr::val(id), Expr::val(shard)]);
    let between = Condition::all()
        .add_option(page.after.map(|position| place().lt(values(position))))
        .add_option(page.before.map(|position| place().gt(values(position))));
    let rows = of_customers(workspace, customers)
        .filter(between)
        .order_by(Column::Id, order.clone())
        .order_by(Column::Shard, order)
        .limit(page.limit + 1);
    Ok(Slice::of_walk(rows.all(store.db()).await?, page))
}

/// Number of changes that concern any of several customers.
pub async fn count(store: &Store, workspace: WorkspaceId, customers: &[i64]) -> Result<i64> {
    let number = of_customers(workspace, customers).count(store.db()).await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The changes that concern any of several customers, found by the indexes of both sides. Rows name the customers of their
/// time and are never rewritten.
pub fn of_customers(workspace: WorkspaceId, customers: &[i64]) -> sea_orm::Select<identity_change::Entity> {
    let concerns = Condition::any()
        .add(identity_change::Column::Customer.is_in(customers.iter().copied()))
        .add(identity_change::Column::Other.is_in(customers.iter().copied()));
    identity_change::Entity::find().filter(identity_change::Column::Workspace.eq(workspace.0)).filter(concerns)
}
