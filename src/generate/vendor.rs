//! What every vendor's file offers: what it can say, and how. Written from the vendors' documentation, without a look at
//! the code that reads their records.

use serde_json::Value;

use super::campaign::{Campaign, Genre};
use super::scene::Scene;
use super::{activatepro, mailgun, native, odp, pinpoint, sendgrid, ses, sms};
use crate::domain::event::{Dialect, Namespace};
use crate::domain::kind::Kind;

/// Every vendor. Lists that are brought along have none: no message stands behind them.
const VENDORS: [&Vendor; 8] = [
    &odp::VENDOR,
    &activatepro::VENDOR,
    &pinpoint::VENDOR,
    &ses::VENDOR,
    &sms::VENDOR,
    &sendgrid::VENDOR,
    &mailgun::VENDOR,
    &native::VENDOR,
];

/// A vendor.
#[derive(Debug)]
pub struct Vendor {
    /// Its form of records.
    pub dialect: Dialect,
    /// Who issues its campaigns' ids.
    pub namespace: Namespace,
    /// The sorts of campaigns, in turn.
    pub genres: &'static [Genre],
    /// How exactly it tells times, in milliseconds.
    pub tick_ms: i64,
    /// Whether it tells variants of a campaign apart.
    pub has_treatments: bool,
    /// Whether what bounced may still be delivered.
    pub retries: bool,
    /// Whether it has a record for something.
    pub says: fn(&Campaign, Kind) -> bool,
    /// Whether it has a verdict on who acted.
    pub judges: fn(Kind) -> bool,
    /// Whether the record of something carries the id of the message.
    pub names_message: fn(&Campaign, Kind) -> bool,
    /// What the record of something means besides.
    pub besides: fn(&Campaign, Kind) -> Option<Kind>,
    /// The id of a campaign.
    pub campaign_id: fn(&Campaign) -> String,
    /// The id of a run, where the vendor has runs.
    pub run_id: Option<fn(&Campaign, usize) -> String>,
    /// The record of something that happened.
    pub record: fn(&Scene<'_>) -> Value,
}

impl Vendor {
    /// The vendor of a dialect that reports events.
    pub fn of(dialect: Dialect) -> &'static Self {
        VENDORS.iter().find(|vendor| vendor.dialect == dialect).expect("callers choose among Dialect::reporting")
    }
}

/// Whether a kind is said of a campaign; all others stand by themselves.
pub fn is_of_campaign(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Other
            | Kind::ListSubscribed
            | Kind::OptedIn
            | Kind::PageViewed
            | Kind::ProductViewed
            | Kind::CartAdded
            | Kind::CartRemoved
            | Kind::Purchased
            | Kind::OrderCancelled
            | Kind::OrderReturned
            | Kind::OrderRefunded
    )
}

/// For vendors whose records mean one thing each.
pub fn nothing_besides(_campaign: &Campaign, _kind: Kind) -> Option<Kind> {
    None
}
