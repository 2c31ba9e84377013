//! Random mixes of events, in any order and with any repeats, through one server and through two at once: every report
//! equals the recount of all events.

mod activatepro;
mod acts;
mod arrival;
mod arrival_log;
mod ask;
mod ask_addresses;
mod ask_attribution;
mod ask_customers;
mod attribution;
mod breakdown;
mod conversions;
mod crowd;
mod dice;
mod events;
mod fold;
mod identities;
mod native;
mod odp;
mod orders;
mod pinpoint;
mod quarantine;
mod questions;
mod sendgrid;
mod servers;
mod ses;
mod sms;
mod updates;
mod verdicts;
mod world;
