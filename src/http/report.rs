//! The report of a batch as JSON: `{accepted, duplicates, quarantined, dropped?, events, results?}`.

use serde_json::{Map, Value, json};

use crate::graphql::node::NodeId;
use crate::ingest::{RecordResult, RecordStatus, Report};

/// Which records are listed beside the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Those that went to the quarantine or were dropped.
    Failures,
    /// Every record.
    All,
}

/// The counts and, where there are any to show, the results.
pub fn body(report: &Report, shown: Shown) -> Value {
    let mut body = json!({
        "accepted": report.accepted,
        "duplicates": report.duplicates,
        "quarantined": report.quarantined,
        "events": report.events,
    });
    // Only workspaces that erased somebody lately know this one.
    if report.dropped > 0 {
        body["dropped"] = json!(report.dropped);
    }
    if shown == Shown::All || report.quarantined + report.dropped > 0 {
        body["results"] = results(report, shown);
    }
    body
}

/// One entry per record shown.
pub fn results(report: &Report, shown: Shown) -> Value {
    let is_failure =
        |result: &&RecordResult| matches!(result.status, RecordStatus::Quarantined | RecordStatus::Dropped);
    let listed = |result: &&RecordResult| shown == Shown::All || is_failure(result);
    report.results.iter().filter(listed).map(entry).collect()
}

fn entry(result: &RecordResult) -> Value {
    let mut entry = Map::new();
    entry.insert("index".to_owned(), json!(result.index));
    entry.insert("status".to_owned(), json!(status_name(result.status)));
    let mut insert = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            entry.insert(name.to_owned(), value);
        }
    };
    insert("eventId", result.event_id.map(|id| json!(NodeId::Event((id.shard, id.seq)).encode())));
    insert("code", result.code.map(Into::into));
    insert("message", result.message.clone().map(Into::into));
    insert("path", result.path.clone().filter(|path| !path.is_empty()).map(Into::into));
    Value::Object(entry)
}

fn status_name(status: RecordStatus) -> &'static str {
    match status {
        RecordStatus::Accepted => "ACCEPTED",
        RecordStatus::Duplicate => "DUPLICATE",
        RecordStatus::Quarantined => "QUARANTINED",
        RecordStatus::Dropped => "DROPPED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::EventId;

    fn report() -> Report {
        let accepted = RecordResult {
            index: 0,
            status: RecordStatus::Accepted,
            event_id: Some(EventId { shard: 0, seq: 7 }),
            code: None,
            message: None,
            path: None,
        };
        let quarantined = RecordResult {
            index: 1,
            status: RecordStatus::Quarantined,
            event_id: None,
            code: Some("NOT_JSON"),
            message: Some("line 1".to_owned()),
            path: Some(String::new()),
        };
        Report { accepted: 1, quarantined: 1, events: 1, results: vec![accepted, quarantined], ..Report::default() }
    }

    #[test]
    fn failures_alone_are_listed_unless_all_are_asked_for() {
        let failure = json!({"index": 1, "status": "QUARANTINED", "code": "NOT_JSON", "message": "line 1"});
        assert_eq!(body(&report(), Shown::Failures)["results"], json!([failure]));
        let all = body(&report(), Shown::All);
        assert_eq!(all["results"][0], json!({"index": 0, "status": "ACCEPTED", "eventId": "RXZlbnQ6MDo3"}));
        assert_eq!(all["results"][1], failure);
    }

    #[test]
    fn a_batch_without_failures_lists_nothing() {
        let report = Report { accepted: 1, events: 1, ..Report::default() };
        assert_eq!(
            body(&report, Shown::Failures),
            json!({"accepted": 1, "duplicates": 0, "quarantined": 0, "events": 1})
        );
    }
}
