//! One record's text to JSON, in one pass that refuses what no event may hold: a key twice in one object, NUL characters,
//! unpaired surrogates, invalid UTF-8, texts over 1 MiB, more than 64 levels. Numbers keep every digit.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::field::shown_text;
use super::split::{self, MAX_DEPTH};
use crate::domain::event::{Rejection, RejectionCode};

/// Longest text within a record.
pub const MAX_STRING_BYTES: usize = 1024 * 1024;
/// Longest number; it has more digits than any unit of anything.
const MAX_NUMBER_BYTES: usize = 1_024;
/// Digits that a 64-bit float always keeps.
const SAFE_DIGITS: usize = 15;

/// Why a text is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is JSON that breaks a rule.
    Rule(Rejection),
    /// It is not JSON from this position on.
    Syntax { at: usize, reason: String },
}

/// The value that a text stands for. A number that neither a 64-bit integer nor a 64-bit float holds without loss becomes
/// the text of its digits.
pub(super) fn parse(text: &[u8]) -> Result<Value, Refused> {
    parse_with(text, MAX_STRING_BYTES)
}

/// The same with another limit for the texts within, for wrappers hold whole records as texts.
pub(super) fn parse_with(text: &[u8], max_string_bytes: usize) -> Result<Value, Refused> {
    let text = std::str::from_utf8(text).map_err(|error| Refused::Rule(invalid_utf8(text, error.valid_up_to())))?;
    let mut reading = Reading { max_string_bytes, ..Reading::default() };
    let value = reading.run(text)?;
    if !(reading.saw_float && has_long_number(text)) {
        return Ok(value);
    }
    Reading { exact: true, max_string_bytes, ..Reading::default() }.run(text)
}

/// The object that a whole body is, with texts of any length within.
pub(super) fn parse_body(body: &[u8]) -> Result<Map<String, Value>, Rejection> {
    let body = body.trim_ascii();
    match parse_with(body, body.len()) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Rejection::new(RejectionCode::WrongType, "", "the body must be a JSON object")),
        Err(Refused::Rule(rejection)) => Err(rejection),
        Err(Refused::Syntax { at, reason }) => {
            let message = format!("the body is not JSON at byte {at}: {reason}");
            Err(Rejection::new(RejectionCode::NotJson, "", message))
        }
    }
}

/// Checks a value that was parsed elsewhere against the same rules, as far as they can still be broken.
pub(super) fn check(value: &Value) -> Result<(), Rejection> {
    check_with(value, MAX_STRING_BYTES)
}

/// The same with another limit for the texts within.
pub(super) fn check_with(value: &Value, max_string_bytes: usize) -> Result<(), Rejection> {
    check_below(value, 0, max_string_bytes)
        .map_err(|(rule, path)| Rejection::new(rule.code, path.to_string(), rule.message))
}

