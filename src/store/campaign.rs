//! Campaigns: finding and listing them, and the few things that people change.

use std::collections::HashMap;

use entity::{campaign, campaign_activity, campaign_alias, cell};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::page::{Page, PageEnd, Slice};
use super::{Store, audit};
use crate::domain::audit::AuditEntry;
use crate::domain::event::Namespace;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::{Error, Result};

/// Which campaigns are wanted; an empty list of anything admits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignFilter {
    /// Part of the name or of the external id, in any case.
    pub text: Option<String>,
    /// Who issued the id: any of these.
    pub namespaces: Vec<Namespace>,
    /// Channel of at least one event: any of these, lower-case.
    pub channels: Vec<String>,
    /// At least one of these tags.
    pub tags: Vec<String>,
    /// Archived ones only, or the others only.
    pub is_archived: Option<bool>,
}

/// What campaigns are ordered by; ties are broken by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignSort {
    /// Time of first sight.
    CreatedAt,
    /// Name as the database collates it; those without one first.
    Name,
    /// Time of the latest event; those without one first.
    LastEventAt,
}

/// The place of a campaign in a list: the value that it is ordered by, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignPosition {
    /// The value, in the type of the column.
    pub value: SortValue,
    /// The campaign.
    pub id: i64,
}

/// A value that campaigns are ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortValue {
    /// UTC microseconds; 0 where there is none.
    Time(i64),
    /// Text; empty where there is none.
    Text(String),
}

/// A campaign in a list, with the value that it is ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCampaign {
    /// The campaign.
    pub campaign: campaign::Model,
    /// Its place.
    pub position: CampaignPosition,
}

/// A campaign's events as a whole, over all shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Activity {
    /// The campaign.
    pub campaign: i64,
    /// Number of events.
    pub events: i64,
    /// Number of DELIVERED events as reported.
    pub delivered: i64,
    /// Earliest occurrence, UTC microseconds.
    pub first_at: i64,
    /// Latest occurrence, UTC microseconds.
    pub last_at: i64,
    /// Rises with every change of the states of the campaign's recipients.
    pub version: i64,
}

/// What people may change of a campaign; what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignChanges {
    /// The new name; `Some(None)` removes it.
    pub name: Option<Option<String>>,
    /// The new tags.
    pub tags: Option<Vec<String>>,
    /// The time of archiving; `Some(None)` takes it back.
    pub archived_at: Option<Option<Micros>>,
}

/// The campaign of an id.
pub async fn find(store: &Store, workspace: WorkspaceId, id: i64) -> Result<Option<campaign::Model>> {
    let found = campaign::Entity::find_by_id(id).filter(campaign::Column::Workspace.eq(workspace.0));
    Ok(found.one(store.db()).await?)
}

/// The campaigns of several ids; those that do not exist are left out.
pub async fn find_many(store: &Store, workspace: WorkspaceId, ids: &[i64]) -> Result<Vec<campaign::Model>> {
    let found = campaign::Entity::find()
        .filter(campaign::Column::Workspace.eq(workspace.0))
        .filter(campaign::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(store.db()).await?)
}

/// The campaigns that an external id means: one per namespace that issued it, unless one was named. An alias counts
/// as much as a campaign's first id.
pub async fn find_by_external_id(
    store: &Store,
    workspace: WorkspaceId,
    external_id: &str,
    namespace: Option<Namespace>,
) -> Result<Vec<campaign::Model>> {
    // All namespaces are named where any will do, so that the index leads to the external id.
    let namespaces = namespace.map_or_else(|| Namespace::ALL.to_vec(), |namespace| vec![namespace]);
    let namespaces: Vec<&str> = namespaces.into_iter().map(Namespace::name).collect();
    let own = Condition::all()
        .add(campaign::Column::Namespace.is_in(namespaces.iter().copied()))
        .add(campaign::Column::ExternalId.eq(external_id));
    let aliases = Query::select()
        .column(campaign_alias::Column::Campaign)
        .from(campaign_alias::Entity)
        .and_where(campaign_alias::Column::Workspace.eq(workspace.0))
        .and_where(campaign_alias::Column::Namespace.is_in(namespaces))
        .and_where(campaign_alias::Column::ExternalId.eq(external_id))
        .take();
    let found = campaign::Entity::find()
        .filter(campaign::Column::Workspace.eq(workspace.0))
        .filter(Condition::any().add(own).add(campaign::Column::Id.in_subquery(aliases)))
        .order_by_asc(campaign::Column::Id);
    Ok(found.all(store.db()).await?)
}

