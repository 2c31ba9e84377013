//! How records are printed.

use std::io::{Write, stdout};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::filter::RecordId;
use crate::command::output;
use crate::domain::quarantine::RecordState;
use crate::domain::time::Micros;
use crate::graphql::node::NodeId;
use crate::store::quarantine::QuarantinedHead;
use crate::store::quarantine_counts::QuarantineGroup;
use crate::{Error, Result};

/// Most characters of a text in a table.
const CELL_CHARS: usize = 60;

/// Records in columns.
pub(super) fn table(heads: &[QuarantinedHead]) -> Result<()> {
    let heading = ["ID", "RECEIVED", "STATE", "DIALECT", "CODE", "PATH", "FROM", "MESSAGE"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for head in heads {
        let from = format!("{}#{}", end_of(&head.source), head.position);
        let texts = [head.dialect.clone(), head.code.clone(), or_dash(&head.path), from, start_of(&head.message)];
        let mut row = vec![id(head)?.to_string(), time(head.received_at), state(head)?.to_owned()];
        row.extend(texts.map(|text| start_of(&text)));
        rows.push(row);
    }
    output::table(&rows);
    Ok(())
}

/// Groups in columns, and what is not listed.
pub(super) fn groups(groups: &[QuarantineGroup], rest: (i64, i64)) {
    let heading = ["RECORDS", "DIALECT", "CODE", "PATH", "FIRST", "LAST"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for group in groups {
        let (first, last) = (time(group.first_at), time(group.last_at));
        let path = start_of(&or_dash(&group.path));
        rows.push(vec![group.records.to_string(), group.dialect.clone(), group.code.clone(), path, first, last]);
    }
    let (records, number) = rest;
    if number > 0 {
        rows.push(vec![records.to_string(), format!("in {number} more groups")]);
    }
    output::table(&rows);
}

/// One record in full.
pub(super) fn record(head: &QuarantinedHead, raw: &[u8]) -> Result<()> {
    let kept =
        if head.kept_len < head.raw_len { format!(", of which {} are kept", head.kept_len) } else { String::new() };
    let lines = [
        ("id", id(head)?.to_string()),
        ("state", state(head)?.to_owned()),
        ("resolution", head.resolution.clone().map_or_else(|| "-".to_owned(), |text| resolved(head, &text))),
        ("received", time(head.received_at)),
        ("from", format!("{}, record {}, byte {}", head.source, head.position, head.byte_offset)),
        ("dialect", head.dialect.clone()),
        ("code", head.code.clone()),
        ("path", or_dash(&head.path)),
        ("message", head.message.clone()),
        ("length", format!("{} bytes{kept}", head.raw_len)),
    ];
    for (name, text) in lines {
        output::line(&format!("{name:<12}{}", plain(&text)));
    }
    output::line(&format!("\n{}", String::from_utf8_lossy(raw)));
    Ok(())
}

/// The bytes as they came, and nothing else.
pub(super) fn bytes(raw: &[u8]) {
    let mut out = stdout().lock();
    let _closed = out.write_all(raw).and_then(|()| out.flush());
}

/// A record as JSON, without its bytes.
pub(super) fn as_json(head: &QuarantinedHead) -> Result<Value> {
    let id = id(head)?;
    Ok(json!({
        "id": id.to_string(),
        "globalId": NodeId::QuarantinedRecord(id.0).encode().as_str(),
        "state": state(head)?,
        "resolvedAt": head.resolved_at.map(time),
        "resolution": head.resolution,
        "receivedAt": time(head.received_at),
        "dialect": head.dialect,
        "code": head.code,
        "path": head.path,
        "message": head.message,
        "source": head.source,
        "position": head.position,
        "byteOffset": head.byte_offset,
        "rawLength": head.raw_len,
    }))
}

/// The same with its bytes.
pub(super) fn as_json_with(head: &QuarantinedHead, raw: &[u8]) -> Result<Value> {
    let mut value = as_json(head)?;
    value["raw"] = json!(String::from_utf8_lossy(raw));
    value["rawBase64"] = json!(STANDARD.encode(raw));
    Ok(value)
}

/// A group as JSON.
pub(super) fn group_json(group: &QuarantineGroup) -> Value {
    json!({
        "records": group.records,
        "dialect": group.dialect,
        "code": group.code,
        "path": group.path,
        "firstReceivedAt": time(group.first_at),
        "lastReceivedAt": time(group.last_at),
    })
}

/// The id of a record.
pub(super) fn id(head: &QuarantinedHead) -> Result<RecordId> {
    let id = head.id.as_slice().try_into();
    id.map(RecordId).map_err(|_| Error::Corrupt("id of a quarantined record".to_owned()))
}

fn state(head: &QuarantinedHead) -> Result<&'static str> {
    let known = RecordState::from_code(head.state).map(RecordState::name);
    known.ok_or_else(|| Error::Corrupt(format!("quarantine state {}", head.state)))
}

fn resolved(head: &QuarantinedHead, text: &str) -> String {
    head.resolved_at.map_or_else(|| text.to_owned(), |at| format!("{} at {}", text, time(at)))
}

fn time(micros: i64) -> String {
    Micros(micros).to_datetime().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// Text of senders must not steer the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

fn start_of(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(CELL_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Of a file its end says most.
fn end_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    match chars.len().checked_sub(CELL_CHARS / 2) {
        Some(left_out) if left_out > 0 => format!("…{}", chars[left_out..].iter().collect::<String>()),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_control_characters_shown() {
        assert_eq!(start_of("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(start_of(&"é".repeat(99)).chars().count(), CELL_CHARS + 1);
        assert_eq!(end_of(&format!("/archive/{}/file.gz", "x".repeat(50))).chars().count(), CELL_CHARS / 2 + 1);
        assert_eq!(end_of("stdin"), "stdin");
    }
}
