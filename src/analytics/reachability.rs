//! Who can be reached on a channel and on a list, and why the others cannot: from counts that ingestion keeps.

use std::collections::BTreeMap;

use crate::Result;
use crate::domain::reach::{Outcome, Reached, on_list};
use crate::domain::reachability::ReachabilityType;
use crate::domain::workspace::Workspace;
use crate::store::reachability::ReachCount;
use crate::store::{self, Store};

/// A step on the way to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReachabilityStep {
    /// The workspace knows the customer.
    Known,
    /// The customer has an address of the channel.
    HasAddress,
    /// One of these addresses can be reached.
    Reachable,
    /// The recipient consented on one of those.
    Consented,
    /// The recipient is on the list with one of those.
    Subscribed,
}

/// Why a customer goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReachabilityLoss {
    /// No address of the channel is known.
    NoAddress,
    /// The best address is unreachable for a reason, by its code.
    Unreachable(u8),
    /// The recipient refused.
    OptedOut,
    /// The recipient never agreed, on a channel that needs it.
    NoConsent,
    /// The recipient left the list.
    Unsubscribed,
    /// The recipient never joined the list.
    NeverSubscribed,
}

impl ReachabilityLoss {
    /// The step that a customer lost for this reason does not reach.
    pub fn missed(self) -> ReachabilityStep {
        match self {
            Self::NoAddress => ReachabilityStep::HasAddress,
            Self::Unreachable(_) => ReachabilityStep::Reachable,
            Self::OptedOut | Self::NoConsent => ReachabilityStep::Consented,
            Self::Unsubscribed | Self::NeverSubscribed => ReachabilityStep::Subscribed,
        }
    }

    /// Why an address gets no further; none where it gets to the end, which without a list is a consent.
    pub fn of(reached: Reached, consents_by_default: bool) -> Option<Self> {
        match reached {
            Reached::Unreachable(code) => Some(Self::Unreachable(code)),
            Reached::OptedOut => Some(Self::OptedOut),
            Reached::Unasked if !consents_by_default => Some(Self::NoConsent),
            Reached::Unsubscribed => Some(Self::Unsubscribed),
            Reached::NeverSubscribed => Some(Self::NeverSubscribed),
            Reached::Unasked | Reached::OptedIn | Reached::Subscribed => None,
        }
    }

    /// The reachability type of an unreachable address; `Other` for a code that this program does not know.
    pub fn reachability_type(self) -> Option<ReachabilityType> {
        let Self::Unreachable(code) = self else { return None };
        Some(ReachabilityType::from_code(code).unwrap_or(ReachabilityType::Other))
    }
}

/// Customers by the step that the best of their addresses reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReachabilityFunnel {
    known: i64,
    lost: BTreeMap<ReachabilityLoss, i64>,
}

impl ReachabilityFunnel {
    /// Customers that reach a step.
    pub fn reached(&self, step: ReachabilityStep) -> i64 {
        let lost: i64 =
            self.lost.iter().filter(|(loss, _)| loss.missed() <= step).map(|(_, customers)| customers).sum();
        self.known - lost
    }

    /// Customers that reach the step before, but not this one, by reason.
    pub fn lost_at(&self, step: ReachabilityStep) -> Vec<(ReachabilityLoss, i64)> {
        let lost = self.lost.iter().filter(|(loss, _)| loss.missed() == step);
        lost.map(|(loss, customers)| (*loss, *customers)).collect()
    }
}

/// The reachability of all customers of a workspace on a channel, through the best of each one's addresses; and on a list,
/// where one is given.
pub async fn funnel(
    store: &Store,
    workspace: &Workspace,
    channel: &str,
    list: Option<i64>,
) -> Result<ReachabilityFunnel> {
    let counts = store::reachability::counts(store, workspace.id, channel, list).await?;
    let known = store::reachability::known(store, workspace.id).await?;
    Ok(fold(known, &counts, list.is_some(), workspace.settings.consents_by_default(channel)))
}

