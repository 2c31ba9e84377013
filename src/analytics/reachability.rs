//! Who can be reached on a channel, and why the others cannot.

use std::collections::BTreeMap;

use crate::Result;
use crate::domain::reachability::ReachabilityType;
use crate::domain::workspace::WorkspaceId;
use crate::store::reachability::{BestAddress, DefaultConsent, ReachCount};
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
}

impl ReachabilityLoss {
    /// The step that a customer lost for this reason does not reach.
    pub fn missed(self) -> ReachabilityStep {
        match self {
            Self::NoAddress => ReachabilityStep::HasAddress,
            Self::Unreachable(_) => ReachabilityStep::Reachable,
            Self::OptedOut | Self::NoConsent => ReachabilityStep::Consented,
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

/// How an address without a consent update counts on a channel: messages to a phone need a yes, all others only the
/// absence of a no.
pub fn default_consent(channel: &str) -> DefaultConsent {
    match channel {
        "sms" | "mms" | "whatsapp" | "voice" => DefaultConsent::Out,
        _ => DefaultConsent::In,
    }
}

/// The reachability of all customers of a workspace on a channel, through the best of each one's addresses.
pub async fn funnel(store: &Store, workspace: WorkspaceId, channel: &str) -> Result<ReachabilityFunnel> {
    let best = store::reachability::best_addresses(store, workspace, channel, default_consent(channel)).await?;
    let known = store::customer::count(store, workspace).await?;
    Ok(fold(known, &best))
}

fn fold(known: i64, best: &[ReachCount]) -> ReachabilityFunnel {
    let with_address: i64 = best.iter().map(|count| count.customers).sum();
    // A customer created between the two reads has an address but was not counted as known.
    let known = known.max(with_address);
    let mut lost = BTreeMap::new();
    let mut drop_out = |loss, customers: i64| {
        if customers > 0 {
            *lost.entry(loss).or_default() += customers;
        }
    };
    drop_out(ReachabilityLoss::NoAddress, known - with_address);
    for count in best {
        match count.best {
            BestAddress::Unreachable(code) => drop_out(ReachabilityLoss::Unreachable(code), count.customers),
            BestAddress::OptedOut => drop_out(ReachabilityLoss::OptedOut, count.customers),
            BestAddress::NoConsent => drop_out(ReachabilityLoss::NoConsent, count.customers),
            BestAddress::Consented => {}
        }
    }
    ReachabilityFunnel { known, lost }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customer_is_lost_at_one_step_or_reaches_the_last() {
        let hard_bounce = ReachabilityType::HardBounce as u8;
        let best = [
            ReachCount { best: BestAddress::Unreachable(hard_bounce), customers: 2 },
            ReachCount { best: BestAddress::OptedOut, customers: 1 },
            ReachCount { best: BestAddress::NoConsent, customers: 3 },
            ReachCount { best: BestAddress::Consented, customers: 4 },
        ];
        let funnel = fold(15, &best);
        let steps = [
            ReachabilityStep::Known,
            ReachabilityStep::HasAddress,
            ReachabilityStep::Reachable,
            ReachabilityStep::Consented,
        ];
        assert_eq!(steps.map(|step| funnel.reached(step)), [15, 10, 8, 4]);
        assert_eq!(funnel.lost_at(ReachabilityStep::HasAddress), [(ReachabilityLoss::NoAddress, 5)]);
        let unreachable = ReachabilityLoss::Unreachable(hard_bounce);
        assert_eq!(unreachable.reachability_type(), Some(ReachabilityType::HardBounce));
        assert_eq!(funnel.lost_at(ReachabilityStep::Reachable), [(unreachable, 2)]);
        let consent = [(ReachabilityLoss::OptedOut, 1), (ReachabilityLoss::NoConsent, 3)];
        assert_eq!(funnel.lost_at(ReachabilityStep::Consented), consent);
    }

    #[test]
    fn messages_to_a_phone_need_a_yes() {
        assert_eq!(default_consent("sms"), DefaultConsent::Out);
        assert_eq!(default_consent("email"), DefaultConsent::In);
        assert_eq!(default_consent("push"), DefaultConsent::In);
    }
}
