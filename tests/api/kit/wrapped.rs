//! Records in the wrappers of Amazon's services, and what such services sign.

use base64::prelude::{BASE64_STANDARD, Engine};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// The certificate that the messages below are signed under.
pub const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sns/certificate.pem");
/// Another one.
pub const OTHER_CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sns/other-certificate.pem");

/// Base64.
pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// A request of Firehose.
pub fn firehose(request_id: &str, datas: &[String]) -> Value {
    let records: Vec<Value> = datas.iter().map(|data| json!({"data": data})).collect();
    json!({"requestId": request_id, "timestamp": 1_772_438_400_000_i64, "records": records})
}

/// The event that a Lambda function gets from a Kinesis stream.
pub fn kinesis(datas: &[String]) -> Value {
    let record = |data: &String| {
        let record = json!({"data": data, "partitionKey": "p", "sequenceNumber": "1", "kinesisSchemaVersion": "1.0"});
        json!({"kinesis": record, "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record"})
    };
    json!({"Records": datas.iter().map(record).collect::<Vec<_>>()})
}

/// A message of SNS without a signature.
pub fn notification(message: &str) -> Value {
    json!({
        "Type": "Notification", "MessageId": "0b8f3c52-5a36-5d0c-a2f0-6f1b8a1f2001",
        "TopicArn": "arn:aws:sns:eu-central-1:111122223333:mail-events", "Message": message,
        "Timestamp": "2026-03-02T08:00:01.000Z", "SignatureVersion": "2",
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0000.pem",
    })
}

/// The message with the signature of version 2 that SNS would give it.
pub fn signed(mut message: Value) -> Value {
    let names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
    let present = names.iter().filter_map(|name| Some((name, message[name].as_str()?)));
    let text: String = present.map(|(name, value)| format!("{name}\n{value}\n")).collect();
    let pem = include_str!("../../fixtures/sns/key.pem");
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(base64).expect("base64")).expect("an RSA key");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("a signature");
    message["Signature"] = json!(BASE64_STANDARD.encode(signature));
    message
}
