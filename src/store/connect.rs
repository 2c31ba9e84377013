//! Opening a database: connect, check, migrate, record what must not change later.

use super::Store;
use crate::Result;

/// Where the database is and how it may be used.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `sqlite://path?mode=rwc` or `postgres://…`. Never print it: it may hold a password.
    pub url: String,
    /// Most connections that queries may use.
    pub max_connections: u32,
}

/// Opens the database, creating and migrating it where needed.
pub async fn open(_settings: &DatabaseSettings) -> Result<Store> {
    Err(crate::Error::Config("not yet".to_owned()))
}
