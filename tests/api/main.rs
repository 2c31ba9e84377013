//! Integration tests over the real routes and the real program, each on SQLite and on PostgreSQL.

#![allow(clippy::panic, reason = "a test that cannot go on says why and ends")]
#![allow(clippy::needless_pass_by_value, reason = "json! at the place of an argument reads best by value")]
#![allow(clippy::format_collect, reason = "a few records, once")]

mod kit;

mod access;
mod attribution;
mod audience;
mod automation;
mod bad_input;
mod campaign;
mod crash;
mod customer;
mod customer_list;
mod envelope;
mod erase;
mod firehose;
mod generate;
mod graphql_ingest;
mod health;
mod identity;
mod identity_shown;
mod import;
mod ingest;
mod migrations;
mod odp;
mod odp_lists;
mod odp_updates;
mod oracle;
mod profile;
mod program;
mod property;
mod put_events;
mod quarantine;
mod quarantine_program;
mod samples;
mod sendgrid_signature;
mod sns;
mod states;
mod tls;
