//! Every column of the database, and whether it may hold something of a person. A new column fails this test until
//! somebody has decided: what is personal must be erased (`src/ingest/erase`), and loaded by the test in `gone`.

use std::collections::{BTreeMap, BTreeSet};

use crate::kit::{both_databases, dump};

/// What a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Something of a person: erased, by rewriting the column or by deleting the row.
    Personal,
    /// Hashes and states kept by the hash of an address, of no use without it: deleted with the address.
    ByAddress,
    /// Numbers, times, hashes, and states that name nobody: they stay, and count.
    Nameless,
    /// The words of vendors and of configuration: names of campaigns, types, lists, files, rules. People who put personal
    /// data there must take it out themselves.
    Words,
}

use Holds::{ByAddress, Nameless, Personal, Words};

/// A table: its name, columns that hold something, and the others.
pub type Table = (&'static str, &'static [(&'static str, Holds)], &'static [&'static str]);

/// Every table with its columns. What is not named by itself is [`Nameless`].
pub const TABLES: &[Table] = &[
    ("address_change", &[("id", ByAddress)], &["shard", "at", "event_shard", "event_seq", "change", "list"]),
    ("address_state", &[("id", ByAddress), ("state", ByAddress)], &["shard", "workspace", "unreachable", "consent"]),
    (
        "api_key",
        &[("name", Words)],
        &["id", "workspace", "scope", "prefix", "hash", "created_at", "expires_at", "revoked_at"],
    ),
    (
        "audience",
        &[("name", Words), ("description", Words), ("rule", Words)],
        &["workspace", "id", "created_at", "updated_at"],
    ),
    (
        "audit",
        &[("actor", Words), ("summary", Words)],
        &["workspace", "at", "id", "api_key", "action", "object", "request"],
    ),
    ("blocked_identifier", &[], &["workspace", "hash", "blocked_at", "blocked_until"]),
    (
        "campaign",
        &[("external_id", Words), ("name", Words), ("tags", Words)],
        &["id", "workspace", "namespace", "created_at", "archived_at"],
    ),
    (
        "campaign_activity",
        &[],
        &["shard", "campaign", "workspace", "events", "delivered", "first_at", "last_at", "version"],
    ),
    ("campaign_alias", &[("external_id", Words)], &["workspace", "namespace", "campaign"]),
    (
        "cell",
        &[("run", Words), ("treatment", Words), ("touchpoint", Words), ("channel", Words)],
        &["id", "workspace", "campaign", "source"],
    ),
    ("conversion", &[], &["shard", "workspace", "at", "key", "customer", "packed"]),
    ("conversion_latest", &[], &["shard", "at"]),
    ("customer", &[], &["shard", "id", "workspace", "is_identified", "merged_into", "created_at", "erased_at"]),
    ("customer_reach", &[], &["shard", "customer", "reach"]),
    ("database_info", &[], &["key", "value"]),
    (
        "event",
        &[("details", Personal)],
        &[
            "shard",
            "seq",
            "workspace",
            "customer",
            "cell",
            "event_type",
            "kind",
            "automation",
            "occurred_at",
            "received_at",
            "message",
            "key",
        ],
    ),
    ("detail", &[("text", Personal)], &["shard", "workspace", "id", "customer"]),
    ("event_key", &[], &["shard", "day", "key"]),
    ("event_key_undated", &[], &["shard", "key", "seen_at"]),
    ("event_type", &[("type", Words), ("action", Words)], &["id", "workspace", "kind"]),
    ("event_type_count", &[], &["shard", "event_type", "workspace", "events", "first_at", "last_at"]),
    (
        "identifier",
        &[("value", Personal)],
        &["shard", "id", "workspace", "name", "customer", "channels", "linked_at", "first_day"],
    ),
    ("identifier_type", &[("name", Words)], &["workspace", "is_high", "channels", "created_at"]),
    (
        "identity_change",
        &[("identifier_value", Personal), ("reason", Personal)],
        &[
            "shard",
            "id",
            "workspace",
            "customer",
            "other",
            "cause",
            "identifier_name",
            "changed_at",
            "event_shard",
            "event_seq",
            "api_key",
        ],
    ),
    (
        "import_journal",
        &[("path", Words)],
        &["workspace", "run", "file", "size", "modified_at", "texts", "byte_offset", "is_done", "tally", "updated_at"],
    ),
    ("reach_day", &[], &["shard", "workspace", "channel", "list", "block", "changes"]),
    ("list", &[("name", Words)], &["workspace", "id", "created_at"]),
    (
        "profile_attribute",
        &[("value", Personal), ("sort_key", Personal), ("name", Words)],
        &["shard", "customer", "workspace", "updated_at"],
    ),
    (
        "quarantine",
        &[("raw", Personal), ("message", Personal), ("path", Personal), ("resolution", Personal), ("source", Words)],
        &[
            "shard",
            "id",
            "workspace",
            "dialect",
            "code",
            "raw_len",
            "position",
            "byte_offset",
            "received_at",
            "whole_hash",
            "state",
            "resolved_at",
        ],
    ),
    ("purchase_order", &[], &["shard", "id", "workspace", "state"]),
    ("reach_count", &[], &["shard", "workspace", "channel", "list", "outcome", "customers"]),
    ("recipient", &[], &["shard", "campaign", "customer", "state"]),
    ("rollup", &[], &["shard", "campaign", "grouping", "group_id", "day", "counts"]),
    ("shard", &[], &["id", "last_seq", "last_received_at"]),
    (
        "suppression",
        &[("value", Personal), ("id", ByAddress)],
        &["shard", "workspace", "name", "reason", "since", "event_shard", "event_seq"],
    ),
    ("workspace", &[("name", Words)], &["id", "time_zone", "currency", "settings", "created_at"]),
];

/// What each column holds, by `table.column`.
pub fn classified() -> BTreeMap<String, Holds> {
    let of_table = |(table, named, plain): &Table| {
        let named = named.iter().map(|(column, holds)| (format!("{table}.{column}"), *holds));
        named.chain(plain.iter().map(|column| (format!("{table}.{column}"), Nameless))).collect::<Vec<_>>()
    };
    TABLES.iter().flat_map(of_table).collect()
}

both_databases! {
    async fn every_column_is_classified(database: TestDatabase) {
        let server = crate::kit::TestServer::start(database.clone()).await;
        let columns = dump::columns(&database).await;
        let found: BTreeSet<String> = columns.into_iter().map(|(table, column)| format!("{table}.{column}")).collect();
        let known: BTreeSet<String> = classified().into_keys().collect();
        assert_eq!(found, known, "left: columns there are, right: columns that are classified");
        server.stop().await;
    }
}
