//! Who can be reached on a channel and on a list, now and on any day, and why the others cannot: from counts that ingestion
//! keeps.

use std::collections::BTreeMap;

use crate::Result;
use crate::domain::reach::{Outcome, Reached, on_list};
use crate::domain::reachability::ReachabilityType;
use crate::domain::workspace::Workspace;
use crate::store::reachability::ReachCounts;
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

    /// Customers that go no further for each reason, those lost at the first step first.
    pub fn lost(&self) -> impl Iterator<Item = (ReachabilityLoss, i64)> {
        self.lost.iter().map(|(loss, customers)| (*loss, *customers))
    }

    /// Customers that reach every step: they may be messaged.
    pub fn eligible(&self) -> i64 {
        self.known - self.lost.values().sum::<i64>()
    }
}

/// What is asked: a channel, and lists; 0 stands for none.
#[derive(Clone, Copy, Debug)]
pub struct ReachabilityQuestion<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The lists, each for a funnel of its own.
    pub lists: &'a [i64],
}

/// The reachability of all customers of a workspace on a channel now, through the best of each one's addresses: a funnel for
/// each list, in order.
pub async fn funnels(
    store: &Store,
    workspace: &Workspace,
    question: ReachabilityQuestion<'_>,
) -> Result<Vec<ReachabilityFunnel>> {
    let counts = store::reachability::counts(store, workspace.id, question.channel, question.lists).await?;
    Ok(folded(&counts, workspace, question))
}

/// The same at the end of each of some days, which must rise: for each day the funnels of the lists, in order. Addresses
/// count from the day on which they were first named, and are judged by the settings of now.
pub async fn funnels_on_days(
    store: &Store,
    workspace: &Workspace,
    question: ReachabilityQuestion<'_>,
    days: &[i32],
) -> Result<Vec<Vec<ReachabilityFunnel>>> {
    let asked = (question.channel, question.lists);
    let counts = store::reachability::counts_on_days(store, workspace.id, asked, days).await?;
    Ok(counts.iter().map(|counts| folded(counts, workspace, question)).collect())
}

fn folded(counts: &ReachCounts, workspace: &Workspace, question: ReachabilityQuestion<'_>) -> Vec<ReachabilityFunnel> {
    let by_default = workspace.settings.consents_by_default(question.channel);
    question.lists.iter().map(|list| fold(counts, *list, by_default)).collect()
}

fn fold(counts: &ReachCounts, list: i64, consents_by_default: bool) -> ReachabilityFunnel {
    let none = BTreeMap::new();
    let of_list = |list: i64| counts.by_list.get(&list).unwrap_or(&none);
    let with_address: i64 = of_list(0).values().sum();
    let mut losses = BTreeMap::new();
    let mut drop_out = |loss: Option<ReachabilityLoss>, customers: i64| {
        if let Some(loss) = loss {
            *losses.entry(loss).or_default() += customers;
        }
    };
    drop_out(Some(ReachabilityLoss::NoAddress), counts.known - with_address);
    // Everybody counts as one who never joined the list, until the list's own counts say otherwise.
    let elsewhere = |outcome: i32| {
        let plain = Outcome::from_code(outcome).plain();
        let reached = if list == 0 { plain } else { on_list(plain, None, consents_by_default) };
        ReachabilityLoss::of(reached, consents_by_default)
    };
    for (outcome, customers) in of_list(0) {
        drop_out(elsewhere(*outcome), *customers);
    }
    for (outcome, customers) in of_list(list).iter().filter(|_| list != 0) {
        let there = Outcome::from_code(*outcome).on_list(consents_by_default);
        drop_out(elsewhere(*outcome), -customers);
        drop_out(ReachabilityLoss::of(there, consents_by_default), *customers);
    }
    losses.retain(|_, customers| *customers != 0);
    ReachabilityFunnel { known: counts.known, lost: losses }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address_days::DayRules;
    use crate::domain::reach::{Address, contributions, outcomes_now};
    use crate::domain::reachability::{AddressChange, AddressState};
    use crate::domain::time::Micros;

    const STEPS: [ReachabilityStep; 5] = [
        ReachabilityStep::Known,
        ReachabilityStep::HasAddress,
        ReachabilityStep::Reachable,
        ReachabilityStep::Consented,
        ReachabilityStep::Subscribed,
    ];

    /// Counts of so many customers, some of whom have one e-mail address each, which went through a change or none.
    fn counts(known: i64, changes: &[Option<AddressChange>]) -> ReachCounts {
        let rules = DayRules { soft_bounce_limit: 5, zone: chrono_tz::UTC };
        let mut counts = ReachCounts { known, ..ReachCounts::default() };
        for change in changes {
            let mut state = AddressState::default();
            if let Some(change) = change {
                state.apply(*change, Micros(0), (0, 0), rules.zone);
            }
            let address = Address { channels: vec!["email".to_owned()], first_day: 0, state: &state };
            for ((_, list), outcome) in outcomes_now(&contributions(0, &[address], rules)) {
                *counts.by_list.entry(list).or_default().entry(outcome).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn every_customer_is_lost_at_one_step_or_reaches_the_last() {
        let bounced = AddressChange::Unreachable(ReachabilityType::HardBounce);
        let changes = [Some(bounced), Some(AddressChange::OptedOut), None, Some(AddressChange::OptedIn)];
        let counts = counts(6, &changes);
        let funnel = fold(&counts, 0, false);
        assert_eq!(STEPS.map(|step| funnel.reached(step))[..4], [6, 4, 3, 1]);
        assert_eq!(funnel.lost_at(ReachabilityStep::HasAddress), [(ReachabilityLoss::NoAddress, 2)]);
        let unreachable = ReachabilityLoss::Unreachable(ReachabilityType::HardBounce as u8);
        assert_eq!(unreachable.reachability_type(), Some(ReachabilityType::HardBounce));
        assert_eq!(funnel.lost_at(ReachabilityStep::Reachable), [(unreachable, 1)]);
        let consent = [(ReachabilityLoss::OptedOut, 1), (ReachabilityLoss::NoConsent, 1)];
        assert_eq!(funnel.lost_at(ReachabilityStep::Consented), consent);
        let by_default = fold(&counts, 0, true);
        assert_eq!(by_default.reached(ReachabilityStep::Consented), 2);
        assert_eq!((by_default.eligible(), funnel.lost().count()), (2, 4));
    }

    #[test]
    fn on_a_list_those_who_never_joined_it_stay_before_the_last_step() {
        let changes = [None, Some(AddressChange::Subscribed(7)), Some(AddressChange::Unsubscribed(7))];
        let counts = counts(3, &changes);
        let funnel = fold(&counts, 7, true);
        assert_eq!(STEPS.map(|step| funnel.reached(step)), [3, 3, 3, 3, 1]);
        let lost = [(ReachabilityLoss::Unsubscribed, 1), (ReachabilityLoss::NeverSubscribed, 1)];
        assert_eq!(funnel.lost_at(ReachabilityStep::Subscribed), lost);
        let unasked = fold(&counts, 7, false);
        assert_eq!(STEPS.map(|step| unasked.reached(step)), [3, 3, 3, 0, 0]);
    }
}
