//! `odpEventSend`: one event as the Flag server's `sendOdpEvent` takes it.

use async_graphql::Context;
use serde_json::{Map, Value};

use super::context::ingest;
use super::error::Result;
use super::ingest_report::{EventsIngestPayload, IngestResultSelection, submit};
use super::scalar::Json;
use super::user_error::{UserError, UserErrorCode};
use crate::dialect;
use crate::dialect::odp::odp_event_send_defaults;
use crate::domain::event::{Dialect, Format};

/// The arguments of the mutation.
#[derive(Clone, Debug)]
pub struct OdpEvent {
    /// The second word; required by this method, not by ODP's routes.
    pub action: String,
    /// The first word; `fullstack` where it is missing or empty.
    pub event_type: Option<String>,
    /// Names and values.
    pub identifiers: Json,
    /// Everything else.
    pub data: Option<Json>,
}

/// Takes one ODP event.
pub async fn send(
    ctx: &Context<'_>,
    event: OdpEvent,
    selection: Option<IngestResultSelection>,
) -> Result<EventsIngestPayload> {
    let record = match record(event) {
        Ok(record) => record,
        Err(error) => return Ok(EventsIngestPayload::refused(error)),
    };
    let records = dialect::read_value(ingest(ctx)?.reading(Format::Of(Dialect::Odp)), &record);
    submit(ctx, "odpEventSend", records, selection).await
}

fn record(event: OdpEvent) -> Result<Value, UserError> {
    if event.action.trim().is_empty() {
        return Err(UserError::new(UserErrorCode::Blank, &["action"], "action is empty"));
    }
    let Value::Object(identifiers) = event.identifiers.0 else {
        let message = "identifiers is not an object of names and values";
        return Err(UserError::new(UserErrorCode::Invalid, &["identifiers"], message));
    };
    let mut data = match event.data.map(|data| data.0) {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data,
        Some(_) => return Err(UserError::new(UserErrorCode::Invalid, &["data"], "data is not an object")),
    };
    odp_event_send_defaults(&mut data);
    let mut record = Map::new();
    if let Some(event_type) = event.event_type.filter(|word| !word.trim().is_empty()) {
        record.insert("type".to_owned(), event_type.into());
    }
    record.insert("action".to_owned(), event.action.into());
    record.insert("identifiers".to_owned(), identifiers.into());
    record.insert("data".to_owned(), data.into());
    Ok(record.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(action: &str, identifiers: Value, data: Option<Value>) -> OdpEvent {
        OdpEvent { action: action.to_owned(), event_type: None, identifiers: Json(identifiers), data: data.map(Json) }
    }

    #[test]
    fn an_event_gets_an_idempotency_id_of_its_own_unless_given() {
        let made = record(event("open", json!({"email": "a@b.example"}), None)).expect("a record");
        assert!(made["data"]["idempotence_id"].is_string());
        assert_eq!(made["data"]["data_source"], "campaignql");
        assert!(made.get("type").is_none());
        let given = json!({"idempotence_id": "mine"});
        let made = record(event("open", json!({"email": "a@b.example"}), Some(given))).expect("a record");
        assert_eq!(made["data"]["idempotence_id"], "mine");
    }

    #[test]
    fn what_a_person_can_mend_is_named() {
        let field = |event| record(event).expect_err("wrong").field.unwrap_or_default();
        assert_eq!(field(event(" ", json!({}), None)), ["action"]);
        assert_eq!(field(event("open", json!([]), None)), ["identifiers"]);
        assert_eq!(field(event("open", json!({}), Some(json!(3)))), ["data"]);
    }
}
