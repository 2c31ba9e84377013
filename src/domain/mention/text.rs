//! The readable texts in a record's bytes: as they are, with escapes resolved, out of UTF-16, base64 and gzip.

use std::collections::HashSet;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use flate2::read::MultiGzDecoder;

/// Texts that are taken out of one record, and bytes of all of them: wrappers may stand in one another without end.
const MAX_TEXTS: usize = 2_000;
const MAX_BYTES: usize = 96 * 1024 * 1024;
/// Shorter runs of base64 are words.
const BASE64_CHARS: usize = 24;

/// Every text in lower case.
pub(super) fn readable(raw: &[u8]) -> Vec<String> {
    let mut seen: HashSet<blake3::Hash> = HashSet::new();
    let (mut found, mut bytes, mut open) = (Vec::new(), 0, vec![plain(raw)]);
    while let Some(text) = open.pop() {
        bytes += text.len();
        if found.len() >= MAX_TEXTS || bytes > MAX_BYTES || !seen.insert(blake3::hash(text.as_bytes())) {
            continue;
        }
        open.extend(unescaped(&text));
        open.extend(from_url(&text));
        open.extend(base64_runs(&text).filter_map(unwrapped));
        found.push(text.to_lowercase());
    }
    found
}

/// The bytes as text: UTF-16 with a byte order mark or beside NUL bytes, gzip, else UTF-8; bytes that are none as Latin-1.
fn plain(raw: &[u8]) -> String {
    let units = |from: fn([u8; 2]) -> u16| -> String {
        let units = raw.as_chunks::<2>().0.iter().map(|pair| from(*pair));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match raw {
        [0xfe, 0xff, ..] | [0, _, 0, _, ..] => units(u16::from_be_bytes),
        [0xff, 0xfe, ..] | [_, 0, _, 0, ..] => units(u16::from_le_bytes),
        [0x1f, 0x8b, ..] => inflated(raw).map(|inner| plain(&inner)).unwrap_or_default(),
        _ => match std::str::from_utf8(raw) {
            Ok(text) => text.to_owned(),
            Err(_) => raw.iter().copied().map(char::from).collect(),
        },
    }
}

fn inflated(raw: &[u8]) -> Option<Vec<u8>> {
    let mut inner = Vec::new();
    MultiGzDecoder::new(raw).take(MAX_BYTES as u64).read_to_end(&mut inner).ok()?;
    Some(inner)
}

/// The text with JSON's escapes resolved once; none where it has none.
fn unescaped(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return None;
    }
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        resolved.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else { break };
        rest = &rest[escape.len_utf8()..];
        match escape {
            'u' => {
                let (unit, behind) = hexadecimal(rest);
                rest = behind;
                let (character, behind) = match unit {
                    Some(high @ 0xd800..=0xdbff) => low_surrogate(high, rest),
                    Some(unit) => (char::from_u32(u32::from(unit)), rest),
                    None => (None, rest),
                };
                rest = behind;
                resolved.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            'n' | 'r' | 't' | 'b' | 'f' => resolved.push(' '),
            other => resolved.push(other),
        }
    }
    resolved.push_str(rest);
    Some(resolved)
}

fn hexadecimal(text: &str) -> (Option<u16>, &str) {
    match text.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
        Some(unit) => (Some(unit), &text[4..]),
        None => (None, text),
    }
}

fn low_surrogate(high: u16, rest: &str) -> (Option<char>, &str) {
    let Some(behind) = rest.strip_prefix("\\u") else { return (None, rest) };
    let (unit, behind) = hexadecimal(behind);
    let pair = unit.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
    if pair.is_some() { (pair, behind) } else { (None, rest) }
}

/// The text with a URL's escapes resolved once; none where it has none.
fn from_url(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let (bytes, mut resolved, mut at, mut has_any) = (text.as_bytes(), Vec::with_capacity(text.len()), 0, false);
    while at < bytes.len() {
        let digits = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let byte = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        resolved.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
        has_any |= byte.is_some();
    }
    has_any.then(|| String::from_utf8_lossy(&resolved).into_owned())
}

/// Stretches of a text that may be base64.
fn base64_runs(text: &str) -> impl Iterator<Item = &str> {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
    text.split(move |c| !is_base64(c)).filter(|run| run.len() >= BASE64_CHARS)
}

fn unwrapped(run: &str) -> Option<String> {
    let bytes = STANDARD_NO_PAD.decode(run).or_else(|_| URL_SAFE_NO_PAD.decode(run)).ok()?;
    let text = plain(&bytes);
    // Words that happen to be base64 too give no text.
    (!text.is_empty() && !text.contains('\0')).then_some(text)
}

/// Whether a character may be part of an identifier's value.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// The key that a value stands behind: `"user_id": "` or `user_id=`.
pub(super) fn key_before(before: &str) -> Option<&str> {
    let quotes = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[');
    let before = before.trim_end_matches(quotes);
    let before = before.strip_suffix([':', '='])?.trim_end_matches(quotes);
    let start = before
        .rfind(|c: char| !(is_word(c) || c == '.'))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let key = &before[start..];
    (!key.is_empty()).then_some(key)
}
