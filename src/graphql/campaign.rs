//! Campaigns: one, its fields, and the list of all.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::cell;

use super::attribution::{
    AttributionDimension, AttributionInput, AttributionModel, PathsInput, RevenueBasis, TouchKind,
};
use super::campaign_attribution::{self, CampaignAttribution};
use super::campaign_funnel::{self, CampaignFunnel, FunnelArguments, FunnelDateBasis};
use super::context::{caller, store};
use super::duration::Duration;
use super::error::{Fault, Result};
use super::funnel_counts::{AutomationFilter, UniqueUnit};
use super::funnel_group::FunnelDimension;
use super::kind::EventKind;
use super::limits::{MAX_FILTER_VALUES, MAX_LISTED_VALUES};
use super::loader::{ActivityKey, CampaignCellsKey, CampaignKey, load};
use super::node::NodeId;
use super::page::{Connection, CursorText, OrderDirection, PageArguments, foreign_cursor, in_direction};
use super::range::DateRange;
use super::scalar::DateTime;
use super::source::CampaignSource;
use crate::domain::event::Namespace;
use crate::domain::time::Micros;
use crate::store;
use crate::store::campaign::{CampaignPosition, CampaignSort, SortValue};

/// A campaign.
#[derive(Clone, Debug)]
pub struct Campaign {
    row: entity::campaign::Model,
}

impl From<entity::campaign::Model> for Campaign {
    fn from(row: entity::campaign::Model) -> Self {
        Self { row }
    }
}

impl Campaign {
    /// Its number.
    pub fn number(&self) -> i64 {
        self.row.id
    }
}

/// A campaign, created on first sight of its id in an event.
#[Object]
impl Campaign {
    /// Opaque, unique over all types, and stable.
    pub async fn id(&self) -> ID {
        NodeId::Campaign(self.row.id).encode()
    }

    /// The id that its source gave it.
    fn external_id(&self) -> &str {
        &self.row.external_id
    }

    /// The name, once an event or a person told it; null until then.
    fn name(&self) -> Option<&str> {
        self.row.name.as_deref()
    }

    /// Who issued the external id.
    fn source(&self) -> Result<CampaignSource> {
        let known = Namespace::from_name(&self.row.namespace);
        let namespace = known.ok_or_else(|| crate::Error::Corrupt(format!("namespace {}", self.row.namespace)))?;
        Ok(namespace.into())
    }

    /// Channels of its events, sorted, lower-case.
    async fn channels(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        self.values(ctx, |cell| cell.channel.as_ref()).await
    }

    /// When the first event that names it was taken in.
    fn created_at(&self) -> DateTime {
        DateTime(Micros(self.row.created_at))
    }

