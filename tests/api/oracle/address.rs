//! The state of an address, and how many customers can be reached, from all updates.

use campaignql::domain::event::NewEvent;
use campaignql::domain::identifier::{Identifier, Normalized, normalize};
use campaignql::domain::kind::Kind;
use campaignql::domain::reachability::{AddressChange, ReachabilityType};
use campaignql::domain::time::Micros;

use super::{Happened, Oracle};

/// Soft bounces since the last sign of life that make an address unreachable.
const SOFT_BOUNCES: usize = 5;

/// What is known of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Why it cannot be reached; none: it can.
    pub unreachable: Option<ReachabilityType>,
    /// Whether its owner agreed or refused to be messaged; none: never said.
    pub consent: Option<bool>,
}

/// How many customers pass each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// All customers.
    pub known: i64,
    /// Those with an address of the channel.
    pub has_address: i64,
    /// Those of them with a reachable one.
    pub reachable: i64,
    /// Those of them who also agreed to be messaged there.
    pub consented: i64,
}

impl Oracle {
    /// The state of an address.
    pub fn address(&self, address: &Identifier) -> Address {
        let changes: Vec<(Micros, AddressChange)> = self
            .events
            .iter()
            .flat_map(changes)
            .filter(|(concerned, _, _)| concerned == address)
            .map(|(_, at, change)| (at, change))
            .collect();
        Address { unreachable: unreachable(&changes), consent: consent(&changes) }
    }

    /// How many customers can be reached on a channel.
    pub fn reach(&self, channel: &str) -> Reach {
        let mut reach = Reach { known: self.people.len() as i64, ..Reach::default() };
        for person in &self.people {
            let addresses = person.iter().filter(|identifier| self.is_address_of(identifier, channel));
            let states: Vec<Address> = addresses.map(|identifier| self.address(identifier)).collect();
            let reachable = |state: &Address| state.unreachable.is_none();
            let consented = |state: &Address| state.consent.unwrap_or_else(|| default_consent(channel));
            reach.has_address += i64::from(!states.is_empty());
            reach.reachable += i64::from(states.iter().any(reachable));
            reach.consented += i64::from(states.iter().any(|state| reachable(state) && consented(state)));
        }
        reach
    }

    /// Whether an identifier is an address of the channel: by its type, or because it was seen there.
    fn is_address_of(&self, identifier: &Identifier, channel: &str) -> bool {
        if identifier.name != "pinpoint_endpoint" {
            return channels(&identifier.name).contains(&channel);
        }
        let seen_there =
            |event: &NewEvent| event.channel.as_deref() == Some(channel) && event.identifiers.contains(identifier);
        self.events.iter().any(|happened| seen_there(&happened.event))
    }
}

/// The channels that an identifier type is an address of. An endpoint's is told by its events.
fn channels(name: &str) -> &'static [&'static str] {
    match name {
        "email" => &["email"],
        "phone" => &["sms", "mms", "voice", "whatsapp"],
        _ if name.ends_with("_push_token") => &["push", "web_push"],
        _ => &[],
    }
}

/// Whoever never said anything counts as agreeing, except where the law wants it said.
fn default_consent(channel: &str) -> bool {
    !matches!(channel, "sms" | "mms" | "whatsapp" | "voice")
}

/// Every change of an address that an event carries.
fn changes(happened: &Happened) -> Vec<(Identifier, Micros, AddressChange)> {
    let event = &happened.event;
    let mut changes = Vec::new();
    if let Some(change) = change(event) {
        changes.extend(concerned(event).into_iter().map(|address| (address, happened.at, change)));
    }
    let beside = event.updates.iter().map(|update| (update.address.clone(), update.at, update.change));
    changes.extend(beside.map(|(address, at, change)| (address, at.unwrap_or(happened.at), change)));
    changes
}

