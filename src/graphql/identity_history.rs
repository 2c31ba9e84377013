//! The history of who is who: every merge of customers and move of an identifier, with its cause.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};

use super::context::{caller, store};
use super::customer::{self, Customer};
use super::error::Result;
use super::event::{self, Event};
use super::identifier::Identifier;
use super::node::NodeId;
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::scalar::DateTime;
use crate::analytics;
use crate::domain::identity::ChangeCause;
use crate::domain::time::Micros;
use crate::store;
use crate::store::identity_change::{ChangePosition, position_of};

/// What happened between two customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum IdentityChangeKind {
    /// One became part of the other.
    Merged,
    /// An identifier of one names the other from then on. Events of before stay where they are.
    Moved,
}

/// The rule by which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ChangeCause")]
pub enum IdentityChangeCause {
    /// Identifiers of both that each name one person for sure were named together: the older customer survived.
    SharedIdentifier,
    /// One was anonymous and was named beside the other.
    AnonymousNamed,
    /// An identifier that may change hands, of a customer who is known for sure, was named beside a sure one of another.
    IdentifierMoved,
    /// An administrator merged them with `customerMerge`: the older customer survived.
    Manual,
}

/// A merge of two customers, or a move of an identifier between them.
#[derive(Clone, Debug)]
pub struct IdentityChange {
    row: entity::identity_change::Model,
    cause: ChangeCause,
}

/// A merge of two customers, or a move of an identifier between them. Customers who were made and merged by the same few
/// events, before anybody could ask for them, leave none.
#[Object]
impl IdentityChange {
    /// When it was committed.
    async fn at(&self) -> DateTime {
        DateTime(Micros(self.row.changed_at))
    }

    /// What happened.
    async fn kind(&self) -> IdentityChangeKind {
        if self.cause == ChangeCause::IdentifierMoved { IdentityChangeKind::Moved } else { IdentityChangeKind::Merged }
    }

    /// The rule by which it happened.
    async fn cause(&self) -> IdentityChangeCause {
        self.cause.into()
    }

    /// Id of the customer that gained, as it was then.
    async fn customer_id(&self) -> ID {
        NodeId::Customer(self.row.customer).encode()
    }

    /// The customer that gained, as it is now, perhaps as a part of a third; null where it is no longer there.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        customer::find(ctx, self.row.customer).await
    }

    /// Id of the customer that was merged or that lost the identifier, as it was then.
    async fn other_id(&self) -> ID {
        NodeId::Customer(self.row.other).encode()
    }

    /// The customer that was merged or that lost the identifier, as it is now; null where it is no longer there.
    async fn other(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        customer::find(ctx, self.row.other).await
    }

    /// The identifier of the other customer that was named; null for a merge by hand.
    async fn identifier(&self) -> Option<Identifier> {
        let (name, value) = (self.row.identifier_name.clone()?, self.row.identifier_value.clone()?);
        Some(Identifier { name, value })
    }

    /// The event that named both; null where a profile update did, for a merge by hand, and for changes taken
    /// by a program that did not write it down yet.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        match self.row.event_seq {
            0 => Ok(None),
            seq => event::find(ctx, (self.row.event_shard, seq)).await,
        }
    }

    /// Id of the key by which somebody merged them by hand; null otherwise.
    async fn api_key_id(&self) -> Option<ID> {
        (self.row.api_key != 0).then(|| NodeId::ApiKey(self.row.api_key).encode())
    }

    /// Why somebody merged them by hand, in their own words; null where nothing was said.
    async fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref()
    }
}

const BY_NUMBER: &str = "identity.change";

/// A page of the changes that concern a customer and all that became part of it, the latest first.
pub async fn page(ctx: &Context<'_>, customer: i64, arguments: PageArguments) -> Result<Connection<IdentityChange>> {
    let page = arguments.page(|cursor| read_position(&cursor))?;
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let customers = analytics::customer::with_merged(&store, workspace, customer).await?;
    let slice = store::identity_change::page(&store, workspace, &customers, &page).await?;
    let rows = slice.try_map(|row| {
        let damaged = || crate::Error::Corrupt(format!("cause {} of a change of identity", row.cause));
        let (cause, cursor) =
            (ChangeCause::from_name(&row.cause).ok_or_else(damaged)?, write_position(position_of(&row)));
        Ok::<_, crate::Error>((IdentityChange { row, cause }, cursor))
    })?;
    let total = Arc::new(move || {
        let (store, customers) = (store.clone(), customers.clone());
        Box::pin(async move { store::identity_change::count(&store, workspace, &customers).await }) as _
    });
    Ok(Connection::new(rows, total))
}

fn write_position((id, shard): ChangePosition) -> CursorText {
    CursorText::new(BY_NUMBER, [id.to_string(), shard.to_string()])
}

fn read_position(cursor: &CursorText) -> Result<ChangePosition> {
    let [id, shard] = cursor.numbers(BY_NUMBER)?[..] else { return Err(foreign_cursor()) };
    Ok((id, i16::try_from(shard).map_err(|_| foreign_cursor())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_from_their_cursors() {
        assert_eq!(read_position(&write_position((i64::MAX, 7))).expect("its own cursor"), (i64::MAX, 7));
        assert!(read_position(&CursorText::new("list.name", ["a".to_owned()])).is_err());
    }
}
