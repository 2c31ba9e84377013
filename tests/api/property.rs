//! Random mixes of events, in any order and with any repeats, through one server and through two at once: every report
//! equals the recount of all events.

mod activatepro;
mod arrival;
mod ask;
mod ask_addresses;
mod dice;
mod events;
mod fold;
mod lists;
mod native;
mod odp;
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
