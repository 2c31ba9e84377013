//! A record of a list by the fields that its columns stand for. A refusal names the column as it came.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::columns::{ATTRIBUTE_PREFIX, Column, column};
use super::time::parse_list_time;
use crate::dialect::field::{Fields, shown};
use crate::domain::event::{Dialect, Note, Rejection, RejectionCode};
use crate::domain::profile::{AttributeValue, MAX_ATTRIBUTES, refuse_name};
use crate::domain::time::Micros;

/// Code of the note on an attribute that was left out because it cannot be kept.
pub const ATTRIBUTE_LEFT_OUT: &str = "ATTRIBUTE_LEFT_OUT";

/// The fields of a record.
pub(in crate::dialect) struct Row<'a> {
    record: &'a Map<String, Value>,
    /// By field: how good its column's name is, and the name.
    columns: Vec<(&'static str, usize, &'a str)>,
}

impl<'a> Row<'a> {
    /// Tells the fields of a record. Two columns of equally good names must not contradict each other.
    pub fn of(dialect: Dialect, record: &'a Map<String, Value>) -> Result<Self, Rejection> {
        let mut columns: Vec<(&'static str, usize, &'a str)> = Vec::with_capacity(record.len());
        for (name, value) in record.iter().filter(|(_, value)| !is_empty(value)) {
            let Column::Field(field, rank) = column(dialect, name) else { continue };
            match columns.iter_mut().find(|known| known.0 == field) {
                None => columns.push((field, rank, name)),
                Some(known) if rank < known.1 => *known = (field, rank, name),
                Some(known) if rank == known.1 && record[known.2] != *value => {
                    let (first, second) = (shown(&record[known.2]), shown(value));
                    let message = format!("{} and {name} are both {field}, and say {first} and {second}", known.2);
                    return Err(Rejection::new(RejectionCode::DuplicateKey, name, message));
                }
                Some(_) => {}
            }
        }
        Ok(Self { record, columns })
    }

    /// The column that stands for a field, else the field itself, for messages.
    pub fn column(&self, field: &'static str) -> &'a str {
        self.columns.iter().find(|known| known.0 == field).map_or(field, |known| known.2)
    }

    /// A word or id.
    pub fn id(&self, field: &'static str) -> Result<Option<String>, Rejection> {
        Fields::new(self.record).id(self.column(field))
    }

    /// A text of any sort, shortened to what is kept of one.
    pub fn words(&self, field: &'static str) -> Result<Option<String>, Rejection> {
        match self.record.get(self.column(field)) {
            Some(Value::String(_)) => Fields::new(self.record).long_text(self.column(field)),
            _ => self.id(field),
        }
    }

    /// A word; also what stands for true and false.
    pub fn word(&self, field: &'static str) -> Result<Option<String>, Rejection> {
        match self.record.get(self.column(field)) {
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            _ => self.words(field),
        }
    }

    /// A time in any form that lists have.
    pub fn time(&self, field: &'static str) -> Result<Option<Micros>, Rejection> {
        let name = self.column(field);
        self.record.get(name).map_or(Ok(None), |value| parse_list_time(value, name))
    }

    /// The record without what the caller said of it, and without the columns of these fields.
    pub fn rest(&self, moved: &[&str]) -> Map<String, Value> {
        let is_moved = |name: &str| {
            let known = self.columns.iter().find(|known| known.2 == name);
            known.is_some_and(|(field, ..)| field.starts_with("default_") || moved.contains(field))
        };
        let kept = self.record.iter().filter(|(name, value)| !is_moved(name) && !value.is_null());
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The attributes among the columns, by their names without the prefix.
    pub fn attributes(&self) -> (BTreeMap<String, AttributeValue>, Vec<Note>) {
        let named = self.record.iter().filter_map(|(name, value)| {
            let (start, rest) = name.split_at_checked(ATTRIBUTE_PREFIX.len())?;
            start.eq_ignore_ascii_case(ATTRIBUTE_PREFIX).then(|| (rest.to_owned(), value.clone()))
        });
        attributes(named)
    }
}

/// Attributes as a profile keeps them. What it cannot keep is left out with a note: it is no reason to lose a row.
pub(in crate::dialect) fn attributes(
    named: impl Iterator<Item = (String, Value)>,
) -> (BTreeMap<String, AttributeValue>, Vec<Note>) {
    let (mut kept, mut notes) = (BTreeMap::new(), Vec::new());
    for (name, value) in named {
        let parsed = match refuse_name(&name) {
            Some(rule) => Err(rule),
            None if kept.len() >= MAX_ATTRIBUTES => Err(format!("is beyond the maximum of {MAX_ATTRIBUTES}")),
            None => AttributeValue::parse(&value),
        };
        match parsed {
            Ok(value) => drop(kept.insert(name, value)),
            Err(rule) => {
                let name: String = name.chars().take(100).collect();
                notes.push(Note {
                    code: ATTRIBUTE_LEFT_OUT,
                    message: format!("the attribute {name} was left out: {rule}"),
                });
            }
        }
    }
    (kept, notes)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}
