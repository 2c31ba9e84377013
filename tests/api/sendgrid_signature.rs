//! SendGrid's signed event webhook: what it did not sign is refused, whatever key it comes with.

use base64::prelude::{BASE64_STANDARD, Engine};
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use crate::kit::client::{gzip, read};
use crate::kit::server::ADMIN_KEY;
use crate::kit::{Answer, TestServer, both_databases};

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";
/// What stands before the 65 bytes of the point in a public key on P-256.
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A sender with a key of its own.
struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        Self(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("the same key"))
    }

    fn public_key(&self) -> String {
        BASE64_STANDARD.encode([&SPKI_HEAD, self.0.public_key().as_ref()].concat())
    }

    fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let text = [timestamp.as_bytes(), body].concat();
        BASE64_STANDARD.encode(self.0.sign(&SystemRandom::new(), &text).expect("a signature"))
    }
}

/// SendGrid's own way of writing a batch down, line break at the end included.
fn batch(id: &str) -> String {
    let event = json!({"email": "ada@example.com", "event": "delivered", "timestamp": 1_772_438_400,
        "sg_event_id": id, "sg_message_id": "m.recvd"});
    format!("{}\r\n", json!([event]))
}

fn request(app: &TestServer, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    app.anybody().request(Method::POST, "/ingest/sendgrid").basic_auth("sendgrid", Some(ADMIN_KEY)).body(body)
}

/// Records that were let in, whatever became of them.
fn let_in(answer: &Answer) -> Option<u64> {
    let count = |name: &str| answer.json[name].as_u64();
    (answer.status == 200)
        .then(|| count("accepted").unwrap_or(0) + count("duplicates").unwrap_or(0) + count("quarantined").unwrap_or(0))
}

both_databases! {
    async fn what_is_signed_is_let_in_and_nothing_else(database: TestDatabase) {
        let signer = Signer::new();
        let app = TestServer::start_with(database, &[("sendgrid_public_key", &signer.public_key())]).await;
        let (at, body) = ("1772438401", batch("e-1"));
        let good = signer.sign(at, body.as_bytes());
        let send = |body: &str, at: &str, signature: &str| {
            read(request(&app, body.to_owned()).header(SIGNATURE, signature).header(TIMESTAMP, at))
        };
        assert_eq!(let_in(&send(&body, at, &good).await), Some(1));
        let trimmed = body.trim_end().to_owned();
        let other = Signer::new().sign(at, body.as_bytes());
        for (body, at, signature) in [
            (batch("e-2").as_str(), at, good.as_str()),
            (&trimmed, at, &good),
            (&body, "1772438402", &good),
            (&body, at, &other),
            (&body, at, "no base64"),
            (&body, at, ""),
        ] {
            let answer = send(body, at, signature).await;
            assert_eq!((answer.status, &answer.json["code"]), (403, &json!("FORBIDDEN")), "{}", answer.text);
        }
        assert_eq!(read(request(&app, body.clone())).await.status, 403, "no signature at all");
        let kept = app.admin.data("{ events(filter: {}) { totalCount } quarantine { totalCount } }", json!({})).await;
        let count = |name: &str| kept[name]["totalCount"].as_str().and_then(|count| count.parse::<u64>().ok());
        assert_eq!(count("events").unwrap_or(0) + count("quarantine").unwrap_or(0), 1, "{kept}");
    }

    async fn the_signature_is_over_the_body_as_it_was_sent(database: TestDatabase) {
        let signer = Signer::new();
        let app = TestServer::start_with(database, &[("sendgrid_public_key", &signer.public_key())]).await;
        let (at, packed) = ("1772438401", gzip(batch("e-1").as_bytes()));
        let with_signature = |signature: &str| {
            request(&app, packed.clone()).header("content-encoding", "gzip").header(TIMESTAMP, at).header(SIGNATURE, signature)
        };
        assert_eq!(let_in(&read(with_signature(&signer.sign(at, &packed))).await), Some(1));
        assert_eq!(read(with_signature(&signer.sign(at, batch("e-1").as_bytes()))).await.status, 403);
    }

    async fn a_signature_does_not_replace_the_key_and_is_asked_for_at_its_own_route_alone(database: TestDatabase) {
        let signer = Signer::new();
        let app = TestServer::start_with(database, &[("sendgrid_public_key", &signer.public_key())]).await;
        let (at, body) = ("1772438401", batch("e-1"));
        let request = app.anybody().request(Method::POST, "/ingest/sendgrid").body(body.clone());
        let signature = signer.sign(at, body.as_bytes());
        assert_eq!(read(request.header(SIGNATURE, signature).header(TIMESTAMP, at)).await.status, 401);
        assert_eq!(let_in(&app.admin.post_text("/ingest/auto", &body).await), Some(1));
    }

    async fn without_a_key_in_the_settings_nothing_is_checked(database: TestDatabase) {
        let app = TestServer::start(database).await;
        assert_eq!(let_in(&read(request(&app, batch("e-1")).header(SIGNATURE, "x")).await), Some(1));
    }
}
