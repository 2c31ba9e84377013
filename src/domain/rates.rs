//! Named rates: each a quotient of two steps, defined once, null at a zero denominator, above 1 where totals allow it.

use super::funnel::FunnelCounts;
use super::kind::Kind;

/// A rate by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    /// Delivered / sent.
    Delivery,
    /// Opened / delivered.
    Open,
    /// Clicked / delivered.
    Click,
    /// Clicked / opened.
    ClickToOpen,
    /// Hard bounces / sent.
    HardBounce,
    /// Soft bounces / sent.
    SoftBounce,
    /// Spam reports / sent.
    Complaint,
    /// List unsubscribes / sent.
    Unsubscribe,
    /// Opt-outs / sent.
    OptOut,
    /// Converted / delivered.
    Conversion,
    /// Skipped / (targeted + skipped).
    Skip,
}

/// What a rate divides by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RateBase {
    /// The rate's own definition.
    #[default]
    Default,
    /// Sent, for the rates that are otherwise of deliveries (open, click and conversion rate); the others are unchanged.
    Sent,
}

/// Which of a step's numbers a rate is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CountBasis {
    /// Events: repeated opens count, so that a rate may pass 1.
    Total,
    /// Distinct units.
    #[default]
    Unique,
}

/// The rate, or none where its denominator is 0.
pub fn rate(rate: Rate, counts: &FunnelCounts, basis: CountBasis, of: RateBase) -> Option<f64> {
    let count = |kind| {
        let step = counts.step(kind);
        match basis {
            CountBasis::Total => step.total,
            CountBasis::Unique => step.unique,
        }
    };
    let delivered_or_sent = if of == RateBase::Sent { Kind::Sent } else { Kind::Delivered };
    let (numerator, denominator) = match rate {
        Rate::Delivery => (count(Kind::Delivered), count(Kind::Sent)),
        Rate::Open => (count(Kind::Opened), count(delivered_or_sent)),
        Rate::Click => (count(Kind::Clicked), count(delivered_or_sent)),
        Rate::ClickToOpen => (count(Kind::Clicked), count(Kind::Opened)),
        Rate::HardBounce => (count(Kind::HardBounced), count(Kind::Sent)),
        Rate::SoftBounce => (count(Kind::SoftBounced), count(Kind::Sent)),
        Rate::Complaint => (count(Kind::SpamReported), count(Kind::Sent)),
        Rate::Unsubscribe => (count(Kind::ListUnsubscribed), count(Kind::Sent)),
        Rate::OptOut => (count(Kind::OptedOut), count(Kind::Sent)),
        Rate::Conversion => (count(Kind::Converted), count(delivered_or_sent)),
        Rate::Skip => (count(Kind::Skipped), count(Kind::Targeted) + count(Kind::Skipped)),
    };
    (denominator != 0).then(|| numerator as f64 / denominator as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::funnel::{AutomationFilter, FunnelOptions, UniqueUnit};
    use crate::domain::rollup::{Counts, Metric, Variant};

    #[test]
    fn a_rate_is_null_at_a_zero_denominator_and_may_pass_one() {
        let mut counts = Counts::default();
        counts.entry(Metric(Kind::Delivered, Variant::Reported)).total = 2;
        counts.entry(Metric(Kind::Opened, Variant::Reported)).total = 5;
        let options = FunnelOptions {
            unit: UniqueUnit::Message,
            implied_steps: false,
            automation: AutomationFilter::Human,
            infer_deliveries: true,
        };
        let funnel = FunnelCounts::of(&counts, options);
        assert_eq!(rate(Rate::Open, &funnel, CountBasis::Total, RateBase::Default), Some(2.5));
        assert_eq!(rate(Rate::Open, &funnel, CountBasis::Total, RateBase::Sent), None);
        assert_eq!(rate(Rate::Open, &funnel, CountBasis::Unique, RateBase::Default), None);
    }
}
