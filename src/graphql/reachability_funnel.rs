//! `reachabilityFunnel`: how many customers can be reached on a channel, now and on every day, and why the others cannot.

use async_graphql::{Context, Enum, ID, SimpleObject};

use super::context::store;
use super::error::{Fault, Result};
use super::limits::MAX_TREND_POINTS;
use super::list::{self, List};
use super::range::DateRange;
use super::reachability_trend::{ReachabilityDimension, ReachabilityGroup, ReachabilityPoint, TrendQuestion};
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

impl From<(analytics::ReachabilityLoss, i64)> for ReachabilityLossCount {
    fn from((loss, customers): (analytics::ReachabilityLoss, i64)) -> Self {
        Self { reason: ReachabilityLossReason::of(loss), customers: BigInt(customers) }
    }
}

impl ReachabilityStepCount {
    /// The steps of a funnel, in order; that of a list only where there is one.
    pub fn all(funnel: &analytics::ReachabilityFunnel, has_list: bool) -> Vec<Self> {
        let count = |step: analytics::ReachabilityStep| Self {
            step: step.into(),
            customers: BigInt(funnel.reached(step)),
            lost: funnel.lost_at(step).into_iter().map(ReachabilityLossCount::from).collect(),
        };
        let steps = if has_list { &STEPS[..] } else { &STEPS[..4] };
        steps.iter().copied().map(count).collect()
    }
}

/// How many customers can be reached on a channel, and on a list: each counts through the best of its addresses.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReachabilityFunnel {
    /// The channel, lower-case.
    channel: String,
    /// The list asked for; null without one.
    list: Option<List>,
    /// `KNOWN`, `HAS_ADDRESS`, `REACHABLE`, `CONSENTED` and, on a list, `SUBSCRIBED`, in this order; as it is now, whatever
    /// the range.
    steps: Vec<ReachabilityStepCount>,
    /// How it was at the end of every day, week or month of the range, by `groupBy`, in order and without gaps; at most 2,000
    /// points. Null without a range. By the own times of events, so that late ones correct the past, and by today's settings
    /// and customers: an address counts for the customer whom it names today, from the day on which it was named first.
    /// Days to come show what events with times in the future say.
    trend: Option<Vec<ReachabilityPoint>>,
    /// A row for each combination of the values of `groupBy` that has customers, by date, list and reason; at most 2,000
    /// points of days and lists. Null without `groupBy`.
    groups: Option<Vec<ReachabilityGroup>>,
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

/// The arguments of the field.
#[derive(Clone, Debug)]
pub struct ReachabilityArguments {
    /// The channel.
    pub channel: String,
    /// The list.
    pub list: Option<ID>,
    /// The days of the trend.
    pub range: Option<DateRange>,
    /// What the groups are.
    pub group_by: Option<Vec<ReachabilityDimension>>,
}

/// The funnel of a channel, and of a list.
pub async fn answer(ctx: &Context<'_>, arguments: ReachabilityArguments) -> Result<ReachabilityFunnel> {
    let channel = parse_channel(&arguments.channel)?;
    let list = match arguments.list {
        Some(id) => Some(list::by_id(ctx, &id).await?),
        None => None,
    };
    let workspace = workspace::fresh(ctx).await?;
    let group_by = arguments.group_by.unwrap_or_default();
    let question = TrendQuestion::of(arguments.range.as_ref(), &group_by, &workspace)?;
    let groups = grouped_lists(ctx, &question, list.as_ref()).await?;
    // The whole first, then each list that is a group.
    let mut lists = vec![list.as_ref().map_or(0, List::number)];
    lists.extend(groups.iter().map(List::number));
    let asked = |has_lists: bool| analytics::ReachabilityQuestion {
        channel: &channel,
        lists: if has_lists { &lists } else { &lists[..1] },
    };
    let (store, has_list) = (store(ctx)?, list.is_some());
    let now = analytics::funnels(store, &workspace, asked(!question.by_time)).await?;
    let days = question.days.as_deref().unwrap_or_default();
    let then = analytics::funnels_on_days(store, &workspace, asked(question.by_time), days).await?;
    let on_days = || days.iter().copied().zip(&then);
    let point = |(day, funnels): (i32, &Vec<_>)| ReachabilityPoint::of(day, &funnels[0], has_list);
    let trend = question.days.as_ref().map(|_| on_days().map(point).collect());
    let rows = |date: Option<i32>, funnels: &[analytics::ReachabilityFunnel]| -> Vec<ReachabilityGroup> {
        if !question.by_list {
            return question.rows(date, list.as_ref(), &funnels[0]);
        }
        groups.iter().zip(&funnels[1..]).flat_map(|(list, funnel)| question.rows(date, Some(list), funnel)).collect()
    };
    let groups = question.has_groups().then(|| {
        if !question.by_time {
            return rows(None, &now);
        }
        on_days().flat_map(|(day, funnels)| rows(Some(day), funnels)).collect()
    });
    let steps = ReachabilityStepCount::all(&now[0], has_list);
    Ok(ReachabilityFunnel { channel, list, steps, trend, groups })
}

/// The lists that are groups of their own: the one asked for, else all, by name.
async fn grouped_lists(ctx: &Context<'_>, question: &TrendQuestion, list: Option<&List>) -> Result<Vec<List>> {
    if !question.by_list {
        return Ok(Vec::new());
    }
    let lists = match list {
        Some(list) => vec![list.clone()],
        None => list::all(ctx, MAX_TREND_POINTS + 1).await?,
    };
    question.check_lists(lists.len())?;
    Ok(lists)
}
