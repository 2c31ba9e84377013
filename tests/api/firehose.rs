//! `POST /ingest/firehose/{format}`: what an HTTP endpoint of Amazon Data Firehose is sent, and what it must answer.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::client::{gzip, read};
use crate::kit::record::{keyed, lines, mail};
use crate::kit::server::ADMIN_KEY;
use crate::kit::wrapped::{base64, firehose};
use crate::kit::{Answer, TestServer, both_databases};

const QUARANTINE: &str = "{ quarantine { nodes { code path raw source message } } }";

fn request(app: &TestServer, key: &str) -> reqwest::RequestBuilder {
    let request = app.anybody().request(Method::POST, "/ingest/firehose/auto");
    request.header("x-amz-firehose-access-key", key).header("x-amz-firehose-request-id", "id-of-header")
}

async fn events(app: &TestServer) -> u64 {
    let data = app.admin.data("{ events(filter: {}) { totalCount } }", json!({})).await;
    data["events"]["totalCount"].as_str().and_then(|count| count.parse().ok()).expect("a count")
}

/// The status and the id of an answer in Firehose's form, with a timestamp of now.
fn answered(answer: &Answer) -> (u16, &str) {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    let timestamp = answer.json["timestamp"].as_u64().unwrap_or_else(|| panic!("no timestamp: {}", answer.text));
    assert!(now_ms.abs_diff(timestamp) < 120_000, "milliseconds of now: {}", answer.text);
    assert_eq!(answer.json["errorMessage"].is_string(), answer.status != 200, "{}", answer.text);
    (answer.status, answer.json["requestId"].as_str().unwrap_or_else(|| panic!("no id: {}", answer.text)))
}

both_databases! {
    async fn a_request_is_answered_with_its_id_once_all_of_it_is_stored(app: TestServer) {
        let two = lines(&[keyed("f-1", "ada@example.com"), keyed("f-2", "ada@example.com")]);
        let one = keyed("f-3", "ada@example.com").to_string();
        let body = firehose("id-1", &[base64(two), base64(gzip(one.as_bytes()))]).to_string();
        for _ in 0..2 {
            let plain = read(request(&app, ADMIN_KEY).body(body.clone())).await;
            assert_eq!(answered(&plain), (200, "id-1"));
            assert_eq!(events(&app).await, 3, "a repeat adds nothing");
        }
        let packed = request(&app, ADMIN_KEY).header("content-encoding", "gzip").body(gzip(body.as_bytes()));
        assert_eq!(answered(&read(packed).await), (200, "id-1"));
        let empty = read(request(&app, ADMIN_KEY).body(firehose("id-2", &[]).to_string())).await;
        assert_eq!(answered(&empty), (200, "id-2"));
        assert_eq!(events(&app).await, 3);
    }

    async fn what_cannot_be_read_is_quarantined_and_holds_up_nothing(app: TestServer) {
        let good = keyed("f-1", "ada@example.com").to_string();
        let datas = ["%%%".to_owned(), base64("Hello World"), base64(r#"{"type":"email"}"#), base64(good)];
        let answer = read(request(&app, ADMIN_KEY).body(firehose("id-1", &datas).to_string())).await;
        assert_eq!(answered(&answer), (200, "id-1"));
        assert_eq!(events(&app).await, 1);
        let kept = app.admin.data(QUARANTINE, json!({})).await;
        let mut kept: Vec<(String, String, String)> = kept["quarantine"]["nodes"].as_array().expect("nodes").iter().map(|node| {
            assert_eq!(node["source"], "/ingest/firehose/auto");
            let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
            (text("code"), text("path"), text("raw"))
        }).collect();
        kept.sort();
        let expected = [
            ("INVALID_VALUE", "records[0].data", r#"{"data":"%%%"}"#),
            ("NOT_JSON", "", "Hello World"),
            ("UNKNOWN_FORMAT", "", r#"{"type":"email"}"#),
        ].map(|(code, path, raw)| (code.to_owned(), path.to_owned(), raw.to_owned()));
        assert_eq!(kept, expected);
    }

    async fn every_error_has_the_form_that_firehose_shows(app: TestServer) {
        let good = firehose("id-1", &[base64(mail("open", "ada@example.com", 1).to_string())]).to_string();
        let refused = read(request(&app, "guess").body(good.clone())).await;
        assert_eq!(answered(&refused), (401, "id-of-header"));
        for body in ["", "[]", "{\"requestId\": \"x\"", r#"{"records": []}"#, &mail("open", "ada@example.com", 1).to_string()] {
            let answer = read(request(&app, ADMIN_KEY).body(body.to_owned())).await;
            assert_eq!(answered(&answer), (400, "id-of-header"), "{body}");
        }
        let broken = read(request(&app, ADMIN_KEY).header("content-encoding", "gzip").body("no gzip")).await;
        assert_eq!(answered(&broken), (400, "id-of-header"));
        let format = app.admin.request(Method::POST, "/ingest/firehose/pigeon").header("x-amz-firehose-request-id", "i");
        assert_eq!(answered(&read(format.body(good.clone())).await), (404, "i"));
        let method = app.admin.request(Method::GET, "/ingest/firehose/auto").header("x-amz-firehose-request-id", "i");
        assert_eq!(answered(&read(method).await), (405, "i"));
        assert_eq!(events(&app).await, 0);
    }

    async fn the_key_of_firehose_opens_its_own_route_alone(app: TestServer) {
        let body = firehose("id-1", &[base64(mail("open", "ada@example.com", 1).to_string())]).to_string();
        let elsewhere = app.anybody().request(Method::POST, "/ingest/auto").header("x-amz-firehose-access-key", ADMIN_KEY);
        assert_eq!(read(elsewhere.body(body.clone())).await.status, 401);
        let usual = app.admin.request(Method::POST, "/ingest/firehose/odp").body(body);
        assert_eq!(answered(&read(usual).await), (200, "id-1"));
        assert_eq!(events(&app).await, 1);
    }
}

both_databases! {
    async fn a_bomb_within_a_request_is_bounded(database: TestDatabase) {
        let app = TestServer::start_with(database, &[("max_body_bytes", "65536")]).await;
        let good = |n: u32| keyed(&format!("f-{n}"), "ada@example.com").to_string();
        let bomb = [good(1).as_bytes(), &vec![b'\n'; 50_000_000]].concat();
        let datas = [base64(good(0)), base64(gzip(&bomb)), base64(good(2))];
        let body = firehose("id-1", &datas).to_string();
        let too_long = read(request(&app, ADMIN_KEY).body(body)).await;
        assert_eq!(answered(&too_long), (413, "id-of-header"), "the bomb is 200 kB even packed");
        let bomb = [good(1).as_bytes(), &vec![b'\n'; 5_000_000]].concat();
        let body = firehose("id-1", &[base64(good(0)), base64(gzip(&bomb)), base64(good(2))]).to_string();
        assert_eq!(answered(&read(request(&app, ADMIN_KEY).body(body)).await), (200, "id-1"));
        assert_eq!(events(&app).await, 3);
        let kept: Value = app.admin.data(QUARANTINE, json!({})).await["quarantine"]["nodes"].clone();
        assert_eq!((kept.as_array().map(Vec::len), &kept[0]["code"]), (Some(1), &json!("TOO_LARGE")), "{kept}");
        assert_eq!(kept[0]["path"], "records[1].data");
    }
}
