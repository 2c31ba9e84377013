//! SendGrid, "Event Webhook Reference": what became of a mail, and what its recipient did.
//!
//! | `event` (any case) | kind |
//! |---|---|
//! | `processed` | `SENT` |
//! | `dropped` | `SKIPPED` |
//! | `deferred` | `DEFERRED` |
//! | `delivered` | `DELIVERED` |
//! | `bounce` of `type` `blocked` | `SOFT_BOUNCED` |
//! | `bounce` of `type` `bounce`, or none | `HARD_BOUNCED` |
//! | `open`, `click` | `OPENED`, `CLICKED` |
//! | `spamreport` | `SPAM_REPORTED` |
//! | `unsubscribe` | `OPTED_OUT` |
//! | `group_unsubscribe`, `group_resubscribe` | `LIST_UNSUBSCRIBED`, `LIST_SUBSCRIBED`, list: `asm_group_id` |
//! | anything else | `OTHER` |
//!
//! | field | from |
//! |---|---|
//! | `occurred_at` | `timestamp` |
//! | identifiers | `email` |
//! | campaign | `marketing_campaign_id`, `singlesend_id`, else the first of the configured unique arguments |
//! | its name | `marketing_campaign_name`, `singlesend_name` beside the id |
//! | `message_id` | `sg_message_id` without what SendGrid's servers append, see `sendgrid/message.rs` |
//! | url | `url` |
//! | reason | `reason`, else `response`, of skips, bounces and deferrals |
//! | automation | `sg_machine_open: true` is a machine; `false` only means that one mail client did not hide it |
//! | key | `sg_event_id` with kind and recipient, else the content |
//! | data | unique arguments, categories and everything else |

mod message;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::blank_event;
use super::field::Fields;
use super::key::{content_key, vendor_key};
use super::path::remove_moved;
use super::rules::Rules;
use super::vendor::{FannedOut, Vendor};
use super::who::Who;
use crate::domain::event::{Automation, CampaignRef, Dialect, Namespace, NewEvent, Rejection};
use crate::domain::kind::Kind;

/// This vendor.
pub const VENDOR: Vendor =
    Vendor { dialect: Dialect::SendGrid, recognise, fan_out: FannedOut::Single, parse, time_path: |_| "timestamp" };

const MACHINE_RULE: &str = "sendgrid.sg_machine_open";

/// What SendGrid's own campaigns call their ids and names.
const CAMPAIGNS: [(&str, &str); 2] =
    [("marketing_campaign_id", "marketing_campaign_name"), ("singlesend_id", "singlesend_name")];

/// Events with what they mean, but for bounces.
const KINDS: [(&str, Kind); 10] = [
    ("processed", Kind::Sent),
    ("dropped", Kind::Skipped),
    ("deferred", Kind::Deferred),
    ("delivered", Kind::Delivered),
    ("open", Kind::Opened),
    ("click", Kind::Clicked),
    ("spamreport", Kind::SpamReported),
    ("unsubscribe", Kind::OptedOut),
    ("group_unsubscribe", Kind::ListUnsubscribed),
    ("group_resubscribe", Kind::ListSubscribed),
];

/// By SendGrid's own ids; a record without them is told from `ActivatePro`'s by the customer that those name.
fn recognise(record: &Map<String, Value>) -> bool {
    let has = |name| record.contains_key(name);
    let has_own_id = has("sg_event_id") || has("sg_message_id");
    let names_a_customer = has("id") || has("userId");
    has("event") && (has_own_id || has("email") && has("timestamp") && !names_a_customer)
}

/// The event of one record.
fn parse(record: &Map<String, Value>, rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let fields = Fields::new(record);
    let name = fields.required_text("event")?.to_lowercase();
    let mut event = blank_event(Dialect::SendGrid, name.as_str());
    event.kind = kind(&name, &fields)?;
    event.channel = Some("email".to_owned());
    event.occurred_at = fields.time("timestamp")?;
    event.campaign = campaign(&fields, rules)?;
    event.message_id = message::message_id(&fields)?;
    event.url = fields.long_text("url")?;
    event.reason = reason(event.kind, &fields)?;
    if matches!(event.kind, Kind::ListSubscribed | Kind::ListUnsubscribed) {
        event.list = fields.id("asm_group_id")?;
    }
    if fields.get("sg_machine_open") == Some(&Value::Bool(true)) {
        (event.automation, event.automation_rule) = (Automation::Machine, Some(MACHINE_RULE));
    }
    (event.identifiers, event.notes) = who(&fields)?.finish("email")?;
    event.data = data(record, &event);
    event.key = match fields.id("sg_event_id")? {
        Some(id) => {
            let recipient = &event.identifiers[0].value;
            vendor_key(&[Dialect::SendGrid.name(), &id, event.kind.name(), recipient])
        }
        None => content_key(&event),
    };
    Ok(vec![event])
}

/// A bounce of an unknown type says nothing about the address.
fn kind(name: &str, fields: &Fields<'_>) -> Result<Kind, Rejection> {
    if name != "bounce" {
        return Ok(KINDS.iter().find(|(known, _)| *known == name).map_or(Kind::Other, |(_, kind)| *kind));
    }
    Ok(match fields.text("type")?.map(|word| word.to_lowercase()).as_deref() {
        Some("blocked") => Kind::SoftBounced,
        None | Some("bounce") => Kind::HardBounced,
        Some(_) => Kind::Other,
    })
}

fn campaign(fields: &Fields<'_>, rules: &Rules) -> Result<Option<CampaignRef>, Rejection> {
    let in_namespace = |external_id, name| CampaignRef { namespace: Namespace::SendGrid, external_id, name };
    for (id, name) in CAMPAIGNS {
        if let Some(external_id) = fields.id(id)? {
            return Ok(Some(in_namespace(external_id, fields.id(name)?)));
        }
    }
    Ok(rules.campaign_id(fields)?.map(|(external_id, _)| in_namespace(external_id, None)))
}

/// Why, in the words of SendGrid or of the recipient's mail server.
fn reason(kind: Kind, fields: &Fields<'_>) -> Result<Option<String>, Rejection> {
    if !matches!(kind, Kind::Skipped | Kind::Deferred | Kind::SoftBounced | Kind::HardBounced) {
        return Ok(None);
    }
    let reason = fields.long_text("reason")?;
    reason.map_or_else(|| fields.long_text("response"), |reason| Ok(Some(reason)))
}

fn who(fields: &Fields<'_>) -> Result<Who, Rejection> {
    let mut who = Who::default();
    if let Some(address) = fields.text("email")? {
        who.add("email", &address, "email")?;
    }
    Ok(who)
}

/// The record as it came, but for what moved into fields unchanged.
fn data(record: &Map<String, Value>, event: &NewEvent) -> Map<String, Value> {
    let rest = record.iter().filter(|(name, _)| *name != "event");
    let mut data = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
    let moved = [
        ("email", event.identifiers.first().map(|email| email.value.as_str())),
        ("url", event.url.as_deref()),
        ("sg_message_id", event.message_id.as_deref()),
        ("asm_group_id", event.list.as_deref()),
    ];
    for (field, value) in moved {
        remove_moved(&mut data, field, value);
    }
    data
}
