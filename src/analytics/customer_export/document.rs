//! One JSON object, written member by member; long lists item by item.

use std::io::{Error, Write};

use serde_json::Value;

use super::Target;
use crate::Result;

/// An object that is being written.
pub(super) struct Document<'d, 't> {
    target: &'d mut Target<'t>,
    is_first: bool,
    failure: Option<Error>,
}

impl<'d, 't> Document<'d, 't> {
    /// Begins an object.
    pub(super) fn begin(target: &'d mut Target<'t>) -> Self {
        Self { target, is_first: true, failure: None }
    }

    /// A member.
    pub(super) fn put(&mut self, name: &str, value: &Value) -> Result<()> {
        self.name(name)?;
        self.text(&value.to_string())
    }

    /// Begins a member that is a list; until it ends, only items may come.
    pub(super) fn begin_list(&mut self, name: &str) -> Result<()> {
        self.name(name)?;
        self.is_first = true;
        self.text("[")
    }

    /// An item of the list.
    pub(super) fn item(&mut self, value: &Value) -> Result<()> {
        let start = if self.is_first { "\n" } else { ",\n" };
        self.is_first = false;
        self.text(start)?;
        self.text(&value.to_string())
    }

    /// Ends the list.
    pub(super) fn end_list(&mut self) -> Result<()> {
        self.is_first = false;
        self.text("]")
    }

    /// Ends the object.
    pub(super) fn end(self) -> std::io::Result<()> {
        self.target.write_all(b"\n}\n")?;
        self.target.flush()
    }

    /// Why the target took no more, if that is what went wrong.
    pub(super) fn failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    fn name(&mut self, name: &str) -> Result<()> {
        let start = if self.is_first && self.failure.is_none() { "{\n" } else { ",\n" };
        self.is_first = false;
        self.text(start)?;
        self.text(&Value::from(name).to_string())?;
        self.text(": ")
    }

    fn text(&mut self, text: &str) -> Result<()> {
        self.target.write_all(text.as_bytes()).map_err(|error| {
            let shown = crate::Error::Config(format!("the document cannot be written: {error}"));
            self.failure = Some(error);
            shown
        })
    }
}

/// A document in memory, of at most so many bytes.
#[derive(Debug)]
pub struct Bounded {
    bytes: Vec<u8>,
    most: usize,
}

impl Bounded {
    /// Nothing yet.
    pub fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), most }
    }

    /// What was written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            return Err(Error::other("the document is larger than it may be"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(most: usize) -> (Bounded, Result<()>) {
        let mut target = Bounded::new(most);
        let mut document = Document::begin(&mut target);
        let outcome = document
            .put("a", &json!({"b": [1]}))
            .and_then(|()| document.begin_list("none"))
            .and_then(|()| document.end_list())
            .and_then(|()| document.begin_list("two"))
            .and_then(|()| document.item(&json!("x")))
            .and_then(|()| document.item(&json!(null)))
            .and_then(|()| document.end_list())
            .and_then(|()| document.put("last", &json!(true)));
        let ended = outcome.and_then(|()| document.end().map_err(|error| crate::Error::Config(error.to_string())));
        (target, ended)
    }

    #[test]
    fn what_is_written_in_pieces_is_one_object() {
        let (target, outcome) = written(1_000);
        outcome.expect("it is written");
        let value: Value = serde_json::from_slice(target.bytes()).expect("it is JSON");
        assert_eq!(value, json!({"a": {"b": [1]}, "none": [], "two": ["x", null], "last": true}));
    }

    #[test]
    fn a_document_above_the_most_is_refused() {
        assert!(written(20).1.is_err());
    }
}
