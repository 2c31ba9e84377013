//! The shapes of the tables that ingestion keeps. A test compares them with the entities.

use super::Table;
use super::columns::Type::{Bool, Bytes, I16, I32, I64, OptI64, OptText, Text};

/// `entity::shard`.
pub static SHARD: Table =
    Table { name: "shard", key: &[("id", I16)], values: &[("last_seq", I64), ("last_received_at", I64)] };

/// `entity::identifier_type`.
pub static IDENTIFIER_TYPE: Table = Table {
    name: "identifier_type",
    key: &[("workspace", I32), ("name", Text)],
    values: &[("is_high", Bool), ("channels", Text), ("created_at", I64)],
};

/// `entity::campaign`.
pub static CAMPAIGN: Table = Table {
    name: "campaign",
    key: &[("id", I64)],
    values: &[
        ("workspace", I32),
        ("namespace", Text),
        ("external_id", Text),
        ("name", OptText),
        ("tags", Text),
        ("created_at", I64),
        ("archived_at", OptI64),
    ],
};

/// `entity::campaign_alias`.
pub static CAMPAIGN_ALIAS: Table = Table {
    name: "campaign_alias",
    key: &[("workspace", I32), ("namespace", Text), ("external_id", Text)],
    values: &[("campaign", I64)],
};

/// `entity::cell`.
pub static CELL: Table = Table {
    name: "cell",
    key: &[("id", I64)],
    values: &[
        ("workspace", I32),
        ("campaign", I64),
        ("run", OptText),
        ("treatment", OptText),
        ("touchpoint", OptText),
        ("channel", OptText),
        ("source", Text),
    ],
};

/// `entity::event_type`.
pub static EVENT_TYPE: Table = Table {
    name: "event_type",
    key: &[("id", I64)],
    values: &[("workspace", I32), ("type", Text), ("action", OptText), ("kind", I16)],
};

/// `entity::event_type_count`.
pub static EVENT_TYPE_COUNT: Table = Table {
    name: "event_type_count",
    key: &[("shard", I16), ("event_type", I64)],
    values: &[("workspace", I32), ("events", I64), ("first_at", I64), ("last_at", I64)],
};

/// `entity::campaign_activity`.
pub static CAMPAIGN_ACTIVITY: Table = Table {
    name: "campaign_activity",
    key: &[("shard", I16), ("campaign", I64)],
    values: &[
        ("workspace", I32),
        ("events", I64),
        ("delivered", I64),
        ("first_at", I64),
        ("last_at", I64),
        ("version", I64),
    ],
};

/// `entity::customer`.
pub static CUSTOMER: Table = Table {
    name: "customer",
    key: &[("shard", I16), ("id", I64)],
    values: &[
        ("workspace", I32),
        ("is_identified", Bool),
        ("merged_into", OptI64),
        ("created_at", I64),
        ("erased_at", OptI64),
    ],
};

/// `entity::identifier`.
pub static IDENTIFIER: Table = Table {
    name: "identifier",
    key: &[("shard", I16), ("id", Bytes)],
    values: &[
        ("workspace", I32),
        ("name", Text),
        ("value", Text),
        ("customer", I64),
        ("channels", Text),
        ("linked_at", I64),
    ],
};

/// `entity::identity_change`.
pub static IDENTITY_CHANGE: Table = Table {
    name: "identity_change",
    key: &[("shard", I16), ("id", I64)],
    values: &[
        ("workspace", I32),
        ("customer", I64),
        ("other", I64),
        ("cause", Text),
        ("identifier_name", OptText),
        ("identifier_value", OptText),
        ("changed_at", I64),
        ("event_shard", I16),
        ("event_seq", I64),
        ("api_key", I64),
        ("reason", OptText),
    ],
};

/// `entity::event`.
pub static EVENT: Table = Table {
    name: "event",
    key: &[("shard", I16), ("seq", I64)],
    values: &[
        ("workspace", I32),
        ("customer", I64),
        ("cell", I64),
        ("event_type", I64),
        ("kind", I16),
        ("automation", I16),
        ("occurred_at", I64),
        ("received_at", I64),
        ("message", I64),
        ("key", Bytes),
        ("details", Bytes),
    ],
};

/// `entity::event_key`.
pub static EVENT_KEY: Table =
    Table { name: "event_key", key: &[("shard", I16), ("day", I32), ("key", Bytes)], values: &[] };

/// `entity::event_key_undated`.
pub static EVENT_KEY_UNDATED: Table =
    Table { name: "event_key_undated", key: &[("shard", I16), ("key", Bytes)], values: &[("seen_at", I64)] };

/// `entity::recipient`.
pub static RECIPIENT: Table = Table {
    name: "recipient",
    key: &[("shard", I16), ("campaign", I64), ("customer", I64)],
    values: &[("state", Bytes)],
};

