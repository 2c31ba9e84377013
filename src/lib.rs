//! CampaignQL: campaign events in, once and exactly; campaign reports out over GraphQL.
//!
//! Layers, each using only those above it:
//!
//! - `entity` (crate): the rows of the database.
//! - [`domain`]: pure rules, no I/O: events, kinds, identity, reachability, funnels, rates.
//! - [`generate`]: events of our own making in vendors' JSON, and the counts that they come to.
//! - [`dialect`]: one vendor per file, bytes to events.
//! - [`store`]: the only SQL, one noun per file.
//! - [`ingest`]: the one way in. [`analytics`]: the questions.
//! - [`graphql`], [`http`]: the edges. `main.rs` and [`command`]: the command line.
//!
//! `tests/tidy.rs` enforces the arrows.

pub mod error;

pub mod domain;

pub mod generate;

pub mod dialect;

pub mod store;

pub mod ingest;

pub mod analytics;

pub mod graphql;

pub mod config;
pub mod http;

pub mod command;

pub use error::{Error, Result};
