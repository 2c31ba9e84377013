//! Whether a customer may be messaged: known, has an address, reachable, consented, subscribed.

use async_graphql::{Context, ID, SimpleObject};

use super::context::store;
use super::error::Result;
use super::event::{self, Event};
use super::identifier::Identifier;
use super::list::{self, List};
use super::reachability_funnel::{ReachabilityLossReason, ReachabilityStep, parse_channel};
use super::scalar::DateTime;
use super::workspace;
use crate::analytics::eligibility::{self as analytics, AddressEligibility, Why};
use crate::analytics::reachability::{self as steps, ReachabilityLoss};

/// Whether a customer may be messaged on a channel.
#[derive(Debug, SimpleObject)]
pub struct Eligibility {
    /// The channel, lower-case.
    channel: String,
    /// The list that the message is for; null without one.
    list: Option<List>,
    /// Whether it may be messaged. Transactional messages need no consent: for them, look at the steps.
    is_eligible: bool,
    /// `KNOWN`, `HAS_ADDRESS`, `REACHABLE`, `CONSENTED` and, for a list, `SUBSCRIBED`, in this order.
    steps: Vec<EligibilityStep>,
    /// Why not, by the address that gets furthest; null where it may be messaged.
    reason: Option<ReachabilityLossReason>,
    /// All its addresses of the channel, at most 100, the one that gets furthest first.
    addresses: Vec<EligibilityAddress>,
}

/// Whether the best address of a customer passes a step.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct EligibilityStep {
    /// The step.
    step: ReachabilityStep,
    /// Whether it passes.
    is_reached: bool,
}

/// Whether a customer may be messaged through an address.
#[derive(Debug, SimpleObject)]
pub struct EligibilityAddress {
    /// The address.
    identifier: Identifier,
    /// Whether the customer may be messaged through it.
    is_eligible: bool,
    /// Why not; null where it may.
    reason: Option<ReachabilityLossReason>,
    /// Since when not; null where it may, and where nothing was ever said.
    since: Option<DateTime>,
    /// The event that made it so; null where none did.
    event: Option<Event>,
}

const STEPS: [steps::ReachabilityStep; 5] = [
    steps::ReachabilityStep::Known,
    steps::ReachabilityStep::HasAddress,
    steps::ReachabilityStep::Reachable,
    steps::ReachabilityStep::Consented,
    steps::ReachabilityStep::Subscribed,
];

/// Most addresses that are shown one by one.
const MAX_ADDRESSES: usize = 100;

/// Whether a customer, who stands for itself, may be messaged.
pub async fn of_customer(ctx: &Context<'_>, customer: i64, channel: &str, list: Option<ID>) -> Result<Eligibility> {
    let channel = parse_channel(channel)?;
    let list = match list {
        Some(id) => Some(list::by_id(ctx, &id).await?),
        None => None,
    };
    let workspace = workspace::fresh(ctx).await?;
    let list_id = list.as_ref().map(List::number);
    let question = analytics::Question { channel: &channel, list: list_id };
    let found = analytics::of_customer(store(ctx)?, &workspace, customer, question).await?;
    let loss = match found.first() {
        None => Some(ReachabilityLoss::NoAddress),
        Some(best) => best.loss,
    };
    let number = if list.is_some() { 5 } else { 4 };
    let is_reached = |step: steps::ReachabilityStep| loss.is_none_or(|loss| step < loss.missed());
    let steps =
        STEPS[..number].iter().map(|step| EligibilityStep { step: (*step).into(), is_reached: is_reached(*step) });
    let mut addresses = Vec::new();
    for address in found.into_iter().take(MAX_ADDRESSES) {
        addresses.push(shown(ctx, address).await?);
    }
    Ok(Eligibility {
        channel,
        list,
        is_eligible: loss.is_none(),
        steps: steps.collect(),
        reason: loss.map(ReachabilityLossReason::of),
        addresses,
    })
}

async fn shown(ctx: &Context<'_>, address: AddressEligibility) -> Result<EligibilityAddress> {
    let event = match address.why {
        Some(Why { event: id, .. }) => event::find(ctx, id).await?,
        None => None,
    };
    Ok(EligibilityAddress {
        identifier: Identifier { name: address.identifier.name, value: address.identifier.value },
        is_eligible: address.loss.is_none(),
        reason: address.loss.map(ReachabilityLossReason::of),
        since: address.why.map(|why| DateTime(why.since)),
        event,
    })
}
