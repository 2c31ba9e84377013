//! Random mixes of events, in any order and with any repeats, through one server and through two at once: every report
//! equals the recount of all events.

mod activatepro;
mod arrival;
mod ask;
mod ask_addresses;
mod dice;
mod events;
mod fold;
mod odp;
mod pinpoint;
mod questions;
mod servers;
mod updates;
mod world;
