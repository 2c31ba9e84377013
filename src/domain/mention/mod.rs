//! Whether a text names an identifier, however it is written: in any case, with JSON's or a URL's escapes, as a phone
//! number with blanks, within JSON inside a string, within base64 or gzip.
//!
//! `text` takes a record's bytes apart into readable texts, `phone` reads numbers, `candidate` finds what a text may name.

mod candidate;
mod phone;
mod text;

use memchr::memmem::Finder;
use serde_json::{Map, Value};

pub use candidate::candidates;

use super::identifier::{Identifier, rule_by_name};
use text::{is_word, key_before, readable};

/// Values with fewer characters are looked for where a key says what they are, and nowhere else: `7` stands in any record.
const DISTINCT_CHARS: usize = 6;
/// The same for values of digits alone: a time in seconds has ten.
const DISTINCT_DIGITS: usize = 8;

/// Identifiers that are looked for.
#[derive(Debug)]
pub struct Mentions {
    needles: Vec<Needle>,
}

#[derive(Debug)]
struct Needle {
    /// The value in lower case.
    value: String,
    finder: Finder<'static>,
    /// The digits of a phone number.
    digits: Option<String>,
    is_email: bool,
    /// The type's name, where the value is too short to be looked for everywhere.
    only_of: Option<String>,
}

impl Mentions {
    /// What names any of these.
    pub fn of<'a>(identifiers: impl IntoIterator<Item = &'a Identifier>) -> Self {
        Self { needles: identifiers.into_iter().map(Needle::new).collect() }
    }

    /// Whether a record's bytes name one, by whatever they hold.
    pub fn in_record(&self, raw: &[u8]) -> bool {
        readable(raw).iter().any(|text| self.in_lower_case(text))
    }

    /// Whether a text names one, its escapes included.
    pub fn in_text(&self, text: &str) -> bool {
        self.in_record(text.as_bytes())
    }

    /// Takes everything out of an object that names one: texts and numbers become null, keys go with their values.
    pub fn take_out(&self, object: &mut Map<String, Value>) {
        object.retain(|key, value| !self.in_text(key) && !self.is_value(key, value));
        for value in object.values_mut() {
            self.take_out_of(value);
        }
    }

    fn take_out_of(&self, value: &mut Value) {
        match value {
            Value::Object(object) => self.take_out(object),
            Value::Array(values) => values.iter_mut().for_each(|value| self.take_out_of(value)),
            Value::String(text) if self.in_text(text) => *value = Value::Null,
            Value::Number(number) if self.in_text(&number.to_string()) => *value = Value::Null,
            _ => {}
        }
    }

    /// A short value counts under its key alone.
    fn is_value(&self, key: &str, value: &Value) -> bool {
        let plain = match value {
            Value::String(text) => text.trim().to_lowercase(),
            Value::Number(number) => number.to_string(),
            _ => return false,
        };
        let is_it = |needle: &Needle| {
            let names = needle.only_of.as_deref().is_some_and(|name| is_key_of(name, key));
            names && needle.value == plain
        };
        self.needles.iter().any(is_it)
    }

    fn in_lower_case(&self, text: &str) -> bool {
        let numbers =
            if self.needles.iter().any(|needle| needle.digits.is_some()) { phone::numbers(text) } else { Vec::new() };
        self.needles.iter().any(|needle| needle.is_in(text, &numbers))
    }
}

impl Needle {
    fn new(identifier: &Identifier) -> Self {
        let value = identifier.value.to_lowercase();
        let is_short = if value.bytes().all(|byte| byte.is_ascii_digit()) {
            value.len() < DISTINCT_DIGITS
        } else {
            value.chars().count() < DISTINCT_CHARS
        };
        let digits = if identifier.name == "phone" { phone::digits_of(&value) } else { None };
        let is_email = identifier.name == "email";
        let only_of = (is_short && !is_email && digits.is_none()).then(|| identifier.name.clone());
        Self { finder: Finder::new(value.as_bytes()).into_owned(), value, digits, is_email, only_of }
    }

    fn is_in(&self, text: &str, numbers: &[String]) -> bool {
        if let Some(digits) = &self.digits
            && numbers.iter().any(|number| phone::is_same(number, digits))
        {
            return true;
        }
        let bytes = text.as_bytes();
        self.finder.find_iter(bytes).any(|at| {
            let (before, behind) = (&text[..at], &text[at + self.value.len()..]);
            self.is_whole(before, behind) && self.is_said(text, before)
        })
    }

    /// Whether it is no part of something longer: `ann@x.example` is not in `joann@x.example`.
    fn is_whole(&self, before: &str, behind: &str) -> bool {
        let is_part = |c: char| is_word(c) || (self.is_email && matches!(c, '.' | '%' | '+'));
        let mut next = behind.chars();
        let continues = match next.next() {
            Some('.') => next.next().is_some_and(is_word),
            Some(c) => is_word(c),
            None => false,
        };
        !continues && !before.chars().next_back().is_some_and(is_part)
    }

    /// Whether the key before a short value says what it is.
    fn is_said(&self, text: &str, before: &str) -> bool {
        let Some(name) = &self.only_of else { return true };
        let Some(key) = key_before(before) else { return false };
        // Typed events name the type beside the value.
        is_key_of(name, key) || (matches!(key, "value" | "identifier_value") && text.contains(name.as_str()))
    }
}

/// Whether a key of a vendor's record holds identifiers of a type.
fn is_key_of(name: &str, key: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let key = plain(key);
    key == plain(name) || KEYS.iter().any(|(known, keys)| *known == name && keys.contains(&key.as_str()))
}

/// Keys of vendors' records, in lower case and without punctuation, that hold identifiers of another name.
const KEYS: [(&str, &[&str]); 5] = [
    ("user_id", &["userid", "uid"]),
    ("fs_user_id", &["fsuserid", "userid"]),
    ("activatepro_id", &["id", "userid"]),
    ("pinpoint_endpoint", &["clientid", "endpointid", "id"]),
    ("email", &["emailaddress", "recipient", "to"]),
];

/// The types of identifiers that a key may hold.
fn types_of(key: &str) -> Vec<String> {
    let own = super::identifier::canonical_name(key);
    let named = rule_by_name(&own).map(|_| own);
    let known = KEYS.iter().map(|(name, _)| *name).filter(|name| is_key_of(name, key));
    named.into_iter().chain(known.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests;