    /// When the earliest of its events occurred; null without events.
    async fn first_event_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let activity = load(ctx, ActivityKey(self.row.id)).await?;
        Ok(activity.map(|activity| DateTime(Micros(activity.first_at))))
    }

    /// When the latest of its events occurred; null without events.
    async fn last_event_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let activity = load(ctx, ActivityKey(self.row.id)).await?;
        Ok(activity.map(|activity| DateTime(Micros(activity.last_at))))
    }

    /// When it was archived; null where it is not. Archived campaigns go on counting.
    fn archived_at(&self) -> Option<DateTime> {
        self.row.archived_at.map(|at| DateTime(Micros(at)))
    }

    /// Tags, in the order in which they were given.
    fn tags(&self) -> Result<Vec<String>> {
        Ok(store::campaign::tags(&self.row)?)
    }

    /// Its source's ids of its runs (single executions), sorted; at most 1,000.
    async fn runs(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        self.values(ctx, |cell| cell.run.as_ref()).await
    }

    /// Its source's ids of its treatments (variants), sorted; at most 1,000. Pinpoint's "0" is the standard treatment.
    async fn treatments(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        self.values(ctx, |cell| cell.treatment.as_ref()).await
    }

    /// Its source's ids of its touchpoints (steps within the campaign), sorted; at most 1,000.
    async fn touchpoints(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        self.values(ctx, |cell| cell.touchpoint.as_ref()).await
    }

    /// How many were targeted, sent to, delivered to, opened and clicked, and what happened beside. By the event's own day in
    /// the workspace's zone and without `groupBy` or with one of RUN, TREATMENT, TOUCHPOINT and CHANNEL, alone or by time, it
    /// is read from counts that are kept up to date with every event, whatever their number. Everything else is computed
    /// from what happened to each recipient, as exactly, and remembered until the campaign changes.
    #[graphql(complexity = "5 + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn funnel(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Days counted, in any time zone: which day an event counts on, `by` says. Without it, all days \
                          in the workspace's zone."
        )]
        range: Option<DateRange>,
        #[graphql(desc = "What counts once in `unique`.", default_with = "Some(UniqueUnit::RecipientPerRun)")]
        unit: Option<UniqueUnit>,
        #[graphql(desc = "Which day an event counts on.", default_with = "Some(FunnelDateBasis::Event)")] by: Option<
            FunnelDateBasis,
        >,
        #[graphql(desc = "Groups of their own beside the whole: at most 3 dimensions, in any combination, each once.")]
        group_by: Option<Vec<FunnelDimension>>,
        #[graphql(
            desc = "Most groups that are listed, 1 to 5,000: those with the most events. What is left out is summed up in \
                    `remainder`.",
            default_with = "Some(1_000)"
        )]
        group_limit: Option<i32>,
        #[graphql(
            desc = "Whether a later step of a message implies the earlier ones that were not reported: a person's \
                    click an open, any act a delivery, a delivery or a bounce a send, a send a target. Off: as reported.",
            default_with = "Some(true)"
        )]
        implied_steps: Option<bool>,
        #[graphql(desc = "Whose opens and clicks count.", default_with = "Some(AutomationFilter::Human)")]
        automation: Option<AutomationFilter>,
    ) -> Result<CampaignFunnel> {
        let arguments = FunnelArguments {
            range,
            unit: unit.unwrap_or(UniqueUnit::RecipientPerRun),
            by: by.unwrap_or(FunnelDateBasis::Event),
            group_by,
            group_limit,
            implied_steps: implied_steps.unwrap_or(true),
            automation: automation.unwrap_or(AutomationFilter::Human),
        };
        campaign_funnel::answer(ctx, self.row.id, arguments).await
    }

    /// The conversions and revenue that the campaign is credited with, by any model. Computed from all conversions of the
    /// workspace within the range; campaigns of one page share the work.
    #[graphql(complexity = "100 + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn attribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Days of the conversions, in any time zone; without it, all days. Touches may lie before.")]
        range: Option<DateRange>,
        #[graphql(
            desc = "Which kind of event is a conversion. Only purchases have revenue, and are one per order; of another \
                    kind every event is one.",
            default_with = "Some(EventKind::Purchased)"
        )]
        conversion: Option<EventKind>,
        #[graphql(
            desc = "How a conversion is shared among its touches.",
            default_with = "Some(AttributionModel::LastTouch)"
        )]
        model: Option<AttributionModel>,
        #[graphql(desc = "The half-life of TIME_DECAY; without it, 7 days. Other models take none.")] half_life: Option<
            Duration,
        >,
        #[graphql(desc = "How long before the conversion a touch may lie: longer than nothing and at most 90 days; \
                          without it, 3 days. Neither end counts.")]
        window: Option<Duration>,
        #[graphql(desc = "Which events are touches; without it, OPENED and CLICKED.")] touches: Option<Vec<TouchKind>>,
        #[graphql(desc = "Which amount of an order is its revenue.", default_with = "Some(RevenueBasis::Subtotal)")]
        revenue_basis: Option<RevenueBasis>,
        #[graphql(
            desc = "Whether returns, refunds and cancellations of an order are taken off its revenue, whenever they \
                    happened.",
            default_with = "Some(false)"
        )]
        net: Option<bool>,
        #[graphql(desc = "Only conversions in this currency, by its ISO 4217 code; without it, in every currency.")]
        currency: Option<String>,
        #[graphql(
            desc = "What the groups are: up to three, each once; of DAY, WEEK and MONTH at most one. Without it, \
                          there are no groups."
        )]
        group_by: Option<Vec<AttributionDimension>>,
        #[graphql(desc = "How many groups are listed, those with the most conversions: 1 to 5,000; without it, 100.")]
        top: Option<i32>,
        #[graphql(desc = "Which paths to conversion are listed; without it, none.")] paths: Option<PathsInput>,
    ) -> Result<CampaignAttribution> {
        let input = AttributionInput {
            range,
            conversion,
            model,
            half_life,
            window,
            touches,
            revenue_basis,
            net,
            currency,
            group_by,
            top,
            paths,
            campaigns: None,
        };
        campaign_attribution::answer(ctx, self.row.id, input).await
    }
}

