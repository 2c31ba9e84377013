//! Entries of the audit log: who did what to which object. No entry holds personal data: objects are named by their
//! numbers, and a summary has counts and settings.

use serde_json::{Map, Value};

/// Who changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The key that the request carries; none on the command line.
    pub api_key: Option<i64>,
    /// The key's name, or what else acts.
    pub name: String,
    /// Id of the request.
    pub request: Option<String>,
}

impl Actor {
    /// Somebody at the command line.
    pub fn command_line() -> Self {
        Self { api_key: None, name: "command line".to_owned(), request: None }
    }

    /// The server itself, at its start.
    pub fn server() -> Self {
        Self { api_key: None, name: "server".to_owned(), request: None }
    }
}

/// What is to be recorded of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Who.
    pub actor: Actor,
    /// What: the name of the mutation or command.
    pub action: &'static str,
    /// To what, such as `Customer:7`: the plain text of a global id.
    pub object: Option<String>,
    /// Counts and settings by name; never personal data.
    pub summary: Map<String, Value>,
}

impl AuditEntry {
    /// An action, of nothing in particular.
    pub fn new(actor: Actor, action: &'static str) -> Self {
        Self { actor, action, object: None, summary: Map::new() }
    }

    /// The same, done to an object.
    #[must_use]
    pub fn on(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// The same with one more count or setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.summary.insert(name.to_owned(), value.into());
        self
    }

    /// The summary as it is stored.
    pub fn summary_text(&self) -> String {
        Value::Object(self.summary.clone()).to_string()
    }
}
