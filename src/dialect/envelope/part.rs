//! One part of a wrapper: the element that goes to the quarantine when it cannot be opened, and where in it the records
//! stand.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use crate::dialect::field::{shown, wrong_type};
use crate::domain::event::{Rejection, RejectionCode};

/// Padding is what producers forget; nothing else stands for it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How records stand in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As an object of the same document.
    Object,
    /// As a text of their own.
    Text,
    /// As such a text, or its gzip, in base64.
    Base64,
}

/// Where records stand within an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) names: &'static [&'static str],
    pub(super) form: Form,
}

/// One part of a wrapper.
#[derive(Debug)]
pub(in crate::dialect) struct Part {
    element: Value,
    /// The path of the records, such as `records[3].data`.
    pub(super) path: String,
    place: Place,
}

/// What a part holds.
pub(super) enum Inside {
    Object(Map<String, Value>),
    Text(Vec<u8>),
}

impl Part {
    /// A part of an element whose own path is known; empty for the whole record.
    pub(super) fn new(path: impl Into<String>, element: Value, place: Place) -> Self {
        let mut path: String = path.into();
        for name in place.names {
            path.push_str(if path.is_empty() { "" } else { "." });
            path.push_str(name);
        }
        Self { element, path, place }
    }

    /// What it holds.
    pub(super) fn inside(&self) -> Result<Inside, Rejection> {
        let value = self.place.names.iter().try_fold(&self.element, |value, name| value.get(name));
        match (self.place.form, value) {
            (Form::Object, Some(Value::Object(map))) => Ok(Inside::Object(map.clone())),
            (Form::Text, Some(Value::String(text))) => Ok(Inside::Text(text.as_bytes().to_vec())),
            (Form::Base64, Some(Value::String(text))) => {
                BASE64.decode(text).map(Inside::Text).map_err(|error| self.no_base64(text, &error))
            }
            (Form::Object, other) => Err(wrong_type(&self.path, other.unwrap_or(&Value::Null), "an object")),
            (_, other) => {
                let message = format!("{} is {}; it must be a string", self.path, shown(other.unwrap_or(&Value::Null)));
                Err(Rejection::new(RejectionCode::InvalidValue, self.path.as_str(), message))
            }
        }
    }

    /// The text of the element, for the quarantine.
    pub(super) fn text(&self) -> Vec<u8> {
        self.element.to_string().into_bytes()
    }

    fn no_base64(&self, text: &str, error: &base64::DecodeError) -> Rejection {
        let value = shown(&Value::String(text.chars().take(100).collect()));
        let message = format!("{} is {value}; it must be base64: {error}", self.path);
        Rejection::new(RejectionCode::InvalidValue, self.path.as_str(), message)
    }
}
