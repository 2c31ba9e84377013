//! Amazon Pinpoint event stream.

use serde_json::{Map, Value};

use crate::domain::event::{NewEvent, Rejection};

/// The events of one record.
pub fn parse(_record: &Map<String, Value>) -> Result<Vec<NewEvent>, Rejection> {
    Ok(Vec::new())
}
