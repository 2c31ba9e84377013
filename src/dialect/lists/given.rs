//! What a caller says of a list beside its file: which column is which, and what rows have that do not say it themselves.
//!
//! It becomes a part of every record, so that a row in the quarantine reads the same when nobody says it again.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::columns::{ATTRIBUTE_PREFIX, Column, DEFAULT_LIST, DEFAULT_REASON, DEFAULT_TIME, column, normalized};
use super::suppressions::is_reason;
use crate::dialect::field::shown_text;
use crate::dialect::time::parse_time_text;
use crate::domain::event::Dialect;

/// What holds of every row of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Fields, each with the name of the column that stands for it.
    pub columns: Vec<(String, String)>,
    /// The list that rows without one are of.
    pub list: Option<String>,
    /// When rows without a time of their own were so, in any accepted form.
    pub time: Option<String>,
    /// Why addresses are suppressed where their rows do not say it.
    pub reason: Option<String>,
    /// Whether columns that nobody knows are attributes of the customer.
    pub extra_as_attributes: bool,
}

/// When a list was made, in one form; the refusal names the rule.
pub fn parse_as_of(text: &str) -> Result<String, String> {
    match parse_time_text(text, "the time") {
        Ok(Some(at)) => Ok(at.to_datetime().to_rfc3339()),
        Ok(None) => Err("the time is empty".to_owned()),
        Err(rejection) => Err(rejection.message),
    }
}

/// Why addresses are suppressed; the refusal names the rule.
pub fn parse_reason(text: &str) -> Result<String, String> {
    if is_reason(text) {
        return Ok(text.to_owned());
    }
    let text = shown_text(text);
    Err(format!(
        "{text} is no reason: it takes bounce, complaint, unsubscribe, invalid, block, or a type of reachability"
    ))
}

impl Given {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The name of a column as the form knows it.
    pub(in crate::dialect) fn renamed<'n>(&self, dialect: Dialect, name: &'n str) -> Cow<'n, str> {
        if let Some(field) = self.field_of(name) {
            return Cow::Owned(field.to_owned());
        }
        let is_extra = self.extra_as_attributes && dialect != Dialect::Suppressions;
        if is_extra && column(dialect, name) == Column::Unknown {
            return Cow::Owned(format!("{ATTRIBUTE_PREFIX}{}", name.trim()));
        }
        Cow::Borrowed(name)
    }

    /// The field that a column was said to be.
    pub(in crate::dialect) fn field_of(&self, name: &str) -> Option<&str> {
        if self.columns.is_empty() {
            return None;
        }
        let wanted = normalized(name);
        let is_it = |column: &&(String, String)| column.1 == name || normalized(&column.1) == wanted;
        self.columns.iter().find(is_it).map(|(field, _)| field.as_str())
    }

    /// What rows of a form have of the caller.
    pub(in crate::dialect) fn defaults(&self, dialect: Dialect) -> Vec<(&'static str, &str)> {
        let (list, reason) = match dialect {
            Dialect::Suppressions => (None, self.reason.as_deref()),
            Dialect::ListMembers => (self.list.as_deref(), None),
            _ => (None, None),
        };
        let all = [(DEFAULT_LIST, list), (DEFAULT_TIME, self.time.as_deref()), (DEFAULT_REASON, reason)];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// A record with all that is said of it, and whether that changed it.
    pub(in crate::dialect) fn complete(
        &self,
        dialect: Dialect,
        mut map: Map<String, Value>,
    ) -> (Map<String, Value>, bool) {
        if self.is_empty() || !dialect.is_list() {
            return (map, false);
        }
        let renamed = |name: &String| match self.renamed(dialect, name) {
            Cow::Owned(new) if new != *name && !map.contains_key(&new) => Some((name.clone(), new)),
            _ => None,
        };
        let renamed: Vec<(String, String)> = map.keys().filter_map(renamed).collect();
        let mut is_changed = !renamed.is_empty();
        for (old, new) in renamed {
            if let Some(value) = map.remove(&old) {
                map.insert(new, value);
            }
        }
        for (name, value) in self.defaults(dialect) {
            if !map.contains_key(name) {
                map.insert(name.to_owned(), Value::String(value.to_owned()));
                is_changed = true;
            }
        }
        (map, is_changed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_said_stands_in_the_record_once() {
        let given = Given {
            columns: vec![("email".to_owned(), "E Mail-Adresse".to_owned())],
            list: Some("news".to_owned()),
            extra_as_attributes: true,
            ..Given::default()
        };
        let Value::Object(record) = json!({"e-mailadresse": "a@x.test", "Ort": "Bonn", "status": "subscribed"}) else {
            unreachable!()
        };
        let (completed, is_changed) = given.complete(Dialect::ListMembers, record);
        let expected =
            json!({"email": "a@x.test", "Attributes.Ort": "Bonn", "status": "subscribed", "default_list": "news"});
        assert_eq!((Value::Object(completed.clone()), is_changed), (expected, true));
        assert_eq!(given.complete(Dialect::ListMembers, completed.clone()), (completed.clone(), false));
        assert_eq!(given.complete(Dialect::Odp, completed.clone()), (completed, false));
    }

    #[test]
    fn what_endpoints_nest_is_no_extra_column() {
        let given = Given { extra_as_attributes: true, ..Given::default() };
        let Value::Object(record) = json!({"Id": "e", "User": {"UserId": "u"}, "Metrics": {}, "Shoe Size": "44"})
        else {
            unreachable!()
        };
        let (completed, _) = given.complete(Dialect::PinpointEndpoints, record);
        let expected = json!({"Id": "e", "User": {"UserId": "u"}, "Metrics": {}, "Attributes.Shoe Size": "44"});
        assert_eq!(Value::Object(completed), expected);
    }
}
