//! The groups of a campaign's funnel: what they are made of, and the numbers of one.

use async_graphql::{Enum, Object};

use super::funnel_counts::FunnelCounts;
use super::scalar::Date;
use crate::analytics::campaign_funnel::GroupValues;
use crate::domain::breakdown::Dimension;
use crate::domain::day::date_of;

/// What the groups of a funnel are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum FunnelDimension {
    /// Single executions of the campaign.
    Run,
    /// Variants that recipients got.
    Treatment,
    /// Steps within the campaign.
    Touchpoint,
    /// Channels.
    Channel,
    /// Calendar days in the zone of the question, whatever the clocks do on them. A unit counts once over all days: on
    /// that of its first event of a kind.
    Day,
    /// ISO weeks, from Monday: as DAY.
    Week,
    /// Calendar months: as DAY.
    Month,
    /// Lists that were joined or left: told by events of the kinds `LIST_SUBSCRIBED` and `LIST_UNSUBSCRIBED`. All other
    /// events, and those without a list, are in the group without one.
    List,
    /// Reasons as their vendors gave them: told by events of the kinds `HELD_OUT`, `SKIPPED`, `DEFERRED`, `FAILED`,
    /// `DELIVERY_UNKNOWN`, `SOFT_BOUNCED`, `HARD_BOUNCED`, `SPAM_REPORTED`, `OPTED_OUT`, `DISENGAGED` and `EXITED`. All
    /// other events, and those without a reason, are in the group without one.
    Reason,
    /// Links that were clicked: told by clicks. All other events, clicks without a link, and steps that a click implies, are
    /// in the group without one.
    Url,
    /// Campaigns: in `performance` only.
    Campaign,
    /// Tags of campaigns: in `performance` only. A campaign counts in the row of each of its tags.
    Tag,
}

impl FunnelDimension {
    /// The dimension that is meant, within one campaign; none: it tells campaigns apart.
    pub fn dimension(self) -> Option<Dimension> {
        Some(match self {
            Self::Run => Dimension::Run,
            Self::Treatment => Dimension::Treatment,
            Self::Touchpoint => Dimension::Touchpoint,
            Self::Channel => Dimension::Channel,
            Self::Day => Dimension::Day,
            Self::Week => Dimension::Week,
            Self::Month => Dimension::Month,
            Self::List => Dimension::List,
            Self::Reason => Dimension::Reason,
            Self::Url => Dimension::Url,
            Self::Campaign | Self::Tag => return None,
        })
    }
}

/// The numbers of one group.
#[derive(Clone, Debug)]
pub struct CampaignFunnelGroup {
    values: GroupValues,
    counts: FunnelCounts,
}

impl CampaignFunnelGroup {
    /// A group of these values with these numbers.
    pub fn new(values: GroupValues, counts: FunnelCounts) -> Self {
        Self { values, counts }
    }
}

/// The numbers of one group of a campaign's funnel.
#[Object]
impl CampaignFunnelGroup {
    /// The run, when grouped by RUN; null for events without one.
    async fn run(&self) -> Option<&str> {
        self.values.run.as_deref()
    }

    /// The treatment, when grouped by TREATMENT; null for events without one.
    async fn treatment(&self) -> Option<&str> {
        self.values.treatment.as_deref()
    }

    /// The touchpoint, when grouped by TOUCHPOINT; null for events without one.
    async fn touchpoint(&self) -> Option<&str> {
        self.values.touchpoint.as_deref()
    }

    /// The channel, when grouped by CHANNEL; null for events without one.
    async fn channel(&self) -> Option<&str> {
        self.values.channel.as_deref()
    }

    /// The day, when grouped by DAY; otherwise null.
    async fn day(&self) -> Option<Date> {
        self.values.day.map(|day| Date(date_of(day)))
    }

    /// The Monday of the ISO week, when grouped by WEEK; otherwise null.
    async fn week(&self) -> Option<Date> {
        self.values.week.map(|day| Date(date_of(day)))
    }

    /// The first day of the month, when grouped by MONTH; otherwise null.
    async fn month(&self) -> Option<Date> {
        self.values.month.map(|day| Date(date_of(day)))
    }

    /// The list, by the id that its source gave it, when grouped by LIST; null for events without one.
    async fn list(&self) -> Option<&str> {
        self.values.detail(Dimension::List)
    }

    /// The reason, when grouped by REASON; null for events without one.
    async fn reason(&self) -> Option<&str> {
        self.values.detail(Dimension::Reason)
    }

    /// The link, when grouped by URL; null for events without one.
    async fn url(&self) -> Option<&str> {
        self.values.detail(Dimension::Url)
    }

    /// True where there was a list, a reason or a link, but its text was erased with the customer who alone had it. The
    /// numbers stay as they were.
    async fn is_erased(&self) -> bool {
        self.values.is_erased
    }

    /// The numbers of the group.
    #[graphql(flatten)]
    #[expect(clippy::unused_async, reason = "flattened fields are asynchronous")]
    async fn counts(&self) -> &FunnelCounts {
        &self.counts
    }
}
