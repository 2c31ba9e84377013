//! Optimizely Data Platform: "Events" (`POST /v3/events`), "Channel events" and the Flag server's `sendOdpEvent`.
//!
//! `{type, action?, identifiers{name: value}, data{}}`; `type` is `fullstack` when missing. `-` and `_` are the same in
//! actions, `spamreport` is `spam_report`, `reachable_update_type` is `reachability_update_type`.
//!
//! | type / action | kind |
//! |---|---|
//! | `<channel>/sent`, `/delivery`, `/delivery_unknown`, `/impression` | `SENT`, `DELIVERED`, `DELIVERY_UNKNOWN`, `IMPRESSION` |
//! | `<channel>/open`, `/click`, `/submission`, `/engage` | `OPENED`, `CLICKED`, `SUBMITTED`, `ENGAGED` |
//! | `<channel>/exit`, `/disengage` | `EXITED`, `DISENGAGED` |
//! | `<channel>/soft_bounce`, `/hard_bounce`, `/spam_report` | `SOFT_BOUNCED`, `HARD_BOUNCED`, `SPAM_REPORTED` |
//! | `<channel>/list_unsubscribe`, `/opt-out` | `LIST_UNSUBSCRIBED`, `OPTED_OUT` |
//! | `<channel>/invalid_token` | `UNREACHABLE`, type `invalid_identifier` |
//! | `email/abort` (any channel of ours) | `SKIPPED` |
//! | `push/add_token`, `/remove_token` (also `app_push`, `web_push`) | `TOKEN_ADDED`, `TOKEN_REMOVED` |
//! | `consent/opt-in`, `consent/opt-out`; `content/…` is a misprint of it | `OPTED_IN`, `OPTED_OUT` |
//! | `list/subscribe`, `list/unsubscribe` | `LIST_SUBSCRIBED`, `LIST_UNSUBSCRIBED` |
//! | `reachability/unreachable` of type `hard_bounce`, of type `spam_report` | `HARD_BOUNCED`, `SPAM_REPORTED` |
//! | `reachability/unreachable` of any other type, `reachability/reachable` | `UNREACHABLE`, `REACHABLE` |
//! | `pageview` without action | `PAGE_VIEWED` |
//! | `product/detail`, `/add_to_cart`, `/remove_from_cart` | `PRODUCT_VIEWED`, `CART_ADDED`, `CART_REMOVED` |
//! | `order/purchase`, `/cancel`, `/return`, `/refund` | `PURCHASED`, `ORDER_CANCELLED`, `ORDER_RETURNED`, `ORDER_REFUNDED` |
//! | anything else | `OTHER` |
//!
//! A channel is any type that is none of [`NOT_CHANNELS`]: the platform's apps name their channels freely.
//!
//! | data key | field of the event |
//! |---|---|
//! | `ts` | time |
//! | `campaign_id`, `campaign` | campaign and its name |
//! | `campaign_schedule_run_ts`, `touchpoint_id`, `list_id`, `target_address`, `url` | run, touchpoint, list, address, link |
//! | `content_id`, else `content` | content |
//! | `value`, `reason`, `reachable_update_reason` (copied) | reason of bounces, complaints and skips |
//! | `reachability_update_type` (copied) | reason of `REACHABLE` and `UNREACHABLE` |
//! | `idempotence_id` (copied) | key |
//! | all else, and what stands beside `type … data` as `_record` | data |

mod pair;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::blank_event;
use super::field::{Fields, shorten};
use super::key::{content_key, vendor_key};
use super::rules::Rules;
use super::vendor::{FannedOut, Vendor};
use super::who::{Added, Who};
use crate::domain::event::{CampaignRef, Dialect, Namespace, NewEvent, Note, Rejection};
use crate::domain::identifier::Identifier;
use crate::domain::kind::Kind;

pub use pair::{NOT_CHANNELS, Pair};

/// Type of events that name none: the Flag server's.
pub const DEFAULT_TYPE: &str = "fullstack";
/// Code of the note on an order event that no other event can refer to.
pub const ORDER_ID_MISSING: &str = "ORDER_ID_MISSING";

