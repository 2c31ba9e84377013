//! What becomes of every sample, told vendor from vendor record by record: the table in `tests/fixtures/samples`, written
//! from the specification of each vendor, against what the reader gives.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use campaignql::dialect::{self, Reading};
use campaignql::domain::event::{Automation, Format, NewEvent, Record};
use campaignql::domain::time::Micros;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

const EXPECTED: &str = include_str!("../../fixtures/samples/expected.json");

#[test]
fn every_sample_becomes_what_the_table_says() {
    let Some(folder) = super::folder() else { return };
    let expected: BTreeMap<String, Vec<Value>> = serde_json::from_str(EXPECTED).expect("a table of lists");
    let mut faults = Vec::new();
    for (file, outcomes) in &expected {
        let read = outcomes_of(&folder.join("samples").join(file));
        let comparable: Vec<Value> = outcomes.iter().map(comparable).collect();
        if read != comparable {
            faults.push(format!("{file}\n  read {}\n  not  {}", json!(read), json!(comparable)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let mut files = Vec::new();
    list(&folder.join("samples"), "", &mut files);
    let unknown: Vec<&String> = files.iter().filter(|file| !expected.contains_key(*file)).collect();
    assert!(unknown.is_empty(), "the table does not have {unknown:?}");
}

/// Every file below a folder but its notes on where they come from.
fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), files);
        } else if entry.path().extension().is_none_or(|extension| extension != "md") {
            files.push(name);
        }
    }
}

fn outcomes_of(path: &Path) -> Vec<Value> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reading = Reading {
        format: Format::Auto,
        rules: std::sync::Arc::default(),
        now: Micros::now(),
        given: std::sync::Arc::default(),
    };
    dialect::read(reading, BufReader::new(file)).flat_map(|record| shown(&record)).collect()
}

fn shown(record: &Record) -> Vec<Value> {
    match &record.outcome {
        Ok(events) => events.iter().map(shown_event).collect(),
        Err(rejection) => vec![json!({"quarantined": rejection.code.name(), "path": rejection.path})],
    }
}

/// What the table tells of an event, without what it has not.
fn shown_event(event: &NewEvent) -> Value {
    let who: Vec<Value> = event.identifiers.iter().map(|one| json!([one.name, one.value])).collect();
    let campaign = event.campaign.as_ref().map(|campaign| json!([campaign.namespace.name(), campaign.external_id]));
    let automation = match event.automation {
        Automation::Unknown => None,
        Automation::Human => Some("HUMAN"),
        Automation::Machine => Some("MACHINE"),
    };
    let told = json!({
        "source": event.dialect.name(),
        "type": event.event_type,
        "kind": event.kind.name(),
        "occurredAt": event.occurred_at.map(|at| at.0),
        "identifiers": who,
        "channel": event.channel,
        "campaign": campaign,
        "run": event.run,
        "treatment": event.treatment,
        "touchpoint": event.touchpoint,
        "messageId": event.message_id,
        "url": event.url,
        "reason": event.reason,
        "list": event.list,
        "automation": automation,
    });
    let Value::Object(told) = told else { unreachable!("json! of braces is an object") };
    told.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
}

/// An outcome of the table with its time as a number.
fn comparable(outcome: &Value) -> Value {
    let mut outcome = outcome.clone();
    if let Some(at) = outcome.get("occurredAt").and_then(Value::as_str) {
        let at: DateTime<Utc> = at.parse().expect("a time");
        outcome["occurredAt"] = at.timestamp_micros().into();
    }
    outcome
}
