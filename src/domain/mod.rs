//! Pure rules: no I/O, no async, no SQL. What events mean stands here and nowhere else.

pub mod access;
pub mod address;
pub mod audit;
pub mod block;
pub mod day;
pub mod event;
pub mod global_id;
pub mod hash;
pub mod identifier;
pub mod identifier_type;
pub mod identity;
pub mod kind;
pub mod mention;
pub mod money;
pub mod nobody;
pub mod number_map;
pub mod packing;
pub mod quarantine;
pub mod reach;
pub mod reachability;
pub mod time;
pub mod vendor;
pub mod workspace;

pub mod attribution;
pub mod audience;
pub mod contribution;
pub mod conversion;
pub mod message_facts;
pub mod order;
pub mod profile;
pub mod recipient;
pub mod rollup;

pub mod breakdown;
pub mod funnel;
pub mod rates;
