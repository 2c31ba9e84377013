//! Which message an event belongs to.
//!
//! SendGrid gives each request an id, returns it to the sender as `X-Message-Id`, and reports it in `sg_message_id` with
//! the name of the server that took the message over appended: `<request>.filterdrecv-…`, `<request>.recvd-…`. The
//! servers' names have changed their form over the years and need not be the same in all events of a message; the
//! request's id is. A message is one of a request to one recipient, so that the request's id is enough.
//!
//! Drops that were decided early, and bounces that come late, lack the request's id in `sg_message_id`. There it is taken
//! from `smtp-id`, `<request@ismtpd…>`, when that is of SendGrid's making and not the sender's own.

use crate::dialect::field::Fields;
use crate::domain::event::Rejection;

/// Length of a request's id as SendGrid makes them today: 16 bytes in base64.
const REQUEST_ID_CHARS: usize = 22;

/// How the names of SendGrid's servers begin that make up an `smtp-id`.
const MAIL_SERVERS: [&str; 2] = ["ismtpd", "stismtpd"];

/// The id of the message, which all of its events share.
pub(super) fn message_id(fields: &Fields<'_>) -> Result<Option<String>, Rejection> {
    let given = fields.id("sg_message_id")?;
    if let Some(request) = given.as_deref().and_then(request_of) {
        return Ok(Some(request.to_owned()));
    }
    let smtp_id = fields.id("smtp-id")?;
    let request = smtp_id.as_deref().and_then(request_of_smtp_id);
    Ok(request.map(str::to_owned).or(given))
}

/// The part before the name of a server; none where the id begins with it.
fn request_of(message_id: &str) -> Option<&str> {
    let first = message_id.split('.').next().unwrap_or_default();
    if first.len() == REQUEST_ID_CHARS && first.bytes().all(is_base64) && !is_server(first) {
        return Some(first);
    }
    let mut start = 0;
    for part in message_id.split('.') {
        if is_server(part) {
            return message_id[..start].strip_suffix('.');
        }
        start += part.len() + 1;
    }
    Some(message_id)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_server(part: &str) -> bool {
    ["filter", "stfilter", "recv"].iter().any(|beginning| part.starts_with(beginning))
}

fn request_of_smtp_id(smtp_id: &str) -> Option<&str> {
    let plain = smtp_id.strip_prefix('<')?.strip_suffix('>')?;
    let (request, host) = plain.split_once('@')?;
    let is_own = MAIL_SERVERS.iter().any(|server| host.starts_with(server));
    (is_own && !request.is_empty()).then_some(request)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_of_a_message_share_its_id() {
        let request = "qX4rT9mWZb-Lk2_Yv81cGA";
        for (message_id, smtp_id, expected) in [
            (json!(format!("{request}.filter0042p1abc1.3210.60AF1122B.0")), json!(null), Some(request)),
            (json!(format!("{request}.filterdrecv-7d9f6c-x2k4p-1-65AA0001-1C.0")), json!(null), Some(request)),
            (json!(format!("{request}.recvd-5b6fd94-lmn0p-1-65AA0001-2.1")), json!(null), Some(request)),
            (json!(format!("{request}.stfilter-001.77.60AF1122B.0")), json!(null), Some(request)),
            (json!(format!("{request}.a-name-of-tomorrow-9")), json!(null), Some(request)),
            (json!(request), json!(null), Some(request)),
            (json!("1a2b3c.d4e.5f6071.filter0007.905.60AF.0"), json!(null), Some("1a2b3c.d4e.5f6071")),
            (json!("1a2b3c.d4e.5f6071"), json!(null), Some("1a2b3c.d4e.5f6071")),
            (json!("filter0031p1xyz1.2211.60B0.0"), json!(format!("<{request}@ismtpd0042p1>")), Some(request)),
            (json!("filter0031p1xyz1.2211.60B0.0"), json!("<1.2@shop.example>"), Some("filter0031p1xyz1.2211.60B0.0")),
            (json!(null), json!(format!("<{request}@stismtpd-001.example>")), Some(request)),
            (json!(null), json!("<1.2@shop.example>"), None),
            (json!("filterdrecv-p1-0000001.0"), json!(null), Some("filterdrecv-p1-0000001.0")),
            (json!(null), json!("<@ismtpd1>"), None),
            (json!(""), json!(null), None),
        ] {
            let record = json!({"sg_message_id": message_id, "smtp-id": smtp_id});
            let found = message_id_of(&record);
            assert_eq!(found.as_deref(), expected, "{record}");
        }
    }

    fn message_id_of(record: &serde_json::Value) -> Option<String> {
        message_id(&Fields::new(record.as_object().expect("an object"))).expect("a good id")
    }
}
