//! Signatures over whole requests: SendGrid's signed event webhook. Those of SNS stand within the messages and are checked
//! where records are read.

use actix_web::http::header::HeaderMap;

use super::error::{ApiError, ApiResult};
use crate::config::Settings;

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// Refuses a body, as it came, that SendGrid did not sign. Without a key in the settings, nothing is refused. SendGrid
/// sends a refused batch again for a day, so that a wrong key in the settings loses nothing.
pub fn check_sendgrid(settings: &Settings, headers: &HeaderMap, body: &[u8]) -> ApiResult<()> {
    let Some(key) = &settings.sendgrid_public_key else { return Ok(()) };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let why = match (text(SIGNATURE), text(TIMESTAMP)) {
        (Some(signature), Some(timestamp)) if key.verifies(timestamp, body, signature) => return Ok(()),
        (Some(_), Some(_)) => "the signature does not fit the body and setting sendgrid_public_key",
        _ => "the request is not signed",
    };
    tracing::warn!("a request of SendGrid was refused: {why}");
    Err(ApiError::forbidden_because(why))
}
