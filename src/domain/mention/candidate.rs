//! What a bad record may name, in normal form: for a question that can only be asked of whole identifiers.

use std::collections::BTreeSet;

use super::text::{is_word, key_before, readable};
use super::types_of;
use crate::domain::identifier::{Identifier, Normalized, normalize, rule_by_name};

/// Most identifiers that one record is asked for.
const MOST: usize = 2_000;

/// E-mail addresses, international phone numbers, and values behind keys that hold identifiers.
pub fn candidates(raw: &[u8]) -> BTreeSet<Identifier> {
    let mut found = BTreeSet::new();
    // The values of most types differ by case, so that they are looked for in the text as it is too.
    let as_it_is = String::from_utf8_lossy(raw).into_owned();
    for text in std::iter::once(as_it_is).chain(readable(raw)) {
        emails(&text, &mut found);
        phones(&text, &mut found);
        keyed(&text, &mut found);
        if found.len() >= MOST {
            break;
        }
    }
    found
}

fn take(name: &str, value: &str, found: &mut BTreeSet<Identifier>) {
    if found.len() < MOST
        && let Normalized::Identifier(identifier) = normalize(name, value)
    {
        found.insert(identifier);
    }
}

fn emails(text: &str, found: &mut BTreeSet<Identifier>) {
    let is_local = |c: char| is_word(c) || "!#$%&'*+/=?^`{|}~.".contains(c);
    let is_domain = |c: char| is_word(c) || c == '.';
    for (at, _) in text.match_indices('@') {
        let local = text[..at].rfind(|c| !is_local(c)).map_or(0, |end| next_boundary(text, end));
        let behind = &text[at + 1..];
        let end = behind.find(|c| !is_domain(c)).unwrap_or(behind.len());
        let domain = behind[..end].trim_end_matches('.');
        if local < at && !domain.is_empty() {
            take("email", &text[local..at + 1 + domain.len()], found);
            // Quotes and brackets may stand around an address, though they may also be part of one.
            let bare = text[local..at].trim_start_matches(|c: char| !is_word(c));
            take("email", &format!("{bare}@{domain}"), found);
        }
    }
}

fn phones(text: &str, found: &mut BTreeSet<Identifier>) {
    for (at, _) in text.match_indices('+') {
        let is_number = |c: char| c.is_ascii_digit() || " -.()/".contains(c);
        let behind = &text[at + 1..];
        let end = behind.find(|c| !is_number(c)).unwrap_or(behind.len());
        let number = text[at..at + 1 + end].trim_end_matches(|c: char| !c.is_ascii_digit());
        if number.len() > 7 && number.len() <= 40 {
            take("phone", number, found);
        }
    }
}

/// Values behind keys: texts in quotes, numbers, and what stands in a query string. Where the text names types of
/// identifiers beside a `value`, it is taken for one of each.
fn keyed(text: &str, found: &mut BTreeSet<Identifier>) {
    let mut values: Vec<String> = Vec::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for (at, _) in text.match_indices([':', '=']) {
        let Some(key) = key_before(&text[..=at]) else { continue };
        let Some(value) = value_at(&text[at + 1..]) else { continue };
        for name in types_of(key) {
            take(&name, &value, found);
        }
        match key.to_lowercase().as_str() {
            "value" | "identifier_value" => values.push(value),
            "type" | "name" | "identifier_field_name" if rule_by_name(&value.to_lowercase()).is_some() => {
                named.insert(value);
            }
            _ => {}
        }
    }
    for value in values {
        for name in &named {
            take(name, &value, found);
        }
    }
}

fn value_at(text: &str) -> Option<String> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '[');
    match text.chars().next()? {
        quote @ ('"' | '\'') => Some(text[1..].split(quote).next()?.to_owned()),
        '{' => None,
        _ => {
            let end = text.find(|c: char| c.is_whitespace() || ",}]&\"'".contains(c)).unwrap_or(text.len());
            Some(text[..end].to_owned())
        }
    }
}

fn next_boundary(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(1, char::len_utf8)
}
