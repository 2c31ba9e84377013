//! What cannot be taken: a reason code and a path per record, the record in the quarantine, the rest of the batch stored.

use serde_json::{Value, json};

use crate::kit::both_databases;
use crate::kit::record::{RUN_S, keyed};

/// Format, record as it is written, reason code, path of the offending field.
const BAD_RECORDS: [(&str, &str, &str, &str); 19] = [
    ("odp", r#"{"type": "email", "identifiers": {"email" "a@example.com"}}"#, "NOT_JSON", ""),
    ("odp", "not json at all", "NOT_JSON", ""),
    ("odp", "17", "WRONG_TYPE", ""),
    ("odp", r#"{"type": 5, "identifiers": {"email": "a@example.com"}}"#, "WRONG_TYPE", "type"),
    ("odp", r#"{"type": "email", "identifiers": "a@example.com"}"#, "WRONG_TYPE", "identifiers"),
    ("odp", r#"{"type": "email", "action": "open"}"#, "MISSING_IDENTIFIER", "identifiers"),
    ("odp", r#"{"type": "email", "identifiers": {"email": "undefined"}}"#, "MISSING_IDENTIFIER", "identifiers"),
    (
        "odp",
        r#"{"identifiers": {"email": "a@example.com"}, "data": {"ts": "2026-02-30T00:00:00Z"}}"#,
        "INVALID_TIME",
        "data.ts",
    ),
    ("odp", r#"{"identifiers": {"email": "a@example.com"}, "data": {"ts": "soon"}}"#, "INVALID_TIME", "data.ts"),
    ("odp", r#"{"identifiers": {"email": "a\u0000b@example.com"}}"#, "INVALID_TEXT", "identifiers.email"),
    ("odp", r#"{"identifiers": {"email": "a@example.com"}, "data": {"x": "\ud800"}}"#, "INVALID_TEXT", "data.x"),
    ("odp", r#"{"type": "a", "type": "b", "identifiers": {"email": "a@example.com"}}"#, "DUPLICATE_KEY", "type"),
    ("activatepro", r#"{"event": "Message Sent", "timestamp": "2026-03-02T08:00:00Z"}"#, "MISSING_IDENTIFIER", "id"),
    ("pinpoint", r#"{"event_timestamp": 1772438400000, "client": {"client_id": "e1"}}"#, "MISSING_FIELD", "event_type"),
    ("ses", r#"{"notificationType": "Received"}"#, "MISSING_IDENTIFIER", "mail.destination"),
    (
        "ses",
        r#"{"eventType": "Open", "mail": {"destination": ["a@example.com"]}, "open": {"timestamp": "2199-01-01"}}"#,
        "INVALID_TIME",
        "open.timestamp",
    ),
    ("sms", r#"{"eventType": "TEXT_DELIVERED", "messageId": "m"}"#, "MISSING_IDENTIFIER", "destinationPhoneNumber"),
    ("sendgrid", r#"{"event": "open", "sg_event_id": "e"}"#, "MISSING_IDENTIFIER", "email"),
    (
        "native",
        r#"{"type": "open", "identifiers": [{"type": "email", "value": "a@example.com"}], "colour": 1}"#,
        "UNKNOWN_FIELD",
        "colour",
    ),
];

both_databases! {
    async fn each_bad_record_is_named_and_kept_and_the_rest_is_stored(app: TestServer) {
        for (number, (format, record, code, path)) in BAD_RECORDS.into_iter().enumerate() {
            let good = good(format, number);
            let body = format!("{good}\n{record}\n");
            let answer = app.admin.post_text(&format!("/ingest/{format}?results=all"), &body).await;
            assert_eq!((answer.status, &answer.json["accepted"]), (200, &json!(1)), "{record}: {}", answer.text);
            assert_eq!(answer.json["quarantined"], 1, "{record}: {}", answer.text);
            let result = &answer.json["results"][1];
            assert_eq!((&result["index"], &result["code"]), (&json!(1), &json!(code)), "{record}: {result}");
            assert_eq!(result["path"].as_str().unwrap_or_default(), path, "{record}: {result}");
            assert!(result["message"].as_str().is_some_and(|text| text.len() > 10), "{record}: {result}");
        }
        let kept = app.admin.data("{ quarantine(first: 100) { totalCount nodes { code path raw } } }", json!({})).await;
        assert_eq!(kept["quarantine"]["totalCount"].to_string().trim_matches('"'), BAD_RECORDS.len().to_string());
        for (_, record, code, _) in BAD_RECORDS {
            let nodes = kept["quarantine"]["nodes"].as_array().expect("a list");
            let found = nodes.iter().any(|node| node["code"] == code && node["raw"] == record);
            assert!(found, "{record} is not in {kept}");
        }
    }

    async fn a_bad_record_sent_again_is_kept_once(app: TestServer) {
        for _ in 0..3 {
            let answer = app.admin.post_text("/ingest/odp", "[{\"type\": \"email\"}, {\"type\": \"email\"}]").await;
            assert_eq!(answer.json["quarantined"], 2, "{}", answer.text);
        }
        let kept = app.admin.data("{ quarantine { totalCount } }", json!({})).await;
        assert_eq!(kept["quarantine"]["totalCount"].to_string().trim_matches('"'), "1", "{kept}");
    }

    async fn a_text_of_ten_megabytes_is_too_large_and_its_message_is_short(app: TestServer) {
        let mut record = keyed("large", "ada@example.com");
        record["data"]["note"] = json!("x".repeat(10_000_000));
        let body = json!([record, keyed("small", "ada@example.com")]);
        let answer = app.admin.post("/ingest/odp", &body).await;
        let result = &answer.json["results"][0];
        assert_eq!((&answer.json["accepted"], &result["code"]), (&json!(1), &json!("TOO_LARGE")), "{result}");
        assert!(answer.text.len() < 2_000, "an answer of {} bytes", answer.text.len());
    }

    async fn a_broken_body_names_line_and_column(app: TestServer) {
        let answer = app.admin.post_text("/ingest/activatepro", "{\"id\": \"A1\",\n  \"events\": [{\"event\" 5}]}").await;
        let message = answer.json["results"][0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("line 2") && message.contains("column"), "{}", answer.text);
    }
}

/// A good record of a format, a different one for each number.
fn good(format: &str, number: usize) -> Value {
    let email = format!("good{number}@example.com");
    match format {
        "activatepro" => json!({"id": email, "event": "Message Sent", "timestamp": "2026-03-02T08:00:00Z"}),
        "pinpoint" => {
            json!({"event_type": "_session.start", "event_timestamp": RUN_S * 1_000, "client": {"client_id": email}})
        }
        "ses" => json!({"eventType": "Send", "mail": {"messageId": email, "destination": [email]}, "send": {}}),
        "sms" => json!({"eventType": "TEXT_SENT", "messageId": email, "destinationPhoneNumber": "+14155552671"}),
        "sendgrid" => json!({"event": "open", "sg_event_id": email, "email": email}),
        "native" => json!({"type": "open", "identifiers": [{"type": "email", "value": email}]}),
        _ => keyed(&email, &email),
    }
}
