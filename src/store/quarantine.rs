//! Records that could not be taken: finding, listing and reading them. Counts of them stand in `quarantine_counts`, what
//! people do with them in `quarantine_change`.

use std::cmp::Reverse;
use std::collections::HashMap;

use entity::quarantine;
use entity::quarantine::Column;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::Store;
use super::page::{Page, PageEnd, Slice};
use crate::Result;
use crate::domain::event::Format;
use crate::domain::quarantine::{ERASED, RecordState};
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;

/// Which records are wanted; what is not given admits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineFilter {
    /// In any of these states; none given: in any.
    pub states: Vec<RecordState>,
    /// The form that they came in; `Auto`: those whose form could not be told.
    pub format: Option<Format>,
    /// The stable reason code.
    pub code: Option<String>,
    /// The JSON path of the offending field; empty: the whole record.
    pub path: Option<String>,
    /// How the path begins.
    pub path_prefix: Option<String>,
    /// How the route or file that they came by begins.
    pub source_prefix: Option<String>,
    /// Received at this time or later.
    pub received_from: Option<Micros>,
    /// Received before this time.
    pub received_until: Option<Micros>,
}

/// A record without its bytes, which may be many.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct QuarantinedHead {
    /// 128-bit id.
    pub id: Vec<u8>,
    /// Dialect name; `auto` where it could not be told.
    pub dialect: String,
    /// Stable reason code.
    pub code: String,
    /// JSON path of the offending field; empty: the whole record.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// Length of the whole record in bytes.
    pub raw_len: i64,
    /// Length of what is kept of it.
    pub kept_len: i64,
    /// Hash of the whole record, where not all of it is kept.
    pub whole_hash: Option<String>,
    /// Route or file that it came by.
    pub source: String,
    /// Index of the record in its batch or file.
    pub position: i64,
    /// Byte offset in its body or file.
    pub byte_offset: i64,
    /// UTC microseconds.
    pub received_at: i64,
    /// Code of its state.
    pub state: i16,
    /// When it was replayed or discarded, UTC microseconds.
    pub resolved_at: Option<i64>,
    /// What was done with it.
    pub resolution: Option<String>,
}

/// The place of a record in a list by time of receipt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuarantinePosition {
    /// UTC microseconds.
    pub received_at: i64,
    /// 128-bit id.
    pub id: Vec<u8>,
}

impl QuarantinePosition {
    /// The place of a record.
    pub fn of(row: &QuarantinedHead) -> Self {
        Self { received_at: row.received_at, id: row.id.clone() }
    }
}

/// The record of an id.
pub async fn find(store: &Store, workspace: WorkspaceId, id: &[u8]) -> Result<Option<QuarantinedHead>> {
    let found = heads().filter(Column::Shard.eq(store.shards().of_bytes(id))).filter(Column::Id.eq(id.to_vec()));
    let shown = found.filter(Column::Workspace.eq(workspace.0)).filter(Column::State.ne(ERASED));
    Ok(shown.into_model().one(store.db()).await?)
}

/// The bytes of several records, as far as they are kept, by id.
pub async fn raws(store: &Store, workspace: WorkspaceId, ids: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, Vec<u8>>> {
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(IDS_OF_ONE_STATEMENT) {
        let rows = quarantine::Entity::find()
            .select_only()
            .columns([Column::Id, Column::Raw])
            .filter(among(store, ids))
            .filter(Column::Workspace.eq(workspace.0))
            .into_tuple::<(Vec<u8>, Vec<u8>)>();
        found.extend(rows.all(store.db()).await?);
    }
    Ok(found)
}

/// A page of records, the latest received first.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    filter: &QuarantineFilter,
    page: &Page<QuarantinePosition>,
) -> Result<Slice<QuarantinedHead>> {
    let mut rows = Vec::new();
    // State by state, each along its index, and then merged: a list of states would have to be sorted as a whole.
    for state in states(filter) {
        let found = listed(condition(workspace, &[state], filter), page);
        rows.extend(found.into_model::<QuarantinedHead>().all(store.db()).await?);
    }
    match page.from {
        PageEnd::Start => rows.sort_by_key(|row| Reverse(QuarantinePosition::of(row))),
        PageEnd::End => rows.sort_by_key(QuarantinePosition::of),
    }
    rows.truncate(usize::try_from(page.limit.saturating_add(1)).unwrap_or(usize::MAX));
    Ok(Slice::of_walk(rows, page))
}

