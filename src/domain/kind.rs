//! The closed vocabulary of what an event means, whatever the vendor called it.
//!
//! The codes are stored in the database: never renumber one, only append.

use std::fmt;

/// What an event means. `Other` stands for everything we do not know: it is stored, listed and counted, and never
/// taken for a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "each variant's meaning stands in KINDS, one row per variant")]
pub enum Kind {
    Other = 0,
    Targeted = 1,
    HeldOut = 2,
    Skipped = 3,
    Sent = 4,
    Deferred = 5,
    Failed = 6,
    Delivered = 7,
    DeliveryUnknown = 8,
    Impression = 9,
    Opened = 10,
    Clicked = 11,
    Submitted = 12,
    Engaged = 13,
    Exited = 14,
    Disengaged = 15,
    SoftBounced = 16,
    HardBounced = 17,
    SpamReported = 18,
    ListSubscribed = 19,
    ListUnsubscribed = 20,
    OptedIn = 21,
    OptedOut = 22,
    Reachable = 23,
    Unreachable = 24,
    TokenAdded = 25,
    TokenRemoved = 26,
    PageViewed = 27,
    ProductViewed = 28,
    CartAdded = 29,
    CartRemoved = 30,
    Purchased = 31,
    OrderCancelled = 32,
    OrderReturned = 33,
    OrderRefunded = 34,
    Converted = 35,
}

/// The groups that vendors speak of; a kind belongs to at most one of the first four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindGroup {
    /// Events along the way to the recipient.
    Delivery,
    /// The recipient did something positive.
    Engagement,
    /// The recipient turned away.
    Disengagement,
    /// The address could not be, or can again be, written to.
    Reachability,
}

/// Every kind with its public name, in code order.
pub const KINDS: [(Kind, &str); 36] = [
    (Kind::Other, "OTHER"),
    (Kind::Targeted, "TARGETED"),
    (Kind::HeldOut, "HELD_OUT"),
    (Kind::Skipped, "SKIPPED"),
    (Kind::Sent, "SENT"),
    (Kind::Deferred, "DEFERRED"),
    (Kind::Failed, "FAILED"),
    (Kind::Delivered, "DELIVERED"),
    (Kind::DeliveryUnknown, "DELIVERY_UNKNOWN"),
    (Kind::Impression, "IMPRESSION"),
    (Kind::Opened, "OPENED"),
    (Kind::Clicked, "CLICKED"),
    (Kind::Submitted, "SUBMITTED"),
    (Kind::Engaged, "ENGAGED"),
    (Kind::Exited, "EXITED"),
    (Kind::Disengaged, "DISENGAGED"),
    (Kind::SoftBounced, "SOFT_BOUNCED"),
    (Kind::HardBounced, "HARD_BOUNCED"),
    (Kind::SpamReported, "SPAM_REPORTED"),
    (Kind::ListSubscribed, "LIST_SUBSCRIBED"),
    (Kind::ListUnsubscribed, "LIST_UNSUBSCRIBED"),
    (Kind::OptedIn, "OPTED_IN"),
    (Kind::OptedOut, "OPTED_OUT"),
    (Kind::Reachable, "REACHABLE"),
    (Kind::Unreachable, "UNREACHABLE"),
    (Kind::TokenAdded, "TOKEN_ADDED"),
    (Kind::TokenRemoved, "TOKEN_REMOVED"),
    (Kind::PageViewed, "PAGE_VIEWED"),
    (Kind::ProductViewed, "PRODUCT_VIEWED"),
    (Kind::CartAdded, "CART_ADDED"),
    (Kind::CartRemoved, "CART_REMOVED"),
    (Kind::Purchased, "PURCHASED"),
    (Kind::OrderCancelled, "ORDER_CANCELLED"),
    (Kind::OrderReturned, "ORDER_RETURNED"),
    (Kind::OrderRefunded, "ORDER_REFUNDED"),
    (Kind::Converted, "CONVERTED"),
];

impl Kind {
    /// The stored code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a stored code; `Other` for a code that this program does not know.
    pub fn from_code(code: u8) -> Self {
        KINDS.get(usize::from(code)).map_or(Self::Other, |(kind, _)| *kind)
    }

    /// The public name, such as `SOFT_BOUNCED`.
    pub fn name(self) -> &'static str {
        KINDS[usize::from(self.code())].1
    }

    /// The kind of a public name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(kind, _)| *kind)
    }

    /// The vendors' group of this kind, if it has one (seed documents on channel events).
    pub fn group(self) -> Option<KindGroup> {
        Some(match self {
            Self::Targeted
            | Self::HeldOut
            | Self::Skipped
            | Self::Sent
            | Self::Deferred
            | Self::Failed
            | Self::Delivered
            | Self::DeliveryUnknown
            | Self::Impression => KindGroup::Delivery,
            Self::Opened | Self::Clicked | Self::Submitted | Self::Engaged => KindGroup::Engagement,
            Self::Exited | Self::Disengaged | Self::SpamReported | Self::ListUnsubscribed | Self::OptedOut => {
                KindGroup::Disengagement
            }
            Self::SoftBounced | Self::HardBounced | Self::Reachable | Self::Unreachable => KindGroup::Reachability,
            _ => return None,
        })
    }

    /// Whether an event may have this kind. A conversion is credited to a message by us; nobody reports it.
    pub fn is_reported(self) -> bool {
        self != Self::Converted
    }

    /// Whether an event of this kind speaks of an order.
    pub fn is_of_order(self) -> bool {
        matches!(self, Self::Purchased | Self::OrderCancelled | Self::OrderReturned | Self::OrderRefunded)
    }

    /// Whether a campaign report counts this kind of event.
    pub fn counts_in_campaign(self) -> bool {
        (Self::Targeted.code()..=Self::OptedOut.code()).contains(&self.code())
    }

    /// Whether conversions may be credited to this kind of event.
    pub fn is_attributable(self) -> bool {
        matches!(self, Self::Opened | Self::Clicked | Self::Engaged | Self::Delivered)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_lead_back_to_their_kind() {
        for (index, (kind, name)) in KINDS.iter().enumerate() {
            assert_eq!(usize::from(kind.code()), index);
            assert_eq!(Kind::from_code(kind.code()), *kind);
            assert_eq!(Kind::from_name(name), Some(*kind));
        }
        assert_eq!(Kind::from_code(200), Kind::Other);
    }
}
