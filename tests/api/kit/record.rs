//! Records as vendors send them, with only what a test cares about spelled out.

use serde_json::{Value, json};

/// 2026-03-02T08:00:00Z, the run of the mails below.
pub const RUN_S: i64 = 1_772_438_400;

/// An ODP event of a mail of campaign 71, so many seconds after its run began.
pub fn mail(action: &str, email: &str, after_s: i64) -> Value {
    mail_of(71, action, email, after_s)
}

/// The same of any campaign.
pub fn mail_of(campaign: i64, action: &str, email: &str, after_s: i64) -> Value {
    json!({
        "type": "email", "action": action, "identifiers": {"email": email},
        "data": {
            "ts": RUN_S + after_s, "campaign": format!("Letter {campaign}"), "campaign_id": campaign,
            "campaign_schedule_run_ts": RUN_S, "touchpoint_id": 1, "target_address": email,
        },
    })
}

/// An ODP event with its own key.
pub fn keyed(key: &str, email: &str) -> Value {
    let mut event = mail("open", email, 60);
    event["data"]["idempotence_id"] = json!(key);
    event
}

/// A Pinpoint record of an endpoint.
pub fn pinpoint(event_type: &str, endpoint: &str, at_s: i64, attributes: Value) -> Value {
    json!({
        "event_type": event_type, "event_timestamp": at_s * 1_000, "arrival_timestamp": at_s * 1_000,
        "event_version": "3.1", "application": {"app_id": "app1", "sdk": {}}, "client": {"client_id": endpoint},
        "device": {"platform": {}}, "session": {}, "attributes": attributes, "awsAccountId": "000000000000",
    })
}

/// One record per line.
pub fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}
