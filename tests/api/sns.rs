//! `POST /ingest/sns/{format}`: messages of SNS, their confirmations and their signatures.

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::client::read;
use crate::kit::record::{keyed, lines};
use crate::kit::server::ADMIN_KEY;
use crate::kit::wrapped::{CERTIFICATE, OTHER_CERTIFICATE, base64, kinesis, notification, signed};
use crate::kit::{Answer, TestServer, both_databases};

const V1: &str = include_str!("../fixtures/sns/notification-v1.json");
const CONFIRMATION: &str = include_str!("../fixtures/sns/confirmation-v1.json");

/// As SNS sends it: as plain text, with the key in the address.
async fn send(app: &TestServer, message: &str) -> Answer {
    let request = app.anybody().request(Method::POST, "/ingest/sns/auto").basic_auth("sns", Some(ADMIN_KEY));
    read(request.header("content-type", "text/plain; charset=UTF-8").body(message.to_owned())).await
}

fn counts(answer: &Answer) -> (u64, u64, u64) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let count = |name: &str| answer.json[name].as_u64().unwrap_or_else(|| panic!("{}", answer.text));
    (count("accepted"), count("duplicates"), count("quarantined"))
}

/// The code that the only record of a message was quarantined with.
fn code(answer: &Answer) -> &str {
    assert_eq!(counts(answer), (0, 0, 1), "{}", answer.text);
    answer.json["results"][0]["code"].as_str().unwrap_or_default()
}

both_databases! {
    async fn a_message_holds_one_record_or_several(app: TestServer) {
        let [one, two] = [keyed("s-1", "ada@example.com"), keyed("s-2", "ada@example.com")];
        assert_eq!(counts(&send(&app, &notification(&one.to_string()).to_string()).await), (1, 0, 0));
        let both = notification(&lines(&[one.clone(), two.clone()])).to_string();
        assert_eq!(counts(&send(&app, &both).await), (1, 1, 0));
        assert_eq!(counts(&send(&app, &json!([one, two]).to_string()).await), (0, 2, 0), "raw message delivery");
        assert_eq!(code(&send(&app, &notification("Hello World").to_string()).await), "NOT_JSON");
        assert_eq!(code(&send(&app, &notification("").to_string()).await), "MISSING_FIELD");
    }

    async fn without_a_key_it_is_asked_for_with_a_realm(app: TestServer) {
        for route in ["/ingest/sns/auto", "/ingest/sendgrid"] {
            let answer = app.anybody().post_text(route, V1).await;
            let challenge = answer.headers.get("www-authenticate").and_then(|value| value.to_str().ok());
            assert_eq!(answer.status, 401);
            assert!(challenge.is_some_and(|text| text.starts_with("Basic realm=")), "{challenge:?}");
        }
        let other = app.anybody().graphql("{ __typename }", json!({})).await;
        let challenge = other.headers.get("www-authenticate").and_then(|value| value.to_str().ok());
        assert_eq!((other.status, challenge), (401, Some("Bearer")), "a browser must not ask for a password");
        let as_user = app.anybody().request(Method::POST, "/ingest/sns/auto").basic_auth(ADMIN_KEY, None::<&str>);
        assert_eq!(counts(&read(as_user.body(V1)).await), (1, 0, 0));
        let wrong = app.anybody().request(Method::POST, "/ingest/sns/auto").basic_auth("sns", Some("guess"));
        assert_eq!(read(wrong.body(V1)).await.status, 401);
    }

    async fn a_confirmation_waits_for_the_operator(app: TestServer) {
        let answer = send(&app, CONFIRMATION).await;
        assert_eq!(code(&answer), "CONFIRMATION_REQUIRED");
        let kept = app.admin.data("{ quarantine { nodes { code message raw } } }", json!({})).await;
        let kept = &kept["quarantine"]["nodes"][0];
        let message = kept["message"].as_str().unwrap_or_default();
        for part in ["arn:aws:sns:eu-central-1:111122223333:mail-events", "https://sns.eu-central-1.amazonaws.com/?Action=Confirm"] {
            assert!(message.contains(part), "{message}");
        }
        let raw: Value = serde_json::from_str(kept["raw"].as_str().unwrap_or_default()).expect("JSON");
        assert_eq!(raw, serde_json::from_str::<Value>(CONFIRMATION).expect("JSON"), "the whole message is kept");
    }
}

