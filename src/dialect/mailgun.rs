//! Mailgun, "Webhook Payloads" and "Events": what became of a mail, and what its recipient did.
//!
//! | `event` (any case) | kind |
//! |---|---|
//! | `accepted`, `delivered` | `SENT`, `DELIVERED` |
//! | `rejected` | `SKIPPED`, reason: `reject.reason` |
//! | `failed`, `severity` `temporary` | `DEFERRED`: Mailgun goes on trying |
//! | … `permanent`, `reason` `suppress-…` | `SKIPPED`: never tried, for the address is on a list of Mailgun's |
//! | … `permanent`, `reason` `old` | `SOFT_BOUNCED`: the time for trying ran out |
//! | … `permanent`, `reason` `espblock` | `FAILED`: the sender was blocked, not the address |
//! | … `permanent`, any other reason | `HARD_BOUNCED` |
//! | `opened`, `clicked` | `OPENED`, `CLICKED` |
//! | `complained` | `SPAM_REPORTED` |
//! | `unsubscribed` from a mailing list | `LIST_UNSUBSCRIBED`, list: `mailing-list.address` |
//! | `unsubscribed` otherwise | `OPTED_OUT` |
//! | anything else, `failed` without a known severity | `OTHER` |
//!
//! | field | from (within `event-data`, where the record has it; the events API lists events without it) |
//! |---|---|
//! | `occurred_at` | `timestamp` |
//! | identifiers | `recipient` (`email`) |
//! | campaign | `campaigns`, the first one's id and name; else the first configured name in `user-variables` |
//! | `message_id`, url | `message.headers.message-id`, `url` |
//! | reason | of skips and failures `reason`, else `reject.reason`, else what the mail server said |
//! | automation | `client-info.bot`: `apple`, `generic` or true is a machine; `gmail` loads images when people open |
//! | key | `id` with kind and recipient, else the content |

use serde_json::{Map, Value};

use super::blank_event;
use super::field::Fields;
use super::key::{content_key, vendor_key};
use super::path::{array_at, id_at, link_at, remove_moved, value_at};
use super::rules::Rules;
use super::vendor::{FannedOut, Vendor};
use super::who::Who;
use crate::domain::event::{Automation, CampaignRef, Dialect, Namespace, NewEvent, Rejection};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor =
    Vendor { dialect: Dialect::Mailgun, recognise, fan_out: FannedOut::Single, parse, time_path: |_| "timestamp" };

const WRAPPED: &str = "event-data";
const MESSAGE_ID: &str = "message.headers.message-id";
const BOT: &str = "client-info.bot";
const BOT_RULE: &str = "mailgun.client-info.bot";
/// Where a reason may stand, the most telling first.
const REASONS: [&str; 4] = ["reason", "reject.reason", "delivery-status.description", "delivery-status.message"];

/// Events that mean one thing whatever else they say.
const KINDS: [(&str, Kind); 6] = [
    ("accepted", Kind::Sent),
    ("delivered", Kind::Delivered),
    ("rejected", Kind::Skipped),
    ("opened", Kind::Opened),
    ("clicked", Kind::Clicked),
    ("complained", Kind::SpamReported),
];

/// The name of the wrapper is nobody else's; the events themselves have both an id and a recipient beside their name.
fn recognise(record: &Map<String, Value>) -> bool {
    let has = |name| record.contains_key(name);
    record.get(WRAPPED).is_some_and(Value::is_object) || has("event") && has("id") && has("recipient")
}

