//! Lists of events: of one customer or campaign by time of occurrence, of all by order of commit.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject};

use super::campaign::bounded;
use super::context::{caller, store};
use super::error::{Fault, Result};
use super::event::Event;
use super::identifier::IdentifierInput;
use super::kind::EventKind;
use super::loader::{CampaignKey, CustomerKey, load};
use super::node::NodeId;
use super::page::{Connection, CursorText, OrderDirection, PageArguments, foreign_cursor, in_direction};
use super::range::DateTimeRange;
use crate::analytics::event_list::{self, EventQuestion};
use crate::domain::kind::Kind;
use crate::store;
use crate::store::event_by_commit::CommitPosition;
use crate::store::event_by_time::TimePosition;
use crate::store::page::{Page, Slice};

/// Which events are wanted. Conditions add up; what is not given admits all.
#[derive(Clone, Debug, Default, InputObject)]
pub struct EventFilter {
    /// Of this campaign.
    campaign: Option<ID>,
    /// Of this customer, and of all that became part of it. Excludes `identifier`.
    customer: Option<ID>,
    /// Of the customer that this identifier names now; none where it names nobody yet.
    identifier: Option<IdentifierInput>,
    /// Of any of these kinds.
    kinds: Option<Vec<EventKind>>,
    /// With this word of the vendor, in any case.
    #[graphql(name = "type")]
    event_type: Option<String>,
    /// With this second word of the vendor, in any case.
    action: Option<String>,
    /// On this channel, in any case.
    channel: Option<String>,
    /// Occurred within this range.
    occurred_at: Option<DateTimeRange>,
}

/// What events may be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum EventOrderField {
    /// When they occurred: for the events of a campaign or a customer.
    OccurredAt,
    /// When they were taken in: for all others.
    ReceivedAt,
}

/// How events are ordered; ties are broken by id.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct EventOrder {
    /// What they are ordered by: `OCCURRED_AT` where the filter names a campaign, a customer or an identifier, otherwise
    /// `RECEIVED_AT`.
    field: EventOrderField,
    /// In which direction.
    #[graphql(default_with = "Some(OrderDirection::Desc)")]
    direction: Option<OrderDirection>,
}

/// A page of the events that a filter admits.
pub async fn list(
    ctx: &Context<'_>,
    filter: EventFilter,
    order: Option<EventOrder>,
    arguments: PageArguments,
) -> Result<Connection<Event>> {
    let question = question(ctx, filter).await?;
    let direction = direction(question.as_ref().is_none_or(EventQuestion::is_by_time), order)?;
    match question {
        Some(question) => answer(ctx, question, direction, arguments).await,
        None => Ok(Connection::new(Slice::empty(), Arc::new(|| Box::pin(async { Ok(0) })))),
    }
}

/// A page of the events of a customer, the latest occurrence first.
pub async fn of_customer(
    ctx: &Context<'_>,
    customer: i64,
    kinds: Option<Vec<EventKind>>,
    arguments: PageArguments,
) -> Result<Connection<Event>> {
    let kinds = bounded("kinds", kinds)?.into_iter().map(Kind::from).collect();
    let question = EventQuestion { customer: Some(customer), kinds, ..EventQuestion::default() };
    answer(ctx, question, OrderDirection::Desc, arguments).await
}

/// What a filter means; none where it admits nothing.
async fn question(ctx: &Context<'_>, filter: EventFilter) -> Result<Option<EventQuestion>> {
    let campaign = match &filter.campaign {
        Some(id) => Some(campaign(ctx, id).await?),
        None => None,
    };
    let customer = match (&filter.customer, &filter.identifier) {
        (Some(_), Some(_)) => {
            return Err(Fault::bad_input("customer and identifier exclude each other: give one of them"));
        }
        (Some(id), None) => Some(customer(ctx, id).await?),
        (None, Some(identifier)) => {
            let (named, _) = identifier.parse()?;
            let workspace = caller(ctx)?.workspace_id();
            match store::customer::find_by_identifier(store(ctx)?, workspace, &named).await? {
                Some(row) => Some(row.id),
                None => return Ok(None),
            }
        }
        (None, None) => None,
    };
    let (occurred_from, occurred_until) = DateTimeRange::ends(filter.occurred_at.as_ref())?;
    let lower = |text: Option<String>| text.map(|text| text.trim().to_lowercase());
    Ok(Some(EventQuestion {
        campaign,
        customer,
        channel: lower(filter.channel),
        kinds: bounded("kinds", filter.kinds)?.into_iter().map(Kind::from).collect(),
        event_type: lower(filter.event_type),
        action: lower(filter.action),
        occurred_from,
        occurred_until,
    }))
}

async fn campaign(ctx: &Context<'_>, id: &ID) -> Result<i64> {
    let missing = || Fault::not_found(format!("campaign: {} names no campaign", id.as_str()));
    let number = NodeId::campaign(id).ok_or_else(missing)?;
    Ok(load(ctx, CampaignKey(number)).await?.ok_or_else(missing)?.id)
}

async fn customer(ctx: &Context<'_>, id: &ID) -> Result<i64> {
    let missing = || Fault::not_found(format!("customer: {} names no customer", id.as_str()));
    let number = NodeId::customer(id).ok_or_else(missing)?;
    Ok(load(ctx, CustomerKey(number)).await?.ok_or_else(missing)?.id)
}

