//! Lists that addresses join and leave.

use std::collections::HashMap;

use entity::list;
use sea_orm::sea_query::Order;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::page::{Page, PageEnd, Slice};
use super::{Store, audit};
use crate::Result;
use crate::domain::audit::AuditEntry;
use crate::domain::hash::list_id;
use crate::domain::recipient::detail_id;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// The place of a list among all, by name. Names are distinct.
pub type ListPosition = String;

/// The list of an id.
pub async fn find(store: &Store, workspace: WorkspaceId, id: i64) -> Result<Option<list::Model>> {
    Ok(list::Entity::find_by_id((workspace.0, id)).one(store.db()).await?)
}

/// The list of a name: the id that its source gave it, exactly as given.
pub async fn find_by_name(store: &Store, workspace: WorkspaceId, name: &str) -> Result<Option<list::Model>> {
    find(store, workspace, list_id(name)).await
}

/// The lists of several ids; those that do not exist are left out.
pub async fn find_many(store: &Store, workspace: WorkspaceId, ids: &[i64]) -> Result<HashMap<i64, list::Model>> {
    let found = list::Entity::find()
        .filter(list::Column::Workspace.eq(workspace.0))
        .filter(list::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(store.db()).await?.into_iter().map(|row| (row.id, row)).collect())
}

/// The names of all lists by the hash that recipients' states have of them.
pub async fn names_by_detail(store: &Store, workspace: WorkspaceId) -> Result<HashMap<i64, String>> {
    let rows = list::Entity::find().filter(list::Column::Workspace.eq(workspace.0)).all(store.db()).await?;
    Ok(rows.into_iter().map(|row| (detail_id(&row.name), row.name)).collect())
}

/// A page of lists, by name as the database compares it.
pub async fn page(store: &Store, workspace: WorkspaceId, page: &Page<ListPosition>) -> Result<Slice<list::Model>> {
    let order = if page.from == PageEnd::Start { Order::Asc } else { Order::Desc };
    let between = Condition::all()
        .add_option(page.after.as_ref().map(|name| list::Column::Name.gt(name)))
        .add_option(page.before.as_ref().map(|name| list::Column::Name.lt(name)));
    let rows = list::Entity::find()
        .filter(list::Column::Workspace.eq(workspace.0))
        .filter(between)
        .order_by(list::Column::Name, order)
        .limit(page.limit + 1)
        .all(store.db())
        .await?;
    Ok(Slice::of_walk(rows, page))
}

/// Number of lists.
pub async fn count(store: &Store, workspace: WorkspaceId) -> Result<i64> {
    let number = list::Entity::find().filter(list::Column::Workspace.eq(workspace.0)).count(store.db()).await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Makes a list, and tells whether it is new: one of that name stays as it is. A new one gets an entry in the audit log,
/// where an administrator makes it.
pub async fn create(
    store: &Store,
    workspace: WorkspaceId,
    name: &str,
    entry: Option<&AuditEntry>,
) -> Result<(list::Model, bool)> {
    let id = list_id(name);
    if let Some(row) = find(store, workspace, id).await? {
        return Ok((row, false));
    }
    let new = list::Model { workspace: workspace.0, id, name: name.to_owned(), created_at: Micros::now().0 };
    let row = list::ActiveModel {
        workspace: Set(new.workspace),
        id: Set(id),
        name: Set(new.name.clone()),
        created_at: Set(new.created_at),
    };
    let insert = list::Entity::insert(row).on_conflict_do_nothing();
    if let Some(entry) = entry {
        let transaction = audit::begin(store, workspace, &entry.clone().on(format!("List:{id}"))).await?;
        insert.exec_without_returning(&transaction).await?;
        transaction.commit().await?;
    } else {
        insert.exec_without_returning(store.db()).await?;
    }
    // Whoever made it at the same moment made the same row, but for its time.
    Ok((find(store, workspace, id).await?.unwrap_or(new), true))
}
