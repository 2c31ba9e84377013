//! Whether an address can be reached, and whether its owner agreed.

use async_graphql::{Context, Enum, Object};

use super::address_history::{self, AddressChange};
use super::consent::{Consent, ConsentStatus, Subscription};
use super::error::{Fault, Result};
use super::event::{self, Event};
use super::identifier::{self, Identifier, IdentifierInput};
use super::limits::page_cost;
use super::loader::{AddressKey, load};
use super::page::{Connection, PageArguments};
use super::scalar::DateTime;
use super::workspace;
use crate::domain::hash::identifier_id;
use crate::domain::identifier::Identifier as Address;
use crate::domain::reachability::{self as rules, AddressState, ConsentUpdate};

/// Why an address cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::ReachabilityType")]
pub enum ReachabilityType {
    /// Delivery failed for good.
    HardBounce,
    /// Delivery failed again and again, without a success between.
    SoftBounce,
    /// The recipient complained.
    SpamReport,
    /// The app was removed.
    Uninstall,
    /// The address is not valid.
    InvalidIdentifier,
    /// The message came back.
    ReturnedToSender,
    /// The vendor does not know why.
    Unknown,
    /// The address expired.
    Expired,
    /// Another reason.
    Other,
}

/// The state of an address.
#[derive(Clone, Debug)]
pub struct Reachability {
    address: Address,
    channels: Vec<String>,
    id: [u8; 16],
    state: AddressState,
    reached: rules::Reachability,
}

/// Whether an address can be reached, since when and why, whether its owner agreed to be messaged, and which lists it is on.
#[Object]
impl Reachability {
    /// The address.
    fn identifier(&self) -> Identifier {
        Identifier { name: self.address.name.clone(), value: self.address.value.clone() }
    }

    /// Channels that it can be written to, sorted.
    fn channels(&self) -> &[String] {
        &self.channels
    }

    /// Whether it can be reached. An address is, unless an event said otherwise.
    fn is_reachable(&self) -> bool {
        self.reached.unreachable.is_none()
    }

    /// Why it cannot be reached; null where it can.
    #[graphql(name = "type")]
    fn reason(&self) -> Option<ReachabilityType> {
        self.reached.unreachable.map(Into::into)
    }

    /// Since when the state holds; null where no event said anything.
    fn since(&self) -> Option<DateTime> {
        self.reached.since.map(DateTime)
    }

    /// The event that made it so; null where none did.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        match self.reached.event {
            Some(id) => event::find(ctx, id).await,
            None => Ok(None),
        }
    }

    /// What the owner said about being messaged: the newest by its own time.
    fn consent(&self) -> ConsentStatus {
        ConsentStatus::of(self.state.consent)
    }

    /// When the owner said so; null where nothing was said.
    fn consent_since(&self) -> Option<DateTime> {
        self.state.consent.map(|consent| DateTime(consent.at))
    }

    /// The event by which the owner said so; null where nothing was said.
    async fn consent_event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        match self.state.consent {
            Some(consent) => event::find(ctx, consent.event).await,
            None => Ok(None),
        }
    }

    /// The lists that it ever joined or left, in no particular order.
    fn subscriptions(&self) -> Vec<Subscription> {
        self.own_subscriptions()
    }

    /// Every change that an event brought to it, the newest by its own time first.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100; 50 when neither first nor last is given.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100; excludes first.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AddressChange>> {
        address_history::page(ctx, self.id, PageArguments { first, after, last, before }).await
    }
}

impl Reachability {
    /// The lists that it ever joined or left.
    pub fn own_subscriptions(&self) -> Vec<Subscription> {
        let identifier = Identifier { name: self.address.name.clone(), value: self.address.value.clone() };
        let subscription = |(list, update): (&i64, &ConsentUpdate)| Subscription {
            identifier: identifier.clone(),
            list: *list,
            update: *update,
        };
        self.state.subscriptions.iter().map(subscription).collect()
    }

    /// Whether it is on the suppression list.
    pub fn is_suppressed(&self) -> bool {
        self.reached.unreachable.is_some()
    }

    /// What its owner said about being messaged.
    pub fn own_consent(&self) -> Consent {
        let identifier = Identifier { name: self.address.name.clone(), value: self.address.value.clone() };
        Consent { identifier, channels: self.channels.clone(), update: self.state.consent }
    }
}

/// What an identifier that names no address is answered with.
pub fn no_address(name: &str) -> String {
    format!("identifier type {name} names no address that can be written to, so it has no reachability")
}

/// The state of the address that an identifier is. One of a type that names no address is bad input.
pub async fn of_identifier(ctx: &Context<'_>, input: &IdentifierInput) -> Result<Reachability> {
    let (address, _) = input.parse()?;
    let types = workspace::types(ctx).await?;
    if !types.is_messaging(&address.name) {
        return Err(Fault::bad_input(no_address(&address.name)));
    }
    let channels = identifier::channels_of(ctx, &address, &types).await?;
    of_address(ctx, address, channels).await
}

/// The state of an address.
pub async fn of_address(ctx: &Context<'_>, address: Address, channels: Vec<String>) -> Result<Reachability> {
    let workspace = workspace::fresh(ctx).await?;
    let id = identifier_id(workspace.id.0, &address.name, &address.value);
    let state = match load(ctx, AddressKey(id)).await? {
        Some(row) => AddressState::decode(&row.state)?,
        None => AddressState::default(),
    };
    let reached = state.reachability(workspace.settings.soft_bounce_limit);
    Ok(Reachability { address, channels, id, state, reached })
}