fn check_below(value: &Value, depth: u32, max_string_bytes: usize) -> Result<(), (Broken, Path)> {
    let broken = |rule| (rule, Path::default());
    match value {
        Value::String(text) => check_text(text, max_string_bytes).map_err(broken),
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => Err(broken(too_deep())),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            check_below(item, depth + 1, max_string_bytes).map_err(|(rule, path)| (rule, path.below_index(index)))
        }),
        Value::Object(map) => map.iter().try_for_each(|(name, item)| {
            check_text(name, max_string_bytes).map_err(broken)?;
            check_below(item, depth + 1, max_string_bytes).map_err(|(rule, path)| (rule, path.below_name(name)))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// A rule that is broken somewhere.
#[derive(Debug)]
struct Broken {
    code: RejectionCode,
    message: String,
}

/// The path of what was refused, built from the inside out while the refusal passes up.
#[derive(Debug, Default)]
struct Path(Vec<String>);

impl Path {
    fn below_name(mut self, name: &str) -> Self {
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-$".contains(&byte));
        self.0.push(if plain {
            format!(".{}", super::field::shorten(name))
        } else {
            format!("[{}]", shown_text(name))
        });
        self
    }

    fn below_index(mut self, index: usize) -> Self {
        self.0.push(format!("[{index}]"));
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.0.iter().rev().enumerate() {
            f.write_str(if nth == 0 { step.trim_start_matches('.') } else { step })?;
        }
        Ok(())
    }
}

/// One pass over a record.
#[derive(Debug, Default)]
struct Reading {
    /// Whether numbers are compared with their text.
    exact: bool,
    max_string_bytes: usize,
    saw_float: bool,
    broken: Option<Broken>,
    path: Path,
}

impl Reading {
    fn run(&mut self, text: &str) -> Result<Value, Refused> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Node { reading: self, depth: 0 }.deserialize(&mut reader).and_then(|value| {
            reader.end()?;
            Ok(value)
        });
        read.map_err(|error| self.refusal(&error, text))
    }

    fn refusal(&mut self, error: &serde_json::Error, text: &str) -> Refused {
        let path = std::mem::take(&mut self.path).to_string();
        if let Some(Broken { code, message }) = self.broken.take() {
            return Refused::Rule(Rejection::new(code, path, message));
        }
        let reason = split::reason(error);
        if reason.contains("surrogate") || reason == "unexpected end of hex escape" {
            let message = "an unpaired surrogate (\\ud800 to \\udfff) stands for no character and cannot be stored";
            return Refused::Rule(Rejection::new(RejectionCode::InvalidText, path, message));
        }
        if reason == "number out of range" {
            let message = "a number is too large for a 64-bit float";
            return Refused::Rule(Rejection::new(RejectionCode::InvalidValue, path, message));
        }
        Refused::Syntax { at: split::position(error, text.as_bytes()), reason }
    }

    fn refuse<T, E: serde::de::Error>(&mut self, rule: Broken) -> Result<T, E> {
        self.broken = Some(rule);
        Err(E::custom("refused"))
    }

    fn text<E: serde::de::Error>(&mut self, text: String) -> Result<String, E> {
        match check_text(&text, self.max_string_bytes) {
            Ok(()) => Ok(text),
            Err(rule) => self.refuse(rule),
        }
    }

    fn leave_name(&mut self, name: &str) {
        self.path = std::mem::take(&mut self.path).below_name(name);
    }

    fn leave_index(&mut self, index: usize) {
        self.path = std::mem::take(&mut self.path).below_index(index);
    }
}

/// A value to be read, inside `depth` brackets.
struct Node<'r> {
    reading: &'r mut Reading,
    depth: u32,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        if !self.reading.exact {
            return reader.deserialize_any(self);
        }
        let raw: &RawValue = serde::Deserialize::deserialize(reader)?;
        if raw.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return match exact_number(raw.get()) {
                Ok(value) => Ok(value),
                Err(rule) => self.reading.refuse(rule),
            };
        }
        serde_json::Deserializer::from_str(raw.get()).deserialize_any(self).map_err(D::Error::custom)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        self.reading.saw_float = true;
        Ok(Value::from(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        self.reading.text(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let Self { reading, depth } = self;
        if depth >= MAX_DEPTH {
            return reading.refuse(too_deep());
        }
        let mut array = Vec::new();
        loop {
            match items.next_element_seed(Node { reading: &mut *reading, depth: depth + 1 }) {
                Ok(Some(item)) => array.push(item),
                Ok(None) => return Ok(Value::Array(array)),
                Err(error) => {
                    reading.leave_index(array.len());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let Self { reading, depth } = self;
        if depth >= MAX_DEPTH {
            return reading.refuse(too_deep());
        }
        let mut map = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let name = reading.text(name)?;
            match map.entry(name) {
                Entry::Occupied(entry) => {
                    let message = format!("the key {} stands twice in one object", shown_text(entry.key()));
                    reading.leave_name(entry.key());
                    return reading.refuse(Broken { code: RejectionCode::DuplicateKey, message });
                }
                Entry::Vacant(entry) => match fields.next_value_seed(Node { reading: &mut *reading, depth: depth + 1 })
                {
                    Ok(value) => {
                        entry.insert(value);
                    }
                    Err(error) => {
                        reading.leave_name(entry.key());
                        return Err(error);
                    }
                },
            }
        }
        Ok(Value::Object(map))
    }
}

fn check_text(text: &str, max_bytes: usize) -> Result<(), Broken> {
    if text.len() > max_bytes {
        let message =
            format!("a text of {} bytes exceeds the maximum of {max_bytes}: {}", text.len(), shown_text(text));
        return Err(Broken { code: RejectionCode::TooLarge, message });
    }
    if text.as_bytes().contains(&0) {
        let message = format!("the text {} holds a NUL character, which cannot be stored", shown_text(text));
        return Err(Broken { code: RejectionCode::InvalidText, message });
    }
    Ok(())
}

fn too_deep() -> Broken {
    let message = format!("the record is nested deeper than {MAX_DEPTH} levels");
    Broken { code: RejectionCode::TooLarge, message }
}

fn invalid_utf8(text: &[u8], at: usize) -> Rejection {
    let byte = text.get(at).copied().unwrap_or_default();
    let message = format!("byte 0x{byte:02x} at offset {at} of the record is not UTF-8");
    Rejection::new(RejectionCode::InvalidText, "", message)
}

/// Whether some number has more digits than a float surely keeps. Digits within texts count too: it only costs time.
fn has_long_number(text: &str) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        run = if byte.is_ascii_digit() || byte == b'.' { run + 1 } else { 0 };
        run > SAFE_DIGITS
    })
}