const TOP_LEVEL: [&str; 4] = ["type", "action", "identifiers", "data"];
const EXTRA_KEY: &str = "_record";

/// This vendor.
pub const VENDOR: Vendor =
    Vendor { dialect: Dialect::Odp, recognise, fan_out: FannedOut::Single, parse, time_path: |_| "data.ts" };

fn recognise(record: &Map<String, Value>) -> bool {
    record.get("identifiers").is_some_and(Value::is_object)
}

/// The event of one record.
fn parse(record: &Map<String, Value>, _rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let fields = Fields::new(record);
    let event_type = fields.text("type")?.map_or_else(|| DEFAULT_TYPE.to_owned(), |text| text.to_lowercase());
    let action = fields.text("action")?.map(|text| text.to_lowercase());
    let (who, unknown) = identifiers(&fields)?;
    let empty = Map::new();
    let data = fields.object("data")?.unwrap_or_else(|| Fields::at(&empty, "data"));

    let mut event = blank_event(Dialect::Odp, event_type);
    event.action = action;
    (event.identifiers, event.notes) = who.finish("identifiers")?;
    let meaning = Pair::new(&event.event_type, event.action.as_deref()).meaning(update_type(&data));
    event.kind = meaning.kind;
    event.channel = channel(&event, &data);
    event.data.clone_from(data.map());
    fill_from_data(&mut event, &data)?;
    event.reason = meaning.reachability.map(|kind| kind.name().to_owned()).or_else(|| reason(event.kind, &data));
    check_order(&mut event, &data)?;
    keep_extras(&mut event.data, record, unknown);
    event.key = match data.id("idempotence_id")? {
        Some(id) => vendor_key(&[Dialect::Odp.name(), &id]),
        None => content_key(&event),
    };
    Ok(vec![event])
}

/// What `odpEventSend` adds to the data of an event unless it is given: an idempotency id and where the event came from.
pub fn odp_event_send_defaults(data: &mut Map<String, Value>) {
    let defaults = [
        ("idempotence_id", uuid::Uuid::new_v4().to_string()),
        ("data_source_type", "api".to_owned()),
        ("data_source", "campaignql".to_owned()),
        ("data_source_version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    for (name, value) in defaults {
        let given = data.get(name).is_some_and(|value| !value.is_null() && value != "");
        if !given {
            data.insert(name.to_owned(), Value::String(value));
        }
    }
}

/// The identifiers, and those whose types are unknown, to be kept in the data.
fn identifiers(fields: &Fields<'_>) -> Result<(Who, Map<String, Value>), Rejection> {
    let (mut who, mut unknown) = (Who::default(), Map::new());
    if let Some(named) = fields.object("identifiers")? {
        for (name, value) in named.map() {
            if who.add_value(name, value, &named.path(&shorten(name)))? == Added::UnknownType {
                unknown.insert(name.clone(), value.clone());
            }
        }
    }
    Ok((who, unknown))
}

/// The type of a reachability update, in either spelling of its key.
pub(super) fn update_type<'a>(data: &Fields<'a>) -> Option<&'a str> {
    ["reachability_update_type", "reachable_update_type"].into_iter().find_map(|name| data.get(name)?.as_str())
}

/// The channel: the type of channel events; else the one named in the data; else the only one that the event's addresses
/// can mean, for updates of an address.
fn channel(event: &NewEvent, data: &Fields<'_>) -> Option<String> {
    let pair = Pair::new(&event.event_type, event.action.as_deref());
    if let Some(channel) = pair.channel() {
        return Some(channel);
    }
    if !pair.updates_address() {
        return None;
    }
    let named = data.get("channel").and_then(Value::as_str).map(|name| name.trim().to_lowercase());
    named.filter(|name| !name.is_empty()).or_else(|| only_channel(&event.identifiers))
}

