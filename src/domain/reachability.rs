//! Can an address still be written to? States per messaging identifier, folded from updates in any order.

use super::identifier::Identifier;
use super::time::Micros;

/// Why an address cannot be reached. The codes are stored: never renumber one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are ODP's own words for its update types")]
pub enum ReachabilityType {
    HardBounce = 1,
    SoftBounce = 2,
    SpamReport = 3,
    Uninstall = 4,
    InvalidIdentifier = 5,
    ReturnedToSender = 6,
    Unknown = 7,
    Expired = 8,
    Other = 9,
}

/// Every type with its wire name, in code order.
pub const REACHABILITY_TYPES: [(ReachabilityType, &str); 9] = [
    (ReachabilityType::HardBounce, "hard_bounce"),
    (ReachabilityType::SoftBounce, "soft_bounce"),
    (ReachabilityType::SpamReport, "spam_report"),
    (ReachabilityType::Uninstall, "uninstall"),
    (ReachabilityType::InvalidIdentifier, "invalid_identifier"),
    (ReachabilityType::ReturnedToSender, "returned_to_sender"),
    (ReachabilityType::Unknown, "unknown"),
    (ReachabilityType::Expired, "expired"),
    (ReachabilityType::Other, "other"),
];

impl ReachabilityType {
    /// The wire name, such as `hard_bounce`.
    pub fn name(self) -> &'static str {
        REACHABILITY_TYPES[self as usize - 1].1
    }

    /// The type of a wire name, taking `-` for `_` and any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.trim().to_ascii_lowercase().replace('-', "_");
        REACHABILITY_TYPES.iter().find(|(_, known)| *known == plain).map(|(kind, _)| *kind)
    }

    /// The type of a stored code.
    pub fn from_code(code: u8) -> Option<Self> {
        REACHABILITY_TYPES.get(usize::from(code).checked_sub(1)?).map(|(kind, _)| *kind)
    }
}

/// One change of an address's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressChange {
    /// The address cannot be reached, and why.
    Unreachable(ReachabilityType),
    /// The address can be reached again: an explicit update or a manual reset.
    Reachable,
    /// A temporary failure, which by itself changes nothing.
    SoftBounced,
    /// A message arrived or was acted on: earlier soft bounces no longer count.
    Engaged,
    /// The recipient agreed to be messaged.
    OptedIn,
    /// The recipient refused to be messaged.
    OptedOut,
}

/// A change of one address at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressUpdate {
    /// The address.
    pub address: Identifier,
    /// When the change took place; the event's own time where the record tells none.
    pub at: Option<Micros>,
    /// What changed.
    pub change: AddressChange,
}
