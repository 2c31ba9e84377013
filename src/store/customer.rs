//! Customers and the identifiers that name them. A merged customer resolves to the one that it became part of.

use std::collections::{HashMap, HashSet};

use entity::{customer, identifier};
use sea_orm::sea_query::{
    Asterisk, Expr, ExprTrait, Func, LikeExpr, Order, OverStatement, Query, SelectStatement, WindowStatement,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::Store;
use crate::Result;
use crate::domain::hash;
use crate::domain::identifier::{Identifier, PUSH_TOKEN_SUFFIX};
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::workspace::WorkspaceId;

/// Most identifiers of one type that a customer shows; older ones still resolve.
pub const SHOWN_IDENTIFIERS_PER_TYPE: i64 = 25;

/// The customer of an id, or the one that it became part of.
pub async fn find(store: &Store, workspace: WorkspaceId, id: i64) -> Result<Option<customer::Model>> {
    Ok(find_many(store, workspace, &[id]).await?.remove(&id))
}

/// The customers of several ids, each under the id asked for: merged ones give the customer that they became part of.
/// Erased ones are left out.
pub async fn find_many(store: &Store, workspace: WorkspaceId, ids: &[i64]) -> Result<HashMap<i64, customer::Model>> {
    let mut found = standing_for(store, workspace, ids).await?;
    found.retain(|_, row| row.erased_at.is_none());
    Ok(found)
}

/// The same with the nameless shells of erased customers, whose events go on counting.
pub async fn standing_for(store: &Store, workspace: WorkspaceId, ids: &[i64]) -> Result<HashMap<i64, customer::Model>> {
    let asked = rows(store, workspace, ids).await?;
    let surviving: Vec<i64> = asked.values().filter_map(|row| row.merged_into).collect();
    let surviving = if surviving.is_empty() { HashMap::new() } else { rows(store, workspace, &surviving).await? };
    let stands_for = |row: customer::Model| match row.merged_into {
        Some(id) => surviving.get(&id).cloned(),
        None => Some(row),
    };
    Ok(asked.into_iter().filter_map(|(id, row)| Some((id, stands_for(row)?))).collect())
}

/// The customer that an identifier names.
pub async fn find_by_identifier(
    store: &Store,
    workspace: WorkspaceId,
    named: &Identifier,
) -> Result<Option<customer::Model>> {
    let id = hash::identifier_id(workspace.0, &named.name, &named.value);
    match find_identifier(store, workspace, &id).await? {
        Some(row) => find(store, workspace, row.customer).await,
        None => Ok(None),
    }
}

/// The identifier of an id.
pub async fn find_identifier(
    store: &Store,
    workspace: WorkspaceId,
    id: &[u8; 16],
) -> Result<Option<identifier::Model>> {
    let found = identifier::Entity::find_by_id((store.shards().of_bytes(id), id.to_vec()))
        .filter(identifier::Column::Workspace.eq(workspace.0));
    Ok(found.one(store.db()).await?)
}

/// The customers that became part of others, oldest first, by the customer that they became part of.
pub async fn merged_into(store: &Store, workspace: WorkspaceId, customers: &[i64]) -> Result<HashMap<i64, Vec<i64>>> {
    let rows: Vec<(i64, i64)> = customer::Entity::find()
        .select_only()
        .column(customer::Column::MergedInto)
        .column(customer::Column::Id)
        // As a sum the workspace is no index: without statistics, SQLite would take it for narrower than this one.
        .filter(Expr::col(customer::Column::Workspace).add(0).eq(workspace.0))
        .filter(customer::Column::MergedInto.is_in(customers.iter().copied()))
        .order_by_asc(customer::Column::Id)
        .into_tuple()
        .all(store.db())
        .await?;
    let mut merged: HashMap<i64, Vec<i64>> = HashMap::new();
    for (surviving, id) in rows {
        merged.entry(surviving).or_default().push(id);
    }
    Ok(merged)
}

/// The identifiers of several customers by type, of each type the latest linked first, those linked at once by the bytes of
/// their values, and at most [`SHOWN_IDENTIFIERS_PER_TYPE`].
pub async fn identifiers(
    store: &Store,
    workspace: WorkspaceId,
    customers: &[i64],
) -> Result<HashMap<i64, Vec<identifier::Model>>> {
    let found = store.db().query_all(&shown_identifiers(store, workspace, customers)).await?;
    let mut identifiers: HashMap<i64, Vec<identifier::Model>> = HashMap::new();
    for row in found {
        let row = identifier::Model::from_query_result(&row, "")?;
        identifiers.entry(row.customer).or_default().push(row);
    }
    Ok(identifiers)
}

/// The statement that finds the identifiers which customers show: the database counts them off, so that of somebody with
/// thousands no more are read out.
pub fn shown_identifiers(store: &Store, workspace: WorkspaceId, customers: &[i64]) -> SelectStatement {
    let value = match store.db().get_database_backend() {
        DatabaseBackend::Postgres => Expr::cust("\"value\" COLLATE \"C\""),
        _ => Expr::col(identifier::Column::Value),
    };
    let rank = WindowStatement::partition_by(identifier::Column::Customer)
        .partition_by(identifier::Column::Name)
        .order_by(identifier::Column::LinkedAt, Order::Desc)
        .order_by_expr(value, Order::Asc)
        .take();
    let ranked = Query::select()
        .column(Asterisk)
        .expr_window_as(Func::cust("ROW_NUMBER"), rank, RANK)
        .from(identifier::Entity)
        // As a sum the workspace is no index: without statistics, SQLite would take it for narrower than the customers.
        .and_where(Expr::col(identifier::Column::Workspace).add(0).eq(workspace.0))
        .and_where(identifier::Column::Customer.is_in(customers.iter().copied()))
        .take();
    Query::select()
        .column(Asterisk)
        .from_subquery(ranked, "ranked")
        .and_where(Expr::col(RANK).lte(SHOWN_IDENTIFIERS_PER_TYPE))
        .order_by(identifier::Column::Name, Order::Asc)
        .order_by(RANK, Order::Asc)
        .take()
}

/// The values of several customers' identifiers of some types: (customer, type, value), in no particular order.
pub async fn values_of(
    store: &Store,
    workspace: WorkspaceId,
    customers: &[i64],
    names: &[String],
) -> Result<Vec<(i64, String, String)>> {
    let found = identifier::Entity::find()
        .select_only()
        .column(identifier::Column::Customer)
        .column(identifier::Column::Name)
        .column(identifier::Column::Value)
        // As a sum the workspace is no index: without statistics, SQLite would take it for narrower than the customers.
        .filter(Expr::col(identifier::Column::Workspace).add(0).eq(workspace.0))
        .filter(identifier::Column::Customer.is_in(customers.iter().copied()))
        .filter(identifier::Column::Name.is_in(names))
        .into_tuple();
    Ok(found.all(store.db()).await?)
}

/// Identifiers of a customer that stands for itself, of every type that may be an address of a channel, by type and value.
/// Those of other types, such as thousands of cookies, are not read.
pub async fn addresses(
    store: &Store,
    workspace: WorkspaceId,
    customer: i64,
    (channel, types): (&str, &IdentifierTypes),
) -> Result<Vec<identifier::Model>> {
    let name = || Expr::col(identifier::Column::Name);
    let (own, push_tokens) = (types.serving(channel), format!("any{PUSH_TOKEN_SUFFIX}"));
    let mut of_channel = Condition::any().add(name().is_in(own));
    if types.serves(&push_tokens, channel) {
        let pattern = format!("%{}", PUSH_TOKEN_SUFFIX.replace('_', r"\_"));
        of_channel = of_channel.add(name().like(LikeExpr::new(pattern).escape('\\')));
    }
    let found = identifier::Entity::find()
        .filter(identifier::Column::Customer.eq(customer))
        // As a sum the workspace is no index: without statistics, SQLite would take it for narrower than the customer.
        .filter(Expr::col(identifier::Column::Workspace).add(0).eq(workspace.0))
        .filter(of_channel)
        .order_by_asc(identifier::Column::Name)
        .order_by_asc(identifier::Column::Value);
    Ok(found.all(store.db()).await?)
}

/// Every identifier of a customer that stands for itself, by type and value.
pub async fn all_identifiers(store: &Store, workspace: WorkspaceId, customer: i64) -> Result<Vec<identifier::Model>> {
    let found = identifier::Entity::find()
        .filter(identifier::Column::Customer.eq(customer))
        // As a sum the workspace is no index: without statistics, SQLite would take it for narrower than the customer.
        .filter(Expr::col(identifier::Column::Workspace).add(0).eq(workspace.0))
        .order_by_asc(identifier::Column::Name)
        .order_by_asc(identifier::Column::Value);
    Ok(found.all(store.db()).await?)
}

/// Number of customers of the workspace, merged and erased ones left out.
pub async fn count(store: &Store, workspace: WorkspaceId) -> Result<i64> {
    let number = customer::Entity::find()
        .filter(customer::Column::Workspace.eq(workspace.0))
        .filter(customer::Column::MergedInto.is_null())
        .filter(customer::Column::ErasedAt.is_null())
        .count(store.db())
        .await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Those of several customers, in their order, who were not erased.
pub async fn without_erased(store: &Store, workspace: WorkspaceId, customers: Vec<i64>) -> Result<Vec<i64>> {
    let mut erased = HashSet::new();
    for customers in customers.chunks(IDS_OF_ONE_STATEMENT) {
        let found = customer::Entity::find()
            .select_only()
            .column(customer::Column::Id)
            .filter(customer::Column::Workspace.eq(workspace.0))
            .filter(customer::Column::Id.is_in(customers.iter().copied()))
            .filter(customer::Column::ErasedAt.is_not_null());
        erased.extend(found.into_tuple::<i64>().all(store.db()).await?);
    }
    Ok(customers.into_iter().filter(|customer| !erased.contains(customer)).collect())
}

/// SQLite takes 32,766 parameters.
const IDS_OF_ONE_STATEMENT: usize = 5_000;

const RANK: &str = "rank_in_type";

async fn rows(store: &Store, workspace: WorkspaceId, ids: &[i64]) -> Result<HashMap<i64, customer::Model>> {
    let found = customer::Entity::find()
        .filter(customer::Column::Workspace.eq(workspace.0))
        .filter(customer::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(store.db()).await?.into_iter().map(|row| (row.id, row)).collect())
}