fn fold(known: i64, counts: &[ReachCount], has_list: bool, consents_by_default: bool) -> ReachabilityFunnel {
    let with_address: i64 = counts.iter().filter(|count| count.list == 0).map(|count| count.customers).sum();
    // A customer created between the two reads has an address but was not counted as known.
    let known = known.max(with_address);
    let mut lost = BTreeMap::new();
    let mut drop_out = |loss: Option<ReachabilityLoss>, customers: i64| {
        if let Some(loss) = loss {
            *lost.entry(loss).or_default() += customers;
        }
    };
    drop_out(Some(ReachabilityLoss::NoAddress), known - with_address);
    for count in counts {
        let plain = Outcome::from_code(count.outcome).plain();
        // Everybody counts as one who never joined the list, until the list's own counts say otherwise.
        let elsewhere = if has_list { on_list(plain, None, consents_by_default) } else { plain };
        let elsewhere = ReachabilityLoss::of(elsewhere, consents_by_default);
        if count.list == 0 {
            drop_out(elsewhere, count.customers);
        } else {
            let there = Outcome::from_code(count.outcome).on_list(consents_by_default);
            drop_out(elsewhere, -count.customers);
            drop_out(ReachabilityLoss::of(there, consents_by_default), count.customers);
        }
    }
    lost.retain(|_, customers| *customers != 0);
    ReachabilityFunnel { known, lost }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reach::contributions;
    use crate::domain::reachability::{AddressChange, AddressState};
    use crate::domain::time::Micros;

    const STEPS: [ReachabilityStep; 5] = [
        ReachabilityStep::Known,
        ReachabilityStep::HasAddress,
        ReachabilityStep::Reachable,
        ReachabilityStep::Consented,
        ReachabilityStep::Subscribed,
    ];

    /// Counts of customers with one e-mail address each, which went through a change or none.
    fn counts(changes: &[Option<AddressChange>]) -> Vec<ReachCount> {
        let of = |change: &Option<AddressChange>| {
            let mut state = AddressState::default();
            if let Some(change) = change {
                state.apply(*change, Micros(0), (0, 0));
            }
            let found = contributions(&[(vec!["email".to_owned()], &state)], 5);
            found.into_iter().map(|((_, list), outcome)| ReachCount { list, outcome, customers: 1 }).collect::<Vec<_>>()
        };
        changes.iter().flat_map(of).collect()
    }

    #[test]
    fn every_customer_is_lost_at_one_step_or_reaches_the_last() {
        let bounced = AddressChange::Unreachable(ReachabilityType::HardBounce);
        let changes = [Some(bounced), Some(AddressChange::OptedOut), None, Some(AddressChange::OptedIn)];
        let funnel = fold(6, &counts(&changes), false, false);
        assert_eq!(STEPS.map(|step| funnel.reached(step))[..4], [6, 4, 3, 1]);
        assert_eq!(funnel.lost_at(ReachabilityStep::HasAddress), [(ReachabilityLoss::NoAddress, 2)]);
        let unreachable = ReachabilityLoss::Unreachable(ReachabilityType::HardBounce as u8);
        assert_eq!(unreachable.reachability_type(), Some(ReachabilityType::HardBounce));
        assert_eq!(funnel.lost_at(ReachabilityStep::Reachable), [(unreachable, 1)]);
        let consent = [(ReachabilityLoss::OptedOut, 1), (ReachabilityLoss::NoConsent, 1)];
        assert_eq!(funnel.lost_at(ReachabilityStep::Consented), consent);
        let by_default = fold(6, &counts(&changes), false, true);
        assert_eq!(by_default.reached(ReachabilityStep::Consented), 2);
    }

    #[test]
    fn on_a_list_those_who_never_joined_it_stay_before_the_last_step() {
        let changes = [None, Some(AddressChange::Subscribed(7)), Some(AddressChange::Unsubscribed(7))];
        let funnel = fold(3, &counts(&changes), true, true);
        assert_eq!(STEPS.map(|step| funnel.reached(step)), [3, 3, 3, 3, 1]);
        let lost = [(ReachabilityLoss::Unsubscribed, 1), (ReachabilityLoss::NeverSubscribed, 1)];
        assert_eq!(funnel.lost_at(ReachabilityStep::Subscribed), lost);
        let unasked = fold(3, &counts(&changes), true, false);
        assert_eq!(STEPS.map(|step| unasked.reached(step)), [3, 3, 3, 0, 0]);
    }
}