fn only_channel(identifiers: &[Identifier]) -> Option<String> {
    let rules = identifiers.iter().filter_map(|identifier| crate::domain::identifier::rule_by_name(&identifier.name));
    let mut messaging = rules.filter(crate::domain::identifier::IdentifierRule::is_messaging);
    let first = messaging.next()?;
    let [channel] = first.channels else { return None };
    messaging.all(|rule| rule.channels == first.channels).then(|| (*channel).to_owned())
}

/// Moves the data keys that have a field of their own.
fn fill_from_data(event: &mut NewEvent, data: &Fields<'_>) -> Result<(), Rejection> {
    event.occurred_at = data.time("ts")?;
    event.run = data.id("campaign_schedule_run_ts")?;
    event.touchpoint = data.id("touchpoint_id")?;
    event.list = data.id("list_id")?;
    event.target_address = data.id("target_address")?;
    event.url = data.long_text("url")?;
    let mut moved = vec![
        ("ts", event.occurred_at.is_some()),
        ("campaign_schedule_run_ts", event.run.is_some()),
        ("touchpoint_id", event.touchpoint.is_some()),
        ("list_id", event.list.is_some()),
        ("target_address", event.target_address.is_some()),
        ("url", event.url.is_some()),
    ];
    if let Some(external_id) = data.id("campaign_id")? {
        let name = plain_text(data, "campaign");
        moved.extend([("campaign_id", true), ("campaign", name.is_some())]);
        event.campaign = Some(CampaignRef { namespace: Namespace::Odp, external_id, name });
    }
    let content_key = if data.get("content_id").is_some() { "content_id" } else { "content" };
    event.content = plain_text(data, content_key);
    moved.push((content_key, event.content.is_some()));
    for (name, is_moved) in moved {
        if is_moved {
            event.data.remove(name);
        }
    }
    // The platform reads null as an empty string.
    for value in event.data.values_mut().filter(|value| value.is_null()) {
        *value = Value::String(String::new());
    }
    Ok(())
}

/// A short text or number. Custom events use names such as `content` for whatever they like: that stays in the data.
fn plain_text(data: &Fields<'_>, name: &str) -> Option<String> {
    data.id(name).ok().flatten()
}

/// Why a message was skipped, bounced or complained about, in the words of the platform or its app.
fn reason(kind: Kind, data: &Fields<'_>) -> Option<String> {
    let names: &[&str] = match kind {
        Kind::SoftBounced => &["value", "reason", "reachable_update_reason"],
        Kind::HardBounced | Kind::SpamReported | Kind::Skipped => &["reason", "reachable_update_reason", "value"],
        _ => return None,
    };
    names.iter().find_map(|name| data.long_text(name).ok().flatten())
}

/// Orders stay in the data as they came; a misshapen one is refused, one without an id is noted.
fn check_order(event: &mut NewEvent, data: &Fields<'_>) -> Result<(), Rejection> {
    if !event.kind.is_of_order() {
        return Ok(());
    }
    let nested = data.object("order")?.map(|order| order.id("order_id")).transpose()?.flatten();
    if nested.is_none() && data.id("order_id")?.is_none() {
        let message = format!(
            "data.order.order_id is missing: the {} counts, but no other event can refer to this order",
            event.kind.name()
        );
        event.notes.push(Note { code: ORDER_ID_MISSING, message });
    }
    Ok(())
}

/// Keeps what stands beside the known keys, and identifiers of unknown types, under a key of the data that is free.
fn keep_extras(data: &mut Map<String, Value>, record: &Map<String, Value>, unknown: Map<String, Value>) {
    let extra = record.iter().filter(|(name, _)| !TOP_LEVEL.contains(&name.as_str()));
    let mut extra: Map<_, _> = extra.map(|(name, value)| (name.clone(), value.clone())).collect();
    if !unknown.is_empty() {
        extra.insert("identifiers".to_owned(), Value::Object(unknown));
    }
    if extra.is_empty() {
        return;
    }
    let mut key = EXTRA_KEY.to_owned();
    while data.contains_key(&key) {
        key.insert(0, '_');
    }
    data.insert(key, Value::Object(extra));
}
