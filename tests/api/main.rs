//! Integration tests over the real routes and the real program, each on SQLite and on PostgreSQL.

mod kit;

mod migrations;
