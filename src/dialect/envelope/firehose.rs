//! What Amazon Data Firehose sends: requests to an HTTP endpoint, and events of a Lambda function with its answers.

use serde_json::{Map, Value};

use super::part::{Form, Part, Place};
use crate::dialect::field::Fields;
use crate::dialect::json;
use crate::domain::event::Rejection;

const DATA: Place = Place { names: &["data"], form: Form::Base64 };

/// A request to an HTTP endpoint. It may be longer than any one record may be.
#[derive(Debug)]
pub struct FirehoseRequest {
    /// The id that the answer must repeat.
    pub request_id: String,
    pub(in crate::dialect) parts: Vec<Part>,
}

impl FirehoseRequest {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, Rejection> {
        let map = json::parse_body(body)?;
        let fields = Fields::new(&map);
        let request_id = fields.required_text("requestId")?;
        fields.array("records")?.ok_or_else(|| fields.missing("records", "an array"))?;
        Ok(Self { request_id, parts: parts(map) })
    }
}

/// Whether a record is one of the three.
pub(super) fn is_one(map: &Map<String, Value>) -> bool {
    let Some(Value::Array(records)) = map.get("records") else { return false };
    let is_text = |name: &str| map.get(name).is_some_and(Value::is_string);
    let is_request = is_text("requestId") && map.get("timestamp").is_some_and(Value::is_number);
    is_request || is_text("invocationId") || map.len() == 1 && is_answer(records)
}

fn is_answer(records: &[Value]) -> bool {
    let is_record = |record: &Value| {
        let has = |name: &str| record.get(name).is_some_and(Value::is_string);
        has("recordId") && (has("data") || has("result"))
    };
    !records.is_empty() && records.iter().all(is_record)
}

/// The records of a request, event or answer.
pub(super) fn parts(mut map: Map<String, Value>) -> Vec<Part> {
    let Some(Value::Array(records)) = map.remove("records") else { return Vec::new() };
    let part = |(index, element)| Part::new(format!("records[{index}]"), element, DATA);
    records.into_iter().enumerate().map(part).collect()
}
