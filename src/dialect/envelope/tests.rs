//! Each wrapper, wrappers in wrappers, what only looks like one, and parts that cannot be read.

use std::io::Write;

use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::Proof;
use crate::dialect::signature::SnsKey;
use crate::dialect::{FirehoseRequest, Reading, Rules, read, read_firehose, read_value};
use crate::domain::event::{Dialect, Format, Record};
use crate::domain::time::Micros;

fn auto() -> Reading {
    Reading {
        format: Format::Auto,
        rules: Rules::default().into(),
        now: Micros::now(),
        given: std::sync::Arc::default(),
    }
}

fn checked() -> Reading {
    let pem = include_bytes!("../../../tests/fixtures/sns/certificate.pem");
    let sns_keys = SnsKey::parse_pem(pem).expect("a certificate");
    Reading { rules: Rules { sns_keys, ..Rules::default() }.into(), ..auto() }
}

fn event(key: &str) -> Value {
    json!({"type": "email", "action": "open", "identifiers": {"email": "ada@example.com"},
        "data": {"ts": 1_772_438_400, "idempotence_id": key}})
}

/// Events by the numbers of their keys, one a line.
fn lines(numbers: impl Iterator<Item = u32>) -> String {
    numbers.flat_map(|number| [event(&number.to_string()).to_string(), "\n".to_owned()]).collect()
}

fn sns(message: &str) -> Value {
    json!({"Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:eu-central-1:1:t", "Message": message})
}

fn kinesis(datas: &[String]) -> Value {
    let record = |data: &String| json!({"eventSource": "aws:kinesis", "kinesis": {"data": data, "partitionKey": "p"}});
    json!({"Records": datas.iter().map(record).collect::<Vec<_>>()})
}

fn firehose(datas: &[Value]) -> Value {
    let records: Vec<_> = datas.iter().map(|data| json!({"data": data})).collect();
    json!({"requestId": "r-1", "timestamp": 1_772_438_400_000_i64, "records": records})
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// What became of each record: the raw text of one that was taken, else the code and the path.
fn outcomes(records: &[Record]) -> Vec<String> {
    let shown = |record: &Record| match &record.outcome {
        Ok(_) => String::from_utf8_lossy(&record.raw).into_owned(),
        Err(refused) => format!("{} {}", refused.code.name(), refused.path),
    };
    records.iter().map(shown).collect()
}

fn of_text(text: &str) -> Vec<Record> {
    read(auto(), text.as_bytes()).collect()
}

#[test]
fn every_wrapper_is_opened_and_each_record_has_its_own_text() {
    let [one, two] = [event("1").to_string(), event("2").to_string()];
    let both = format!("{one}\n{two}\n");
    for wrapper in [
        sns(&both),
        sns(&format!("[{one},{two}]")),
        json!({"Records": [{"EventSource": "aws:sns", "Sns": sns(&one)}, {"EventSource": "aws:sns", "Sns": sns(&two)}]}),
        kinesis(&[base64(&one), base64(gzip(two.as_bytes()))]),
        firehose(&[json!(base64(format!("{one}{two}")))]),
        json!({"invocationId": "i", "region": "r", "records": [{"recordId": "1", "data": base64(gzip(both.as_bytes()))}]}),
        json!({"records": [{"recordId": "1", "data": base64(&both), "result": "Ok"}]}),
        kinesis(&[base64(sns(&one).to_string()), base64(firehose(&[json!(base64(&two))]).to_string())]),
    ] {
        assert_eq!(outcomes(&of_text(&wrapper.to_string())), [one.as_str(), two.as_str()], "{wrapper}");
        assert_eq!(outcomes(&read_value(auto(), &wrapper)), [one.as_str(), two.as_str()], "{wrapper}");
    }
}

#[test]
fn records_keep_the_place_of_what_stands_around_them() {
    let text = format!("{}\n{}", event("0"), kinesis(&[base64(event("1").to_string()), "?".to_owned()]));
    let offsets: Vec<u64> = of_text(&text).iter().map(|record| record.offset).collect();
    let second = event("0").to_string().len() as u64 + 1;
    assert_eq!(offsets, [0, second, second]);
}

#[test]
fn what_only_looks_like_a_wrapper_is_read_as_it_is() {
    let odp = json!({"type": "x", "identifiers": {"email": "a@b.co"}, "requestId": "r", "timestamp": 1,
        "records": [{"data": "aGk="}], "Records": [{"kinesis": {"data": "aGk="}}], "Type": "Notification",
        "MessageId": "m", "TopicArn": "t", "Message": "hi"});
    let inner = json!({"type": "x", "identifiers": {"email": "a@b.co"}, "data": {"records": [{"data": "aGk="}]}});
    for record in [odp, inner] {
        assert_eq!(outcomes(&of_text(&record.to_string())), [record.to_string()]);
    }
    for record in [
        json!({"Records": []}),
        json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}),
        json!({"records": [{"data": "aGk="}]}),
        json!({"records": []}),
        json!({"Type": "Notification", "Message": "hi"}),
        json!({"Type": "Other", "MessageId": "m", "TopicArn": "t", "Message": "hi"}),
    ] {
        assert_eq!(outcomes(&of_text(&record.to_string())), ["UNKNOWN_FORMAT "], "{record}");
    }
}