/// `entity::rollup`.
pub static ROLLUP: Table = Table {
    name: "rollup",
    key: &[("shard", I16), ("campaign", I64), ("grouping", I16), ("group_id", I64), ("day", I32)],
    values: &[("counts", Bytes)],
};

/// `entity::profile_attribute`.
pub static PROFILE_ATTRIBUTE: Table = Table {
    name: "profile_attribute",
    key: &[("shard", I16), ("customer", I64), ("name", Text)],
    values: &[("workspace", I32), ("sort_key", Bytes), ("value", Text), ("updated_at", I64)],
};

/// `entity::address_state`.
pub static ADDRESS_STATE: Table = Table {
    name: "address_state",
    key: &[("shard", I16), ("id", Bytes)],
    values: &[("workspace", I32), ("unreachable", I16), ("consent", I16), ("state", Bytes)],
};

/// `entity::list`.
pub static LIST: Table =
    Table { name: "list", key: &[("workspace", I32), ("id", I64)], values: &[("name", Text), ("created_at", I64)] };

/// `entity::detail`.
pub static DETAIL: Table = Table {
    name: "detail",
    key: &[("shard", I16), ("workspace", I32), ("id", I64)],
    values: &[("text", Text), ("customer", OptI64)],
};

/// `entity::database_info`.
pub static DATABASE_INFO: Table = Table { name: "database_info", key: &[("key", Text)], values: &[("value", Text)] };

/// `entity::address_change`.
pub static ADDRESS_CHANGE: Table = Table {
    name: "address_change",
    key: &[
        ("shard", I16),
        ("id", Bytes),
        ("at", I64),
        ("event_shard", I16),
        ("event_seq", I64),
        ("change", I16),
        ("list", I64),
    ],
    values: &[],
};

/// `entity::suppression`.
pub static SUPPRESSION: Table = Table {
    name: "suppression",
    key: &[("shard", I16), ("id", Bytes)],
    values: &[
        ("workspace", I32),
        ("name", Text),
        ("value", Text),
        ("reason", I16),
        ("since", I64),
        ("event_shard", I16),
        ("event_seq", I64),
    ],
};

/// `entity::customer_reach`.
pub static CUSTOMER_REACH: Table =
    Table { name: "customer_reach", key: &[("shard", I16), ("customer", I64)], values: &[("reach", Bytes)] };

/// `entity::reach_count`.
pub static REACH_COUNT: Table = Table {
    name: "reach_count",
    key: &[("shard", I16), ("workspace", I32), ("channel", Text), ("list", I64), ("outcome", I32)],
    values: &[("customers", I64)],
};

/// `entity::purchase_order`.
pub static PURCHASE_ORDER: Table = Table {
    name: "purchase_order",
    key: &[("shard", I16), ("id", Bytes)],
    values: &[("workspace", I32), ("state", Bytes)],
};

/// `entity::conversion`.
pub static CONVERSION: Table = Table {
    name: "conversion",
    key: &[("shard", I16), ("workspace", I32), ("at", I64), ("key", Bytes)],
    values: &[("customer", I64), ("packed", Bytes)],
};

/// `entity::conversion_latest`.
pub static CONVERSION_LATEST: Table =
    Table { name: "conversion_latest", key: &[("shard", I16)], values: &[("at", I64)] };

/// `entity::quarantine`.
pub static QUARANTINE: Table = Table {
    name: "quarantine",
    key: &[("shard", I16), ("id", Bytes)],
    values: &[
        ("workspace", I32),
        ("dialect", Text),
        ("code", Text),
        ("path", Text),
        ("message", Text),
        ("raw", Bytes),
        ("raw_len", I64),
        ("source", Text),
        ("position", I64),
        ("byte_offset", I64),
        ("received_at", I64),
        ("whole_hash", OptText),
        ("state", I16),
        ("resolved_at", OptI64),
        ("resolution", OptText),
    ],
};

/// `entity::import_journal`.
pub static IMPORT_JOURNAL: Table = Table {
    name: "import_journal",
    key: &[("workspace", I32), ("run", Bytes), ("file", Bytes)],
    values: &[
        ("path", Text),
        ("size", I64),
        ("modified_at", I64),
        ("texts", I64),
        ("byte_offset", I64),
        ("is_done", Bool),
        ("tally", Text),
        ("updated_at", I64),
    ],
};

/// `entity::workspace`.
pub static WORKSPACE: Table = Table {
    name: "workspace",
    key: &[("id", I32)],
    values: &[("name", Text), ("time_zone", Text), ("currency", Text), ("settings", Text), ("created_at", I64)],
};

/// `entity::blocked_identifier`.
pub static BLOCKED_IDENTIFIER: Table = Table {
    name: "blocked_identifier",
    key: &[("workspace", I32), ("hash", Bytes)],
    values: &[("blocked_at", I64), ("blocked_until", I64)],
};

