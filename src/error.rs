//! What can go wrong below the edges. Client text and log text are two texts: `Display` is what a client may read, the
//! source chain is for the log only and may hold SQL.

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the library. Its message is fit for clients: it never holds SQL or paths of this machine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value that the caller can mend; the message names the value and the rule.
    #[error("{0}")]
    BadInput(String),
    /// The thing asked for does not exist in the caller's workspace.
    #[error("{0}")]
    NotFound(String),
    /// The server is full or shutting down: try again after the given number of seconds. Nothing was taken.
    #[error("the server cannot take more right now; try again in {retry_after_s} s")]
    Unavailable {
        /// Seconds to wait before trying again.
        retry_after_s: u64,
    },
    /// The database failed. The cause goes to the log only.
    #[error("the database could not answer; the server's log has the cause")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A setting is wrong; the message names the setting, what it got and what it takes.
    #[error("{0}")]
    Config(String),
    /// A stored value cannot be read: the database was written by a newer program, or is damaged.
    #[error("a stored value cannot be read; the server's log has the cause")]
    Corrupt(String),
}

impl Error {
    /// The stable code that clients see in `extensions.code` and HTTP answers.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadInput(_) => "BAD_INPUT",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Unavailable { .. } => "UNAVAILABLE",
            Self::Database(_) | Self::Config(_) | Self::Corrupt(_) => "INTERNAL",
        }
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(Box::new(error))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Box::new(error))
    }
}
