//! Integration tests over the real routes and a real database.

mod oracle;
mod property;
