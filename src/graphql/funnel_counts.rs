//! The numbers of a funnel, whole or of a group: steps, what is counted beside them, and rates.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::error::Result;
use super::kind::EventKind;
use super::loader::{GapKey, load};
use super::scalar::BigInt;
use crate::domain::breakdown::{GapQuestion, GroupKey};
use crate::domain::funnel::{self, FUNNEL_STEPS, FunnelCounts as Counts, SIDE_COUNTS, StepCount};
use crate::domain::kind::Kind;
use crate::domain::rates::{self, Rate};

/// What counts once in `unique`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "funnel::UniqueUnit")]
pub enum UniqueUnit {
    /// A customer counts once per run of the campaign.
    RecipientPerRun,
    /// A customer counts once per campaign.
    Recipient,
    /// Every message counts once.
    Message,
}

/// Whose opens and clicks count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "funnel::AutomationFilter")]
pub enum AutomationFilter {
    /// Those of everybody who is not known to be a machine.
    Human,
    /// Those of known machines only.
    Machine,
    /// Both.
    All,
}

/// Where the number of deliveries comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "funnel::DeliveredBasis")]
pub enum DeliveredBasis {
    /// The vendor reports deliveries.
    Reported,
    /// The vendor has reported none for this campaign: what was sent and neither bounced nor failed counts.
    Inferred,
}

/// Which of a step's numbers a rate is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rates::CountBasis")]
pub enum CountBasis {
    /// Events: repeated opens count, so that a rate may pass 1.
    Total,
    /// Distinct units.
    Unique,
}

/// What rates divide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rates::RateBase")]
pub enum RateBase {
    /// Each rate's own definition.
    Default,
    /// Sent, for the rates that otherwise divide by deliveries (openRate, clickRate, conversionRate); the others stay as they are.
    Sent,
}

/// A step of the campaign funnel, in the order of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum FunnelStep {
    /// The system tried the recipient.
    Targeted,
    /// Handed to the channel.
    Sent,
    /// Arrived.
    Delivered,
    /// Opened or tapped.
    Opened,
    /// A link was clicked.
    Clicked,
    /// Bought something: an order is one conversion, at the time of its earliest purchase, and belongs to the message of the
    /// last open or click by a person before it, in any campaign, less than three days before and not at the same instant.
    /// A message may convert several times. Kept exact when opens, clicks or purchases come late and when customers merge.
    Converted,
}

impl FunnelStep {
    /// The kind of its events.
    pub fn kind(self) -> Kind {
        match self {
            Self::Targeted => Kind::Targeted,
            Self::Sent => Kind::Sent,
            Self::Delivered => Kind::Delivered,
            Self::Opened => Kind::Opened,
            Self::Clicked => Kind::Clicked,
            Self::Converted => Kind::Converted,
        }
    }

    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Sent => Self::Sent,
            Kind::Delivered => Self::Delivered,
            Kind::Opened => Self::Opened,
            Kind::Clicked => Self::Clicked,
            Kind::Converted => Self::Converted,
            _ => Self::Targeted,
        }
    }
}

/// The numbers of one step.
#[derive(Clone, Debug)]
pub struct FunnelStepCount {
    step: FunnelStep,
    count: StepCount,
    /// The step before; none: this is the first.
    previous: Option<StepCount>,
    first: StepCount,
    times: Option<Arc<StepTimes>>,
}

/// The numbers of one step.
#[Object]
impl FunnelStepCount {
    /// The step.
    async fn step(&self) -> FunnelStep {
        self.step
    }

    /// Events.
    async fn total(&self) -> BigInt {
        BigInt(self.count.total)
    }

    /// Distinct units, each counted at its first event of the step.
    async fn unique(&self) -> BigInt {
        BigInt(self.count.unique)
    }

    /// The share of the step before, by distinct units. Above 1 where units without the step before, or in another range,
    /// make it so; null for the first step and where the step before has no unit.
    async fn of_previous(&self) -> Option<f64> {
        share(&self.count, self.previous.as_ref()?)
    }

    /// The share of the first step, by distinct units: as `ofPrevious`.
    async fn of_first(&self) -> Option<f64> {
        share(&self.count, &self.first)
    }

    /// How long units took from the step before: exact, computed from all of them when asked for. Null for the first step,
    /// where no unit has both steps, and in a remainder.
    #[graphql(complexity = "20 + child_complexity")]
    async fn time_from_previous(&self, ctx: &Context<'_>) -> Result<Option<TimeFromPrevious>> {
        let (Some(times), Some(_)) = (&self.times, &self.previous) else { return Ok(None) };
        let StepTimes { campaign, asked, group } = &**times;
        let gaps = load(ctx, GapKey { campaign: *campaign, asked: asked.clone() }).await?.unwrap_or_default();
        let steps = group.as_ref().map_or(Some(&gaps.whole), |key| gaps.groups.get(key));
        let gap = steps.and_then(|steps| steps.iter().find(|gap| gap.kind == self.count.kind));
        Ok(gap.map(|gap| TimeFromPrevious { units: BigInt(gap.units), median: gap.median_s, p90: gap.p90_s }))
    }
}

fn share(count: &StepCount, of: &StepCount) -> Option<f64> {
    (of.unique != 0).then(|| count.unique as f64 / of.unique as f64)
}

/// How long units took from the step before to a step: each from its first event of the one to its first event of the other,
/// whatever the range says of the former, and in a group within the same run, treatment, touchpoint and channel where the
/// group is made of these. Steps are those that are counted, implied ones included where they are. Every unit counts that
/// `unique` of the step counts and that has the step before; one whose clocks put the steps the other way round took no
/// time.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct TimeFromPrevious {
    /// Units that have both steps.
    units: BigInt,
    /// The median in seconds; of an even number of units the mean of the two in the middle.
    median: f64,
    /// The shortest time in seconds that at least nine of ten units did not exceed (nearest rank).
    p90: f64,
}

