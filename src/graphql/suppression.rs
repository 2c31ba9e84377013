//! The suppression list: addresses that must not be written to.

use std::sync::Arc;

use async_graphql::{Context, Object};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::context::{caller, store};
use super::error::Result;
use super::event::{self, Event};
use super::identifier::Identifier;
use super::page::{Connection, CursorText, PageArguments, foreign_cursor};
use super::reachability::ReachabilityType;
use super::reachability_funnel::parse_channel;
use super::scalar::DateTime;
use super::workspace;
use crate::domain::reachability as rules;
use crate::domain::time::Micros;
use crate::store;
use crate::store::suppression::{SuppressionFilter, SuppressionPosition, position_of};

/// An address that must not be written to.
#[derive(Clone, Debug)]
pub struct Suppression {
    row: entity::suppression::Model,
}

/// An address that cannot be reached now, and so must not be written to.
#[Object]
impl Suppression {
    /// The address.
    async fn identifier(&self) -> Identifier {
        Identifier { name: self.row.name.clone(), value: self.row.value.clone() }
    }

    /// Why it cannot be reached.
    async fn reason(&self) -> ReachabilityType {
        let code = u8::try_from(self.row.reason).ok();
        let reason = code.and_then(rules::ReachabilityType::from_code);
        reason.unwrap_or(rules::ReachabilityType::Other).into()
    }

    /// Since when.
    async fn since(&self) -> DateTime {
        DateTime(Micros(self.row.since))
    }

    /// The event that made it so.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        event::find(ctx, (self.row.event_shard, self.row.event_seq)).await
    }
}

/// Which suppressed addresses are wanted.
#[derive(Clone, Debug)]
pub struct SuppressionQuestion {
    /// Of this channel.
    pub channel: Option<String>,
    /// For this reason.
    pub reason: Option<ReachabilityType>,
}

/// A page of suppressed addresses, the latest suppressed first.
pub async fn list(
    ctx: &Context<'_>,
    question: SuppressionQuestion,
    arguments: PageArguments,
) -> Result<Connection<Suppression>> {
    let page = arguments.page(|cursor| read_position(&cursor))?;
    let channel = match question.channel {
        Some(channel) => Some((parse_channel(&channel)?, workspace::types(ctx).await?)),
        None => None,
    };
    let filter = SuppressionFilter { channel, reason: question.reason.map(Into::into) };
    let (store, workspace) = (store(ctx)?.clone(), caller(ctx)?.workspace_id());
    let slice = store::suppression::page(&store, workspace, &filter, &page).await?;
    let rows = slice.map(|row| {
        let cursor = write_position(&position_of(&row));
        (Suppression { row }, cursor)
    });
    let total = Arc::new(move || {
        let (store, filter) = (store.clone(), filter.clone());
        Box::pin(async move { store::suppression::count(&store, workspace, &filter).await }) as _
    });
    Ok(Connection::new(rows, total))
}

const BY_TIME: &str = "suppression.since";

fn write_position((since, shard, id): &SuppressionPosition) -> CursorText {
    CursorText::new(BY_TIME, [since.to_string(), shard.to_string(), URL_SAFE_NO_PAD.encode(id)])
}

fn read_position(cursor: &CursorText) -> Result<SuppressionPosition> {
    let [since, shard, id] = cursor.parts(BY_TIME)? else { return Err(foreign_cursor()) };
    let since = since.parse().map_err(|_| foreign_cursor())?;
    let shard = shard.parse().map_err(|_| foreign_cursor())?;
    Ok((since, shard, URL_SAFE_NO_PAD.decode(id).map_err(|_| foreign_cursor())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_from_their_cursors() {
        let position = (-3, 7, vec![0, 31, 255]);
        assert_eq!(read_position(&write_position(&position)).expect("its own cursor"), position);
        assert!(read_position(&CursorText::new(BY_TIME, ["1".to_owned()])).is_err());
    }
}
