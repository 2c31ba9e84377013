//! `POST /ingest/{format}`: one or many records in a vendor's own form.

use serde_json::{Value, json};

use crate::kit::client::{gzip, read};
use crate::kit::record::{RUN_S, keyed, lines, mail, pinpoint};
use crate::kit::{Answer, TestServer, both_databases};

both_databases! {
    async fn every_way_of_writing_records_down_is_the_same(app: TestServer) {
        let records = [mail("sent", "ada@example.com", 0), mail("open", "ada@example.com", 9)];
        let ways = [
            lines(&records),
            json!(records).to_string(),
            records.iter().map(Value::to_string).collect::<String>(),
            lines(&records).replace('\n', "\r\n"),
            format!("\n  {}\n\n {} ", records[0], records[1]),
        ];
        assert_report(&app.admin.post_text("/ingest/odp", &ways[0]).await, [2, 0, 0, 2]);
        for way in &ways {
            assert_report(&app.admin.post_text("/ingest/odp", way).await, [0, 2, 0, 0]);
        }
    }

    async fn gzip_is_read_whether_announced_or_not_and_in_several_members(app: TestServer) {
        let records: Vec<Value> = (0..4).map(|n| keyed(&format!("g-{n}"), "ada@example.com")).collect();
        assert_report(&app.admin.post_gzip("/ingest/odp", &lines(&records[..2])).await, [2, 0, 0, 2]);
        let members = [gzip(lines(&records[1..3]).as_bytes()), gzip(lines(&records[3..]).as_bytes())].concat();
        let request = app.admin.request(reqwest::Method::POST, "/ingest/odp").body(members);
        assert_report(&read(request).await, [2, 1, 0, 2]);
    }

    async fn each_vendor_has_its_route(app: TestServer) {
        let activatepro = json!({"id": "A1", "event": "Message Sent", "timestamp": "2026-03-02T08:00:00Z",
            "channel": "Email", "campaignId": "12", "messageId": "m1"});
        assert_report(&app.admin.post("/ingest/activatepro", &activatepro).await, [1, 0, 0, 1]);
        let sent = json!({"campaign_id": "c", "campaign_activity_id": "a", "treatment_id": "0",
            "delivery_type": "GCM", "campaign_send_status": "SUCCESS"});
        let record = pinpoint("_campaign.send", "endpoint-1", RUN_S, sent);
        assert_report(&app.admin.post("/ingest/pinpoint", &record).await, [1, 0, 0, 2]);
        assert_report(&app.admin.post("/ingest/pinpoint", &record).await, [0, 1, 0, 0]);
    }

    async fn an_unknown_format_is_not_found_and_the_known_ones_are_named(app: TestServer) {
        let answer = app.admin.post("/ingest/carrier-pigeon", &mail("open", "ada@example.com", 1)).await;
        assert_eq!((answer.status, &answer.json["code"]), (404, &json!("NOT_FOUND")), "{}", answer.text);
        for name in ["carrier-pigeon", "odp", "activatepro", "pinpoint", "native"] {
            assert!(answer.text.contains(name), "{}", answer.text);
        }
    }

    async fn an_empty_batch_is_an_error_that_says_so(app: TestServer) {
        for empty in ["", "[]", " \n"] {
            let answer = app.admin.post_text("/ingest/odp", empty).await;
            assert_eq!((answer.status, &answer.json["code"]), (400, &json!("BAD_INPUT")), "{empty:?}: {}", answer.text);
        }
    }

    async fn every_result_is_shown_when_asked_for(app: TestServer) {
        let answer = app.admin.post("/ingest/odp?results=all", &json!([mail("open", "ada@example.com", 1)])).await;
        assert_eq!(answer.json["results"][0]["status"], "ACCEPTED", "{}", answer.text);
        assert_eq!(app.admin.post("/ingest/odp?results=some", &json!([1])).await.status, 400);
    }
}

both_databases! {
    async fn a_body_over_the_limit_is_refused_and_nothing_is_taken(database: TestDatabase) {
        let app = TestServer::start_with(database, &[("max_body_bytes", "4096")]).await;
        let records: Vec<Value> = (0..100).map(|n| keyed(&format!("l-{n}"), "ada@example.com")).collect();
        let answer = app.admin.post_text("/ingest/odp", &lines(&records)).await;
        assert_eq!((answer.status, &answer.json["code"]), (413, &json!("LIMIT_EXCEEDED")), "{}", answer.text);
        let bomb = app.admin.post_gzip("/ingest/odp", &lines(&records)).await;
        assert_eq!(bomb.status, 413, "the limit holds after decompression too: {}", bomb.text);
        assert_report(&app.admin.post_text("/ingest/odp", &lines(&records[..2])).await, [2, 0, 0, 2]);
    }
}

/// Accepted, duplicates, quarantined, events.
fn assert_report(answer: &Answer, counts: [u64; 4]) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let given =
        ["accepted", "duplicates", "quarantined", "events"].map(|name| answer.json[name].as_u64().unwrap_or(99));
    assert_eq!(given, counts, "{}", answer.text);
}
