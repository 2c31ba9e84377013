//! What a resolver may fail with, and the stable codes that clients see in `extensions.code`. Texts of internal faults
//! never leave the log.

use std::fmt;
use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, ServerError};

use crate::domain::access::Permission;

/// The result of a resolver.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// Every code of a top-level error, with what it means.
pub const CODES: [(&str, &str); 8] = [
    ("UNAUTHENTICATED", "the request carries no valid key"),
    ("FORBIDDEN", "the key's scope does not admit to this"),
    ("BAD_INPUT", "the document, a variable or an argument breaks a rule; the message names it"),
    ("NOT_FOUND", "an id names nothing in the workspace"),
    ("LIMIT_EXCEEDED", "the request asks for more than a limit admits; the message names the limit"),
    ("TIMEOUT", "the answer took longer than the limit"),
    ("UNAVAILABLE", "the server cannot take more right now; try again after `retryAfterSeconds`"),
    ("INTERNAL", "the server's fault; its log has the cause"),
];

/// What a resolver may fail with. Cheap to clone, so that one load can fail for several fields.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The library failed.
    Library(Arc<crate::Error>),
    /// The request carries no valid key.
    Unauthenticated,
    /// The key's scope does not admit to something.
    Forbidden(Permission),
    /// More was asked for than a limit admits; the text names the limit.
    LimitExceeded(String),
}

impl Fault {
    /// A value that the client can mend; the message names the value and the rule.
    pub fn bad_input(message: impl Into<String>) -> Self {
        crate::Error::BadInput(message.into()).into()
    }

    /// An id that names nothing in the workspace.
    pub fn not_found(message: impl Into<String>) -> Self {
        crate::Error::NotFound(message.into()).into()
    }

    /// The stable code, one of [`CODES`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::Library(error) => error.code(),
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::LimitExceeded(_) => "LIMIT_EXCEEDED",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Library(error) => error.fmt(f),
            Self::Unauthenticated => f.write_str("the request carries no valid key"),
            Self::Forbidden(permission) => write!(f, "the key's scope does not admit to {}", what(*permission)),
            Self::LimitExceeded(message) => f.write_str(message),
        }
    }
}

impl From<crate::Error> for Fault {
    fn from(error: crate::Error) -> Self {
        Self::Library(Arc::new(error))
    }
}

fn what(permission: Permission) -> &'static str {
    match permission {
        Permission::IngestEvents => "writing events",
        Permission::SendOdpEvents => "sending ODP events",
        Permission::AskAudiences => "asking for audiences",
        Permission::ReadAggregates => "reading reports",
        Permission::ReadPersonalData => "reading customers and events",
        Permission::Administer => "changing campaigns, keys and settings",
    }
}

/// Gives an error its code, and logs the cause of an internal one.
pub fn finish(error: &mut ServerError) {
    let fault = error.source::<Fault>().cloned();
    if let Some(Fault::Library(cause)) = &fault {
        log(cause);
    }
    let code = fault.as_ref().map_or_else(|| code_of_engine(&error.message), Fault::code);
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    extensions.set("code", code);
    if let Some(Fault::Library(cause)) = &fault
        && let crate::Error::Unavailable { retry_after_s } = **cause
    {
        extensions.set("retryAfterSeconds", retry_after_s);
    }
}

fn log(cause: &crate::Error) {
    if cause.code() == "INTERNAL" {
        tracing::error!(?cause, "a query failed");
    }
}

/// The code of an error of the GraphQL engine itself: its own limits, and otherwise a document or value that is wrong.
fn code_of_engine(message: &str) -> &'static str {
    let is_limit = ENGINE_LIMITS.iter().any(|start| message.starts_with(start));
    if is_limit { "LIMIT_EXCEEDED" } else { "BAD_INPUT" }
}

const ENGINE_LIMITS: [&str; 5] = [
    "Query is too complex",
    "Query is nested too deep",
    "The recursion depth of the query",
    "The amount of aliases",
    "The number of directives",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(fault: Fault) -> (String, String) {
        let mut error = async_graphql::Error::from(fault).into_server_error(async_graphql::Pos::default());
        finish(&mut error);
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")).cloned();
        (error.message, code.and_then(|code| code.into_json().ok()).map(|code| code.to_string()).unwrap_or_default())
    }

    #[test]
    fn every_fault_has_one_of_the_documented_codes() {
        let library = [
            crate::Error::BadInput("x".to_owned()),
            crate::Error::NotFound("x".to_owned()),
            crate::Error::Unavailable { retry_after_s: 1 },
            crate::Error::Config("x".to_owned()),
            crate::Error::Corrupt("x".to_owned()),
        ];
        let mut faults: Vec<Fault> = library.into_iter().map(Fault::from).collect();
        faults.push(Fault::Unauthenticated);
        faults.push(Fault::Forbidden(Permission::Administer));
        faults.push(Fault::LimitExceeded("x".to_owned()));
        for fault in faults {
            assert!(CODES.iter().any(|(code, _)| *code == fault.code()), "{fault:?}");
        }
    }

    #[test]
    fn a_database_error_says_nothing_about_its_cause() {
        let cause = crate::Error::Database("no such table: secret".into());
        let (message, code) = finished(cause.into());
        assert_eq!(code, r#""INTERNAL""#);
        assert!(!message.contains("secret"), "{message}");
    }

    #[test]
    fn an_error_of_the_engine_is_bad_input_or_a_limit() {
        assert_eq!(code_of_engine("Query is too complex."), "LIMIT_EXCEEDED");
        assert_eq!(code_of_engine("Unknown field \"x\" on type \"Query\"."), "BAD_INPUT");
    }
}
