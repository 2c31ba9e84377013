//! Whether one customer may be messaged on a channel, through which address, and why not through the others.

use std::cmp::Reverse;

use crate::Result;
use crate::analytics::reachability::ReachabilityLoss;
use crate::domain::hash::identifier_id;
use crate::domain::identifier::Identifier;
use crate::domain::reach::{Reached, on_list, plain};
use crate::domain::reachability::{AddressState, EventRef};
use crate::domain::time::Micros;
use crate::domain::workspace::{Workspace, WorkspaceSettings};
use crate::store::{self, Store};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The channel, lower-case.
    pub channel: &'a str,
    /// The list that the message is for.
    pub list: Option<i64>,
}

/// Since when an address is not eligible, and by which event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    /// Since when.
    pub since: Micros,
    /// The event that made it so.
    pub event: EventRef,
}

/// How far an address gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressEligibility {
    /// The address.
    pub identifier: Identifier,
    /// Why it gets no further; none: the customer may be messaged through it.
    pub loss: Option<ReachabilityLoss>,
    /// Since when and why, where an event made it so.
    pub why: Option<Why>,
}

/// All addresses of the channel that a customer has, the one that gets furthest first.
pub async fn of_customer(
    store: &Store,
    workspace: &Workspace,
    customer: i64,
    question: Question<'_>,
) -> Result<Vec<AddressEligibility>> {
    let types = &workspace.settings.identifier_types;
    let rows = store::customer::addresses(store, workspace.id, customer, (question.channel, types)).await?;
    let addresses: Vec<Identifier> = rows
        .into_iter()
        .filter(|row| types.channels(&row.name, &row.channels).iter().any(|channel| channel == question.channel))
        .map(|row| Identifier { name: row.name, value: row.value })
        .collect();
    let ids: Vec<[u8; 16]> =
        addresses.iter().map(|address| identifier_id(workspace.id.0, &address.name, &address.value)).collect();
    let mut states = store::reachability::states(store, workspace.id, &ids).await?;
    let mut found = Vec::with_capacity(addresses.len());
    for (identifier, id) in addresses.into_iter().zip(ids) {
        let state = match states.remove(&id[..]) {
            Some(row) => AddressState::decode(&row.state)?,
            None => AddressState::default(),
        };
        found.push(judge(identifier, &state, &workspace.settings, question));
    }
    found.sort_by_key(|address| Reverse(address.0));
    Ok(found.into_iter().map(|address| address.1).collect())
}

/// How far an address gets: what it is sorted by (of reasons of unreachability the smaller code is further), and the verdict.
fn judge(
    identifier: Identifier,
    state: &AddressState,
    settings: &WorkspaceSettings,
    question: Question<'_>,
) -> ((bool, Reverse<u8>, Reached), AddressEligibility) {
    let by_default = settings.consents_by_default(question.channel);
    let reachability = state.reachability(settings.soft_bounce_limit);
    let code = reachability.unreachable.map_or(0, |reason| reason as u8);
    let plain = plain(code, state.consent.map(|consent| consent.is_in));
    let subscription = question.list.and_then(|list| state.subscriptions.get(&list).copied());
    let reached = match question.list {
        Some(_) => on_list(plain, subscription.map(|subscription| subscription.is_in), by_default),
        None => plain,
    };
    let loss = ReachabilityLoss::of(reached, by_default);
    let said = |update: Option<crate::domain::reachability::ConsentUpdate>| {
        update.map(|update| Why { since: update.at, event: update.event })
    };
    let why = match loss {
        Some(ReachabilityLoss::Unreachable(_)) => {
            reachability.since.zip(reachability.event).map(|(since, event)| Why { since, event })
        }
        Some(ReachabilityLoss::OptedOut) => said(state.consent),
        Some(ReachabilityLoss::Unsubscribed) => said(subscription),
        _ => None,
    };
    ((code == 0, Reverse(code), reached), AddressEligibility { identifier, loss, why })
}
