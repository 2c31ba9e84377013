//! ActivatePro outbound events.

use serde_json::{Map, Value};

use crate::domain::event::{NewEvent, Rejection};

/// One record per inner event of the API form, each in the feed form; a record in the feed form as it is.
pub fn fan_out(record: Map<String, Value>) -> Vec<Result<Map<String, Value>, Rejection>> {
    vec![Ok(record)]
}

/// The events of one record in the feed form.
pub fn parse(_record: &Map<String, Value>) -> Result<Vec<NewEvent>, Rejection> {
    Ok(Vec::new())
}