impl Campaign {
    async fn values(&self, ctx: &Context<'_>, value: fn(&cell::Model) -> Option<&String>) -> Result<Vec<String>> {
        let cells = load(ctx, CampaignCellsKey(self.row.id)).await?.unwrap_or_default();
        let distinct: BTreeSet<&String> = cells.iter().filter_map(value).collect();
        Ok(distinct.into_iter().take(MAX_LISTED_VALUES).cloned().collect())
    }
}

/// Which campaigns are wanted. Conditions add up; what is not given admits all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CampaignFilter {
    /// Part of the name or of the external id, in any case.
    search: Option<String>,
    /// Issued by any of these sources.
    sources: Option<Vec<CampaignSource>>,
    /// With an event on any of these channels.
    channels: Option<Vec<String>>,
    /// With any of these tags.
    tags: Option<Vec<String>>,
    /// Archived ones only, or all others only.
    is_archived: Option<bool>,
}

impl CampaignFilter {
    fn wanted(self) -> Result<store::campaign::CampaignFilter> {
        let lower = |channel: String| channel.trim().to_lowercase();
        Ok(store::campaign::CampaignFilter {
            text: self.search.filter(|text| !text.is_empty()),
            namespaces: bounded("sources", self.sources)?.into_iter().map(Namespace::from).collect(),
            channels: bounded("channels", self.channels)?.into_iter().map(lower).collect(),
            tags: bounded("tags", self.tags)?,
            is_archived: self.is_archived,
        })
    }
}

/// The values of a filter; too many or none at all are bad input.
pub fn bounded<T>(name: &str, values: Option<Vec<T>>) -> Result<Vec<T>> {
    match values {
        None => Ok(Vec::new()),
        Some(values) if values.is_empty() => {
            Err(Fault::bad_input(format!("{name}: the list is empty; leave it out to admit all")))
        }
        Some(values) if values.len() > MAX_FILTER_VALUES => {
            let number = values.len();
            Err(Fault::bad_input(format!("{name}: {number} values exceed the maximum of {MAX_FILTER_VALUES}")))
        }
        Some(values) => Ok(values),
    }
}

/// What campaigns may be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CampaignOrderField {
    /// When the first event that names it was taken in.
    CreatedAt,
    /// When its latest event occurred; those without events come as if before all others.
    LastEventAt,
    /// The name, as the database collates; those without one come as if it were empty.
    Name,
}

/// How campaigns are ordered; ties are broken by id.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct CampaignOrder {
    /// What they are ordered by.
    field: CampaignOrderField,
    /// In which direction.
    #[graphql(default_with = "Some(OrderDirection::Asc)")]
    direction: Option<OrderDirection>,
}

impl CampaignOrder {
    const DEFAULT: Self = Self { field: CampaignOrderField::CreatedAt, direction: Some(OrderDirection::Desc) };

    fn sort(self) -> CampaignSort {
        match self.field {
            CampaignOrderField::CreatedAt => CampaignSort::CreatedAt,
            CampaignOrderField::LastEventAt => CampaignSort::LastEventAt,
            CampaignOrderField::Name => CampaignSort::Name,
        }
    }
}

/// The campaign of a number.
pub async fn find(ctx: &Context<'_>, id: i64) -> Result<Option<Campaign>> {
    Ok(load(ctx, CampaignKey(id)).await?.map(Campaign::from))
}

