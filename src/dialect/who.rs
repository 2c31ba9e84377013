//! Who an event is about: collects the identifiers of one record, normalised, and drops those that name nobody.

use serde_json::Value;

use super::field::{canonical_number, shown_text, too_long, wrong_type};
use crate::domain::event::{Note, Rejection, RejectionCode};
use crate::domain::identifier::{CREATED_SUFFIXES, Identifier, MAX_VALUE_CHARS, Normalized, normalize};

/// Code of the note on an identifier that was dropped because its value means nobody.
pub const IDENTIFIER_DROPPED: &str = "IDENTIFIER_DROPPED";
/// Code of the note on an identifier that was dropped because its type is not known.
pub const IDENTIFIER_TYPE_UNKNOWN: &str = "IDENTIFIER_TYPE_UNKNOWN";

/// The identifiers of one event, as they are found.
#[derive(Clone, Debug, Default)]
pub struct Who {
    identifiers: Vec<Identifier>,
    notes: Vec<Note>,
}

/// What [`Who::add`] did with a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It names a customer and was taken.
    Taken,
    /// Its value means nobody; there is a note.
    Nobody,
    /// Its type is unknown; there is a note.
    UnknownType,
}

impl Who {
    /// Takes a pair, or drops it with a note. `path` is the field that it came from.
    pub fn add(&mut self, name: &str, value: &str, path: &str) -> Result<Added, Rejection> {
        match normalize(name, value) {
            Normalized::Identifier(identifier) => {
                self.identifiers.push(identifier);
                Ok(Added::Taken)
            }
            Normalized::Nobody => {
                let message = format!("{path} was dropped: {} means nobody", shown_text(value.trim()));
                self.notes.push(Note { code: IDENTIFIER_DROPPED, message });
                Ok(Added::Nobody)
            }
            Normalized::UnknownType => {
                let suffixes = CREATED_SUFFIXES.join(", ");
                let (name, value) = (shown_text(name), shown_text(value));
                let message = format!(
                    "{path} was dropped with its value {value}: {name} is no known type of identifier, and only names in \
                     a-z, 0-9 and _ that end in {suffixes} are created on first sight"
                );
                self.notes.push(Note { code: IDENTIFIER_TYPE_UNKNOWN, message });
                Ok(Added::UnknownType)
            }
            Normalized::TooLong => Err(too_long(path, value.trim(), MAX_VALUE_CHARS)),
        }
    }

    /// Takes a pair whose value is JSON: a string or a number. Null means nobody.
    pub fn add_value(&mut self, name: &str, value: &Value, path: &str) -> Result<Added, Rejection> {
        match value {
            Value::String(text) => self.add(name, text, path),
            Value::Number(number) => self.add(name, &canonical_number(number), path),
            Value::Null => self.add(name, "null", path),
            other => Err(wrong_type(path, other, "a string or a number")),
        }
    }

    /// The identifiers, sorted and without repeats, and the notes. An event left with none is refused; `path` is the
    /// field that should have named somebody.
    pub fn finish(self, path: &str) -> Result<(Vec<Identifier>, Vec<Note>), Rejection> {
        let Self { mut identifiers, notes } = self;
        if identifiers.is_empty() {
            let mut message = format!("{path} must name at least one identifier");
            for note in notes.iter().take(3) {
                message.push_str("; ");
                message.push_str(&note.message);
            }
            return Err(Rejection::new(RejectionCode::MissingIdentifier, path, message));
        }
        identifiers.sort();
        identifiers.dedup();
        Ok((identifiers, notes))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn identifiers_come_out_sorted_and_once() {
        let mut who = Who::default();
        for (name, value) in [("vuid", json!("v1")), ("Email", json!("A@x.co ")), ("email", json!("a@x.co"))] {
            assert_eq!(who.add_value(name, &value, "identifiers"), Ok(Added::Taken));
        }
        assert_eq!(who.add_value("crm_id", &json!(12.0), "identifiers.crm_id"), Ok(Added::Taken));
        let (identifiers, notes) = who.finish("identifiers").expect("somebody");
        let pairs: Vec<_> = identifiers.iter().map(|pair| (pair.name.as_str(), pair.value.as_str())).collect();
        assert_eq!(pairs, [("crm_id", "12"), ("email", "a@x.co"), ("vuid", "v1")]);
        assert_eq!(notes, []);
    }

    #[test]
    fn an_event_left_with_nobody_is_refused_with_the_reasons() {
        let mut who = Who::default();
        assert_eq!(who.add_value("user_id", &json!(null), "identifiers.user_id"), Ok(Added::Nobody));
        assert_eq!(who.add_value("nickname", &json!("bob"), "identifiers.nickname"), Ok(Added::UnknownType));
        let refused = who.finish("identifiers").expect_err("a refusal");
        assert_eq!(refused.code, RejectionCode::MissingIdentifier);
        assert!(refused.message.contains("\"null\" means nobody"), "{}", refused.message);
        assert!(refused.message.contains("nickname"), "{}", refused.message);
    }

    #[test]
    fn values_that_cannot_be_identifiers_are_refused() {
        for (value, code) in [
            (json!(true), RejectionCode::WrongType),
            (json!(["a"]), RejectionCode::WrongType),
            (json!({"a": 1}), RejectionCode::WrongType),
            (json!("x".repeat(600)), RejectionCode::TooLarge),
        ] {
            let refused = Who::default().add_value("email", &value, "identifiers.email").expect_err("a refusal");
            assert_eq!((refused.code, refused.path.as_str()), (code, "identifiers.email"));
        }
    }
}