/// A number without loss: as such where a 64-bit integer or float holds all its digits, else as text.
fn exact_number(text: &str) -> Result<Value, Broken> {
    if text.len() > MAX_NUMBER_BYTES {
        let message = format!("a number of {} digits exceeds the maximum of {MAX_NUMBER_BYTES}", text.len());
        return Err(Broken { code: RejectionCode::TooLarge, message });
    }
    let out_of_range = || Broken {
        code: RejectionCode::InvalidValue,
        message: format!("the number {} is too large for a 64-bit float", super::field::shorten(text)),
    };
    let number: Number = serde_json::from_str(text).map_err(|_| out_of_range())?;
    let same = significant(&number.to_string()) == significant(text);
    Ok(if same { Value::Number(number) } else { Value::String(text.to_owned()) })
}

/// Digits without leading and trailing zeros, and the power of ten of the last one.
fn significant(number: &str) -> (String, i64) {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let kept = digits.trim_end_matches('0');
    let power =
        exponent.parse::<i64>().unwrap_or_default() - fraction.len() as i64 + (digits.len() - kept.len()) as i64;
    let kept = kept.trim_start_matches('0').to_owned();
    if kept.is_empty() { (kept, 0) } else { (kept, power) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(text: &[u8]) -> (&'static str, String) {
        match parse(text) {
            Err(Refused::Rule(rejection)) => (rejection.code.name(), rejection.path),
            Err(Refused::Syntax { at, reason }) => ("NOT_JSON", format!("{at}: {reason}")),
            Ok(value) => ("taken", value.to_string()),
        }
    }

    #[test]
    fn what_no_event_may_hold_is_refused_with_its_path() {
        for (text, code, path) in [
            (r#"{"a":1,"a":2}"#, "DUPLICATE_KEY", "a"),
            (r#"{"d":{"x":[{"k":1,"\u006b":2}]}}"#, "DUPLICATE_KEY", "d.x[0].k"),
            (r#"{"d":["ok","a\u0000b"]}"#, "INVALID_TEXT", "d[1]"),
            (r#"{"d":{"a\u0000":1}}"#, "INVALID_TEXT", "d"),
            (r#"{"d":{"x":"\ud800"}}"#, "INVALID_TEXT", "d.x"),
            (r#"{"d":{"x":"\udc00 tail"}}"#, "INVALID_TEXT", "d.x"),
            (r#"{"d":{"x":"\ud83d\ud83d"}}"#, "INVALID_TEXT", "d.x"),
            (r#"{"n":[1e999]}"#, "INVALID_VALUE", "n[0]"),
            (r#"{"a b":{"":1e999}}"#, "INVALID_VALUE", r#"["a b"][""]"#),
            (r#"{"a":1,}"#, "NOT_JSON", "7: trailing comma"),
            ("{\"a\":\n 01}", "NOT_JSON", "8: invalid number"),
        ] {
            assert_eq!(refused(text.as_bytes()), (code, path.to_owned()), "{text}");
        }
        assert_eq!(refused(b"{\"a\":\"\xff\"}"), ("INVALID_TEXT", String::new()));
    }

    #[test]
    fn large_texts_and_deep_nesting_are_refused() {
        let large = format!(r#"{{"d":{{"x":"{}"}}}}"#, "x".repeat(MAX_STRING_BYTES + 1));
        assert_eq!(refused(large.as_bytes()), ("TOO_LARGE", "d.x".to_owned()));
        let nested = |levels: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
        assert_eq!(refused(nested(63).as_bytes()).0, "taken");
        assert_eq!(refused(nested(64).as_bytes()).0, "TOO_LARGE");
    }

    #[test]
    fn values_parsed_elsewhere_obey_the_same_rules() {
        let rejection = check(&json!({"d": ["ok", "a\u{0}"]})).expect_err("a refusal");
        assert_eq!((rejection.code, rejection.path.as_str()), (RejectionCode::InvalidText, "d[1]"));
        let deep = (0..70).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert_eq!(check(&deep).expect_err("a refusal").code, RejectionCode::TooLarge);
        assert_eq!(check(&json!({"d": {"x": [1, null, true]}})), Ok(()));
    }

    #[test]
    fn numbers_keep_every_digit() {
        for (text, expected) in [
            ("[9223372036854775807, 18446744073709551615, 1.5]", json!([i64::MAX, u64::MAX, 1.5])),
            ("[123456789012345678901234567890]", json!(["123456789012345678901234567890"])),
            ("[0.1234567890123456789]", json!(["0.1234567890123456789"])),
            ("[1700000000.123456]", json!([1_700_000_000.123_456])),
            ("[1.00000000000000000000]", json!([1.0])),
            ("[100000000000000000000000]", json!([1e23])),
            ("[0.00000000000000000000]", json!([0.0])),
            (r#"{"t":"\u0041","n":-99999999999999999999.5}"#, json!({"t": "A", "n": "-99999999999999999999.5"})),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(expected), "{text}");
        }
        assert_eq!(refused(format!("[{}]", "1".repeat(2_000)).as_bytes()).0, "INVALID_VALUE");
        assert_eq!(refused(format!("[0.{}]", "1".repeat(2_000)).as_bytes()), ("TOO_LARGE", "[0]".to_owned()));
    }
}
