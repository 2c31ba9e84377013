//! Which address an event concerns, and how it changes that address's state.
//!
//! The address concerned is the target address, else the event's identifiers of the channel's type. An event without a
//! channel (reachability and consent updates) concerns every messaging identifier that it names.

use super::event::NewEvent;
use super::identifier::{Identifier, Normalized, normalize, rule_by_name, serves_channel};
use super::kind::Kind;
use super::reachability::{AddressChange, AddressUpdate, ReachabilityType};

/// Every change of an address's state that the event brings, those beside its kind included.
pub fn updates_of(event: &NewEvent) -> Vec<AddressUpdate> {
    let mut updates = event.updates.clone();
    if let Some(change) = change_of(event) {
        let concerned = addresses_of(event);
        updates.extend(concerned.into_iter().map(|address| AddressUpdate { address, at: event.occurred_at, change }));
    }
    updates
}

fn change_of(event: &NewEvent) -> Option<AddressChange> {
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
        // An unsubscribe that names no list refuses everything.
        Kind::ListUnsubscribed if event.list.is_none() => AddressChange::OptedOut,
        _ => return None,
    })
}

fn addresses_of(event: &NewEvent) -> Vec<Identifier> {
    if let Some(target) = &event.target_address
        && let Some(address) = target_of(event, target)
    {
        return vec![address];
    }
    let concerns = |identifier: &&Identifier| match &event.channel {
        Some(channel) => serves_channel(&identifier.name, channel),
        None => is_messaging(&identifier.name),
    };
    event.identifiers.iter().filter(concerns).cloned().collect()
}

/// The identifier that a target address names: of the channel's type where there is one, else of the event's own
/// identifier with that value.
fn target_of(event: &NewEvent, target: &str) -> Option<Identifier> {
    let name = match event.channel.as_deref() {
        Some("email") => Some("email"),
        Some("sms" | "mms" | "voice" | "whatsapp") => Some("phone"),
        None if target.contains('@') => Some("email"),
        None if target.starts_with('+') => Some("phone"),
        _ => None,
    };
    match name.map(|name| normalize(name, target)) {
        Some(Normalized::Identifier(identifier)) => Some(identifier),
        Some(_) => None,
        None => event.identifiers.iter().find(|i| is_messaging(&i.name) && i.value == target.trim()).cloned(),
    }
}

/// Whether values of the type can be written to.
pub fn is_messaging(name: &str) -> bool {
    rule_by_name(name).is_some_and(|rule| rule.is_messaging())
}
