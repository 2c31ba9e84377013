//! Merges of customers and moves of identifiers, as they were recorded.

use entity::identity_change;
use entity::identity_change::Column;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use crate::Result;
use crate::domain::workspace::WorkspaceId;

/// Rows that are read at a time.
const PAGE: u64 = 1_000;

/// The next changes by which some customers gained or lost, behind the one of a number, in the order of their numbers.
pub async fn of_customers(
    store: &Store,
    workspace: WorkspaceId,
    customers: &[i64],
    after: Option<i64>,
) -> Result<Vec<identity_change::Model>> {
    let concerned = Condition::any()
        .add(Column::Customer.is_in(customers.iter().copied()))
        .add(Column::Other.is_in(customers.iter().copied()));
    let found = identity_change::Entity::find()
        .filter(concerned)
        // As a sum the workspace is no index.
        .filter(Expr::col(Column::Workspace).add(0).eq(workspace.0))
        .filter(Condition::all().add_option(after.map(|after| Column::Id.gt(after))))
        .order_by_asc(Column::Id)
        .limit(PAGE);
    Ok(found.all(store.db()).await?)
}