#[test]
fn a_bad_part_is_kept_as_its_element_and_holds_up_no_other() {
    let good = event("1").to_string();
    let wrapper =
        firehose(&[json!("not base64!"), json!(base64("Hello World")), json!(7), json!(""), json!(base64(&good))]);
    let records = of_text(&wrapper.to_string());
    let paths = [
        "INVALID_VALUE records[0].data",
        "NOT_JSON ",
        "INVALID_VALUE records[2].data",
        "MISSING_FIELD records[3].data",
    ];
    assert_eq!(outcomes(&records)[..4], paths);
    assert_eq!(outcomes(&records)[4], good);
    assert_eq!(records[0].raw, br#"{"data":"not base64!"}"#);
    assert_eq!(records[1].raw, b"Hello World");
    let message = &records[1].outcome.as_ref().expect_err("a refusal").message;
    assert!(message.contains("line 1, column 1 of records[1].data"), "{message}");
}

#[test]
fn inbound_mail_ends_as_what_the_reader_says_of_it() {
    let mail = json!({"mail": {"messageId": "m"}, "receipt": {"action": {}}});
    let records = of_text(&json!({"Records": [{"eventSource": "aws:ses", "ses": mail}]}).to_string());
    assert_eq!(outcomes(&records), ["UNKNOWN_FORMAT "]);
    assert_eq!(records[0].raw, mail.to_string().as_bytes());
}

#[test]
fn too_many_wrappers_are_refused() {
    let wrapped = |times: usize| (0..times).fold(event("1").to_string(), |inner, _| sns(&inner).to_string());
    assert_eq!(outcomes(&of_text(&wrapped(4))), [event("1").to_string()]);
    assert_eq!(outcomes(&of_text(&wrapped(5))), ["TOO_LARGE "]);
}

#[test]
fn a_bomb_ends_its_own_part_and_what_was_read_before_is_taken() {
    let good = event("1").to_string();
    let mut bomb = good.clone().into_bytes();
    bomb.resize(2_000_000, b' ');
    let wrapper = firehose(&[json!(base64(gzip(&bomb))), json!(base64(gzip(good.as_bytes()))), json!(base64(&good))]);
    let text = wrapper.to_string();
    let records: Vec<Record> = read(auto(), text.as_bytes()).unpacking_at_most(1_000_000).collect();
    // The limit is shared: no compressed part comes after it, but plain ones do.
    let expected = [good.as_str(), "TOO_LARGE records[0].data", "TOO_LARGE records[1].data", good.as_str()];
    assert_eq!(outcomes(&records), expected);
    assert_eq!(records[1].raw, json!({"data": base64(gzip(&bomb))}).to_string().as_bytes());
    let message = &records[1].outcome.as_ref().expect_err("a refusal").message;
    assert!(message.contains("more than the 1000000 bytes"), "{message}");
    assert_eq!(outcomes(&of_text(&text)), [good.as_str(), good.as_str(), good.as_str()], "a file's limit is larger");
}

#[test]
fn bombs_within_bombs_share_one_limit() {
    let inner = firehose(&[json!(base64(gzip(&vec![b' '; 600_000])))]).to_string();
    let outer = firehose(&[json!(base64(gzip(inner.as_bytes()))), json!(base64(gzip(inner.as_bytes())))]).to_string();
    let records: Vec<Record> = read(auto(), outer.as_bytes()).unpacking_at_most(1_000_000).collect();
    assert_eq!(outcomes(&records), ["MISSING_FIELD records[0].data", "TOO_LARGE records[0].data"]);
}

#[test]
fn of_gzip_that_is_cut_off_the_readable_records_are_taken() {
    let lines = lines((0..2_000).map(|n| n * 7_919 % 2_003));
    let mut data = gzip(lines.as_bytes());
    data.truncate(data.len() / 2);
    let records = of_text(&firehose(&[json!(base64(&data)), json!(base64(event("z").to_string()))]).to_string());
    let taken = records.iter().filter(|record| record.outcome.is_ok()).count();
    assert!(taken > 100 && records.len() == taken + 1, "{taken} of {}", records.len());
    assert!(records.last().is_some_and(|record| record.outcome.is_ok()), "the next part is read");
    let refused = records.iter().find_map(|record| record.outcome.as_ref().err()).expect("a refusal");
    assert_eq!(refused.code.name(), "NOT_JSON");
    assert!(refused.message.contains("records[0].data"), "{}", refused.message);
}

#[test]
fn wrappers_hold_longer_texts_than_records_do() {
    let lines = lines(0..10_000);
    assert!(lines.len() > 1 << 20);
    assert_eq!(of_text(&sns(&lines).to_string()).len(), 10_000);
    assert_eq!(read_value(auto(), &firehose(&[json!(base64(&lines))])).len(), 10_000);
    let long = json!({"type": "x", "identifiers": {"email": "a@b.co"}, "data": {"x": "x".repeat(1 << 21)}});
    assert_eq!(outcomes(&of_text(&long.to_string())), ["TOO_LARGE data.x"]);
}

#[test]
fn a_request_of_firehose_may_be_longer_than_a_record() {
    let part = json!(base64(event("1").to_string() + &" ".repeat(1 << 20)));
    let body = firehose(&vec![part; 14]).to_string();
    assert!(body.len() > 16 << 20);
    let request = FirehoseRequest::parse(body.as_bytes()).expect("a request");
    assert_eq!(request.request_id, "r-1");
    assert_eq!(read_firehose(auto(), request, 0).len(), 14);
    for (body, code) in
        [("[]", "WRONG_TYPE"), ("{", "NOT_JSON"), ("{}", "MISSING_FIELD"), (r#"{"requestId":"r"}"#, "MISSING_FIELD")]
    {
        assert_eq!(FirehoseRequest::parse(body.as_bytes()).expect_err("a refusal").code.name(), code, "{body}");
    }
}

#[test]
fn a_confirmation_is_shown_with_its_address() {
    let text = include_str!("../../../tests/fixtures/sns/confirmation-v1.json");
    let records = of_text(text);
    assert_eq!(outcomes(&records), ["CONFIRMATION_REQUIRED SubscribeURL"]);
    let message = &records[0].outcome.as_ref().expect_err("a refusal").message;
    for part in ["arn:aws:sns:eu-central-1:111122223333:mail-events", "https://sns.eu-central-1.amazonaws.com/?Action="]
    {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("not an address of Amazon's"), "{message}");
    let forged = text.replace("https://sns.eu-central-1.amazonaws.com/?", "https://amazonaws.com.example/?");
    let message = of_text(&forged)[0].outcome.clone().expect_err("a refusal").message;
    assert!(message.contains("not an address of Amazon's"), "{message}");
    let bye = text.replace("SubscriptionConfirmation", "UnsubscribeConfirmation");
    assert!(of_text(&bye)[0].outcome.clone().expect_err("a refusal").message.contains("has ended"));
}

#[test]
fn signatures_are_checked_where_there_is_a_key() {
    let notification = include_str!("../../../tests/fixtures/sns/notification-v1.json");
    let confirmation = include_str!("../../../tests/fixtures/sns/confirmation-v1.json");
    let outcome = |text: &str, proof| {
        let records: Vec<Record> = read(checked(), text.as_bytes()).asking_for(proof).collect();
        outcomes(&records).join(" ").split(' ').next().unwrap_or_default().to_owned()
    };
    let taken = r#"{"type":"email","action":"open","identifiers":{"email":"grace@example.com"},"data":{"ts":1772438460,"campaign_id":71,"idempotence_id":"sns-v1"}}"#;
    assert_eq!(outcome(notification, Proof::OfMessages), taken);
    assert_eq!(outcome(confirmation, Proof::OfMessages), "CONFIRMATION_REQUIRED");
    for (text, from, to) in [
        (notification, "grace@", "mallory@"),
        (notification, "mail event", "mail events"),
        (notification, "\"Signature\": \"", "\"Signature\": \"AAAA"),
        (notification, "\"Signature\"", "\"Sig\""),
        (notification, "\"SignatureVersion\": \"1\"", "\"SignatureVersion\": \"2\""),
        (notification, "\"SignatureVersion\": \"1\"", "\"SignatureVersion\": \"3\""),
        (confirmation, "Token=2336", "Token=9999"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert_eq!(outcome(&changed, Proof::MessagesOnly), "INVALID_SIGNATURE", "{to}");
        assert_eq!(outcome(&changed, Proof::OfMessages), "INVALID_SIGNATURE", "{to}");
        assert_ne!(outcome(&changed, Proof::NotAsked), "INVALID_SIGNATURE", "{to}");
    }
    let raw = event("1").to_string();
    assert_eq!(outcome(&raw, Proof::MessagesOnly), "INVALID_SIGNATURE");
    assert_eq!(outcome(&raw, Proof::OfMessages), raw);
    let wrapped = kinesis(&[base64(sns(&raw).to_string())]).to_string();
    assert_eq!(outcome(&wrapped, Proof::MessagesOnly), "INVALID_SIGNATURE");
    assert_eq!(outcome(&wrapped, Proof::OfMessages), raw, "what Amazon's own service wrapped needs no signature");
}

#[test]
fn the_form_of_the_reading_holds_within_wrappers() {
    let reading = Reading { format: Format::Of(Dialect::Pinpoint), ..auto() };
    let records: Vec<Record> = read(reading, sns(&event("1").to_string()).to_string().as_bytes()).collect();
    assert_eq!(outcomes(&records), ["MISSING_FIELD event_type"]);
    assert_eq!(records[0].dialect, Some(Dialect::Pinpoint));
}
