//! The key by which a repeat of an event is recognised: the vendor's own where there is one, else a hash of what the
//! event says. Ingestion adds the workspace and the event's own time.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Number, Value};

use crate::domain::event::{EventKey, NewEvent};
use crate::domain::hash::hash128;
use crate::domain::identifier::Identifier;

/// Largest integer up to which every one is a 64-bit float of its own: 2^53.
const MAX_EXACT_INTEGER: u64 = 1 << 53;

/// The key that a vendor gives an event, in parts: the dialect first, then what makes the id unique.
pub fn vendor_key(parts: &[&str]) -> EventKey {
    let mut bytes: Vec<&[u8]> = vec![b"vendor"];
    bytes.extend(parts.iter().map(|part| part.as_bytes()));
    EventKey::Known(hash128(&bytes))
}

/// The key of an event that has none of its vendor's: a hash over all that it says, its kind included, so that two
/// events of one record differ. An event without a time of its own is always new.
pub fn content_key(event: &NewEvent) -> EventKey {
    if event.occurred_at.is_none() {
        return EventKey::AlwaysNew;
    }
    EventKey::Known(hash128(&[b"content", &canonical(event)]))
}

/// The key of what a list says: the content's, for ever, whether or not the row has a time of its own.
pub fn lasting_key(event: &NewEvent) -> EventKey {
    match content_key(event) {
        EventKey::AlwaysNew => EventKey::Lasting(hash128(&[b"content", &canonical(event)])),
        known => known,
    }
}

/// The content as RFC 8785 writes it.
fn canonical(event: &NewEvent) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(&Content(event)).expect("texts, finite numbers and maps always serialise")
}

/// What counts as the content of an event: everything but its key and the notes on how it was taken.
struct Content<'a>(&'a NewEvent);

impl Serialize for Content<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(event) = self;
        let texts = [
            ("dialect", Some(event.dialect.name())),
            ("type", Some(event.event_type.as_str())),
            ("action", event.action.as_deref()),
            ("kind", Some(event.kind.name())),
            ("channel", event.channel.as_deref()),
            ("namespace", event.campaign.as_ref().map(|campaign| campaign.namespace.name())),
            ("campaign", event.campaign.as_ref().map(|campaign| campaign.external_id.as_str())),
            ("campaignName", event.campaign.as_ref().and_then(|campaign| campaign.name.as_deref())),
            ("run", event.run.as_deref()),
            ("treatment", event.treatment.as_deref()),
            ("touchpoint", event.touchpoint.as_deref()),
            ("content", event.content.as_deref()),
            ("list", event.list.as_deref()),
            ("message", event.message_id.as_deref()),
            ("targetAddress", event.target_address.as_deref()),
            ("url", event.url.as_deref()),
            ("reason", event.reason.as_deref()),
        ];
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        // Microseconds exceed what a 64-bit float tells apart, so times are written as text.
        map.serialize_entry("occurredAt", &event.occurred_at.map(|at| at.0.to_string()))?;
        map.serialize_entry("sentAt", &event.sent_at.map(|at| at.0.to_string()))?;
        map.serialize_entry("automation", &(event.automation as u8))?;
        map.serialize_entry("identifiers", &Pairs(&event.identifiers))?;
        map.serialize_entry("data", &ExactMap(&event.data))?;
        map.end()
    }
}

struct Pairs<'a>(&'a [Identifier]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|identifier| (&identifier.name, &identifier.value)))
    }
}

struct ExactMap<'a>(&'a Map<String, Value>);

impl Serialize for ExactMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, &Exact(value))?;
        }
        map.end()
    }
}

/// A value whose large integers are told apart. RFC 8785 knows only 64-bit floats, in which neighbouring ids of more than
/// 53 bits are one: they are written as an object that no ordinary number becomes.
struct Exact<'a>(&'a Value);

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) if is_beyond_floats(number) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("\u{1}integer", &number.to_string())?;
                map.end()
            }
            Value::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&Exact(item))?;
                }
                seq.end()
            }
            Value::Object(map) => ExactMap(map).serialize(serializer),
            plain => plain.serialize(serializer),
        }
    }
}

fn is_beyond_floats(number: &Number) -> bool {
    let size = number.as_i64().map(i64::unsigned_abs).or_else(|| number.as_u64());
    size.is_some_and(|size| size > MAX_EXACT_INTEGER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::blank_event;
    use crate::domain::event::Dialect;
    use crate::domain::kind::Kind;
    use crate::domain::time::Micros;

    fn event(data: &str) -> NewEvent {
        let mut event = blank_event(Dialect::Odp, "email");
        event.occurred_at = Some(Micros(1));
        event.data = serde_json::from_str(data).expect("an object");
        event
    }

    #[test]
    fn equal_content_has_one_key_whatever_the_order_of_names() {
        let one = event(r#"{"b": [1, 2.0], "a": {"y": 1, "x": "é"}}"#);
        let other = event(r#"{"a": {"x": "\u00e9", "y": 1.0}, "b": [1.0, 2]}"#);
        assert_eq!(content_key(&one), content_key(&other));
    }

    #[test]
    fn different_content_has_different_keys() {
        let base = event(r#"{"id": 9007199254740993}"#);
        let mut others =
            vec![event(r#"{"id": 9007199254740992}"#), event(r#"{"id": "9007199254740993"}"#), event("{}")];
        for change in [
            |event: &mut NewEvent| event.kind = Kind::Sent,
            |event: &mut NewEvent| event.occurred_at = Some(Micros(2)),
            |event: &mut NewEvent| event.run = Some("1".to_owned()),
            |event: &mut NewEvent| event.treatment = Some("1".to_owned()),
            |event: &mut NewEvent| {
                event.identifiers = vec![Identifier { name: "vuid".to_owned(), value: "v".to_owned() }];
            },
        ] {
            let mut changed = base.clone();
            change(&mut changed);
            others.push(changed);
        }
        for other in others {
            assert_ne!(content_key(&base), content_key(&other), "{other:?}");
        }
    }

    #[test]
    fn an_event_without_a_time_of_its_own_is_always_new() {
        let mut event = event("{}");
        event.occurred_at = None;
        assert_eq!(content_key(&event), EventKey::AlwaysNew);
    }

    #[test]
    fn vendor_keys_do_not_run_together() {
        assert_eq!(vendor_key(&["odp", "a"]), vendor_key(&["odp", "a"]));
        assert_ne!(vendor_key(&["odp", "ab", "c"]), vendor_key(&["odp", "a", "bc"]));
    }
}
