//! The suppression list: every address that cannot be reached now, with the reason. Ingestion keeps it; rows with reason 0
//! are addresses that bounced and can still be reached, which the list does not show.

use entity::{identifier, suppression};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, Order, Query, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use super::page::{Page, PageEnd, Slice};
use crate::Result;
use crate::domain::identifier::{BUILT_IN, PUSH_TOKEN_SUFFIX};
use crate::domain::identifier_type::IdentifierTypes;
use crate::domain::reachability::{REACHABILITY_TYPES, ReachabilityType};
use crate::domain::workspace::WorkspaceId;

/// Which suppressed addresses are wanted.
#[derive(Clone, Debug, Default)]
pub struct SuppressionFilter {
    /// Addresses of this channel, by the workspace's types.
    pub channel: Option<(String, IdentifierTypes)>,
    /// Unreachable for this reason.
    pub reason: Option<ReachabilityType>,
}

/// The place of a suppressed address: (since, shard, id).
pub type SuppressionPosition = (i64, i16, Vec<u8>);

/// The place of a row.
pub fn position_of(row: &suppression::Model) -> SuppressionPosition {
    (row.since, row.shard, row.id.clone())
}

/// A page of suppressed addresses, the latest suppressed first. Each reason is walked along the index no further than the
/// page needs.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    filter: &SuppressionFilter,
    page: &Page<SuppressionPosition>,
) -> Result<Slice<suppression::Model>> {
    use suppression::Column;
    let order = if page.from == PageEnd::Start { Order::Desc } else { Order::Asc };
    let columns = [Column::Since, Column::Shard, Column::Id];
    let tuple = || Expr::tuple(columns.map(|column| Expr::col((suppression::Entity, column))));
    let values = |(since, shard, id): &SuppressionPosition| {
        Expr::tuple([Expr::val(*since), Expr::val(*shard), Expr::val(id.clone())])
    };
    let between = Condition::all()
        .add_option(page.after.as_ref().map(|position| tuple().lt(values(position))))
        .add_option(page.before.as_ref().map(|position| tuple().gt(values(position))));
    let mut rows = Vec::new();
    for reason in reasons(filter) {
        let mut query = suppression::Entity::find()
            .filter(Column::Workspace.eq(workspace.0))
            .filter(Column::Reason.eq(reason))
            .filter(between.clone())
            .filter(of_channel(filter));
        for column in columns {
            query = query.order_by(column, order.clone());
        }
        rows.extend(query.limit(page.limit + 1).all(store.db()).await?);
    }
    rows.sort_by_key(position_of);
    if page.from == PageEnd::Start {
        rows.reverse();
    }
    Ok(Slice::of_walk(rows, page))
}

/// Number of suppressed addresses.
pub async fn count(store: &Store, workspace: WorkspaceId, filter: &SuppressionFilter) -> Result<i64> {
    let number = suppression::Entity::find()
        .filter(suppression::Column::Workspace.eq(workspace.0))
        .filter(suppression::Column::Reason.is_in(reasons(filter)))
        .filter(of_channel(filter))
        .count(store.db())
        .await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

fn reasons(filter: &SuppressionFilter) -> Vec<i16> {
    match filter.reason {
        Some(reason) => vec![reason as i16],
        None => REACHABILITY_TYPES.iter().map(|(reason, _)| *reason as i16).collect(),
    }
}

/// Addresses whose type serves the channel, or that were seen on it where the type has no channel of its own.
fn of_channel(filter: &SuppressionFilter) -> Condition {
    let Some((channel, types)) = &filter.channel else { return Condition::all() };
    let name = || Expr::col((suppression::Entity, suppression::Column::Name));
    let registered: Vec<&str> = types.0.keys().map(String::as_str).collect();
    let known = BUILT_IN.iter().map(|(name, _)| *name).filter(|name| !registered.contains(name));
    let (seen, serving): (Vec<&str>, Vec<&str>) = known
        .chain(registered.iter().copied())
        .filter(|name| types.serves(name, channel))
        .partition(|name| types.is_seen_on_channel(name));
    let mut any = Condition::any().add(name().is_in(serving));
    for seen in seen {
        any = any.add(name().eq(seen).and(was_seen_on(channel)));
    }
    if types.serves(&format!("any{PUSH_TOKEN_SUFFIX}"), channel) {
        let pattern = format!("%{}", PUSH_TOKEN_SUFFIX.replace('_', r"\_"));
        let tokens = name().like(LikeExpr::new(pattern).escape('\\'));
        any = any.add(tokens.and(name().is_not_in(registered)));
    }
    any
}

/// Channels are kept separated by spaces; none has a space within.
fn was_seen_on(channel: &str) -> SimpleExpr {
    let literal = channel.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let channels = Expr::col((identifier::Entity, identifier::Column::Channels));
    let like = |pattern: String| channels.clone().like(LikeExpr::new(pattern).escape('\\'));
    let seen = channels
        .clone()
        .eq(channel)
        .or(like(format!("{literal} %")))
        .or(like(format!("% {literal}")))
        .or(like(format!("% {literal} %")));
    let same = |own, other| Expr::col((identifier::Entity, own)).equals((suppression::Entity, other));
    let named = Query::select()
        .expr(Expr::val(1))
        .from(identifier::Entity)
        .and_where(same(identifier::Column::Shard, suppression::Column::Shard))
        .and_where(same(identifier::Column::Id, suppression::Column::Id))
        .and_where(seen)
        .take();
    Expr::exists(named)
}