/// The event of one record.
fn parse(record: &Map<String, Value>, rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let outer = Fields::new(record);
    let (inner, path) = match outer.object(WRAPPED)? {
        Some(inner) => (inner.map(), WRAPPED),
        None => (record, ""),
    };
    let fields = Fields::at(inner, path);
    let name = fields.required_text("event")?.to_lowercase();
    let mut event = blank_event(Dialect::Mailgun, name.as_str());
    event.kind = kind(&name, inner)?;
    event.channel = Some("email".to_owned());
    event.occurred_at = fields.time("timestamp")?;
    event.campaign = campaign(inner, rules)?;
    event.message_id = id_at(inner, MESSAGE_ID)?;
    event.url = fields.long_text("url")?;
    event.reason = reason(event.kind, inner)?;
    if event.kind == Kind::ListUnsubscribed {
        event.list = list(inner)?;
    }
    if is_machine(inner)? {
        (event.automation, event.automation_rule) = (Automation::Machine, Some(BOT_RULE));
    }
    let mut who = Who::default();
    if let Some(recipient) = fields.id("recipient")? {
        who.add("email", &recipient, &fields.path("recipient"))?;
    }
    (event.identifiers, event.notes) = who.finish(&fields.path("recipient"))?;
    event.data = data(record, inner, &event);
    event.key = match fields.id("id")? {
        Some(id) => {
            let recipient = &event.identifiers[0].value;
            vendor_key(&[Dialect::Mailgun.name(), &id, event.kind.name(), recipient])
        }
        None => content_key(&event),
    };
    Ok(vec![event])
}

fn kind(name: &str, inner: &Map<String, Value>) -> Result<Kind, Rejection> {
    Ok(match name {
        "failed" => failure(inner)?,
        "unsubscribed" if list(inner)?.is_some() => Kind::ListUnsubscribed,
        "unsubscribed" => Kind::OptedOut,
        _ => KINDS.iter().find(|(known, _)| *known == name).map_or(Kind::Other, |(_, kind)| *kind),
    })
}

fn failure(inner: &Map<String, Value>) -> Result<Kind, Rejection> {
    let word = |path| Ok::<_, Rejection>(id_at(inner, path)?.unwrap_or_default().to_lowercase());
    Ok(match (word("severity")?.as_str(), word("reason")?.as_str()) {
        ("temporary", _) => Kind::Deferred,
        ("permanent", "old") => Kind::SoftBounced,
        ("permanent", "espblock") => Kind::Failed,
        ("permanent", reason) if reason.starts_with("suppress-") => Kind::Skipped,
        ("permanent", _) => Kind::HardBounced,
        _ => Kind::Other,
    })
}

/// Mailgun's own campaign before the sender's variable. Without variables some events have an empty array for them.
fn campaign(inner: &Map<String, Value>, rules: &Rules) -> Result<Option<CampaignRef>, Rejection> {
    let in_namespace = |external_id, name| CampaignRef { namespace: Namespace::Mailgun, external_id, name };
    let first = array_at(inner, "campaigns")?.and_then(|campaigns| campaigns.first()).and_then(Value::as_object);
    if let Some(own) = first {
        let own = Fields::at(own, "campaigns[0]");
        if let Some(id) = own.id("id")? {
            return Ok(Some(in_namespace(id, own.id("name")?)));
        }
    }
    let Some(Value::Object(variables)) = inner.get("user-variables") else { return Ok(None) };
    let found = rules.campaign_id(&Fields::at(variables, "user-variables"))?;
    Ok(found.map(|(id, _)| in_namespace(id, None)))
}

