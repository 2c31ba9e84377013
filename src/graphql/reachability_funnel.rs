//! `reachabilityFunnel`: how many customers can be reached on a channel, and why the others cannot.

use async_graphql::{Context, Enum, ID, SimpleObject};

use super::context::store;
use super::error::{Fault, Result};
use super::list::{self, List};
use super::scalar::BigInt;
use super::workspace;
use crate::analytics::reachability as analytics;
use crate::domain::reachability::ReachabilityType;

/// A step on the way to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "analytics::ReachabilityStep")]
pub enum ReachabilityStep {
    /// The workspace knows the customer; merged customers count once.
    Known,
    /// The customer has an address of the channel.
    HasAddress,
    /// One of these addresses can be reached.
    Reachable,
    /// The owner agreed to be messaged on one of those, or said nothing where the channel's default is yes.
    Consented,
    /// The owner is on the list with one of those. Only where a list is asked for.
    Subscribed,
}

/// Why a customer goes no further. With several addresses, that of the address that gets furthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ReachabilityLossReason {
    /// No address of the channel is known.
    NoAddress,
    /// Delivery failed for good.
    HardBounce,
    /// Delivery failed again and again.
    SoftBounce,
    /// The recipient complained.
    SpamReport,
    /// The app was removed.
    Uninstall,
    /// The address is not valid.
    InvalidIdentifier,
    /// The message came back.
    ReturnedToSender,
    /// The address cannot be reached, and the vendor does not know why.
    Unknown,
    /// The address expired.
    Expired,
    /// The address cannot be reached for another reason.
    Other,
    /// The owner refused to be messaged.
    OptedOut,
    /// The owner never agreed, on a channel that needs it.
    NoConsent,
    /// The owner left the list.
    Unsubscribed,
    /// The owner never joined the list.
    NeverSubscribed,
}

impl ReachabilityLossReason {
    /// The reason in the words of the API.
    pub fn of(loss: analytics::ReachabilityLoss) -> Self {
        match loss {
            analytics::ReachabilityLoss::NoAddress => Self::NoAddress,
            analytics::ReachabilityLoss::OptedOut => Self::OptedOut,
            analytics::ReachabilityLoss::NoConsent => Self::NoConsent,
            analytics::ReachabilityLoss::Unsubscribed => Self::Unsubscribed,
            analytics::ReachabilityLoss::NeverSubscribed => Self::NeverSubscribed,
            analytics::ReachabilityLoss::Unreachable(_) => match loss.reachability_type() {
                Some(ReachabilityType::HardBounce) => Self::HardBounce,
                Some(ReachabilityType::SoftBounce) => Self::SoftBounce,
                Some(ReachabilityType::SpamReport) => Self::SpamReport,
                Some(ReachabilityType::Uninstall) => Self::Uninstall,
                Some(ReachabilityType::InvalidIdentifier) => Self::InvalidIdentifier,
                Some(ReachabilityType::ReturnedToSender) => Self::ReturnedToSender,
                Some(ReachabilityType::Unknown) => Self::Unknown,
                Some(ReachabilityType::Expired) => Self::Expired,
                Some(ReachabilityType::Other) | None => Self::Other,
            },
        }
    }
}

/// Customers who go no further for one reason.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ReachabilityLossCount {
    /// The reason.
    reason: ReachabilityLossReason,
    /// Customers.
    customers: BigInt,
}

/// Customers at one step.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReachabilityStepCount {
    /// The step.
    step: ReachabilityStep,
    /// Customers who reach it.
    customers: BigInt,
    /// Customers who reach the step before, but not this one, by reason; only reasons that occur.
    lost: Vec<ReachabilityLossCount>,
}

/// How many customers can be reached on a channel, and on a list: each counts through the best of its addresses.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReachabilityFunnel {
    /// The channel, lower-case.
    channel: String,
    /// The list asked for; null without one.
    list: Option<List>,
    /// `KNOWN`, `HAS_ADDRESS`, `REACHABLE`, `CONSENTED` and, on a list, `SUBSCRIBED`, in this order.
    steps: Vec<ReachabilityStepCount>,
}

const STEPS: [analytics::ReachabilityStep; 5] = [
    analytics::ReachabilityStep::Known,
    analytics::ReachabilityStep::HasAddress,
    analytics::ReachabilityStep::Reachable,
    analytics::ReachabilityStep::Consented,
    analytics::ReachabilityStep::Subscribed,
];

/// A channel by its name, lower-case; what is no name of one is bad input.
pub fn parse_channel(channel: &str) -> Result<String> {
    let channel = channel.trim().to_lowercase();
    if channel.is_empty() || channel.contains(char::is_whitespace) {
        return Err(Fault::bad_input(format!("channel: {channel:?} is not a channel such as email, sms or push")));
    }
    Ok(channel)
}

/// The funnel of a channel, and of a list.
pub async fn answer(ctx: &Context<'_>, channel: &str, list: Option<ID>) -> Result<ReachabilityFunnel> {
    let channel = parse_channel(channel)?;
    let list = match list {
        Some(id) => Some(list::by_id(ctx, &id).await?),
        None => None,
    };
    let workspace = workspace::fresh(ctx).await?;
    let list_id = list.as_ref().map(List::number);
    let funnel = analytics::funnel(store(ctx)?, &workspace, &channel, list_id).await?;
    let stopped = |(loss, customers)| ReachabilityLossCount {
        reason: ReachabilityLossReason::of(loss),
        customers: BigInt(customers),
    };
    let count = |step: analytics::ReachabilityStep| ReachabilityStepCount {
        step: step.into(),
        customers: BigInt(funnel.reached(step)),
        lost: funnel.lost_at(step).into_iter().map(stopped).collect(),
    };
    let steps = if list.is_some() { &STEPS[..] } else { &STEPS[..4] };
    Ok(ReachabilityFunnel { steps: steps.iter().copied().map(count).collect(), channel, list })
}