both_databases! {
    async fn signatures_of_both_versions_are_checked(database: TestDatabase) {
        let app = TestServer::start_with(database, &[("sns_certificate", CERTIFICATE)]).await;
        assert_eq!(counts(&send(&app, V1).await), (1, 0, 0));
        assert_eq!(code(&send(&app, CONFIRMATION).await), "CONFIRMATION_REQUIRED");
        let record = keyed("s-1", "ada@example.com").to_string();
        let mut good = notification(&record);
        good["Subject"] = json!("ein Ereignis: größer");
        assert_eq!(counts(&send(&app, &signed(good.clone()).to_string()).await), (1, 0, 0));
        let mut changed = signed(good.clone());
        changed["Message"] = json!(keyed("s-2", "mallory@example.com").to_string());
        let mut downgraded = signed(good.clone());
        downgraded["SignatureVersion"] = json!("1");
        let forged_v1 = V1.replace("grace@", "mallory@");
        let forged_confirmation = CONFIRMATION.replace("amazonaws.com/?Action", "amazonaws.example/?Action");
        for bad in [changed.to_string(), downgraded.to_string(), good.to_string(), forged_v1, forged_confirmation] {
            assert_eq!(code(&send(&app, &bad).await), "INVALID_SIGNATURE", "{bad}");
        }
        let data = app.admin.data("{ events(filter: {}) { totalCount } }", json!({})).await;
        assert_eq!(data["events"]["totalCount"], "2");
    }

    async fn what_has_no_signature_is_not_taken_for_a_message(database: TestDatabase) {
        let app = TestServer::start_with(database, &[("sns_certificate", CERTIFICATE)]).await;
        let record = keyed("s-1", "ada@example.com").to_string();
        assert_eq!(code(&send(&app, &record).await), "INVALID_SIGNATURE", "raw message delivery");
        let unsigned = notification(&record).to_string();
        let elsewhere = app.admin.post_text("/ingest/auto", &unsigned).await;
        assert_eq!(code(&elsewhere), "INVALID_SIGNATURE", "a message is one by any route");
        let wrapped = kinesis(&[base64(&unsigned)]).to_string();
        assert_eq!(code(&send(&app, &wrapped).await), "INVALID_SIGNATURE");
        let elsewhere = app.admin.post_text("/ingest/auto", &wrapped).await;
        assert_eq!(counts(&elsewhere), (1, 0, 0), "within a stream SNS signs nothing");
    }

    async fn certificates_are_changed_by_having_both(database: TestDatabase) {
        let both = [OTHER_CERTIFICATE, CERTIFICATE].map(|path| std::fs::read_to_string(path).expect("a fixture")).concat();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("both.pem");
        std::fs::write(&path, both).expect("a file can be written");
        let app = TestServer::start_with(database, &[("sns_certificate", path.to_str().expect("text"))]).await;
        assert_eq!(counts(&send(&app, V1).await), (1, 0, 0));
    }

    async fn another_certificate_fits_no_message_unless_the_check_is_off(database: TestDatabase) {
        let app = TestServer::start_with(database.clone(), &[("sns_certificate", OTHER_CERTIFICATE)]).await;
        assert_eq!(code(&send(&app, V1).await), "INVALID_SIGNATURE");
        app.stop().await;
        let off = [("sns_certificate", OTHER_CERTIFICATE), ("sns_signature", "off")];
        let app = TestServer::start_with(database, &off).await;
        assert_eq!(counts(&send(&app, V1).await), (1, 0, 0));
    }
}
