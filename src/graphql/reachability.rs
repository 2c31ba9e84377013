//! Whether an address can be reached, and whether its owner agreed.

use async_graphql::{Context, Enum, Object};

use super::context::caller;
use super::error::{Fault, Result};
use super::event::{self, Event};
use super::identifier::{self, Identifier, IdentifierInput};
use super::loader::{AddressKey, load};
use super::scalar::DateTime;
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

/// What the owner of an address said about being messaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ConsentStatus {
    /// Agreed.
    OptedIn,
    /// Refused.
    OptedOut,
    /// Said nothing: the channel's default holds (no for sms, mms, whatsapp and voice, yes for all others).
    None,
}

/// The state of an address.
#[derive(Clone, Debug)]
pub struct Reachability {
    address: Address,
    channels: Vec<String>,
    reached: rules::Reachability,
    consent: Option<ConsentUpdate>,
}

/// Whether an address can be reached, since when and why, and whether its owner agreed to be messaged.
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
        match self.consent {
            None => ConsentStatus::None,
            Some(consent) if consent.is_in => ConsentStatus::OptedIn,
            Some(_) => ConsentStatus::OptedOut,
        }
    }

    /// When the owner said so; null where nothing was said.
    fn consent_since(&self) -> Option<DateTime> {
        self.consent.map(|consent| DateTime(consent.at))
    }

    /// The event by which the owner said so; null where nothing was said.
    async fn consent_event(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        match self.consent {
            Some(consent) => event::find(ctx, consent.event).await,
            None => Ok(None),
        }
    }
}

/// The state of the address that an identifier is. One of a type that names no address is bad input.
pub async fn of_identifier(ctx: &Context<'_>, input: &IdentifierInput) -> Result<Reachability> {
    let (address, rule) = input.parse()?;
    if !rule.is_messaging() {
        return Err(Fault::bad_input(format!(
            "identifier type {} names no address that can be written to, so it has no reachability",
            address.name
        )));
    }
    let channels = identifier::channels_of(ctx, &address, rule).await?;
    of_address(ctx, address, channels).await
}

/// The state of an address.
pub async fn of_address(ctx: &Context<'_>, address: Address, channels: Vec<String>) -> Result<Reachability> {
    let workspace = &caller(ctx)?.workspace;
    let id = identifier_id(workspace.id.0, &address.name, &address.value);
    let state = match load(ctx, AddressKey(id)).await? {
        Some(row) => AddressState::decode(&row.state)?,
        None => AddressState::default(),
    };
    let reached = state.reachability(workspace.soft_bounce_limit);
    Ok(Reachability { address, channels, reached, consent: state.consent })
}
