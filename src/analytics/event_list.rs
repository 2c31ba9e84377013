//! Lists of events: which rows a filter means, and how many they are without counting them where a count is kept.

use crate::Result;
use crate::domain::kind::Kind;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::event::EventFilter;
use crate::store::event_type::EventTypeFilter;
use crate::store::{self, Store};

/// Which events are wanted, in the words of the question; what is not given admits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuestion {
    /// Of this campaign.
    pub campaign: Option<i64>,
    /// Of this customer, which stands for itself, and of all that became part of it.
    pub customer: Option<i64>,
    /// On this channel.
    pub channel: Option<String>,
    /// Of any of these kinds.
    pub kinds: Vec<Kind>,
    /// With the vendor's word.
    pub event_type: Option<String>,
    /// With the vendor's second word.
    pub action: Option<String>,
    /// Occurred at this time or later.
    pub occurred_from: Option<Micros>,
    /// Occurred before this time.
    pub occurred_until: Option<Micros>,
}

impl EventQuestion {
    /// Whether the answer is kept by time: the events of one customer or campaign are.
    pub fn is_by_time(&self) -> bool {
        self.campaign.is_some() || self.customer.is_some()
    }

    fn event_types(&self) -> EventTypeFilter {
        EventTypeFilter { event_type: self.event_type.clone(), action: self.action.clone(), kinds: self.kinds.clone() }
    }

    fn has_range(&self) -> bool {
        self.occurred_from.is_some() || self.occurred_until.is_some()
    }
}

/// The rows that a question means.
pub async fn filter(store: &Store, workspace: WorkspaceId, question: &EventQuestion) -> Result<EventFilter> {
    let customers = match question.customer {
        Some(customer) => Some(super::customer::with_merged(store, workspace, customer).await?),
        None => None,
    };
    let channel = question.channel.as_deref();
    let cells = match (question.campaign, channel) {
        (None, None) => None,
        (campaign, channel) => Some(store::cell::ids(store, workspace, campaign, channel).await?),
    };
    let wanted = question.event_types();
    let event_types = if wanted.admits_all() {
        None
    } else {
        Some(store::event_type::list(store, workspace, &wanted).await?.into_iter().map(|row| row.id).collect())
    };
    let (occurred_from, occurred_until) = (question.occurred_from, question.occurred_until);
    Ok(EventFilter { customers, cells, event_types, occurred_from, occurred_until })
}

/// Number of events that a question means, exact.
pub async fn count(store: &Store, workspace: WorkspaceId, question: &EventQuestion) -> Result<i64> {
    let whole = question.customer.is_none() && question.channel.is_none() && !question.has_range();
    let wanted = question.event_types();
    match question.campaign {
        None if whole => {
            let seen = store::event_type::seen(store, workspace).await?;
            let types = store::event_type::list(store, workspace, &wanted).await?;
            Ok(types.iter().filter_map(|row| seen.get(&row.id)).map(|seen| seen.events).sum())
        }
        Some(campaign) if whole && wanted.admits_all() => {
            let activity = store::campaign::activity(store, workspace, &[campaign]).await?;
            Ok(activity.get(&campaign).map_or(0, |activity| activity.events))
        }
        _ => store::event::count(store, workspace, &filter(store, workspace, question).await?).await,
    }
}