/// The campaign of an id or of an external id.
pub async fn find_one(
    ctx: &Context<'_>,
    id: Option<ID>,
    external_id: Option<String>,
    source: Option<CampaignSource>,
) -> Result<Option<Campaign>> {
    match (id, external_id) {
        (Some(id), None) => match NodeId::campaign(&id) {
            Some(id) => find(ctx, id).await,
            None => Ok(None),
        },
        (None, Some(external_id)) => find_by_external_id(ctx, &external_id, source).await,
        _ => Err(Fault::bad_input("a campaign is asked for by id or by externalId: give exactly one of them")),
    }
}

async fn find_by_external_id(
    ctx: &Context<'_>,
    external_id: &str,
    source: Option<CampaignSource>,
) -> Result<Option<Campaign>> {
    let workspace = caller(ctx)?.workspace_id();
    let namespace = source.map(Namespace::from);
    let mut found = store::campaign::find_by_external_id(store(ctx)?, workspace, external_id, namespace).await?;
    if found.len() > 1 {
        let sources: Vec<&str> = found.iter().map(|row| row.namespace.as_str()).collect();
        let message =
            format!("externalId: {external_id} names several campaigns ({}): give source", sources.join(", "));
        return Err(Fault::bad_input(message));
    }
    Ok(found.pop().map(Campaign::from))
}

/// A page of campaigns.
pub async fn list(
    ctx: &Context<'_>,
    filter: Option<CampaignFilter>,
    order: Option<CampaignOrder>,
    arguments: PageArguments,
) -> Result<Connection<Campaign>> {
    let filter = filter.unwrap_or_default().wanted()?;
    let order = order.unwrap_or(CampaignOrder::DEFAULT);
    let page = arguments.page(|cursor| read_position(&cursor, order.sort()))?;
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    // The store lists in ascending order.
    let direction = order.direction.unwrap_or(OrderDirection::Asc);
    let page = if direction == OrderDirection::Asc { page } else { page.mirrored() };
    let slice = store::campaign::page(&store, workspace, &filter, order.sort(), &page).await?;
    let slice = in_direction(slice, direction, OrderDirection::Asc);
    let rows = slice.map(|row| (Campaign::from(row.campaign), write_position(&row.position, order.sort())));
    let total = Arc::new(move || {
        let (store, filter) = (store.clone(), filter.clone());
        Box::pin(async move { store::campaign::count(&store, workspace, &filter).await }) as _
    });
    Ok(Connection::new(rows, total))
}

fn order_name(sort: CampaignSort) -> &'static str {
    match sort {
        CampaignSort::CreatedAt => "campaign.created",
        CampaignSort::LastEventAt => "campaign.last",
        CampaignSort::Name => "campaign.name",
    }
}

fn write_position(position: &CampaignPosition, sort: CampaignSort) -> CursorText {
    let value = match &position.value {
        SortValue::Time(at) => at.to_string(),
        SortValue::Text(text) => text.clone(),
    };
    CursorText::new(order_name(sort), [position.id.to_string(), value])
}

fn read_position(cursor: &CursorText, sort: CampaignSort) -> Result<CampaignPosition> {
    let [id, value] = cursor.parts(order_name(sort))? else { return Err(foreign_cursor()) };
    let id = id.parse().map_err(|_| foreign_cursor())?;
    let value = match sort {
        CampaignSort::Name => SortValue::Text(value.clone()),
        CampaignSort::CreatedAt | CampaignSort::LastEventAt => {
            SortValue::Time(value.parse().map_err(|_| foreign_cursor())?)
        }
    };
    Ok(CampaignPosition { value, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_from_their_cursors() {
        for (sort, value) in [
            (CampaignSort::Name, SortValue::Text("Spring: \"sale\"".to_owned())),
            (CampaignSort::CreatedAt, SortValue::Time(-7)),
            (CampaignSort::LastEventAt, SortValue::Time(0)),
        ] {
            let position = CampaignPosition { value, id: 5 };
            assert_eq!(read_position(&write_position(&position, sort), sort).expect("its own cursor"), position);
        }
        let by_name = CampaignPosition { value: SortValue::Text("7".to_owned()), id: 5 };
        let cursor = write_position(&by_name, CampaignSort::Name);
        assert_eq!(read_position(&cursor, CampaignSort::CreatedAt).expect_err("another order").code(), "BAD_INPUT");
    }
}