/// What an event says about the address it concerns.
fn change(event: &NewEvent) -> Option<AddressChange> {
    let reason = || event.reason.as_deref().and_then(ReachabilityType::from_name);
    Some(match event.kind {
        Kind::HardBounced => AddressChange::Unreachable(ReachabilityType::HardBounce),
        Kind::SpamReported => AddressChange::Unreachable(ReachabilityType::SpamReport),
        Kind::Unreachable => AddressChange::Unreachable(reason().unwrap_or(ReachabilityType::Other)),
        Kind::TokenRemoved => AddressChange::Unreachable(ReachabilityType::Uninstall),
        Kind::Reachable | Kind::TokenAdded => AddressChange::Reachable,
        Kind::SoftBounced => AddressChange::SoftBounced,
        Kind::Delivered | Kind::Opened | Kind::Clicked => AddressChange::Engaged,
        Kind::OptedIn => AddressChange::OptedIn,
        Kind::OptedOut => AddressChange::OptedOut,
        Kind::ListUnsubscribed if event.list.is_none() => AddressChange::OptedOut,
        _ => return None,
    })
}

/// The addresses that an event concerns: the one it targets, else those of its channel, else all that it names.
fn concerned(event: &NewEvent) -> Vec<Identifier> {
    let type_of_channel = match event.channel.as_deref() {
        Some("email") => Some("email"),
        Some("sms" | "mms" | "voice" | "whatsapp") => Some("phone"),
        _ => None,
    };
    if let (Some(target), Some(name)) = (&event.target_address, type_of_channel) {
        return match normalize(name, target) {
            Normalized::Identifier(address) => vec![address],
            _ => Vec::new(),
        };
    }
    let named = event.identifiers.iter();
    named.filter(|identifier| is_concerned(&identifier.name, event.channel.as_deref())).cloned().collect()
}

fn is_concerned(name: &str, channel: Option<&str>) -> bool {
    let channels = channels(name);
    name == "pinpoint_endpoint" || channel.map_or(!channels.is_empty(), |channel| channels.contains(&channel))
}

/// The newest word on reachability, the worse of several at one instant; else too many soft bounces in a row.
fn unreachable(changes: &[(Micros, AddressChange)]) -> Option<ReachabilityType> {
    let said = |(_, change): &&(Micros, AddressChange)| {
        matches!(change, AddressChange::Unreachable(_) | AddressChange::Reachable)
    };
    let newest = changes.iter().filter(said).map(|(at, _)| *at).max();
    let types = changes.iter().filter(|(at, _)| Some(*at) == newest).filter_map(|(_, change)| match change {
        AddressChange::Unreachable(why) => Some(*why),
        _ => None,
    });
    let too_many = is_soft_bouncing(changes).then_some(ReachabilityType::SoftBounce);
    types.min_by_key(|why| *why as u8).or(too_many)
}

/// Whether the fifth-latest soft bounce is later than the last sign of life.
fn is_soft_bouncing(changes: &[(Micros, AddressChange)]) -> bool {
    let lives = |change: AddressChange| matches!(change, AddressChange::Engaged | AddressChange::Reachable);
    let last_life = changes.iter().filter(|(_, change)| lives(*change)).map(|(at, _)| *at).max();
    let bounces = changes.iter().filter(|(_, change)| *change == AddressChange::SoftBounced);
    bounces.filter(|(at, _)| Some(*at) > last_life).count() >= SOFT_BOUNCES
}