fn direction(is_by_time: bool, order: Option<EventOrder>) -> Result<OrderDirection> {
    let Some(order) = order else { return Ok(OrderDirection::Desc) };
    match (order.field, is_by_time) {
        (EventOrderField::OccurredAt, true) | (EventOrderField::ReceivedAt, false) => {
            Ok(order.direction.unwrap_or(OrderDirection::Desc))
        }
        (EventOrderField::OccurredAt, false) => Err(Fault::bad_input(
            "orderBy: OCCURRED_AT needs a filter by campaign, customer or identifier; all events come by RECEIVED_AT",
        )),
        (EventOrderField::ReceivedAt, true) => {
            Err(Fault::bad_input("orderBy: the events of a campaign, a customer or an identifier come by OCCURRED_AT"))
        }
    }
}

async fn answer(
    ctx: &Context<'_>,
    question: EventQuestion,
    direction: OrderDirection,
    arguments: PageArguments,
) -> Result<Connection<Event>> {
    let rows = if question.is_by_time() {
        by_time(ctx, &question, direction, arguments).await?
    } else {
        by_commit(ctx, &question, direction, arguments).await?
    };
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let total = Arc::new(move || {
        let (store, question) = (store.clone(), question.clone());
        Box::pin(async move { event_list::count(&store, workspace, &question).await }) as _
    });
    Ok(Connection::new(rows, total))
}

/// The store lists the newest first.
fn kept<P>(page: Page<P>, direction: OrderDirection) -> Page<P> {
    if direction == OrderDirection::Desc { page } else { page.mirrored() }
}

const BY_TIME: &str = "event.time";
const BY_COMMIT: &str = "event.commit";

async fn by_time(
    ctx: &Context<'_>,
    question: &EventQuestion,
    direction: OrderDirection,
    arguments: PageArguments,
) -> Result<Slice<(Event, CursorText)>> {
    let page = kept(arguments.page(|cursor| read_time(&cursor))?, direction);
    let (store, workspace) = (store(ctx)?, caller(ctx)?.workspace_id());
    let filter = event_list::filter(store, workspace, question).await?;
    let slice = store::event_by_time::page(store, workspace, &filter, &page).await?;
    let slice = in_direction(slice, direction, OrderDirection::Desc);
    Ok(slice.map(|row| {
        let cursor = write_time(TimePosition::of(&row));
        (Event::from(row), cursor)
    }))
}

async fn by_commit(
    ctx: &Context<'_>,
    question: &EventQuestion,
    direction: OrderDirection,
    arguments: PageArguments,
) -> Result<Slice<(Event, CursorText)>> {
    let page = kept(arguments.page(|cursor| read_commit(&cursor))?, direction);
    let (store, workspace) = (store(ctx)?, caller(ctx)?.workspace_id());
    let filter = event_list::filter(store, workspace, question).await?;
    let slice = store::event_by_commit::page(store, workspace, &filter, &page).await?;
    let slice = in_direction(slice, direction, OrderDirection::Desc);
    Ok(slice.map(|placed| (Event::from(placed.event), write_commit(&placed.position))))
}

fn write_time(position: TimePosition) -> CursorText {
    let numbers = [position.occurred_at, i64::from(position.shard), position.seq];
    CursorText::new(BY_TIME, numbers.map(|number| number.to_string()))
}

fn read_time(cursor: &CursorText) -> Result<TimePosition> {
    let [occurred_at, shard, seq] = cursor.numbers(BY_TIME)?[..] else { return Err(foreign_cursor()) };
    let shard = i16::try_from(shard).map_err(|_| foreign_cursor())?;
    Ok(TimePosition { occurred_at, shard, seq })
}

fn write_commit(position: &CommitPosition) -> CursorText {
    let numbers = std::iter::once(i64::from(position.shard)).chain(position.bounds.iter().copied());
    CursorText::new(BY_COMMIT, numbers.map(|number| number.to_string()))
}

fn read_commit(cursor: &CursorText) -> Result<CommitPosition> {
    let numbers = cursor.numbers(BY_COMMIT)?;
    let (shard, bounds) = numbers.split_first().ok_or_else(foreign_cursor)?;
    Ok(CommitPosition { shard: i16::try_from(*shard).map_err(|_| foreign_cursor())?, bounds: bounds.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_from_their_cursors() {
        let time = TimePosition { occurred_at: -3, shard: 7, seq: 12 };
        assert_eq!(read_time(&write_time(time)).expect("its own cursor"), time);
        let commit = CommitPosition { shard: 1, bounds: vec![5, 9] };
        assert_eq!(read_commit(&write_commit(&commit)).expect("its own cursor"), commit);
        assert_eq!(read_time(&write_commit(&commit)).expect_err("of another list").code(), "BAD_INPUT");
    }

    #[test]
    fn the_order_follows_the_filter() {
        let order = |field| Some(EventOrder { field, direction: Some(OrderDirection::Asc) });
        assert_eq!(direction(true, None).expect("the default"), OrderDirection::Desc);
        assert_eq!(direction(true, order(EventOrderField::OccurredAt)).expect("by time"), OrderDirection::Asc);
        assert!(direction(false, order(EventOrderField::OccurredAt)).is_err());
        assert!(direction(true, order(EventOrderField::ReceivedAt)).is_err());
    }
}
