//! The rows of the database, one table per file. No rules live here: see `campaignql::domain` for those.

pub mod address_change;
pub mod address_state;
pub mod api_key;
pub mod campaign;
pub mod campaign_activity;
pub mod campaign_alias;
pub mod cell;
pub mod customer;
pub mod customer_reach;
pub mod database_info;
pub mod event;
pub mod event_key;
pub mod event_key_undated;
pub mod event_type;
pub mod event_type_count;
pub mod identifier;
pub mod identifier_type;
pub mod identity_change;
pub mod list;
pub mod quarantine;
pub mod reach_count;
pub mod recipient;
pub mod rollup;
pub mod shard;
pub mod suppression;
pub mod workspace;