/// The newest word on consent; at one instant a refusal counts.
fn consent(changes: &[(Micros, AddressChange)]) -> Option<bool> {
    let said = |(at, change): &(Micros, AddressChange)| match change {
        AddressChange::OptedIn => Some((*at, true)),
        AddressChange::OptedOut => Some((*at, false)),
        _ => None,
    };
    let newest = changes.iter().filter_map(said).map(|(at, _)| at).max()?;
    Some(changes.iter().filter_map(said).filter(|(at, _)| *at == newest).all(|(_, agreed)| agreed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::sample::{Sample, event, identifier, oracle};

    const A: &str = "email:a@x.test";

    fn state(samples: Vec<Sample>) -> Address {
        oracle(samples.into_iter().map(Sample::make).collect()).address(&identifier(A))
    }

    #[test]
    fn the_newest_word_wins_and_ties_are_unreachable() {
        let bounce = |at| event(A).at(at).kind(Kind::HardBounced);
        let cleared = |at| event(A).at(at).kind(Kind::Reachable);
        assert_eq!(state(vec![cleared(3), bounce(2)]).unreachable, None);
        assert_eq!(state(vec![cleared(2), bounce(2)]).unreachable, Some(ReachabilityType::HardBounce));
        let spam = event(A).at(2).kind(Kind::SpamReported);
        assert_eq!(state(vec![spam, bounce(2)]).unreachable, Some(ReachabilityType::HardBounce));
        assert_eq!(
            state(vec![event(A).at(9).kind(Kind::Delivered), bounce(2)]).unreachable,
            Some(ReachabilityType::HardBounce)
        );
    }

    #[test]
    fn five_soft_bounces_after_the_last_sign_of_life_are_too_many() {
        let bounces = |first: i64, last: i64| (first..=last).map(|at| event(A).at(at).kind(Kind::SoftBounced));
        assert_eq!(state(bounces(1, 4).collect()).unreachable, None);
        assert_eq!(state(bounces(1, 5).collect()).unreachable, Some(ReachabilityType::SoftBounce));
        let opened = |at| event(A).at(at).kind(Kind::Opened);
        assert_eq!(state(bounces(1, 5).chain([opened(1)]).collect()).unreachable, None);
        assert_eq!(state(bounces(1, 5).chain([opened(0)]).collect()).unreachable, Some(ReachabilityType::SoftBounce));
    }

    #[test]
    fn the_target_is_concerned_and_else_the_identifiers_of_the_channel() {
        let both = "email:a@x.test phone:+4930123456";
        let other =
            event(both).kind(Kind::HardBounced).with(|event| event.target_address = Some("B@x.test".to_owned()));
        assert_eq!(state(vec![other]).unreachable, None);
        let sms = event(both).kind(Kind::HardBounced).with(|event| event.channel = Some("sms".to_owned()));
        assert_eq!(state(vec![sms]).unreachable, None);
        let any = event(both).kind(Kind::HardBounced).with(|event| event.channel = None);
        assert_eq!(state(vec![any]).unreachable, Some(ReachabilityType::HardBounce));
    }

    #[test]
    fn consent_is_the_newest_word_and_a_refusal_wins_a_tie() {
        let agreed = |at| event(A).at(at).kind(Kind::OptedIn);
        let refused = |at| event(A).at(at).kind(Kind::OptedOut);
        assert_eq!(state(vec![event(A)]).consent, None);
        assert_eq!(state(vec![refused(1), agreed(2)]).consent, Some(true));
        assert_eq!(state(vec![refused(2), agreed(2)]).consent, Some(false));
        let left = |list: Option<&str>| {
            let list = list.map(str::to_owned);
            event(A).at(9).kind(Kind::ListUnsubscribed).with(|event| event.list = list)
        };
        assert_eq!(state(vec![agreed(2), left(None)]).consent, Some(false));
        assert_eq!(state(vec![agreed(2), left(Some("news"))]).consent, Some(true));
    }

    #[test]
    fn a_customer_is_reached_through_the_best_of_its_addresses() {
        let oracle = oracle(vec![
            event("user_id:1 email:a@x.test email:b@x.test").make(),
            event(A).kind(Kind::HardBounced).make(),
            event("email:c@x.test").kind(Kind::OptedOut).make(),
            event("phone:+4930123456").make(),
        ]);
        assert_eq!(oracle.reach("email"), Reach { known: 3, has_address: 2, reachable: 2, consented: 1 });
        assert_eq!(oracle.reach("sms"), Reach { known: 3, has_address: 1, reachable: 1, consented: 0 });
    }
}