/// `entity::audit`.
pub static AUDIT: Table = Table {
    name: "audit",
    key: &[("id", I64)],
    values: &[
        ("workspace", I32),
        ("at", I64),
        ("api_key", OptI64),
        ("actor", Text),
        ("action", Text),
        ("object", OptText),
        ("summary", Text),
        ("request", OptText),
    ],
};

/// Every table above.
pub static ALL: [&Table; 33] = [
    &SHARD,
    &IDENTIFIER_TYPE,
    &CAMPAIGN,
    &CAMPAIGN_ALIAS,
    &CELL,
    &EVENT_TYPE,
    &EVENT_TYPE_COUNT,
    &CAMPAIGN_ACTIVITY,
    &CUSTOMER,
    &IDENTIFIER,
    &IDENTITY_CHANGE,
    &EVENT,
    &EVENT_KEY,
    &EVENT_KEY_UNDATED,
    &RECIPIENT,
    &ROLLUP,
    &PROFILE_ATTRIBUTE,
    &ADDRESS_STATE,
    &LIST,
    &DETAIL,
    &DATABASE_INFO,
    &ADDRESS_CHANGE,
    &SUPPRESSION,
    &CUSTOMER_REACH,
    &REACH_COUNT,
    &PURCHASE_ORDER,
    &CONVERSION,
    &CONVERSION_LATEST,
    &QUARANTINE,
    &IMPORT_JOURNAL,
    &WORKSPACE,
    &BLOCKED_IDENTIFIER,
    &AUDIT,
];

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn};

    use super::*;

    fn assert_same<E: EntityTrait>(table: &Table) {
        let columns: Vec<&str> = E::Column::iter().map(|column| column.as_str()).collect();
        assert_eq!(columns, table.columns().map(|(name, _)| name).collect::<Vec<_>>(), "{}", table.name);
        let key: Vec<&str> = E::PrimaryKey::iter().map(|key| key.into_column().as_str()).collect();
        assert_eq!(key, table.key.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{}", table.name);
    }

    #[test]
    fn the_shapes_are_those_of_the_entities() {
        assert_same::<entity::shard::Entity>(&SHARD);
        assert_same::<entity::identifier_type::Entity>(&IDENTIFIER_TYPE);
        assert_same::<entity::campaign::Entity>(&CAMPAIGN);
        assert_same::<entity::campaign_alias::Entity>(&CAMPAIGN_ALIAS);
        assert_same::<entity::cell::Entity>(&CELL);
        assert_same::<entity::event_type::Entity>(&EVENT_TYPE);
        assert_same::<entity::event_type_count::Entity>(&EVENT_TYPE_COUNT);
        assert_same::<entity::campaign_activity::Entity>(&CAMPAIGN_ACTIVITY);
        assert_same::<entity::customer::Entity>(&CUSTOMER);
        assert_same::<entity::identifier::Entity>(&IDENTIFIER);
        assert_same::<entity::identity_change::Entity>(&IDENTITY_CHANGE);
        assert_same::<entity::event::Entity>(&EVENT);
        assert_same::<entity::event_key::Entity>(&EVENT_KEY);
        assert_same::<entity::event_key_undated::Entity>(&EVENT_KEY_UNDATED);
        assert_same::<entity::recipient::Entity>(&RECIPIENT);
        assert_same::<entity::rollup::Entity>(&ROLLUP);
        assert_same::<entity::profile_attribute::Entity>(&PROFILE_ATTRIBUTE);
        assert_same::<entity::address_state::Entity>(&ADDRESS_STATE);
        assert_same::<entity::list::Entity>(&LIST);
        assert_same::<entity::detail::Entity>(&DETAIL);
        assert_same::<entity::database_info::Entity>(&DATABASE_INFO);
        assert_same::<entity::address_change::Entity>(&ADDRESS_CHANGE);
        assert_same::<entity::suppression::Entity>(&SUPPRESSION);
        assert_same::<entity::customer_reach::Entity>(&CUSTOMER_REACH);
        assert_same::<entity::reach_count::Entity>(&REACH_COUNT);
        assert_same::<entity::purchase_order::Entity>(&PURCHASE_ORDER);
        assert_same::<entity::conversion::Entity>(&CONVERSION);
        assert_same::<entity::conversion_latest::Entity>(&CONVERSION_LATEST);
        assert_same::<entity::quarantine::Entity>(&QUARANTINE);
        assert_same::<entity::import_journal::Entity>(&IMPORT_JOURNAL);
        assert_same::<entity::workspace::Entity>(&WORKSPACE);
        assert_same::<entity::blocked_identifier::Entity>(&BLOCKED_IDENTIFIER);
        assert_same::<entity::audit::Entity>(&AUDIT);
    }
}
