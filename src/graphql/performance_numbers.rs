//! The numbers of a performance report: a period's, those of the period before, and how far they changed.

use async_graphql::{Enum, Object, SimpleObject};

use super::funnel_counts::{CountBasis, FunnelCounts, FunnelStep, RateBase};
use super::kind::EventKind;
use super::scalar::BigInt;
use crate::analytics::performance;
use crate::domain::funnel::{self, FUNNEL_STEPS, SIDE_COUNTS, StepCount};
use crate::domain::kind::Kind;
use crate::domain::rates;

/// A rate of a funnel, as `FunnelRates` defines each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rates::Rate")]
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
    /// Converted / delivered.
    Conversion,
}

/// The numbers of a period, and of the one that it is compared with.
#[derive(Clone, Debug)]
pub struct PerformanceNumbers {
    current: FunnelCounts,
    previous: Option<FunnelCounts>,
    change: Option<PerformanceChange>,
}

impl From<performance::Numbers> for PerformanceNumbers {
    fn from(numbers: performance::Numbers) -> Self {
        let performance::Numbers { current, previous } = numbers;
        let change = |previous| PerformanceChange { current: current.clone(), previous };
        Self {
            change: previous.clone().map(change),
            previous: previous.map(FunnelCounts::new),
            current: FunnelCounts::new(current),
        }
    }
}

/// The numbers of a period. Across campaigns units add up: a customer of two campaigns counts in both. Each campaign's
/// deliveries are its own: as reported, or inferred where it reports none.
#[Object]
impl PerformanceNumbers {
    /// The numbers of the period.
    #[graphql(flatten)]
    fn current(&self) -> &FunnelCounts {
        &self.current
    }

    /// The numbers of the period compared with; null without a comparison.
    fn previous(&self) -> Option<&FunnelCounts> {
        self.previous.as_ref()
    }

    /// How far the numbers changed since the period compared with; null without a comparison.
    fn change(&self) -> Option<&PerformanceChange> {
        self.change.as_ref()
    }
}

/// How far numbers changed.
#[derive(Clone, Debug)]
pub struct PerformanceChange {
    current: funnel::FunnelCounts,
    previous: funnel::FunnelCounts,
}

/// How far numbers changed from the period compared with to the present one.
#[Object]
impl PerformanceChange {
    /// The steps, in the order of the way.
    fn steps(&self) -> Vec<StepChange> {
        let change = |kind| {
            let (total, unique) = self.counts(kind);
            StepChange { step: FunnelStep::of(kind), total, unique }
        };
        FUNNEL_STEPS.into_iter().map(change).collect()
    }

    /// What is counted beside the steps, in the order of `beside`.
    fn beside(&self) -> Vec<KindChange> {
        let change = |kind: Kind| {
            let (total, unique) = self.counts(kind);
            KindChange { kind: kind.into(), total, unique }
        };
        SIDE_COUNTS.into_iter().map(change).collect()
    }

    /// Every rate.
    fn rates(
        &self,
        #[graphql(desc = "Which numbers they are made of.", default_with = "Some(CountBasis::Unique)")] basis: Option<
            CountBasis,
        >,
        #[graphql(desc = "What they divide by.", default_with = "Some(RateBase::Default)")] of: Option<RateBase>,
    ) -> Vec<RateChange> {
        let (basis, of) = (basis.unwrap_or(CountBasis::Unique), of.unwrap_or(RateBase::Default));
        let change = |rate: rates::Rate| {
            let value = |counts| rates::rate(rate, counts, basis.into(), of.into());
            RateChange::of(rate.into(), value(&self.previous), value(&self.current))
        };
        rates::Rate::ALL.into_iter().map(change).collect()
    }
}

impl PerformanceChange {
    /// Of the events and of the units of a kind.
    fn counts(&self, kind: Kind) -> (CountChange, CountChange) {
        let (before, after): (StepCount, StepCount) = (self.previous.step(kind), self.current.step(kind));
        (CountChange::of(before.total, after.total), CountChange::of(before.unique, after.unique))
    }
}

/// How far the numbers of a step changed.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct StepChange {
    /// The step.
    step: FunnelStep,
    /// Of its events.
    total: CountChange,
    /// Of its distinct units.
    unique: CountChange,
}

/// How far the numbers of a kind of event changed.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct KindChange {
    /// The kind.
    kind: EventKind,
    /// Of its events.
    total: CountChange,
    /// Of its distinct units.
    unique: CountChange,
}

/// How far a count changed.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct CountChange {
    /// The present count less the previous one.
    absolute: BigInt,
    /// The same as a share of the previous count: 0.5 is half as many again, -1 is none left. Null where the previous count
    /// is 0.
    relative: Option<f64>,
}

impl CountChange {
    fn of(previous: i64, current: i64) -> Self {
        let difference = current - previous;
        let relative = (previous != 0).then(|| difference as f64 / previous as f64);
        Self { absolute: BigInt(difference), relative }
    }
}

/// How far a rate changed.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct RateChange {
    /// The rate.
    rate: Rate,
    /// Its value in the period compared with; null where its denominator is 0.
    previous: Option<f64>,
    /// Its value in the present period; null where its denominator is 0.
    current: Option<f64>,
    /// The present value less the previous one: 0.02 is two percentage points more. Null where either is null.
    absolute: Option<f64>,
    /// The same as a share of the previous value. Null where either is null or the previous one is 0.
    relative: Option<f64>,
}

impl RateChange {
    fn of(rate: Rate, previous: Option<f64>, current: Option<f64>) -> Self {
        let absolute = previous.zip(current).map(|(before, after)| after - before);
        let relative = previous.filter(|before| *before != 0.0).zip(absolute).map(|(before, change)| change / before);
        Self { rate, previous, current, absolute, relative }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_share_of_what_was_before() {
        let change = |before, after| {
            let CountChange { absolute, relative } = CountChange::of(before, after);
            (absolute.0, relative)
        };
        assert_eq!(change(4, 6), (2, Some(0.5)));
        assert_eq!(change(4, 0), (-4, Some(-1.0)));
        assert_eq!(change(0, 6), (6, None));
        assert_eq!(change(0, 0), (0, None));
    }

    #[test]
    fn a_rate_that_is_null_on_either_side_has_no_change() {
        let change = |before, after| {
            let change = RateChange::of(Rate::Open, before, after);
            (change.absolute, change.relative)
        };
        assert_eq!(change(Some(0.25), Some(0.5)), (Some(0.25), Some(1.0)));
        assert_eq!(change(Some(0.0), Some(0.5)), (Some(0.5), None));
        assert_eq!(change(None, Some(0.5)), (None, None));
        assert_eq!(change(Some(0.25), None), (None, None));
    }
}
