//! Spellings of identifiers in records of all kinds.

use std::io::Write;

use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;
use crate::domain::identifier::{Normalized, normalize};

fn identifier(name: &str, value: &str) -> Identifier {
    match normalize(name, value) {
        Normalized::Identifier(identifier) => identifier,
        other => panic!("{name} {value}: {other:?}"),
    }
}

fn mentions(name: &str, value: &str) -> Mentions {
    Mentions::of(&[identifier(name, value)])
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[test]
fn an_address_is_found_in_every_spelling() {
    let ann = mentions("email", "ann.lee@mail.example");
    let inner = json!({"email": "Ann.Lee@Mail.Example"}).to_string();
    let utf16: Vec<u8> = inner.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let records: [Vec<u8>; 10] = [
        b"{\"email\": \"ANN.LEE@mail.EXAMPLE\"}".to_vec(),
        b"{\"email\": \"ann.lee\\u0040mail.example\"".to_vec(),
        b"not json at all, Ann Lee <ann.lee@mail.example>;".to_vec(),
        b"tracker=1&email=ann.lee%40mail.example".to_vec(),
        json!({"Message": json!({"Records": [inner]}).to_string()}).to_string().into_bytes(),
        json!({"data": BASE64_STANDARD.encode(&inner)}).to_string().into_bytes(),
        json!({"data": BASE64_STANDARD.encode(gzip(&inner))}).to_string().into_bytes(),
        gzip(&inner),
        utf16,
        [b"{\"name\": \"Zo\xeb\", \"email\": \"".as_slice(), b"ann.lee@mail.example"].concat(),
    ];
    for record in records {
        assert!(ann.in_record(&record), "{}", String::from_utf8_lossy(&record));
    }
    for other in ["joann.lee@mail.example", "x+ann.lee@mail.example", "ann.lee@mail.example.org", "ann.lee@mail"] {
        assert!(!ann.in_text(other), "{other}");
    }
    assert!(ann.in_text("It was ann.lee@mail.example."));
}

#[test]
fn a_number_is_found_by_its_digits() {
    let phone = mentions("phone", "+491712345678");
    for text in ["+49 171 / 234-5678", "0049 171 2345678", "+49 (0)171 2345678", "491712345678", "0171-2345678"] {
        assert!(phone.in_text(text), "{text}");
    }
    for text in ["+49 171 234567", "1712345679", "+1 555 2345678"] {
        assert!(!phone.in_text(text), "{text}");
    }
    assert!(mentions("phone", "0171 2345678").in_text("0171/2345678"));
}

#[test]
fn a_short_value_is_found_behind_a_key_alone() {
    let seven = mentions("user_id", "7");
    for text in [
        r#"{"user_id": "7"}"#,
        r#"{"User": {"UserId": 7}}"#,
        r#"{"type": "user_id", "value": "7"}"#,
        "action=x&user_id=7",
        r#"{"user_id": 7"#,
    ] {
        assert!(seven.in_text(text), "{text}");
    }
    for text in [r#"{"campaign_id": 7}"#, r#"{"user_id": 71}"#, r#"{"user_id": "17"}"#, "7", r#"{"value": 7}"#] {
        assert!(!seven.in_text(text), "{text}");
    }
    assert!(mentions("user_id", "user-00017").in_text("somewhere user-00017 stands"));
    assert!(!mentions("user_id", "user-00017").in_text("user-000170"));
}

#[test]
fn what_names_somebody_goes_and_all_else_stays() {
    let both = Mentions::of(&[identifier("email", "ann@mail.example"), identifier("user_id", "7")]);
    let mut data = json!({
        "note": "call Ann@Mail.Example", "user_id": 7, "price": 7, "list": ["ann@mail.example", "b"],
        "deep": {"ann@mail.example": 1, "x": true},
    });
    let object = data.as_object_mut().expect("an object");
    both.take_out(object);
    assert_eq!(data, json!({"note": null, "price": 7, "list": [null, "b"], "deep": {"x": true}}));
}

#[test]
fn a_bad_record_tells_what_it_may_name() {
    let record = r#"{"type":"email","identifiers":{"Email":"<Ann@Mail.Example>","customer_id":"C-1"},
        "User":{"UserId":12},"phone":"+49 171 234-5678","data":{"url":"https://x.example/?vuid=v%2d1"}"#;
    let found = candidates(record.as_bytes());
    for (name, value) in [
        ("email", "ann@mail.example"),
        ("customer_id", "C-1"),
        ("user_id", "12"),
        ("phone", "+491712345678"),
        ("vuid", "v-1"),
    ] {
        assert!(found.contains(&identifier(name, value)), "{name} {value}: {found:?}");
    }
    let typed = candidates(br#"{"identifiers":[{"type":"user_id","value":"7"}],"occurredAt":"never"}"#);
    assert!(typed.contains(&identifier("user_id", "7")));
}
