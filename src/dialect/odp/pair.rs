//! What a pair of type and action means: the mapping table of the parent module as code.

use crate::domain::kind::Kind;
use crate::domain::reachability::ReachabilityType;

/// Types that are no channels, whatever their action.
pub const NOT_CHANNELS: [&str; 10] = [
    "fullstack",
    "consent",
    "content",
    "reachability",
    "list",
    "order",
    "product",
    "pageview",
    "campaign",
    "customer_discovered",
];

/// Channels that are known by name, as the platform writes them.
const KNOWN_CHANNELS: [&str; 13] = [
    "email",
    "sms",
    "mms",
    "push",
    "app_push",
    "web_push",
    "voice",
    "whatsapp",
    "in_app",
    "web_modal",
    "web_embed",
    "direct_mail",
    "custom",
];

/// Actions of channel events, `_` for `-`.
const CHANNEL_ACTIONS: [(&str, Kind); 17] = [
    ("sent", Kind::Sent),
    ("delivery", Kind::Delivered),
    ("delivery_unknown", Kind::DeliveryUnknown),
    ("impression", Kind::Impression),
    ("open", Kind::Opened),
    ("click", Kind::Clicked),
    ("submission", Kind::Submitted),
    ("engage", Kind::Engaged),
    ("exit", Kind::Exited),
    ("disengage", Kind::Disengaged),
    ("soft_bounce", Kind::SoftBounced),
    ("hard_bounce", Kind::HardBounced),
    ("spamreport", Kind::SpamReported),
    ("spam_report", Kind::SpamReported),
    ("list_unsubscribe", Kind::ListUnsubscribed),
    ("opt_out", Kind::OptedOut),
    ("invalid_token", Kind::Unreachable),
];

/// Pairs of types that are no channels.
const OTHER_PAIRS: [(&str, &str, Kind); 14] = [
    ("consent", "opt_in", Kind::OptedIn),
    ("consent", "opt_out", Kind::OptedOut),
    ("content", "opt_in", Kind::OptedIn),
    ("content", "opt_out", Kind::OptedOut),
    ("list", "subscribe", Kind::ListSubscribed),
    ("list", "unsubscribe", Kind::ListUnsubscribed),
    ("pageview", "", Kind::PageViewed),
    ("product", "detail", Kind::ProductViewed),
    ("product", "add_to_cart", Kind::CartAdded),
    ("product", "remove_from_cart", Kind::CartRemoved),
    ("order", "purchase", Kind::Purchased),
    ("order", "cancel", Kind::OrderCancelled),
    ("order", "return", Kind::OrderReturned),
    ("order", "refund", Kind::OrderRefunded),
];

/// A type and an action, both lower-cased.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    event_type: &'a str,
    /// `_` for `-`; empty when missing.
    action: String,
}

/// What a pair means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The kind of the event.
    pub kind: Kind,
    /// The type of a reachability update, for `REACHABLE` and `UNREACHABLE`.
    pub reachability: Option<ReachabilityType>,
}

impl<'a> Pair<'a> {
    /// The pair of a lower-cased type and action.
    pub fn new(event_type: &'a str, action: Option<&str>) -> Self {
        Self { event_type, action: action.unwrap_or_default().replace('-', "_") }
    }

    /// What the pair means; `update` is the type of the reachability update that the event carries.
    pub fn meaning(&self, update: Option<&str>) -> Meaning {
        let kind = match self.event_type {
            "reachability" => return self.reachability(update),
            _ => self.kind(),
        };
        let reachability = (kind == Kind::Unreachable).then_some(ReachabilityType::InvalidIdentifier);
        Meaning { kind, reachability }
    }

    /// The channel, if this is an event of one.
    pub fn channel(&self) -> Option<String> {
        let is_channel =
            KNOWN_CHANNELS.contains(&self.event_type) || (self.may_be_channel() && self.kind() != Kind::Other);
        is_channel.then(|| if self.event_type == "app_push" { "push" } else { self.event_type }.to_owned())
    }

    /// Whether the event is about an address rather than a message or a page.
    pub fn updates_address(&self) -> bool {
        matches!(self.event_type, "consent" | "content" | "reachability" | "list")
    }

    fn may_be_channel(&self) -> bool {
        !NOT_CHANNELS.contains(&self.event_type)
    }

    fn kind(&self) -> Kind {
        let action = self.action.as_str();
        if !self.may_be_channel() {
            let known = OTHER_PAIRS.iter().find(|(name, word, _)| *name == self.event_type && *word == action);
            return known.map_or(Kind::Other, |(_, _, kind)| *kind);
        }
        match (self.event_type, action) {
            ("push" | "app_push" | "web_push", "add_token") => Kind::TokenAdded,
            ("push" | "app_push" | "web_push", "remove_token") => Kind::TokenRemoved,
            (known, "abort") if KNOWN_CHANNELS.contains(&known) => Kind::Skipped,
            _ => CHANNEL_ACTIONS.iter().find(|(word, _)| *word == action).map_or(Kind::Other, |(_, kind)| *kind),
        }
    }

    /// Bounces and complaints that come as updates are what they are; a type that is missing is `unknown`, one that is not
    /// in the list is `other`.
    fn reachability(&self, update: Option<&str>) -> Meaning {
        let update = update.map(str::trim).filter(|name| !name.is_empty());
        let named = update.map(|name| match ReachabilityType::from_name(name) {
            Some(known) => known,
            None if name.eq_ignore_ascii_case("spamreport") => ReachabilityType::SpamReport,
            None => ReachabilityType::Other,
        });
        match (self.action.as_str(), named) {
            ("reachable", named) => Meaning { kind: Kind::Reachable, reachability: named },
            ("unreachable", Some(ReachabilityType::HardBounce)) => {
                Meaning { kind: Kind::HardBounced, reachability: None }
            }
            ("unreachable", Some(ReachabilityType::SpamReport)) => {
                Meaning { kind: Kind::SpamReported, reachability: None }
            }
            ("unreachable", named) => {
                let named = named.unwrap_or(ReachabilityType::Unknown);
                Meaning { kind: Kind::Unreachable, reachability: Some(named) }
            }
            _ => Meaning { kind: Kind::Other, reachability: None },
        }
    }
}
