//! Attributes of a profile: typed values under free names, each with the time that it was set. Only profile mutations and
//! imported lists set them, never what happened to a message.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::identifier::Identifier;
use super::time::Micros;

/// Most characters of an attribute's name.
pub const MAX_NAME_CHARS: usize = 100;
/// Most characters of a text value.
pub const MAX_TEXT_CHARS: usize = 1_024;
/// Most characters of a text that attributes are compared with. Shorter than what [`AttributeValue::sort_key`] keeps, so
/// that comparing keys is comparing values.
pub const MAX_COMPARED_CHARS: usize = 255;
/// Most attributes in one update.
pub const MAX_ATTRIBUTES: usize = 500;

/// Bytes of a text that its sort key keeps: an index entry has a limit.
const SORTED_TEXT_BYTES: usize = 1_024;

/// A value. Times are texts, kept as given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub enum AttributeValue {
    /// Cleared: an older value does not come back.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, with all its digits.
    Number(Number),
    /// A text.
    Text(String),
}

impl From<AttributeValue> for Value {
    fn from(value: AttributeValue) -> Self {
        value.to_json()
    }
}

impl TryFrom<Value> for AttributeValue {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        Self::parse(&value)
    }
}

impl PartialOrd for AttributeValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By the values, and those that compare as one by all their digits.
impl Ord for AttributeValue {
    fn cmp(&self, other: &Self) -> Ordering {
        let digits = |value: &Self| value.to_json().to_string();
        self.sort_key().cmp(&other.sort_key()).then_with(|| digits(self).cmp(&digits(other)))
    }
}

impl AttributeValue {
    /// The value of JSON that has no parts; a text is trimmed. The refusal names the rule.
    pub fn parse(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Bool(flag) => Ok(Self::Bool(*flag)),
            Value::Number(number) => Ok(Self::Number(number.clone())),
            Value::String(text) => parse_text(text),
            Value::Array(_) => Err("is a list; it takes a string, a number, true, false or null".to_owned()),
            Value::Object(_) => Err("is an object; it takes a string, a number, true, false or null".to_owned()),
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone()),
        }
    }

    /// Bytes whose order is the order of values: nulls, booleans, numbers as 64-bit floats, texts by code points.
    pub fn sort_key(&self) -> Vec<u8> {
        match self {
            Self::Null => vec![Rank::Null as u8],
            Self::Bool(flag) => vec![Rank::Bool as u8, u8::from(*flag)],
            Self::Number(number) => {
                let bits = sortable(number.as_f64().unwrap_or(f64::MAX));
                std::iter::once(Rank::Number as u8).chain(bits.to_be_bytes()).collect()
            }
            Self::Text(text) => {
                let kept = text.bytes().take(SORTED_TEXT_BYTES);
                std::iter::once(Rank::Text as u8).chain(kept).collect()
            }
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => Rank::Null as u8,
            Self::Bool(_) => Rank::Bool as u8,
            Self::Number(_) => Rank::Number as u8,
            Self::Text(_) => Rank::Text as u8,
        }
    }
}

fn parse_text(text: &str) -> Result<AttributeValue, String> {
    let (text, length) = (text.trim(), text.trim().chars().count());
    if length > MAX_TEXT_CHARS {
        return Err(format!("has {length} characters, more than the maximum of {MAX_TEXT_CHARS}"));
    }
    if text.contains('\0') {
        return Err("has a NUL character, which no database column holds".to_owned());
    }
    Ok(AttributeValue::Text(text.to_owned()))
}

/// First byte of a sort key. The codes are stored: append, never renumber.
enum Rank {
    Null = 0,
    Bool = 1,
    Number = 2,
    Text = 3,
}

/// Bits whose order as an unsigned number is the order of floats; both zeros are one.
fn sortable(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// How values are compared: only with values of the same type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same value; null: cleared or never set is not matched, only cleared.
    Equals(AttributeValue),
    /// Larger, of the same type.
    GreaterThan(AttributeValue),
    /// Smaller, of the same type.
    LessThan(AttributeValue),
    /// A text that begins so.
    StartsWith(String),
}

