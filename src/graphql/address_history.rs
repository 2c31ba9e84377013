//! The history of an address: every change that an event brought to its state.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};

use super::context::store;
use super::error::Result;
use super::event::{self, Event};
use super::list::{self, List};
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::reachability::ReachabilityType;
use super::scalar::DateTime;
use crate::domain::reachability as rules;
use crate::domain::time::Micros;
use crate::store;
use crate::store::reachability::{ChangePosition, position_of};

/// What an event said about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AddressChangeKind {
    /// It cannot be reached.
    Unreachable,
    /// It can be reached again.
    Reachable,
    /// A delivery failed for the time being, which by itself changes nothing.
    SoftBounced,
    /// The owner agreed to be messaged.
    OptedIn,
    /// The owner refused to be messaged.
    OptedOut,
    /// The owner joined a list.
    Subscribed,
    /// The owner left a list.
    Unsubscribed,
}

/// A change that an event brought to an address.
#[derive(Clone, Debug)]
pub struct AddressChange {
    row: entity::address_change::Model,
    change: rules::AddressChange,
}

/// What an event said about an address. What a newer one said holds, so not every change of the history shows in the state.
#[Object]
impl AddressChange {
    /// When, by the change's own time.
    async fn at(&self) -> DateTime {
        DateTime(Micros(self.row.at))
    }

    /// What was said.
    async fn change(&self) -> AddressChangeKind {
        match self.change {
            rules::AddressChange::Unreachable(_) => AddressChangeKind::Unreachable,
            rules::AddressChange::Reachable | rules::AddressChange::Engaged => AddressChangeKind::Reachable,
            rules::AddressChange::SoftBounced => AddressChangeKind::SoftBounced,
            rules::AddressChange::OptedIn => AddressChangeKind::OptedIn,
            rules::AddressChange::OptedOut => AddressChangeKind::OptedOut,
            rules::AddressChange::Subscribed(_) => AddressChangeKind::Subscribed,
            rules::AddressChange::Unsubscribed(_) => AddressChangeKind::Unsubscribed,
        }
    }

    /// Why it cannot be reached; null unless it was said that it cannot.
    #[graphql(name = "type")]
    async fn reason(&self) -> Option<ReachabilityType> {
        if let rules::AddressChange::Unreachable(reason) = self.change { Some(reason.into()) } else { None }
    }

    /// The list that was joined or left; null otherwise.
    async fn list(&self, ctx: &Context<'_>) -> Result<Option<List>> {
        match self.change.list() {
            0 => Ok(None),
            id => list::find(ctx, id).await,
        }
    }

    /// The event that said so.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        event::find(ctx, (self.row.event_shard, self.row.event_seq)).await
    }
}

const BY_TIME: &str = "address.change";

/// A page of the history of an address, by the id of the identifier.
pub async fn page(ctx: &Context<'_>, id: [u8; 16], arguments: PageArguments) -> Result<Connection<AddressChange>> {
    let page = arguments.page(|cursor| read_position(&cursor))?;
    let store = store(ctx)?.clone();
    let slice = store::reachability::history(&store, &id, &page).await?;
    let rows = slice.try_map(|row| {
        let damaged = || crate::Error::Corrupt(format!("change {} of an address", row.change));
        let change = rules::AddressChange::from_code(row.change, row.list).ok_or_else(damaged)?;
        let cursor = write_position(position_of(&row));
        Ok::<_, crate::Error>((AddressChange { row, change }, cursor))
    })?;
    let total = Arc::new(move || {
        let store = store.clone();
        Box::pin(async move { store::reachability::history_count(&store, &id).await }) as _
    });
    Ok(Connection::new(rows, total))
}

fn write_position(position: ChangePosition) -> CursorText {
    let (at, shard, seq, change, list) = position;
    let numbers = [at, i64::from(shard), seq, i64::from(change), list];
    CursorText::new(BY_TIME, numbers.map(|number| number.to_string()))
}

fn read_position(cursor: &CursorText) -> Result<ChangePosition> {
    let [at, shard, seq, change, list] = cursor.numbers(BY_TIME)?[..] else { return Err(foreign_cursor()) };
    let small = |number: i64| i16::try_from(number).map_err(|_| foreign_cursor());
    Ok((at, small(shard)?, seq, small(change)?, list))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_from_their_cursors() {
        let position = (-3, 7, 12, 20, i64::MAX);
        assert_eq!(read_position(&write_position(position)).expect("its own cursor"), position);
        assert!(read_position(&CursorText::new("list.name", ["a".to_owned()])).is_err());
    }
}
