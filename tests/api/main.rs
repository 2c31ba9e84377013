//! Integration tests over the real routes and the real program, each on SQLite and on PostgreSQL.

mod kit;

mod access;
mod bad_input;
mod campaign;
mod crash;
mod customer;
mod graphql_ingest;
mod health;
mod import;
mod ingest;
mod migrations;
mod odp;
mod oracle;
mod program;
mod property;
mod samples;
