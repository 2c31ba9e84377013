//! Typed access to the fields of a parsed record. Every refusal names the field's path, its value and the rule.

use serde_json::{Map, Number, Value};

use super::time::parse_time;
use crate::domain::event::{Rejection, RejectionCode};
use crate::domain::time::Micros;

/// Most characters of a short text: a type, an id, a name. Longer ones are refused, for they are indexed.
pub const MAX_TEXT_CHARS: usize = 1_024;
/// Most characters of a long text: a link or a reason.
pub const MAX_LONG_TEXT_CHARS: usize = 16_384;
const MAX_SHOWN_CHARS: usize = 80;

/// The fields of one object within a record. Absent and null are the same.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    /// Path of the object itself; empty for the record.
    place: String,
}

impl<'a> Fields<'a> {
    /// The fields of the record itself.
    pub fn new(map: &'a Map<String, Value>) -> Self {
        Self::at(map, "")
    }

    /// The fields of an object whose path is known, such as `events[3].properties`.
    pub fn at(map: &'a Map<String, Value>, path: impl Into<String>) -> Self {
        Self { map, place: path.into() }
    }

    /// The object as it came.
    pub fn map(&self) -> &'a Map<String, Value> {
        self.map
    }

    /// The path of the field `name`, such as `data.ts`.
    pub fn path(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    /// The value of a field, `None` when absent or null.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// A text, trimmed; `None` when absent, null or empty. Other types are refused.
    pub fn text(&self, name: &str) -> Result<Option<String>, Rejection> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => self.trimmed(name, text, MAX_TEXT_CHARS),
            Some(other) => Err(self.wrong_type(name, other, "a string")),
        }
    }

    /// A text as [`Self::text`] has it, but of up to [`MAX_LONG_TEXT_CHARS`]: links and reasons.
    pub fn long_text(&self, name: &str) -> Result<Option<String>, Rejection> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => self.trimmed(name, text, MAX_LONG_TEXT_CHARS),
            Some(other) => Err(self.wrong_type(name, other, "a string")),
        }
    }

    /// An id, which vendors write as text or as a number: `9097`, `9097.0` and `"9097"` are the same id.
    pub fn id(&self, name: &str) -> Result<Option<String>, Rejection> {
        match self.get(name) {
            Some(Value::String(text)) => self.trimmed(name, text, MAX_TEXT_CHARS),
            value => value.map_or(Ok(None), |value| id_of(value, &self.path(name))),
        }
    }

    /// A text that must be there.
    pub fn required_text(&self, name: &str) -> Result<String, Rejection> {
        self.text(name)?.ok_or_else(|| self.missing(name, "a string"))
    }

    /// An id that must be there.
    pub fn required_id(&self, name: &str) -> Result<String, Rejection> {
        self.id(name)?.ok_or_else(|| self.missing(name, "a string or a number"))
    }

    /// A time in any form of [`super::time`].
    pub fn time(&self, name: &str) -> Result<Option<Micros>, Rejection> {
        self.get(name).map_or(Ok(None), |value| parse_time(value, &self.path(name)))
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Rejection> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.wrong_type(name, other, "true or false")),
        }
    }

    /// An object, its fields knowing their paths.
    pub fn object(&self, name: &str) -> Result<Option<Fields<'a>>, Rejection> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Fields::at(map, self.path(name)))),
            Some(other) => Err(self.wrong_type(name, other, "an object")),
        }
    }

    /// An object that must be there.
    pub fn required_object(&self, name: &str) -> Result<Fields<'a>, Rejection> {
        self.object(name)?.ok_or_else(|| self.missing(name, "an object"))
    }

    /// An array.
    pub fn array(&self, name: &str) -> Result<Option<&'a Vec<Value>>, Rejection> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(self.wrong_type(name, other, "an array")),
        }
    }

    /// Refuses fields that are not among `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), Rejection> {
        let Some(name) = self.map.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        let (path, known) = (self.path(&shorten(name)), known.join(", "));
        let message = format!("{path} is not a field of this form, which has {known}");
        Err(Rejection::new(RejectionCode::UnknownField, path, message))
    }

    /// The refusal of a field whose value has the wrong type.
    pub fn wrong_type(&self, name: &str, value: &Value, expected: &str) -> Rejection {
        wrong_type(&self.path(name), value, expected)
    }

    /// The refusal of a field that must be there.
    pub fn missing(&self, name: &str, expected: &str) -> Rejection {
        let path = self.path(name);
        let message = format!("{path} is missing or empty; it must be {expected}");
        Rejection::new(RejectionCode::MissingField, path, message)
    }

    /// The refusal of a field whose value is outside its set or form; `rule` says what it must be.
    pub fn invalid(&self, name: &str, value: &str, rule: &str) -> Rejection {
        let path = self.path(name);
        let message = format!("{path} is {}; it must be {rule}", shown_text(value));
        Rejection::new(RejectionCode::InvalidValue, path, message)
    }

    fn trimmed(&self, name: &str, text: &str, limit: usize) -> Result<Option<String>, Rejection> {
        trimmed(text, limit, || self.path(name))
    }
}