/// Whose times between steps are meant.
#[derive(Clone, Debug)]
pub struct StepTimes {
    /// The campaign.
    pub campaign: i64,
    /// The question.
    pub asked: GapQuestion,
    /// The group; none: the whole.
    pub group: Option<GroupKey>,
}

/// The numbers of one kind of event.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct KindCount {
    /// The kind.
    kind: EventKind,
    /// Events.
    total: BigInt,
    /// Distinct units, each counted at its first event of the kind.
    unique: BigInt,
}

impl From<StepCount> for KindCount {
    fn from(count: StepCount) -> Self {
        Self { kind: count.kind.into(), total: BigInt(count.total), unique: BigInt(count.unique) }
    }
}

/// Rates of a funnel: shares between 0 and 1 (above 1 where repeated events or missing earlier steps make them so).
/// Each is null where its denominator is 0.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[expect(clippy::struct_field_names, reason = "clients know the rates by these names")]
pub struct FunnelRates {
    /// Delivered / sent.
    delivery_rate: Option<f64>,
    /// Opened / delivered.
    open_rate: Option<f64>,
    /// Clicked / delivered.
    click_rate: Option<f64>,
    /// Clicked / opened.
    click_to_open_rate: Option<f64>,
    /// Hard bounces / sent.
    hard_bounce_rate: Option<f64>,
    /// Soft bounces / sent.
    soft_bounce_rate: Option<f64>,
    /// Spam reports / sent.
    complaint_rate: Option<f64>,
    /// List unsubscribes / sent.
    unsubscribe_rate: Option<f64>,
    /// Opt-outs / sent.
    opt_out_rate: Option<f64>,
    /// Converted / delivered.
    conversion_rate: Option<f64>,
    /// Skipped / (targeted + skipped).
    skip_rate: Option<f64>,
}

impl FunnelRates {
    fn of(counts: &Counts, basis: rates::CountBasis, base: rates::RateBase) -> Self {
        let rate = |rate| rates::rate(rate, counts, basis, base);
        Self {
            delivery_rate: rate(Rate::Delivery),
            open_rate: rate(Rate::Open),
            click_rate: rate(Rate::Click),
            click_to_open_rate: rate(Rate::ClickToOpen),
            hard_bounce_rate: rate(Rate::HardBounce),
            soft_bounce_rate: rate(Rate::SoftBounce),
            complaint_rate: rate(Rate::Complaint),
            unsubscribe_rate: rate(Rate::Unsubscribe),
            opt_out_rate: rate(Rate::OptOut),
            conversion_rate: rate(Rate::Conversion),
            skip_rate: rate(Rate::Skip),
        }
    }
}

/// The numbers of a funnel.
#[derive(Clone, Debug)]
pub struct FunnelCounts {
    counts: Counts,
    times: Option<Arc<StepTimes>>,
}

impl FunnelCounts {
    /// Numbers whose units have no times between steps, as those of sums over groups or campaigns.
    pub fn new(counts: Counts) -> Self {
        Self { counts, times: None }
    }

    /// Numbers with the times between their steps.
    pub fn with_times(counts: Counts, times: StepTimes) -> Self {
        Self { counts, times: Some(Arc::new(times)) }
    }
}

/// The numbers of a funnel, whole or of one group.
#[Object]
impl FunnelCounts {
    /// The steps, in the order of the way.
    async fn steps(&self) -> Vec<FunnelStepCount> {
        let counts = FUNNEL_STEPS.map(|kind| self.counts.step(kind));
        let step = |index: usize| FunnelStepCount {
            step: FunnelStep::of(counts[index].kind),
            count: counts[index],
            previous: index.checked_sub(1).map(|before| counts[before]),
            first: counts[0],
            times: self.times.clone(),
        };
        (0..counts.len()).map(step).collect()
    }

    /// What is counted beside the steps: `HELD_OUT`, `SKIPPED`, `FAILED`, `DEFERRED`, `DELIVERY_UNKNOWN`, `SOFT_BOUNCED`,
    /// `HARD_BOUNCED`, `SPAM_REPORTED`, `LIST_UNSUBSCRIBED`, `OPTED_OUT`, `ENGAGED`, `DISENGAGED`, `IMPRESSION`,
    /// `SUBMITTED` and `EXITED`, in this order, zeros included.
    async fn beside(&self) -> Vec<KindCount> {
        SIDE_COUNTS.into_iter().map(|kind| self.counts.step(kind).into()).collect()
    }

    /// Where the number of deliveries comes from.
    async fn delivered_basis(&self) -> DeliveredBasis {
        self.counts.delivered_basis.into()
    }

    /// Opens of known machines, whatever `automation` says.
    async fn machine_opens(&self) -> KindCount {
        self.counts.machine(Kind::Opened).into()
    }

    /// Clicks of known machines, whatever `automation` says.
    async fn machine_clicks(&self) -> KindCount {
        self.counts.machine(Kind::Clicked).into()
    }

    /// Rates.
    async fn rates(
        &self,
        #[graphql(desc = "Which numbers they are made of.", default_with = "Some(CountBasis::Unique)")] basis: Option<
            CountBasis,
        >,
        #[graphql(desc = "What they divide by.", default_with = "Some(RateBase::Default)")] of: Option<RateBase>,
    ) -> FunnelRates {
        let (basis, of) = (basis.unwrap_or(CountBasis::Unique), of.unwrap_or(RateBase::Default));
        FunnelRates::of(&self.counts, basis.into(), of.into())
    }
}
