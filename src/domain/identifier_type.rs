//! The identifier types of a workspace: the built-in rules, and what an administrator registered over them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identifier::{BUILT_IN, Confidence, IdentifierRule, rule_by_name};

/// What an administrator said about a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredType {
    /// Whether it merges customers (high confidence).
    pub is_high: bool,
    /// The channels that its values can be written to, sorted; none: those of its built-in rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// When it was registered last, UTC microseconds.
    pub registered_at: i64,
}

/// The identifier types of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentifierTypes(pub BTreeMap<String, RegisteredType>);

impl IdentifierTypes {
    /// What was registered of a type.
    pub fn registered(&self, name: &str) -> Option<&RegisteredType> {
        if self.0.is_empty() { None } else { self.0.get(name) }
    }

    /// How far identifiers of the type are trusted.
    pub fn confidence(&self, name: &str) -> Confidence {
        match self.registered(name) {
            Some(registered) if registered.is_high => Confidence::High,
            Some(_) => Confidence::Low,
            None => rule_by_name(name).map_or(Confidence::Low, |rule| rule.confidence),
        }
    }

    /// Whether values of the type can be written to.
    pub fn is_messaging(&self, name: &str) -> bool {
        match self.own_channels(name) {
            Some(channels) => !channels.is_empty(),
            None => rule_by_name(name).is_some_and(|rule| rule.is_messaging()),
        }
    }

    /// Whether messages of the channel may reach identifiers of the type. True on any channel for a type that is an address
    /// wherever it was seen.
    pub fn serves(&self, name: &str, channel: &str) -> bool {
        match self.own_channels(name) {
            Some(channels) => channels.iter().any(|known| known == channel),
            None => rule_by_name(name).is_some_and(|rule| rule.seen_on_channel || rule.channels.contains(&channel)),
        }
    }

    /// The built-in and registered types that messages of the channel may reach; push tokens, which are known by the ending
    /// of their names, come only where they are registered.
    pub fn serving(&self, channel: &str) -> Vec<&str> {
        let registered = self.0.keys().map(String::as_str);
        let known = BUILT_IN.iter().map(|(name, _)| *name).filter(|name| self.registered(name).is_none());
        registered.chain(known).filter(|name| self.serves(name, channel)).collect()
    }

    /// Whether values of the type are addresses on whatever channel they were seen on.
    pub fn is_seen_on_channel(&self, name: &str) -> bool {
        self.own_channels(name).is_none() && rule_by_name(name).is_some_and(|rule| rule.seen_on_channel)
    }

    /// The channels that a value of the type can be written to, sorted; `seen_on` are those that it was seen on, separated
    /// by spaces.
    pub fn channels(&self, name: &str, seen_on: &str) -> Vec<String> {
        if let Some(channels) = self.own_channels(name) {
            return channels.clone();
        }
        let owned = |channel: &str| channel.to_owned();
        let mut channels: Vec<String> = match rule_by_name(name) {
            Some(IdentifierRule { seen_on_channel: true, .. }) => seen_on.split_whitespace().map(owned).collect(),
            Some(rule) => rule.channels.iter().map(|channel| owned(channel)).collect(),
            None => Vec::new(),
        };
        channels.sort_unstable();
        channels
    }

    fn own_channels(&self, name: &str) -> Option<&Vec<String>> {
        self.registered(name)?.channels.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(name: &str, is_high: bool, channels: Option<&[&str]>) -> IdentifierTypes {
        let channels = channels.map(|channels| channels.iter().map(|channel| (*channel).to_owned()).collect());
        IdentifierTypes([(name.to_owned(), RegisteredType { is_high, channels, registered_at: 0 })].into())
    }

    #[test]
    fn what_was_registered_holds_over_the_built_in_rule() {
        let none = IdentifierTypes::default();
        assert_eq!(none.confidence("loyalty_number"), Confidence::Low);
        assert!(!none.is_messaging("loyalty_number"));
        let loyalty = types("loyalty_number", true, Some(&["direct_mail"]));
        assert_eq!(loyalty.confidence("loyalty_number"), Confidence::High);
        assert!(loyalty.serves("loyalty_number", "direct_mail") && !loyalty.serves("loyalty_number", "email"));
        assert_eq!(loyalty.channels("loyalty_number", ""), ["direct_mail"]);
        assert_eq!(loyalty.confidence("email"), Confidence::High);
        assert_eq!(loyalty.serving("direct_mail"), ["loyalty_number", "pinpoint_endpoint"]);
    }

    #[test]
    fn a_built_in_type_keeps_its_channels() {
        let low_phone = types("phone", false, None);
        assert_eq!(low_phone.confidence("phone"), Confidence::Low);
        assert_eq!(low_phone.channels("phone", ""), ["mms", "sms", "voice", "whatsapp"]);
        let endpoint = types("pinpoint_endpoint", true, None);
        assert!(endpoint.is_seen_on_channel("pinpoint_endpoint"));
        assert_eq!(endpoint.channels("pinpoint_endpoint", "sms email"), ["email", "sms"]);
    }
}
