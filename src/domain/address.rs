//! Which address an event concerns, and how it changes that address's state.
//!
//! The address concerned is the target address, else the event's identifiers of the channel's type. An event without a
//! channel (reachability and consent updates) concerns every messaging identifier that it names. What serves a channel
//! is a matter of the workspace's identifier types, so it is decided in two steps: [`concern_of`] needs no workspace.

use super::event::NewEvent;
use super::hash::list_id;
use super::identifier::{Identifier, Normalized, normalize};
use super::identifier_type::IdentifierTypes;
use super::kind::Kind;
use super::reachability::{AddressChange, AddressUpdate, ReachabilityType};

/// What an event concerns, as far as it can be told without the workspace's identifier types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// This address.
    Address(Identifier),
    /// The event's identifier with this value, if it is an address; else those of the event's channel.
    Value(String),
    /// The event's identifiers that serve its channel; without a channel, all that are addresses.
    Channel,
}

impl Concern {
    /// Whether it is the identifier with this value.
    pub fn is_value(&self, value: &str) -> bool {
        matches!(self, Self::Value(target) if target == value)
    }
}

/// Every change of an address's state that the event brings, those beside its kind included.
pub fn updates_of(event: &NewEvent, types: &IdentifierTypes) -> Vec<AddressUpdate> {
    let mut updates = event.updates.clone();
    if let Some(change) = change_of(event) {
        let concerned = match concern_of(event) {
            Concern::Address(address) => vec![address],
            concern => {
                let named: Vec<(&str, &str)> =
                    event.identifiers.iter().map(|named| (named.name.as_str(), named.value.as_str())).collect();
                let concerned = concerned_among(&named, &concern, event.channel.as_deref(), types);
                concerned.into_iter().map(|index| event.identifiers[index].clone()).collect()
            }
        };
        updates.extend(concerned.into_iter().map(|address| AddressUpdate { address, at: event.occurred_at, change }));
    }
    updates
}

/// How the event's kind changes the state of the address concerned.
pub fn change_of(event: &NewEvent) -> Option<AddressChange> {
    Some(match event.kind {
        Kind::HardBounced => AddressChange::Unreachable(ReachabilityType::HardBounce),
        Kind::SpamReported => AddressChange::Unreachable(ReachabilityType::SpamReport),
        Kind::TokenRemoved => AddressChange::Unreachable(ReachabilityType::Uninstall),
        Kind::Unreachable => {
            let named = event.reason.as_deref().and_then(ReachabilityType::from_name);
            AddressChange::Unreachable(named.unwrap_or(ReachabilityType::Other))
        }
        Kind::Reachable | Kind::TokenAdded => AddressChange::Reachable,
        Kind::SoftBounced => AddressChange::SoftBounced,
        Kind::Delivered | Kind::Opened | Kind::Clicked => AddressChange::Engaged,
        Kind::OptedIn => AddressChange::OptedIn,
        Kind::OptedOut => AddressChange::OptedOut,
        Kind::ListSubscribed => AddressChange::Subscribed(list_id(event.list.as_deref()?)),
        // An unsubscribe that names no list refuses everything.
        Kind::ListUnsubscribed => match event.list.as_deref() {
            Some(list) => AddressChange::Unsubscribed(list_id(list)),
            None => AddressChange::OptedOut,
        },
        _ => return None,
    })
}

/// What the event concerns: the target address, of the channel's type where there is one, else of the event's own
/// identifier with that value; without a target, the identifiers of the channel.
pub fn concern_of(event: &NewEvent) -> Concern {
    let Some(target) = event.target_address.as_deref() else { return Concern::Channel };
    match target_type(target, event.channel.as_deref()).map(|name| normalize(name, target)) {
        Some(Normalized::Identifier(identifier)) => Concern::Address(identifier),
        Some(_) => Concern::Channel,
        None => Concern::Value(target.trim().to_owned()),
    }
}

/// The identifier that a target address is, where its type can be told.
pub fn target_identifier(target: &str, channel: Option<&str>) -> Option<Identifier> {
    match normalize(target_type(target, channel)?, target) {
        Normalized::Identifier(identifier) => Some(identifier),
        _ => None,
    }
}

fn target_type(target: &str, channel: Option<&str>) -> Option<&'static str> {
    match channel {
        Some("email") => Some("email"),
        Some("sms" | "mms" | "voice" | "whatsapp") => Some("phone"),
        None if target.contains('@') => Some("email"),
        None if target.starts_with('+') => Some("phone"),
        _ => None,
    }
}

/// Which of the identifiers (type, value) an event of the channel concerns, where it names no address.
pub fn concerned_among(
    named: &[(&str, &str)],
    concern: &Concern,
    channel: Option<&str>,
    types: &IdentifierTypes,
) -> Vec<usize> {
    if let Concern::Value(target) = concern {
        let is_target = |(name, value): &(&str, &str)| value == target && types.is_messaging(name);
        if let Some(index) = named.iter().position(is_target) {
            return vec![index];
        }
    }
    let concerns = |name: &str| match channel {
        Some(channel) => types.serves(name, channel),
        None => types.is_messaging(name),
    };
    (0..named.len()).filter(|index| concerns(named[*index].0)).collect()
}
