//! Records as text for snapshots: one line per event with what it has, or the refusal.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::dialect::read_body;
use crate::domain::event::{Dialect, EventKey, NewEvent, Record};

/// Every fixture of a dialect by case name, as the text of its records.
pub(crate) fn fixtures(dialect: Dialect) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(dialect.name());
    let entries = fs::read_dir(&folder).expect("the dialect has fixtures");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let read = |path: &Path| {
        let name = path.file_stem().expect("files have names").to_string_lossy().into_owned();
        let records = read_body(dialect, &fs::read(path).expect("a readable fixture"));
        (name, records.iter().map(shown).collect())
    };
    paths.iter().map(|path| read(path)).collect()
}

/// Every record of a dialect's fixtures that can be taken.
pub(crate) fn good_records(dialect: Dialect) -> Vec<Map<String, Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(dialect.name());
    let entries = fs::read_dir(&folder).expect("the dialect has fixtures");
    let texts = entries.map(|entry| fs::read(entry.expect("a readable folder").path()).expect("a readable fixture"));
    let records = texts.flat_map(|text| read_body(dialect, &text)).filter(|record| record.outcome.is_ok());
    records.map(|record| serde_json::from_slice(&record.raw).expect("a record that was taken is JSON")).collect()
}

fn shown(record: &Record) -> String {
    match &record.outcome {
        Ok(events) => events.iter().map(shown_event).collect(),
        Err(refused) => format!("! {} {} | {}\n", refused.code.name(), refused.path, refused.message),
    }
}

fn shown_event(event: &NewEvent) -> String {
    let mut line = format!("{} {}/{}", event.kind, event.event_type, event.action.as_deref().unwrap_or_default());
    let key = match event.key {
        EventKey::Known(key) => format!("{:08x}", u128::from_be_bytes(key) >> 96),
        EventKey::Lasting(key) => format!("lasting:{:08x}", u128::from_be_bytes(key) >> 96),
        EventKey::AlwaysNew => "new".to_owned(),
    };
    let who: Vec<_> = event.identifiers.iter().map(|one| format!("{}:{}", one.name, one.value)).collect();
    let at = event.occurred_at.map(|at| at.to_datetime().to_rfc3339());
    let sent_at = event.sent_at.map(|at| at.to_datetime().to_rfc3339());
    let campaign = event.campaign.as_ref().map(|campaign| {
        format!("{}:{}:{}", campaign.namespace.name(), campaign.external_id, campaign.name.as_deref().unwrap_or("-"))
    });
    let data = serde_json::to_string(&event.data).expect("data serialise");
    for (name, value) in [
        ("at", &at),
        ("who", &Some(who.join(","))),
        ("channel", &event.channel),
        ("campaign", &campaign),
        ("run", &event.run),
        ("treatment", &event.treatment),
        ("touchpoint", &event.touchpoint),
        ("content", &event.content),
        ("list", &event.list),
        ("message", &event.message_id),
        ("target", &event.target_address),
        ("url", &event.url),
        ("reason", &event.reason),
        ("sent", &sent_at),
        ("data", &Some(data).filter(|data| data != "{}")),
        ("key", &Some(key)),
    ] {
        if let Some(value) = value {
            write!(line, " {name}={value}").expect("text takes all");
        }
    }
    if event.automation != crate::domain::event::Automation::Unknown {
        let rule = event.automation_rule.unwrap_or("-");
        write!(line, " automation={:?} rule={rule}", event.automation).expect("text takes all");
    }
    for update in &event.updates {
        let address = format!("{}:{}", update.address.name, update.address.value);
        write!(line, "\n  update {address} {:?} {:?}", update.change, update.at).expect("text takes all");
    }
    for (name, value) in &event.attributes {
        write!(line, "\n  attribute {name} {}", value.to_json()).expect("text takes all");
    }
    for note in &event.notes {
        write!(line, "\n  note {} {}", note.code, note.message).expect("text takes all");
    }
    line.push('\n');
    line
}
