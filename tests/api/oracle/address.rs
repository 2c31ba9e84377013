//! The state of an address, and how many customers can be reached, from all updates.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use campaignql::domain::event::NewEvent;
use campaignql::domain::identifier::{Identifier, Normalized, normalize};
use campaignql::domain::kind::Kind;
use campaignql::domain::reachability::{AddressChange, ReachabilityType};
use campaignql::domain::time::Micros;

use super::{Happened, Oracle};

/// What a workspace decides about addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Soft bounces since the last sign of life that make an address unreachable.
    pub soft_bounces: usize,
    /// Channels on which silence counts otherwise than usual.
    pub default_consent: BTreeMap<String, bool>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { soft_bounces: 5, default_consent: BTreeMap::new() }
    }
}

impl Rules {
    /// Whoever never said anything counts as agreeing, except where the law wants it said, or the workspace.
    fn agrees_silently(&self, channel: &str) -> bool {
        let usual = !matches!(channel, "sms" | "mms" | "whatsapp" | "voice");
        self.default_consent.get(channel).copied().unwrap_or(usual)
    }
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Why it cannot be reached; none: it can.
    pub unreachable: Option<ReachabilityType>,
    /// Whether its owner agreed or refused to be messaged; none: never said.
    pub consent: Option<bool>,
    /// The lists that it ever joined or left, and whether it is on them.
    pub lists: BTreeMap<String, bool>,
}

/// Why an address gets no further, the nearest to the start first; none: it gets to the end.
pub type Loss = Option<(u8, String)>;

