//! What a person can mend: told in the payload of a mutation, beside the object that was not changed.

use async_graphql::{Enum, SimpleObject};

/// What is wrong with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// The id names nothing in the workspace.
    NotFound,
    /// The value is missing or empty.
    Blank,
    /// The value is outside the field's set or form.
    Invalid,
    /// The text is longer than the field takes.
    TooLong,
    /// The list has more entries than the field takes.
    TooMany,
    /// Arguments that exclude each other, or none of those of which one is needed.
    Ambiguous,
    /// A record that breaks a rule, as it did before.
    Refused,
    /// Of a record this long only the beginning is kept.
    Incomplete,
    /// It was replayed before.
    AlreadyReplayed,
    /// It names an erased customer, whose identifiers are blocked for a while.
    Erased,
}

/// Something in the input that a person can mend. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// What is wrong, naming the value and the rule.
    pub message: String,
    /// The way to the field concerned, from the mutation's arguments on; null where none is at fault alone.
    pub field: Option<Vec<String>>,
    /// What is wrong, in one word.
    pub code: UserErrorCode,
}

impl UserError {
    /// An error of the field at the end of the way.
    pub fn new(code: UserErrorCode, field: &[&str], message: impl Into<String>) -> Self {
        let field = field.iter().map(|part| (*part).to_owned()).collect();
        Self { message: message.into(), field: Some(field), code }
    }
}
