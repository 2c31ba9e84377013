//! Where events and campaigns come from, in the words of the API.

use async_graphql::Enum;

use crate::domain::event::{Automation, Dialect, Namespace};
use crate::domain::vendor::{dialects, namespaces};

macro_rules! define_event_dialect {
    ($($(#[$about:meta])+ $variant:ident, $name:literal, $api_name:tt;)+) => {
        /// A vendor's form of records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[graphql(remote = "Dialect")]
        pub enum EventDialect {
            $($(#[$about])+ #[graphql(name = $api_name)] $variant,)+
        }
    };
}

macro_rules! define_campaign_source {
    ($($(#[$about:meta])+ $variant:ident, $name:literal, $api_name:tt;)+) => {
        /// Who issued a campaign's id: ids are unique within a source.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[graphql(remote = "Namespace")]
        pub enum CampaignSource {
            $($(#[$about])+ #[graphql(name = $api_name)] $variant,)+
        }
    };
}

dialects!(define_event_dialect);
namespaces!(define_campaign_source);

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Automation")]
pub enum EventAutomation {
    /// Nothing says who.
    Unknown,
    /// A person.
    Human,
    /// A machine.
    Machine,
}