/// A stretch of sort keys: from the first on, up to but without the second.
pub type KeyRange = (Vec<u8>, Vec<u8>);

impl Comparison {
    /// The stretch of sort keys that fit.
    pub fn range(&self) -> KeyRange {
        match self {
            Self::Equals(value) => {
                let key = value.sort_key();
                let end = just_after(&key);
                (key, end)
            }
            Self::GreaterThan(value) => (just_after(&value.sort_key()), vec![value.rank() + 1]),
            Self::LessThan(value) => (vec![value.rank()], value.sort_key()),
            Self::StartsWith(text) => {
                let key = AttributeValue::Text(text.clone()).sort_key();
                let end = after_all_with_prefix(&key);
                (key, end)
            }
        }
    }

    /// Whether a value fits.
    pub fn admits(&self, value: &AttributeValue) -> bool {
        let (from, until) = self.range();
        (from..until).contains(&value.sort_key())
    }
}

/// The smallest key that is larger.
fn just_after(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

/// The smallest key that is larger than every one with the prefix. The first byte is a rank, so there is one.
pub fn after_all_with_prefix(prefix: &[u8]) -> Vec<u8> {
    let kept = prefix.iter().rposition(|byte| *byte < u8::MAX).map_or(0, |last| last + 1);
    let mut next = prefix[..kept].to_vec();
    if let Some(last) = next.last_mut() {
        *last += 1;
    }
    next
}

/// Why a name is no attribute's name, if it is none.
pub fn refuse_name(name: &str) -> Option<String> {
    let length = name.chars().count();
    if length == 0 {
        return Some("an attribute's name is empty".to_owned());
    }
    if length > MAX_NAME_CHARS {
        let start: String = name.chars().take(40).collect();
        return Some(format!("the name {start:?}… has {length} characters, more than the maximum of {MAX_NAME_CHARS}"));
    }
    name.chars().any(char::is_control).then(|| format!("the name {name:?} has a control character"))
}

/// New values of a customer's attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileUpdate {
    /// Who: 1..n, normalised, sorted, no repeats.
    pub identifiers: Vec<Identifier>,
    /// The values.
    pub attributes: BTreeMap<String, AttributeValue>,
    /// When they became so; none: when they are taken in.
    pub at: Option<Micros>,
}

/// Reads an object of attributes. Every refusal: (name, what is wrong).
pub fn parse_attributes(
    object: &Map<String, Value>,
) -> Result<BTreeMap<String, AttributeValue>, Vec<(String, String)>> {
    if object.len() > MAX_ATTRIBUTES {
        let number = object.len();
        return Err(vec![(String::new(), format!("{number} attributes exceed the maximum of {MAX_ATTRIBUTES}"))]);
    }
    let (mut attributes, mut wrong) = (BTreeMap::new(), Vec::new());
    for (name, value) in object {
        let refused = refuse_name(name).map_or_else(|| AttributeValue::parse(value), Err);
        match refused {
            Ok(value) => {
                attributes.insert(name.clone(), value);
            }
            Err(rule) => wrong.push((name.clone(), rule)),
        }
    }
    if wrong.is_empty() { Ok(attributes) } else { Err(wrong) }
}

/// A value as it is kept, and when it became so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept<V> {
    /// The value.
    pub value: V,
    /// UTC microseconds.
    pub at: i64,
}

/// Takes a newer value into a profile; one of the same instant replaces what came before it.
pub fn take<V>(profile: &mut BTreeMap<String, Kept<V>>, name: String, new: Kept<V>) {
    if profile.get(&name).is_none_or(|kept| new.at >= kept.at) {
        profile.insert(name, new);
    }
}

