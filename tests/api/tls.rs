//! The server's own TLS, by a client that trusts the test's certificate and no other.

use serde_json::json;

use crate::kit::record::mail;
use crate::kit::{Client, Program, TestServer, both_databases};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/certificate.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/key.pem");

both_databases! {
    async fn events_are_taken_over_tls_by_those_who_trust_the_certificate(database: TestDatabase) {
        let app = TestServer::start_with(database, &[("tls_certificate", CERTIFICATE), ("tls_key", KEY)]).await;
        assert!(app.url().starts_with("https://127.0.0.1:"), "{}", app.url());
        let trusting = app.admin.trusting(&std::fs::read(CERTIFICATE).expect("the certificate"));
        let answer = trusting.post("/v3/events", &mail("open", "ada@example.com", 1)).await;
        assert_eq!((answer.status, &answer.json["title"]), (202, &json!("Accepted")), "{}", answer.text);
        let another = Client::new(&app.url()).request(reqwest::Method::GET, "/healthz").send().await;
        assert!(another.is_err_and(|error| error.is_connect()), "a stranger's certificate is not trusted");
        let plain = Client::new(&app.url().replace("https:", "http:"));
        assert!(plain.request(reqwest::Method::GET, "/healthz").send().await.is_err(), "plain HTTP is not answered");
        app.stop().await;
    }
}

#[test]
fn files_that_do_not_fit_are_named_before_anything_is_touched() {
    let missing = format!("{FOLDER}/missing.pem");
    let another_key = format!("{FOLDER}/another-key.pem");
    for (certificate, key, expected) in [
        (missing.as_str(), KEY, ["setting tls_certificate", "cannot be read"]),
        (CERTIFICATE, missing.as_str(), ["setting tls_key", "cannot be read"]),
        (KEY, KEY, ["setting tls_certificate", "holds no PEM certificate"]),
        (CERTIFICATE, CERTIFICATE, ["setting tls_key", "holds no PEM private key"]),
        (CERTIFICATE, &another_key, ["do not fit", "tls_key"]),
        (CERTIFICATE, "", ["tls_key", "when tls_certificate is given"]),
    ] {
        let program = Program::by_itself();
        let ended =
            program.run(["serve", "--listen", "127.0.0.1:0", "--tls-certificate", certificate, "--tls-key", key]);
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        assert!(expected.iter().all(|text| ended.stderr.contains(text)), "{expected:?}: {}", ended.stderr);
        assert!(!program.directory().join("campaignql.db").exists(), "no database was made");
    }
}