/// A page of campaigns in ascending order.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    filter: &CampaignFilter,
    sort: CampaignSort,
    page: &Page<CampaignPosition>,
) -> Result<Slice<ListedCampaign>> {
    let key = sort_key(store, sort);
    let mut query = campaign::Entity::find().filter(condition(workspace, filter));
    if let Some(position) = &page.after {
        query = query.filter(beyond(&key, position, &Order::Asc));
    }
    if let Some(position) = &page.before {
        query = query.filter(beyond(&key, position, &Order::Desc));
    }
    let order = if page.from == PageEnd::Start { Order::Asc } else { Order::Desc };
    let rows = query
        .expr_as(last_event_at(store), LAST_EVENT_AT)
        .order_by(key, order.clone())
        .order_by(campaign::Column::Id, order)
        .limit(page.limit + 1)
        .into_model::<Row>()
        .all(store.db())
        .await?;
    Ok(Slice::of_walk(rows, page).map(|row| row.listed(sort)))
}

/// Number of campaigns that the filter admits.
pub async fn count(store: &Store, workspace: WorkspaceId, filter: &CampaignFilter) -> Result<i64> {
    let number = campaign::Entity::find().filter(condition(workspace, filter)).count(store.db()).await?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The events of several campaigns as a whole; campaigns without events are left out.
pub async fn activity(store: &Store, workspace: WorkspaceId, ids: &[i64]) -> Result<HashMap<i64, Activity>> {
    let sum = |column: campaign_activity::Column| Expr::col(column).sum().cast_as("bigint");
    let rows: Vec<Activity> = campaign_activity::Entity::find()
        .select_only()
        .column(campaign_activity::Column::Campaign)
        .expr_as(sum(campaign_activity::Column::Events), "events")
        .expr_as(sum(campaign_activity::Column::Delivered), "delivered")
        .expr_as(sum(campaign_activity::Column::Version), "version")
        .expr_as(Expr::col(campaign_activity::Column::FirstAt).min(), "first_at")
        .expr_as(Expr::col(campaign_activity::Column::LastAt).max(), "last_at")
        .filter(campaign_activity::Column::Shard.is_in(store.all_shards()))
        .filter(campaign_activity::Column::Campaign.is_in(ids.iter().copied()))
        .filter(campaign_activity::Column::Workspace.eq(workspace.0))
        .group_by(campaign_activity::Column::Campaign)
        .into_model()
        .all(store.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.campaign, row)).collect())
}

/// The version of the states of a campaign's recipients: it rises with each of their changes, and only then.
pub async fn version(store: &Store, workspace: WorkspaceId, campaign: i64) -> Result<i64> {
    Ok(activity(store, workspace, &[campaign]).await?.get(&campaign).map_or(0, |activity| activity.version))
}

/// Changes a campaign, with an entry in the audit log; none when it does not exist in the workspace.
pub async fn update(
    store: &Store,
    workspace: WorkspaceId,
    (id, changes): (i64, CampaignChanges),
    entry: &AuditEntry,
) -> Result<Option<campaign::Model>> {
    let transaction = audit::begin(store, workspace, &entry.clone().on(format!("Campaign:{id}"))).await?;
    let found = campaign::Entity::find_by_id(id).filter(campaign::Column::Workspace.eq(workspace.0));
    let Some(found) = found.one(&transaction).await? else { return Ok(None) };
    let mut row = found.clone().into_active_model();
    if let Some(name) = changes.name {
        row.name = Set(name);
    }
    if let Some(tags) = changes.tags {
        row.tags = Set(encode_tags(&tags));
    }
    if let Some(at) = changes.archived_at {
        row.archived_at = Set(at.map(|at| at.0));
    }
    if !row.is_changed() {
        return Ok(Some(found));
    }
    let row = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(Some(row))
}

/// The tags of a campaign, in the order given.
pub fn tags(row: &campaign::Model) -> Result<Vec<String>> {
    serde_json::from_str(&row.tags).map_err(|error| Error::Corrupt(format!("tags of campaign {}: {error}", row.id)))
}

fn encode_tags(tags: &[String]) -> String {
    serde_json::Value::from(tags.to_vec()).to_string()
}

const LAST_EVENT_AT: &str = "last_event_at";

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    campaign: campaign::Model,
    last_event_at: i64,
}

