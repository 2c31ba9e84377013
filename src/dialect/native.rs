//! Our own typed form, for senders without a vendor's. Unlike vendors' forms it takes no field that it does not know, so
//! that a misspelt one is not lost in silence.
//!
//! | field | value |
//! |---|---|
//! | `type` | required: your own word, or a type of ODP's table |
//! | `action` | your own second word |
//! | `kind` | a public name such as `OPENED`; when missing, what ODP's table makes of type and action, else `OTHER` |
//! | `occurredAt`, `sentAt` | a time in any accepted form |
//! | `identifiers` | required: `{name: value}` or `[{type, value}]` |
//! | `channel` | in lower case; when missing, that of type and action, if they are a channel's |
//! | `campaign` | `{externalId, namespace?, name?}`; the namespace is `native` when missing |
//! | `run`, `treatment`, `touchpoint`, `content`, `list`, `messageId`, `targetAddress`, `url`, `reason` | texts or numbers |
//! | `automation` | `HUMAN`, `MACHINE` or `UNKNOWN` |
//! | `idempotencyKey` | recognises a repeat; when missing, a hash of the content does |
//! | `data` | whatever else is to be kept |

use serde_json::{Map, Value};

use super::blank_event;
use super::field::{Fields, shorten, wrong_type};
use super::key::{content_key, vendor_key};
use super::odp::{self, Pair};
use super::rules::Rules;
use super::vendor::{FannedOut, Vendor};
use super::who::Who;
use crate::domain::event::{Automation, CampaignRef, Dialect, Namespace, NewEvent, Rejection};
use crate::domain::kind::Kind;

const FIELDS: [&str; 20] = [
    "type",
    "action",
    "kind",
    "occurredAt",
    "identifiers",
    "channel",
    "campaign",
    "run",
    "treatment",
    "touchpoint",
    "content",
    "list",
    "messageId",
    "targetAddress",
    "url",
    "reason",
    "automation",
    "sentAt",
    "idempotencyKey",
    "data",
];

/// This vendor.
pub const VENDOR: Vendor =
    Vendor { dialect: Dialect::Native, recognise, fan_out: FannedOut::Single, parse, time_path: |_| "occurredAt" };

fn recognise(record: &Map<String, Value>) -> bool {
    let has = |name| record.contains_key(name);
    record
        .get("identifiers")
        .is_some_and(|given| given.is_array() || given.is_object() && (has("kind") || has("occurredAt")))
}

/// The event of one record.
fn parse(record: &Map<String, Value>, _rules: &Rules) -> Result<Vec<NewEvent>, Rejection> {
    let fields = Fields::new(record);
    fields.only(&FIELDS)?;
    let mut event = blank_event(Dialect::Native, fields.required_text("type")?.to_lowercase());
    event.action = fields.text("action")?.map(|text| text.to_lowercase());
    (event.identifiers, event.notes) = identifiers(&fields)?.finish("identifiers")?;
    event.data = fields.object("data")?.map(|data| data.map().clone()).unwrap_or_default();
    event.occurred_at = fields.time("occurredAt")?;
    event.sent_at = fields.time("sentAt")?;
    event.campaign = campaign(&fields)?;
    event.run = fields.id("run")?;
    event.treatment = fields.id("treatment")?;
    event.touchpoint = fields.id("touchpoint")?;
    event.content = fields.id("content")?;
    event.list = fields.id("list")?;
    event.message_id = fields.id("messageId")?;
    event.target_address = fields.id("targetAddress")?;
    event.url = fields.long_text("url")?;
    event.reason = fields.long_text("reason")?;
    event.automation = automation(&fields)?;
    event.automation_rule = (event.automation != Automation::Unknown).then_some("native.automation");
    set_meaning(&mut event, &fields)?;
    event.key = match fields.id("idempotencyKey")? {
        Some(key) => vendor_key(&[Dialect::Native.name(), &key]),
        None => content_key(&event),
    };
    Ok(vec![event])
}

/// Kind and channel, as named or as ODP's table has them.
fn set_meaning(event: &mut NewEvent, fields: &Fields<'_>) -> Result<(), Rejection> {
    let pair = Pair::new(&event.event_type, event.action.as_deref());
    let channel = fields.text("channel")?.map(|name| name.to_lowercase()).or_else(|| pair.channel());
    if let Some(name) = fields.text("kind")? {
        event.kind = kind(fields, &name)?;
    } else {
        let meaning = pair.meaning(odp::update_type(&Fields::at(&event.data, "data")));
        event.kind = meaning.kind;
        event.reason = event.reason.take().or_else(|| meaning.reachability.map(|kind| kind.name().to_owned()));
    }
    event.channel = channel;
    Ok(())
}

fn kind(fields: &Fields<'_>, name: &str) -> Result<Kind, Rejection> {
    Kind::from_name(name).filter(|kind| kind.is_reported()).ok_or_else(|| {
        fields.invalid("kind", name, "the name of a kind such as SENT, DELIVERED, OPENED, CLICKED or OTHER")
    })
}

fn identifiers(fields: &Fields<'_>) -> Result<Who, Rejection> {
    let mut who = Who::default();
    match fields.get("identifiers") {
        None => {}
        Some(Value::Object(named)) => {
            for (name, value) in named {
                who.add_value(name, value, &format!("identifiers.{}", shorten(name)))?;
            }
        }
        Some(Value::Array(pairs)) => {
            for (index, pair) in pairs.iter().enumerate() {
                let path = format!("identifiers[{index}]");
                let Value::Object(pair) = pair else { return Err(wrong_type(&path, pair, "an object {type, value}")) };
                let pair = Fields::at(pair, path);
                pair.only(&["type", "value"])?;
                let value = pair.get("value").unwrap_or(&Value::Null);
                who.add_value(&pair.required_text("type")?, value, &pair.path("value"))?;
            }
        }
        Some(other) => return Err(fields.wrong_type("identifiers", other, "an object or an array of {type, value}")),
    }
    Ok(who)
}

fn campaign(fields: &Fields<'_>) -> Result<Option<CampaignRef>, Rejection> {
    let Some(campaign) = fields.object("campaign")? else { return Ok(None) };
    campaign.only(&["namespace", "externalId", "name"])?;
    let namespace = match campaign.text("namespace")? {
        None => Namespace::Native,
        Some(name) => Namespace::from_name(&name).ok_or_else(|| {
            let known = Namespace::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
            campaign.invalid("namespace", &name, &format!("one of {known}"))
        })?,
    };
    let (external_id, name) = (campaign.required_id("externalId")?, campaign.text("name")?);
    Ok(Some(CampaignRef { namespace, external_id, name }))
}

fn automation(fields: &Fields<'_>) -> Result<Automation, Rejection> {
    let Some(name) = fields.text("automation")? else { return Ok(Automation::Unknown) };
    match name.to_ascii_uppercase().as_str() {
        "HUMAN" => Ok(Automation::Human),
        "MACHINE" => Ok(Automation::Machine),
        "UNKNOWN" => Ok(Automation::Unknown),
        _ => Err(fields.invalid("automation", &name, "HUMAN, MACHINE or UNKNOWN")),
    }
}

#[cfg(test)]
mod tests;