fn reason(kind: Kind, inner: &Map<String, Value>) -> Result<Option<String>, Rejection> {
    if !matches!(kind, Kind::Skipped | Kind::Deferred | Kind::Failed | Kind::SoftBounced | Kind::HardBounced) {
        return Ok(None);
    }
    for path in REASONS {
        let found = link_at(inner, path)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn list(inner: &Map<String, Value>) -> Result<Option<String>, Rejection> {
    id_at(inner, "mailing-list.address")
}

fn is_machine(inner: &Map<String, Value>) -> Result<bool, Rejection> {
    Ok(match value_at(inner, BOT)? {
        Some(Value::Bool(is_bot)) => *is_bot,
        Some(Value::String(bot)) => matches!(bot.to_lowercase().as_str(), "apple" | "generic"),
        _ => false,
    })
}

/// The event as it came but for what moved into fields, and what stood around it.
fn data(record: &Map<String, Value>, inner: &Map<String, Value>, event: &NewEvent) -> Map<String, Value> {
    let mut data: Map<String, Value> = inner.clone();
    data.remove("event");
    remove_moved(&mut data, MESSAGE_ID, event.message_id.as_deref());
    remove_moved(&mut data, "url", event.url.as_deref());
    remove_moved(&mut data, "recipient", event.identifiers.first().map(|one| one.value.as_str()));
    let around = record.iter().filter(|(name, _)| *name != WRAPPED && !inner.contains_key(*name));
    data.extend(around.map(|(name, value)| (name.clone(), value.clone())));
    data
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dialect::read_value;
    use crate::dialect::shown::fixtures;

    fn event(name: &str, more: &Value) -> NewEvent {
        let mut data =
            json!({"event": name, "id": "e-1", "timestamp": 1_770_714_065.25, "recipient": "ann@example.com"});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let record = json!({"signature": {"token": "t"}, "event-data": data});
        read_value(Dialect::Mailgun, &record).remove(0).outcome.expect("an event").remove(0)
    }

    #[test]
    fn fixtures_read_as_their_snapshots() {
        for (name, text) in fixtures(Dialect::Mailgun) {
            insta::assert_snapshot!(name, text);
        }
    }

    #[test]
    fn events_mean_their_kinds() {
        let failed = |severity: &str, reason: &str| json!({"severity": severity, "reason": reason});
        for (name, more, kind) in [
            ("accepted", json!({}), Kind::Sent),
            ("Delivered", json!({}), Kind::Delivered),
            ("rejected", json!({"reject": {"reason": "Sandbox"}}), Kind::Skipped),
            ("failed", failed("temporary", "generic"), Kind::Deferred),
            ("failed", failed("permanent", "bounce"), Kind::HardBounced),
            ("failed", failed("permanent", "old"), Kind::SoftBounced),
            ("failed", failed("permanent", "espblock"), Kind::Failed),
            ("failed", failed("permanent", "suppress-complaint"), Kind::Skipped),
            ("failed", failed("someday", "bounce"), Kind::Other),
            ("failed", json!({}), Kind::Other),
            ("opened", json!({}), Kind::Opened),
            ("clicked", json!({}), Kind::Clicked),
            ("complained", json!({}), Kind::SpamReported),
            ("unsubscribed", json!({}), Kind::OptedOut),
            ("unsubscribed", json!({"mailing-list": {"address": "news@example.com"}}), Kind::ListUnsubscribed),
            ("stored", json!({}), Kind::Other),
        ] {
            assert_eq!(event(name, &more).kind, kind, "{name} {more}");
        }
    }

    #[test]
    fn bots_are_machines_but_for_the_proxy_that_loads_images_for_people() {
        for (bot, is_machine) in [
            (json!("apple"), true),
            (json!("generic"), true),
            (json!(true), true),
            (json!("gmail"), false),
            (json!(""), false),
            (json!(false), false),
        ] {
            let opened = event("opened", &json!({"client-info": {"bot": bot}}));
            assert_eq!(opened.automation == Automation::Machine, is_machine, "{bot}");
            assert_eq!(opened.automation_rule, is_machine.then_some(BOT_RULE));
        }
    }

    #[test]
    fn a_webhook_and_the_events_api_tell_one_event() {
        let inner =
            json!({"event": "opened", "id": "e-1", "timestamp": 1_770_714_065.25, "recipient": "ann@example.com"});
        let listed = read_value(Dialect::Mailgun, &inner).remove(0).outcome.expect("an event").remove(0);
        assert_eq!(listed.key, event("opened", &json!({})).key);
        assert_eq!(listed.occurred_at, event("opened", &json!({})).occurred_at);
    }
}
