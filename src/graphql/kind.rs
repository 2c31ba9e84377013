//! What events mean, in the words of the API.

use async_graphql::Enum;

use crate::domain::kind::Kind;

/// What an event means, whatever its vendor called it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum EventKind {
    /// Anything that the program does not know. Stored, listed and counted, never taken for a success.
    Other,
    /// The system tried this recipient.
    Targeted,
    /// The recipient was kept in the control group.
    HeldOut,
    /// The system decided not to send, or could not start; the reason says why.
    Skipped,
    /// Handed to the channel.
    Sent,
    /// The provider still retries.
    Deferred,
    /// Handed over and finally not delivered, for a reason that says nothing about the address.
    Failed,
    /// Arrived.
    Delivered,
    /// Whether it arrived cannot be known.
    DeliveryUnknown,
    /// Seen on a page.
    Impression,
    /// Opened or tapped.
    Opened,
    /// A link was clicked.
    Clicked,
    /// A form in a modal or an embed was submitted.
    Submitted,
    /// Another positive act.
    Engaged,
    /// Left without acting.
    Exited,
    /// Another negative act.
    Disengaged,
    /// A temporary failure of delivery.
    SoftBounced,
    /// A permanent failure of the address.
    HardBounced,
    /// The recipient complained.
    SpamReported,
    /// Subscribed to a list.
    ListSubscribed,
    /// Unsubscribed from a list; without a list, from everything on the address.
    ListUnsubscribed,
    /// Agreed to be messaged.
    OptedIn,
    /// Refused to be messaged.
    OptedOut,
    /// The address can be reached again.
    Reachable,
    /// The address cannot be reached; the reason says why.
    Unreachable,
    /// A push subscription began.
    TokenAdded,
    /// A push subscription ended.
    TokenRemoved,
    /// A page was viewed.
    PageViewed,
    /// A product was viewed.
    ProductViewed,
    /// A product was put into the cart.
    CartAdded,
    /// A product was taken out of the cart.
    CartRemoved,
    /// An order was placed.
    Purchased,
    /// An order was cancelled.
    OrderCancelled,
    /// An order was returned.
    OrderReturned,
    /// An order was refunded.
    OrderRefunded,
}

/// Kinds have the same names here as in the domain, but for CONVERTED, which no event has.
macro_rules! same_names {
    ($($name:ident)*) => {
        impl From<Kind> for EventKind {
            fn from(kind: Kind) -> Self {
                match kind {
                    $(Kind::$name => Self::$name,)*
                    Kind::Converted => Self::Other,
                }
            }
        }

        impl From<EventKind> for Kind {
            fn from(kind: EventKind) -> Self {
                match kind {
                    $(EventKind::$name => Self::$name,)*
                }
            }
        }
    };
}

same_names! {
    Other Targeted HeldOut Skipped Sent Deferred Failed Delivered DeliveryUnknown Impression Opened Clicked Submitted
    Engaged Exited Disengaged SoftBounced HardBounced SpamReported ListSubscribed ListUnsubscribed OptedIn OptedOut
    Reachable Unreachable TokenAdded TokenRemoved PageViewed ProductViewed CartAdded CartRemoved Purchased
    OrderCancelled OrderReturned OrderRefunded
}