/// At most `limit` records behind a position, the earliest received first.
pub async fn walk(
    store: &Store,
    workspace: WorkspaceId,
    filter: &QuarantineFilter,
    after: Option<&QuarantinePosition>,
    limit: u64,
) -> Result<Slice<QuarantinedHead>> {
    let mirrored = Page { after: None, before: after.cloned(), from: PageEnd::End, limit };
    Ok(page(store, workspace, filter, &mirrored).await?.mirrored())
}

/// Number of records that the filter admits.
pub async fn count(store: &Store, workspace: WorkspaceId, filter: &QuarantineFilter) -> Result<i64> {
    count_behind(store, workspace, filter, None).await
}

/// Number of records that the filter admits and that were received later than a position.
pub async fn count_behind(
    store: &Store,
    workspace: WorkspaceId,
    filter: &QuarantineFilter,
    position: Option<&QuarantinePosition>,
) -> Result<i64> {
    let mut number = 0;
    for state in states(filter) {
        let behind = Condition::all().add_option(position.map(later_than));
        let found = quarantine::Entity::find().filter(condition(workspace, &[state], filter)).filter(behind);
        number += found.count(store.db()).await?;
    }
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Number of open records of all workspaces, at most `limit`.
pub async fn count_open(store: &Store, limit: u64) -> Result<u64> {
    let mut number = 0;
    for workspace in super::workspace::list(store).await? {
        let open = condition(workspace.id, &[RecordState::Open], &QuarantineFilter::default());
        // A page's rows are counted within a subquery, so that the limit holds.
        let found = quarantine::Entity::find().select_only().column(Column::ReceivedAt).filter(open);
        number += found.limit(limit.saturating_sub(number)).count(store.db()).await?;
    }
    Ok(number)
}

/// The states of a filter, each once.
pub(super) fn states(filter: &QuarantineFilter) -> Vec<RecordState> {
    let is_wanted = |state: &RecordState| filter.states.is_empty() || filter.states.contains(state);
    RecordState::ALL.into_iter().filter(is_wanted).collect()
}

/// The records of some states that a filter admits. Form and path alone lead along no index: only with the reason do the
/// three of them, in the order of time; a planner without statistics would else sort all records of a form.
pub(super) fn condition(workspace: WorkspaceId, states: &[RecordState], filter: &QuarantineFilter) -> Condition {
    let state = match states {
        [state] => Column::State.eq(state.code()),
        several => Column::State.is_in(several.iter().map(|state| state.code())),
    };
    let form_leads = filter.code.is_some() && filter.path.is_some();
    let form = |format: Format| {
        let column = Expr::col(Column::Dialect);
        if form_leads { column.eq(format.name()) } else { unled(column).eq(format.name()) }
    };
    let path = |path: &String| {
        let column = Expr::col(Column::Path);
        if form_leads && filter.format.is_some() { column.eq(path.as_str()) } else { unled(column).eq(path.as_str()) }
    };
    Condition::all()
        .add(Column::Workspace.eq(workspace.0))
        .add(state)
        .add_option(filter.format.map(form))
        .add_option(filter.code.as_ref().map(|code| Column::Code.eq(code.as_str())))
        .add_option(filter.path.as_ref().map(path))
        .add_option(filter.path_prefix.as_ref().map(|start| begins_with(Column::Path, start)))
        .add_option(filter.source_prefix.as_ref().map(|start| begins_with(Column::Source, start)))
        .add_option(filter.received_from.map(|from| Column::ReceivedAt.gte(from.0)))
        .add_option(filter.received_until.map(|until| Column::ReceivedAt.lt(until.0)))
}

/// The same value, which no index knows.
fn unled(column: Expr) -> SimpleExpr {
    Func::coalesce([column, Expr::val("")]).into()
}

/// Not `LIKE`, which differs between the databases in case and in its wildcards.
fn begins_with(column: Column, start: &str) -> SimpleExpr {
    let length = i32::try_from(start.chars().count()).unwrap_or(i32::MAX);
    Expr::expr(Func::cust("substr").args([Expr::col(column), Expr::val(1), Expr::val(length)])).eq(start)
}

/// Records of several ids.
pub(super) fn among(store: &Store, ids: &[Vec<u8>]) -> Condition {
    let mut by_shard: HashMap<i16, Vec<Vec<u8>>> = HashMap::new();
    for id in ids {
        by_shard.entry(store.shards().of_bytes(id)).or_default().push(id.clone());
    }
    by_shard.into_iter().fold(Condition::any(), |any, (shard, ids)| {
        any.add(Condition::all().add(Column::Shard.eq(shard)).add(Column::Id.is_in(ids)))
    })
}

/// SQLite takes 32,766 parameters.
pub(super) const IDS_OF_ONE_STATEMENT: usize = 5_000;

fn heads() -> sea_orm::Select<quarantine::Entity> {
    quarantine::Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::Dialect,
            Column::Code,
            Column::Path,
            Column::Message,
            Column::RawLen,
            Column::WholeHash,
        ])
        .expr_as(Expr::expr(Func::cust("length").arg(Expr::col(Column::Raw))).cast_as("bigint"), "kept_len")
        .columns([Column::Source, Column::Position, Column::ByteOffset, Column::ReceivedAt])
        .columns([Column::State, Column::ResolvedAt, Column::Resolution])
}