impl Row {
    fn listed(self, sort: CampaignSort) -> ListedCampaign {
        let value = match sort {
            CampaignSort::Name => SortValue::Text(self.campaign.name.clone().unwrap_or_default()),
            CampaignSort::CreatedAt => SortValue::Time(self.campaign.created_at),
            CampaignSort::LastEventAt => SortValue::Time(self.last_event_at),
        };
        let position = CampaignPosition { value, id: self.campaign.id };
        ListedCampaign { campaign: self.campaign, position }
    }
}

fn own(column: campaign::Column) -> SimpleExpr {
    Expr::col((campaign::Entity, column))
}

fn sort_key(store: &Store, sort: CampaignSort) -> SimpleExpr {
    match sort {
        CampaignSort::CreatedAt => own(campaign::Column::CreatedAt),
        CampaignSort::Name => Func::coalesce([own(campaign::Column::Name), Expr::val("")]).into(),
        CampaignSort::LastEventAt => last_event_at(store),
    }
}

fn last_event_at(store: &Store) -> SimpleExpr {
    let latest = Query::select()
        .expr(Expr::col((campaign_activity::Entity, campaign_activity::Column::LastAt)).max())
        .from(campaign_activity::Entity)
        .and_where(campaign_activity::Column::Shard.is_in(store.all_shards()))
        .and_where(
            Expr::col((campaign_activity::Entity, campaign_activity::Column::Campaign))
                .equals((campaign::Entity, campaign::Column::Id)),
        )
        .take();
    Func::coalesce([Expr::SubQuery(None, Box::new(latest.into())), Expr::val(0_i64)]).into()
}

/// Rows behind (ascending) or before (descending) a position.
fn beyond(key: &SimpleExpr, position: &CampaignPosition, order: &Order) -> Condition {
    let value = match &position.value {
        SortValue::Time(at) => Expr::val(*at),
        SortValue::Text(text) => Expr::val(text.clone()),
    };
    let (key_beyond, id_beyond) = match order {
        Order::Desc => (key.clone().lt(value.clone()), own(campaign::Column::Id).lt(position.id)),
        _ => (key.clone().gt(value.clone()), own(campaign::Column::Id).gt(position.id)),
    };
    let tie = Condition::all().add(key.clone().eq(value)).add(id_beyond);
    Condition::any().add(key_beyond).add(tie)
}

fn condition(workspace: WorkspaceId, filter: &CampaignFilter) -> Condition {
    let mut condition = Condition::all().add(campaign::Column::Workspace.eq(workspace.0));
    if let Some(text) = &filter.text {
        let pattern = contains(&text.to_lowercase());
        let matches = |column| Expr::expr(Func::lower(own(column))).like(pattern.clone());
        condition = condition
            .add(Condition::any().add(matches(campaign::Column::Name)).add(matches(campaign::Column::ExternalId)));
    }
    if !filter.namespaces.is_empty() {
        let names = filter.namespaces.iter().map(|namespace| namespace.name());
        condition = condition.add(campaign::Column::Namespace.is_in(names));
    }
    if !filter.channels.is_empty() {
        condition = condition.add(campaign::Column::Id.in_subquery(campaigns_on(workspace, &filter.channels)));
    }
    if !filter.tags.is_empty() {
        // Tags are kept as a JSON array, so that a tag stands there exactly as it is written as a JSON string.
        let has_tag = |tag: &String| own(campaign::Column::Tags).like(contains(&encode_tag(tag)));
        condition = condition.add(filter.tags.iter().map(has_tag).fold(Condition::any(), Condition::add));
    }
    match filter.is_archived {
        Some(true) => condition.add(campaign::Column::ArchivedAt.is_not_null()),
        Some(false) => condition.add(campaign::Column::ArchivedAt.is_null()),
        None => condition,
    }
}

fn campaigns_on(workspace: WorkspaceId, channels: &[String]) -> SelectStatement {
    Query::select()
        .column(cell::Column::Campaign)
        .from(cell::Entity)
        .and_where(cell::Column::Workspace.eq(workspace.0))
        .and_where(cell::Column::Channel.is_in(channels.iter().cloned()))
        .take()
}

fn encode_tag(tag: &str) -> String {
    serde_json::Value::from(tag).to_string()
}

/// A pattern for text anywhere in a column, taken literally.
fn contains(text: &str) -> LikeExpr {
    let literal = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    LikeExpr::new(format!("%{literal}%")).escape('\\')
}
