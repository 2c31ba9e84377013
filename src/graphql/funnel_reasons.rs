//! Why messages of a campaign were not sent, failed or came back: the side counts of its funnel by reason.

use async_graphql::{Context, SimpleObject};

use super::context::{caller, store};
use super::error::{Fault, Result};
use super::kind::EventKind;
use super::limits::{DEFAULT_REASONS, MAX_REASONS};
use super::loader::{BreakdownKey, load};
use super::scalar::BigInt;
use crate::analytics::campaign_funnel::detail_texts;
use crate::domain::breakdown::{BreakdownQuestion, Dimension};
use crate::domain::funnel::{FunnelCounts, FunnelOptions, StepCount};
use crate::domain::kind::Kind;

/// One reason with its numbers.
#[derive(Clone, Debug, SimpleObject)]
pub struct FunnelReason {
    /// The kind of event.
    kind: EventKind,
    /// The reason as the vendor gave it; null for events without one, and where its text was erased.
    reason: Option<String>,
    /// True where there was a reason, but its text was erased with the customer who alone had it.
    is_erased: bool,
    /// Events.
    total: BigInt,
    /// Distinct units, each counted at its first event of the kind for the reason.
    unique: BigInt,
}

/// What a list of reasons leaves out.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct FunnelReasonRemainder {
    /// Number of reasons.
    reasons: i32,
    /// Events.
    total: BigInt,
    /// The sum of the reasons' distinct units: a unit counts for each of its reasons.
    unique: BigInt,
}

/// Reasons with their numbers, those with the most events first.
#[derive(Clone, Debug, SimpleObject)]
pub struct FunnelReasons {
    /// The reasons.
    reasons: Vec<FunnelReason>,
    /// The reasons that `first` left out, summed up; null when all are listed.
    remainder: Option<FunnelReasonRemainder>,
}

/// Whose reasons are wanted.
#[derive(Clone, Debug)]
pub struct ReasonsOf {
    /// The campaign.
    pub campaign: i64,
    /// The funnel's range and basis.
    pub question: BreakdownQuestion,
    /// How the funnel counts.
    pub options: FunnelOptions,
}

impl ReasonsOf {
    /// The reasons of events of some kinds.
    pub async fn answer(&self, ctx: &Context<'_>, kinds: &[Kind], first: Option<i32>) -> Result<FunnelReasons> {
        let first = checked_first(first)?;
        let question = BreakdownQuestion { dimensions: vec![Dimension::Reason], ..self.question.clone() };
        let found = load(ctx, BreakdownKey { campaign: self.campaign, question }).await?.unwrap_or_default();
        let mut counted = Vec::new();
        for (key, counts) in &found.groups {
            let counts = FunnelCounts::of(counts, self.options);
            let of_kind = kinds.iter().map(|kind| (counts.step(*kind), key.detail));
            counted.extend(of_kind.filter(|(count, _)| count.total > 0));
        }
        counted.sort_by_key(|(count, detail)| (std::cmp::Reverse(count.total), count.kind, *detail));
        let rest = counted.split_off(counted.len().min(first));
        let details = counted.iter().filter_map(|(_, detail)| *detail);
        let texts = detail_texts(store(ctx)?, caller(ctx)?.workspace_id(), details).await?;
        let reason = |(count, detail): (StepCount, Option<(Dimension, i64)>)| {
            let reason = detail.and_then(|detail| texts.get(&detail).cloned());
            let is_erased = detail.is_some() && reason.is_none();
            let (total, unique) = (BigInt(count.total), BigInt(count.unique));
            FunnelReason { kind: count.kind.into(), reason, is_erased, total, unique }
        };
        let remainder = (!rest.is_empty()).then(|| FunnelReasonRemainder {
            reasons: i32::try_from(rest.len()).unwrap_or(i32::MAX),
            total: BigInt(rest.iter().map(|(count, _)| count.total).sum()),
            unique: BigInt(rest.iter().map(|(count, _)| count.unique).sum()),
        });
        Ok(FunnelReasons { reasons: counted.into_iter().map(reason).collect(), remainder })
    }
}

fn checked_first(first: Option<i32>) -> Result<usize> {
    let first = first.map_or(Ok(DEFAULT_REASONS), usize::try_from);
    let first = first.ok().filter(|first| (1..=MAX_REASONS).contains(first));
    first.ok_or_else(|| Fault::bad_input(format!("first: reasons are listed 1 to {MAX_REASONS} at a time")))
}
