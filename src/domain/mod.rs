//! Pure rules: no I/O, no async, no SQL. What events mean stands here and nowhere else.

pub mod access;
pub mod address;
pub mod address_days;
pub mod address_packing;
pub mod address_past;
pub mod day;
pub mod event;
pub mod hash;
pub mod identifier;
pub mod identifier_type;
pub mod identity;
pub mod kind;
pub mod packing;
pub mod quarantine;
pub mod reach;
pub mod reach_day;
pub mod reachability;
pub mod time;
pub mod vendor;
pub mod workspace;

pub mod audience;
pub mod contribution;
pub mod profile;
pub mod recipient;
pub mod rollup;

pub mod funnel;
pub mod rates;
