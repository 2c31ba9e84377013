//! What changed when a recipient changed its subscriptions: the record tells how they were and how they are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::meaning::Meaning;
use crate::dialect::field::{Fields, wrong_type};
use crate::domain::event::Rejection;
use crate::domain::kind::Kind;

/// The refusal of everything and each topic that changed. Nothing at all is an event of no known meaning.
pub(super) fn meanings(details: &Fields<'_>) -> Result<Vec<Meaning>, Rejection> {
    let before = Preferences::read(details, "oldTopicPreferences")?;
    let after = Preferences::read(details, "newTopicPreferences")?;
    let mut meanings = Vec::new();
    if after.refuses_all && !before.refuses_all {
        meanings.push(Meaning::new(Kind::OptedOut, None));
    }
    for (topic, is_subscribed) in after.topics {
        if before.topics.get(&topic) == Some(&is_subscribed) {
            continue;
        }
        let kind = if is_subscribed { Kind::ListSubscribed } else { Kind::ListUnsubscribed };
        meanings.push(Meaning { list: Some(topic), ..Meaning::new(kind, None) });
    }
    if meanings.is_empty() {
        meanings.push(Meaning::new(Kind::Other, None));
    }
    Ok(meanings)
}

/// The subscriptions of a recipient at one time.
#[derive(Debug, Default)]
struct Preferences {
    refuses_all: bool,
    /// Whether it is subscribed to a topic, where that is known.
    topics: BTreeMap<String, bool>,
}

impl Preferences {
    fn read(details: &Fields<'_>, field: &str) -> Result<Self, Rejection> {
        let Some(preferences) = details.object(field)? else { return Ok(Self::default()) };
        let refuses_all = preferences.flag("unsubscribeAll")?.unwrap_or(false);
        let mut topics = BTreeMap::new();
        // A topic's default counts for those who never said anything about it.
        for list in ["topicDefaultSubscriptionStatus", "topicSubscriptionStatus"] {
            let path = preferences.path(list);
            for (index, value) in preferences.array(list)?.into_iter().flatten().enumerate() {
                topics.extend(topic(value, &format!("{path}[{index}]"))?);
            }
        }
        Ok(Self { refuses_all, topics })
    }
}

/// A topic and whether the recipient is subscribed to it. An unknown status says nothing.
fn topic(value: &Value, path: &str) -> Result<Option<(String, bool)>, Rejection> {
    let Value::Object(topic) = value else { return Err(wrong_type(path, value, "an object")) };
    let topic = Fields::at(topic, path);
    let status = topic.text("subscriptionStatus")?.unwrap_or_default();
    let name = topic.required_id("topicName")?;
    Ok(match status.to_ascii_lowercase().as_str() {
        "optin" => Some((name, true)),
        "optout" => Some((name, false)),
        _ => None,
    })
}
