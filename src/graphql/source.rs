//! Where events and campaigns come from, in the words of the API.

use async_graphql::Enum;

use crate::domain::event::{Automation, Dialect, Namespace};

/// A vendor's form of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Dialect")]
pub enum EventDialect {
    /// Optimizely Data Platform.
    Odp,
    /// ActivatePro outbound events.
    #[graphql(name = "ACTIVATEPRO")]
    ActivatePro,
    /// Amazon Pinpoint event stream.
    Pinpoint,
    /// The typed form of this API.
    Native,
}

/// Who issued a campaign's id: ids are unique within a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Namespace")]
pub enum CampaignSource {
    /// Optimizely Data Platform.
    Odp,
    /// ActivatePro.
    #[graphql(name = "ACTIVATEPRO")]
    ActivatePro,
    /// Amazon: Pinpoint, SES, End User Messaging.
    Aws,
    /// SendGrid.
    #[graphql(name = "SENDGRID")]
    SendGrid,
    /// Given directly, by typed events.
    Native,
}

/// A vendor's verdict on who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Automation")]
pub enum EventAutomation {
    /// The vendor said nothing.
    Unknown,
    /// The vendor says a person.
    Human,
    /// The vendor says a machine.
    Machine,
}
