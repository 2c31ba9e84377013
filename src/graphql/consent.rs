//! What the owner of an address said: to being messaged, and to each list.

use async_graphql::{Context, Enum, Object};

use super::error::Result;
use super::event::{self, Event};
use super::identifier::Identifier;
use super::list::{self, List};
use super::scalar::DateTime;
use crate::domain::reachability::ConsentUpdate;

/// What the owner of an address said about being messaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ConsentStatus {
    /// Agreed.
    OptedIn,
    /// Refused.
    OptedOut,
    /// Said nothing: the channel's default holds, a setting of the workspace (unless changed, no for sms, mms, whatsapp and
    /// voice, yes for all others).
    None,
}

impl ConsentStatus {
    /// The status of the newest update.
    pub fn of(update: Option<ConsentUpdate>) -> Self {
        match update {
            None => Self::None,
            Some(update) if update.is_in => Self::OptedIn,
            Some(_) => Self::OptedOut,
        }
    }
}

/// What the owner of an address said about being messaged.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The address.
    pub identifier: Identifier,
    /// Channels that it can be written to.
    pub channels: Vec<String>,
    /// The newest update.
    pub update: Option<ConsentUpdate>,
}

/// What the owner of an address said about being messaged.
#[Object]
impl Consent {
    /// The address.
    async fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Channels that it can be written to, sorted.
    async fn channels(&self) -> &[String] {
        &self.channels
    }

    /// What was said: the newest by its own time; at one instant a refusal counts.
    async fn status(&self) -> ConsentStatus {
        ConsentStatus::of(self.update)
    }

    /// When; null where nothing was said.
    async fn since(&self) -> Option<DateTime> {
        self.update.map(|update| DateTime(update.at))
    }

    /// The event by which it was said; null where nothing was said.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        match self.update {
            Some(update) => event::find(ctx, update.event).await,
            None => Ok(None),
        }
    }
}

/// Whether an address is on a list.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The address.
    pub identifier: Identifier,
    /// The list.
    pub list: i64,
    /// The newest update.
    pub update: ConsentUpdate,
}

/// Whether an address is on a list that it ever joined or left. On every other list it is not.
#[Object]
impl Subscription {
    /// The address.
    async fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// The list.
    async fn list(&self, ctx: &Context<'_>) -> Result<Option<List>> {
        list::find(ctx, self.list).await
    }

    /// Whether it is on the list: the newest update by its own time; at one instant leaving counts.
    async fn is_subscribed(&self) -> bool {
        self.update.is_in
    }

    /// Since when.
    async fn since(&self) -> DateTime {
        DateTime(self.update.at)
    }

    /// The event by which it joined or left.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        event::find(ctx, self.update.event).await
    }
}