/// The id that a value at `path` stands for, as [`Fields::id`] has it; `None` when null or empty.
pub fn id_of(value: &Value, path: &str) -> Result<Option<String>, Rejection> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(Some(canonical_number(number))),
        Value::String(text) => trimmed(text, MAX_TEXT_CHARS, || path.to_owned()),
        other => Err(wrong_type(path, other, "a string or a number")),
    }
}

fn trimmed(text: &str, limit: usize, path: impl Fn() -> String) -> Result<Option<String>, Rejection> {
    let text = text.trim();
    if text.len() > limit && text.chars().count() > limit {
        return Err(too_long(&path(), text, limit));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The refusal of a value whose type the field at `path` does not take.
pub fn wrong_type(path: &str, value: &Value, expected: &str) -> Rejection {
    let message = format!("{path} is {} {}; it must be {expected}", type_of(value), shown(value));
    Rejection::new(RejectionCode::WrongType, path, message)
}

/// The refusal of a text with more characters than are stored.
pub fn too_long(path: &str, text: &str, limit: usize) -> Rejection {
    let length = text.chars().count();
    let message = format!("{path} has {length} characters, more than the maximum of {limit}: {}", shown_text(text));
    Rejection::new(RejectionCode::TooLarge, path, message)
}

/// A number as the one text that stands for it: no exponent, no trailing zeros after the point, `-0` as `0`.
pub fn canonical_number(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    let plain = number.as_f64().map_or_else(|| number.to_string(), |float| format!("{float}"));
    if plain == "-0" { "0".to_owned() } else { plain }
}

/// A value as error messages show it: compact JSON of at most 80 characters.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shown_text(text),
        Value::Array(_) | Value::Object(_) if is_large(value) => format!("{}…", opening(value)),
        other => shorten(&other.to_string()),
    }
}

/// A text as error messages show it: quoted, of at most 80 characters.
pub fn shown_text(text: &str) -> String {
    format!("{:?}", shorten(text))
}

/// The first 80 characters of a text.
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "the value",
        Value::Bool(_) => "the boolean",
        Value::Number(_) => "the number",
        Value::String(_) => "the string",
        Value::Array(_) => "the array",
        Value::Object(_) => "the object",
    }
}

/// Whether writing the value out whole, only to shorten it, would be a waste.
fn is_large(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.len() > MAX_SHOWN_CHARS || items.iter().any(is_large),
        Value::Object(map) => map.len() > MAX_SHOWN_CHARS || map.values().any(is_large),
        Value::String(text) => text.len() > 8 * MAX_SHOWN_CHARS,
        _ => false,
    }
}

fn opening(value: &Value) -> &'static str {
    if value.is_array() { "[" } else { "{" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => Map::from_iter([("value".to_owned(), other)]),
        }
    }

    #[test]
    fn ids_are_the_same_as_number_and_as_text() {
        let record = map(json!({"a": 9097, "b": "9097", "c": 9097.0, "d": " 9097 ", "e": 9.097e3}));
        for name in ["a", "b", "c", "d", "e"] {
            assert_eq!(Fields::new(&record).id(name), Ok(Some("9097".to_owned())), "{name}");
        }
    }

    #[test]
    fn absent_null_and_empty_are_nothing() {
        let record = map(json!({"null": null, "empty": "", "blank": "  "}));
        for name in ["absent", "null", "empty", "blank"] {
            assert_eq!(Fields::new(&record).text(name), Ok(None), "{name}");
            let refused = Fields::new(&record).required_text(name).expect_err("a refusal");
            assert_eq!((refused.code, refused.path.as_str()), (RejectionCode::MissingField, name));
        }
    }

    #[test]
    fn refusals_name_path_value_and_rule() {
        let record = map(json!({"data": {"url": 5, "order": {"x": [1, 2]}, "long": "x".repeat(2_000)}}));
        let data = Fields::new(&record).required_object("data").expect("an object");
        let refused = data.text("url").expect_err("a refusal");
        assert_eq!(refused.message, "data.url is the number 5; it must be a string");
        let order = data.required_object("order").expect("an object");
        assert_eq!(order.flag("x").expect_err("a refusal").path, "data.order.x");
        assert_eq!(data.text("long").expect_err("a refusal").code, RejectionCode::TooLarge);
        let refused = data.only(&["url", "order"]).expect_err("a refusal");
        assert_eq!((refused.code, refused.path.as_str()), (RejectionCode::UnknownField, "data.long"));
    }

    #[test]
    fn shown_values_are_short() {
        let large = json!({"items": (0..1_000).collect::<Vec<_>>()});
        assert!(shown(&large).chars().count() <= MAX_SHOWN_CHARS + 1);
        assert_eq!(shown_text("a\"b"), r#""a\"b""#);
        assert!(shown_text(&"ü".repeat(500)).chars().count() <= MAX_SHOWN_CHARS + 3);
    }
}