/// Takes over a merged customer's values: the newest of each name stays, at the same instant the survivor's.
pub fn absorb<V>(survivor: &mut BTreeMap<String, Kept<V>>, merged: BTreeMap<String, Kept<V>>) {
    for (name, other) in merged {
        if survivor.get(&name).is_none_or(|kept| other.at > kept.at) {
            survivor.insert(name, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(json: impl std::borrow::Borrow<Value>) -> AttributeValue {
        AttributeValue::parse(json.borrow()).expect("a value")
    }

    #[test]
    fn keys_are_ordered_as_values_are() {
        let ascending = [
            json!(null),
            json!(false),
            json!(true),
            json!(-1e9),
            json!(-2.5),
            json!(-2),
            json!(0),
            json!(0.5),
            json!(7),
            json!(1_000_000),
            json!(""),
            json!("A"),
            json!("a"),
            json!("ab"),
            json!("é"),
        ];
        let keys: Vec<Vec<u8>> = ascending.into_iter().map(|json| value(json).sort_key()).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
        assert_eq!(value(json!(-0.0)).sort_key(), value(json!(0)).sort_key());
        assert_eq!(value(json!(5)).sort_key(), value(json!(5.0)).sort_key());
    }

    #[test]
    fn values_are_compared_with_their_own_type_alone() {
        let seven = || value(json!(7));
        assert!(Comparison::GreaterThan(seven()).admits(&value(json!(7.5))));
        for other in [json!(7), json!(6), json!("8"), json!(true), json!(null)] {
            assert!(!Comparison::GreaterThan(seven()).admits(&value(other.clone())), "{other}");
        }
        assert!(Comparison::LessThan(seven()).admits(&value(json!(-7))));
        assert!(!Comparison::LessThan(seven()).admits(&value(json!(true))));
        assert!(Comparison::Equals(seven()).admits(&value(json!(7.0))));
        assert!(!Comparison::Equals(value(json!("a"))).admits(&value(json!("ab"))));
        let starts = Comparison::StartsWith("Köl".to_owned());
        assert!(starts.admits(&value(json!("Köln"))) && starts.admits(&value(json!("Köl"))));
        assert!(!starts.admits(&value(json!("Kö"))) && !starts.admits(&value(json!("Köm"))));
        assert!(Comparison::StartsWith(String::new()).admits(&value(json!(""))));
    }

    #[test]
    fn values_have_no_parts_and_a_length() {
        assert!(AttributeValue::parse(&json!([1])).is_err());
        assert!(AttributeValue::parse(&json!({})).is_err());
        assert!(AttributeValue::parse(&json!("x".repeat(1_025))).is_err());
        assert_eq!(value(json!(" Bob ")), AttributeValue::Text("Bob".to_owned()));
    }

    fn profile(values: &[(&str, i64, i64)]) -> BTreeMap<String, Kept<i64>> {
        values.iter().map(|(name, value, at)| ((*name).to_owned(), Kept { value: *value, at: *at })).collect()
    }

    #[test]
    fn the_newest_value_of_each_name_survives_a_merge_and_the_survivors_on_ties() {
        let mut survivor = profile(&[("a", 1, 10), ("b", 1, 10), ("c", 1, 10)]);
        absorb(&mut survivor, profile(&[("a", 2, 11), ("b", 2, 10), ("c", 2, 9), ("d", 2, 1)]));
        assert_eq!(survivor, profile(&[("a", 2, 11), ("b", 1, 10), ("c", 1, 10), ("d", 2, 1)]));
    }

    #[test]
    fn an_older_value_changes_nothing() {
        let mut kept = profile(&[("a", 1, 10)]);
        take(&mut kept, "a".to_owned(), Kept { value: 2, at: 9 });
        assert_eq!(kept, profile(&[("a", 1, 10)]));
        take(&mut kept, "a".to_owned(), Kept { value: 3, at: 10 });
        assert_eq!(kept, profile(&[("a", 3, 10)]));
    }
}