fn listed(admitted: Condition, page: &Page<QuarantinePosition>) -> sea_orm::Select<quarantine::Entity> {
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    heads()
        .filter(admitted)
        .filter(Condition::all().add_option(page.after.as_ref().map(earlier_than)))
        .filter(Condition::all().add_option(page.before.as_ref().map(later_than)))
        .order_by(Column::ReceivedAt, order.clone())
        .order_by(Column::Id, order)
        .limit(page.limit + 1)
}

/// The bound on the time alone is what leads along the index.
fn earlier_than(position: &QuarantinePosition) -> Condition {
    let at = position.received_at;
    let tie = Column::ReceivedAt.eq(at).and(Column::Id.lt(position.id.clone()));
    let behind = Condition::any().add(Column::ReceivedAt.lt(at)).add(tie);
    Condition::all().add(Column::ReceivedAt.lte(at)).add(behind)
}

fn later_than(position: &QuarantinePosition) -> Condition {
    let at = position.received_at;
    let tie = Column::ReceivedAt.eq(at).and(Column::Id.gt(position.id.clone()));
    let behind = Condition::any().add(Column::ReceivedAt.gt(at)).add(tie);
    Condition::all().add(Column::ReceivedAt.gte(at)).add(behind)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbBackend, QueryTrait, Statement};

    use super::*;
    use crate::domain::event::Dialect;
    use crate::store::DatabaseSettings;

    fn position() -> QuarantinePosition {
        QuarantinePosition { received_at: 5, id: vec![7; 16] }
    }

    #[tokio::test]
    async fn lists_run_along_an_index_and_are_never_sorted() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("plan.db").display());
        let store = crate::store::open(&DatabaseSettings { url, max_connections: 1 }).await.expect("it opens");
        let (code, path) = (Some("INVALID_TIME".to_owned()), Some("data.ts".to_owned()));
        let odp = Some(Format::Of(Dialect::Odp));
        let time = QuarantineFilter { received_from: Some(Micros(1)), ..QuarantineFilter::default() };
        let same = |filter: &QuarantineFilter| filter.clone();
        let filters = [
            (same(&time), "quarantine_listed"),
            (QuarantineFilter { format: odp, ..same(&time) }, "quarantine_listed"),
            (
                QuarantineFilter { path: path.clone(), source_prefix: Some("/v3/".to_owned()), ..same(&time) },
                "quarantine_listed",
            ),
            (QuarantineFilter { code: code.clone(), ..same(&time) }, "quarantine_coded"),
            (QuarantineFilter { code: code.clone(), format: odp, ..same(&time) }, "quarantine_coded"),
            (QuarantineFilter { code: code.clone(), path: path.clone(), ..same(&time) }, "quarantine_coded"),
            (QuarantineFilter { code, path, format: odp, ..same(&time) }, "quarantine_grouped"),
        ];
        for (filter, index) in filters {
            for from in [PageEnd::Start, PageEnd::End] {
                let page = Page { after: Some(position()), before: Some(position()), from, limit: 10 };
                let admitted = condition(WorkspaceId(1), &[RecordState::Open], &filter);
                let statement = listed(admitted, &page).build(DbBackend::Sqlite);
                let explain = format!("EXPLAIN QUERY PLAN {statement}");
                let rows = store.db().query_all_raw(Statement::from_string(DbBackend::Sqlite, explain)).await;
                let steps = rows.expect("it explains");
                let walks: Vec<String> = steps.iter().map(|row| row.try_get("", "detail").expect("a text")).collect();
                assert!(walks.len() == 1 && walks[0].contains(index), "{filter:?}: {walks:?}");
                assert!(walks[0].contains("received_at>"), "{filter:?}: {walks:?}");
            }
        }
    }
}