/// Customers who stop for a reason.
pub type Losses = BTreeMap<String, i64>;

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
    /// Those of them who are also on the list, where one is asked for.
    pub subscribed: Option<i64>,
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
        let unreachable = unreachable(&changes, self.rules.soft_bounces);
        Address { unreachable, consent: consent(&changes), lists: self.lists(address) }
    }

    /// Every address that an event ever said something about, with how often, but for signs of life.
    pub fn mentioned_addresses(&self) -> BTreeMap<Identifier, usize> {
        let mut mentioned = BTreeMap::new();
        for happened in &self.events {
            // What one event says twice of an address, at one time, is said once.
            let said: HashSet<_> = changes(happened).into_iter().collect();
            for (address, _, change) in said {
                *mentioned.entry(address).or_default() += usize::from(change != AddressChange::Engaged);
            }
        }
        mentioned
    }

    /// The lists that an address joined or left, each with the newest word; at one instant leaving counts.
    fn lists(&self, address: &Identifier) -> BTreeMap<String, bool> {
        let mut newest: BTreeMap<String, (Micros, bool)> = BTreeMap::new();
        for happened in &self.events {
            let has_left = match happened.event.kind {
                Kind::ListSubscribed => false,
                Kind::ListUnsubscribed => true,
                _ => continue,
            };
            let Some(list) = &happened.event.list else { continue };
            if concerned(&happened.event).contains(address) {
                let word = (happened.at, has_left);
                let known = newest.entry(list.clone()).or_insert(word);
                *known = (*known).max(word);
            }
        }
        newest.into_iter().map(|(list, (_, has_left))| (list, !has_left)).collect()
    }

    /// Why an address gets no further on a channel, and on a list where one is given.
    pub fn loss(&self, address: &Address, channel: &str, list: Option<&str>) -> Loss {
        let reason = |step, reason: &str| Some((step, reason.to_owned()));
        if let Some(why) = address.unreachable {
            // Of two reasons the one with the smaller code is nearer to the end.
            return reason(100 - why as u8, &why.name().to_uppercase());
        }
        match address.consent {
            Some(false) => return reason(150, "OPTED_OUT"),
            None if !self.rules.agrees_silently(channel) => return reason(151, "NO_CONSENT"),
            _ => {}
        }
        match list.map(|list| address.lists.get(list)) {
            Some(Some(false)) => reason(200, "UNSUBSCRIBED"),
            Some(None) => reason(201, "NEVER_SUBSCRIBED"),
            Some(Some(true)) | None => None,
        }
    }

    /// Why a person gets no further, by the address that gets furthest.
    pub fn persons_loss(&self, person: &BTreeSet<Identifier>, channel: &str, list: Option<&str>) -> Loss {
        let addresses = person.iter().filter(|identifier| self.is_address_of(identifier, channel));
        let losses: Vec<Loss> = addresses.map(|address| self.loss(&self.address(address), channel, list)).collect();
        if losses.contains(&None) {
            return None;
        }
        losses.into_iter().flatten().max().or_else(|| Some((0, "NO_ADDRESS".to_owned())))
    }

    /// How many customers can be reached on a channel, and on a list; and how many stop for which reason.
    pub fn reach(&self, channel: &str, list: Option<&str>) -> (Reach, Losses) {
        let all = self.people.len() as i64;
        let mut reach =
            Reach { known: all, has_address: all, reachable: all, consented: all, subscribed: list.map(|_| all) };
        let mut losses = Losses::new();
        for (step, reason) in self.people.iter().filter_map(|person| self.persons_loss(person, channel, list)) {
            reach.has_address -= i64::from(step == 0);
            reach.reachable -= i64::from(step <= 100);
            reach.consented -= i64::from(step <= 151);
            reach.subscribed = reach.subscribed.map(|subscribed| subscribed - 1);
            *losses.entry(reason).or_default() += 1;
        }
        (reach, losses)
    }

    /// Whether an identifier is an address of the channel: by its type, or because it was seen there.
    pub fn is_address_of(&self, identifier: &Identifier, channel: &str) -> bool {
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
        // Which list it is, is looked up elsewhere.
        Kind::ListSubscribed if event.list.is_some() => AddressChange::Subscribed(0),
        Kind::ListUnsubscribed => AddressChange::Unsubscribed(0),
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
fn unreachable(changes: &[(Micros, AddressChange)], limit: usize) -> Option<ReachabilityType> {
    let said = |(_, change): &&(Micros, AddressChange)| {
        matches!(change, AddressChange::Unreachable(_) | AddressChange::Reachable)
    };
    let newest = changes.iter().filter(said).map(|(at, _)| *at).max();
    let types = changes.iter().filter(|(at, _)| Some(*at) == newest).filter_map(|(_, change)| match change {
        AddressChange::Unreachable(why) => Some(*why),
        _ => None,
    });
    let too_many = is_soft_bouncing(changes, limit).then_some(ReachabilityType::SoftBounce);
    types.min_by_key(|why| *why as u8).or(too_many)
}

/// Whether so many soft bounces are later than the last sign of life.
fn is_soft_bouncing(changes: &[(Micros, AddressChange)], limit: usize) -> bool {
    let lives = |change: AddressChange| matches!(change, AddressChange::Engaged | AddressChange::Reachable);
    let last_life = changes.iter().filter(|(_, change)| lives(*change)).map(|(at, _)| *at).max();
    let bounces = changes.iter().filter(|(_, change)| *change == AddressChange::SoftBounced);
    bounces.filter(|(at, _)| Some(*at) > last_life).count() >= limit
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
        let on_list = state(vec![agreed(2), left(Some("news"))]);
        assert_eq!((on_list.consent, on_list.lists), (Some(true), [("news".to_owned(), false)].into()));
    }

    #[test]
    fn a_customer_is_reached_through_the_best_of_its_addresses() {
        let oracle = oracle(vec![
            event("user_id:1 email:a@x.test email:b@x.test").make(),
            event(A).kind(Kind::HardBounced).make(),
            event("email:c@x.test").kind(Kind::OptedOut).make(),
            event("phone:+4930123456").make(),
        ]);
        let reach = |known, has_address, reachable, consented| Reach {
            known,
            has_address,
            reachable,
            consented,
            subscribed: None,
        };
        let losses = |pairs: &[(&str, i64)]| pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let email = losses(&[("NO_ADDRESS", 1), ("OPTED_OUT", 1)]);
        assert_eq!(oracle.reach("email", None), (reach(3, 2, 2, 1), email));
        let sms = losses(&[("NO_ADDRESS", 2), ("NO_CONSENT", 1)]);
        assert_eq!(oracle.reach("sms", None), (reach(3, 1, 1, 0), sms));
        let (on_list, losses) = oracle.reach("email", Some("news"));
        assert_eq!((on_list.consented, on_list.subscribed, losses["NEVER_SUBSCRIBED"]), (1, Some(0), 1));
    }
}
