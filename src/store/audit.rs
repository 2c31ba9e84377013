//! The audit log: what administrators did, the newest first.

use entity::audit;
use entity::audit::Column;
use rand::RngCore;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};

use super::Store;
use super::page::{Page, PageEnd, Slice};
use crate::Result;
use crate::domain::audit::AuditEntry;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// Which entries are wanted; what is not given admits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this action.
    pub action: Option<String>,
    /// Done to this object, such as `Customer:7`.
    pub object: Option<String>,
    /// Done with this key.
    pub api_key: Option<i64>,
    /// At this time or later.
    pub from: Option<Micros>,
    /// Before this time.
    pub until: Option<Micros>,
}

/// The place of an entry: (time, id).
pub type AuditPosition = (i64, i64);

/// The place of an entry.
pub fn position_of(row: &audit::Model) -> AuditPosition {
    (row.at, row.id)
}

/// A number that no other entry has.
pub fn new_id() -> i64 {
    (rand::rng().next_u64() >> 1) as i64
}

/// Begins the transaction of a change, with its entry written: both are committed, or neither. What is written first takes
/// the one writer's lock of SQLite, so that the change cannot fail for having read before.
pub async fn begin(store: &Store, workspace: WorkspaceId, entry: &AuditEntry) -> Result<DatabaseTransaction> {
    let transaction = store.db().begin().await?;
    insert(&transaction, workspace, entry).await?;
    Ok(transaction)
}

/// Writes an entry by itself, for what changes nothing or was done already.
pub async fn record(store: &Store, workspace: WorkspaceId, entry: &AuditEntry) -> Result<()> {
    insert(store.db(), workspace, entry).await?;
    Ok(())
}

/// An entry that was written before its action was done, so that it stands whatever happens.
#[derive(Clone, Copy, Debug)]
pub struct OpenEntry {
    workspace: WorkspaceId,
    position: AuditPosition,
}

/// Writes an entry of what takes several transactions.
pub async fn open(store: &Store, workspace: WorkspaceId, entry: &AuditEntry) -> Result<OpenEntry> {
    let position = insert(store.db(), workspace, entry).await?;
    Ok(OpenEntry { workspace, position })
}

/// Replaces the summary of an entry by what came of its action.
pub async fn complete(store: &Store, open: OpenEntry, entry: &AuditEntry) -> Result<()> {
    let (at, id) = open.position;
    let update = audit::Entity::update_many()
        .col_expr(Column::Summary, Expr::value(entry.summary_text()))
        .filter(Column::Workspace.eq(open.workspace.0))
        .filter(Column::At.eq(at))
        .filter(Column::Id.eq(id));
    update.exec(store.db()).await?;
    Ok(())
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    entry: &AuditEntry,
) -> Result<AuditPosition> {
    let (at, id) = (Micros::now().0, new_id());
    let row = audit::ActiveModel {
        workspace: Set(workspace.0),
        at: Set(at),
        id: Set(id),
        api_key: Set(entry.actor.api_key),
        actor: Set(entry.actor.name.clone()),
        action: Set(entry.action.to_owned()),
        object: Set(entry.object.clone()),
        summary: Set(entry.summary_text()),
        request: Set(entry.actor.request.clone()),
    };
    audit::Entity::insert(row).exec_without_returning(db).await?;
    Ok((at, id))
}

/// A page of entries, the newest first.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    filter: &AuditFilter,
    page: &Page<AuditPosition>,
) -> Result<Slice<audit::Model>> {
    Ok(Slice::of_walk(listed(workspace, filter, page).all(store.db()).await?, page))
}

/// Number of entries that a filter admits.
pub async fn count(store: &Store, workspace: WorkspaceId, filter: &AuditFilter) -> Result<i64> {
    let number = audit::Entity::find().filter(condition(workspace, filter)).count(store.db()).await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

fn listed(workspace: WorkspaceId, filter: &AuditFilter, page: &Page<AuditPosition>) -> sea_orm::Select<audit::Entity> {
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    let place = || Expr::tuple([Expr::col(Column::At), Expr::col(Column::Id)]);
    let value = |(at, id): AuditPosition| Expr::tuple([Expr::val(at), Expr::val(id)]);
    audit::Entity::find()
        .filter(condition(workspace, filter))
        .filter(Condition::all().add_option(page.after.map(|position| place().lt(value(position)))))
        .filter(Condition::all().add_option(page.before.map(|position| place().gt(value(position)))))
        .order_by(Column::At, order.clone())
        .order_by(Column::Id, order)
        .limit(page.limit + 1)
}

/// Of several conditions the first leads along its index; the others, as texts that no index knows, are looked at on the way.
fn condition(workspace: WorkspaceId, filter: &AuditFilter) -> Condition {
    let mut is_led = false;
    let mut lead = || !std::mem::replace(&mut is_led, true);
    let object = filter.object.as_deref().map(|object| {
        lead();
        Column::Object.eq(object)
    });
    let api_key = filter.api_key.map(|key| {
        let column = Expr::col(Column::ApiKey);
        if lead() { column.eq(key) } else { column.add(0).eq(key) }
    });
    let action = filter.action.as_deref().map(|action| {
        let column = Expr::col(Column::Action);
        if lead() { column.eq(action) } else { Expr::expr(column.cast_as("text")).eq(action) }
    });
    Condition::all()
        .add(Column::Workspace.eq(workspace.0))
        .add_option(object)
        .add_option(api_key)
        .add_option(action)
        .add_option(filter.from.map(|from| Column::At.gte(from.0)))
        .add_option(filter.until.map(|until| Column::At.lt(until.0)))
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait, Statement};

    use super::*;
    use crate::store::DatabaseSettings;

    #[tokio::test]
    async fn the_log_is_walked_along_an_index_and_never_sorted() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("plan.db").display());
        let store = crate::store::open(&DatabaseSettings { url, max_connections: 1 }).await.expect("it opens");
        let all = AuditFilter::default;
        let (action, object) = (Some("customerErase".to_owned()), Some("Customer:7".to_owned()));
        for (filter, index) in [
            (all(), "audit_listed"),
            (AuditFilter { from: Some(Micros(1)), ..all() }, "audit_listed"),
            (AuditFilter { action: action.clone(), ..all() }, "audit_action"),
            (AuditFilter { object: object.clone(), action: action.clone(), ..all() }, "audit_object"),
            (AuditFilter { api_key: Some(3), action, object: None, ..all() }, "audit_api_key"),
            (AuditFilter { api_key: Some(3), object, ..all() }, "audit_object"),
        ] {
            for from in [PageEnd::Start, PageEnd::End] {
                let page = Page { after: Some((5, 5)), before: None, from, limit: 10 };
                let statement = listed(WorkspaceId(1), &filter, &page).build(DbBackend::Sqlite);
                let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {statement}"));
                let steps = store.db().query_all_raw(explain).await.expect("it explains");
                let walks: Vec<String> = steps.iter().map(|row| row.try_get("", "detail").expect("a text")).collect();
                assert!(walks.len() == 1 && walks[0].contains(index), "{filter:?}: {walks:?}");
            }
        }
    }
}
