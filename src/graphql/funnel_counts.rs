//! The numbers of a funnel, whole or of a group: steps, what is counted beside them, and rates.

use async_graphql::{Enum, Object, SimpleObject};

use super::kind::EventKind;
use super::scalar::BigInt;
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
    /// In sums over several campaigns: some report deliveries and some do not; each counts by its own.
    Mixed,
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
    /// Sent, for the rates that otherwise divide by deliveries (openRate, clickRate); the others stay as they are.
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
        }
    }

    /// The step of a kind that is one.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Sent => Self::Sent,
            Kind::Delivered => Self::Delivered,
            Kind::Opened => Self::Opened,
            Kind::Clicked => Self::Clicked,
            _ => Self::Targeted,
        }
    }
}

/// The numbers of one step.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct FunnelStepCount {
    /// The step.
    step: FunnelStep,
    /// Events.
    total: BigInt,
    /// Distinct units, each counted at its first event of the step.
    unique: BigInt,
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
            skip_rate: rate(Rate::Skip),
        }
    }
}

/// The numbers of a funnel.
#[derive(Clone, Debug)]
pub struct FunnelCounts(pub Counts);

/// The numbers of a funnel, whole or of one group.
#[Object]
impl FunnelCounts {
    /// The steps, in the order of the way.
    fn steps(&self) -> Vec<FunnelStepCount> {
        let step = |kind| {
            let StepCount { total, unique, .. } = self.0.step(kind);
            FunnelStepCount { step: FunnelStep::of(kind), total: BigInt(total), unique: BigInt(unique) }
        };
        FUNNEL_STEPS.into_iter().map(step).collect()
    }

    /// What is counted beside the steps: `HELD_OUT`, `SKIPPED`, `FAILED`, `DEFERRED`, `DELIVERY_UNKNOWN`, `SOFT_BOUNCED`,
    /// `HARD_BOUNCED`, `SPAM_REPORTED`, `LIST_UNSUBSCRIBED`, `OPTED_OUT`, `ENGAGED`, `DISENGAGED`, `IMPRESSION`,
    /// `SUBMITTED` and `EXITED`, in this order, zeros included.
    fn beside(&self) -> Vec<KindCount> {
        SIDE_COUNTS.into_iter().map(|kind| self.0.step(kind).into()).collect()
    }

    /// Where the number of deliveries comes from.
    fn delivered_basis(&self) -> DeliveredBasis {
        self.0.delivered_basis.into()
    }

    /// Opens of known machines, whatever `automation` says.
    fn machine_opens(&self) -> KindCount {
        self.0.machine(Kind::Opened).into()
    }

    /// Clicks of known machines, whatever `automation` says.
    fn machine_clicks(&self) -> KindCount {
        self.0.machine(Kind::Clicked).into()
    }

    /// Rates.
    fn rates(
        &self,
        #[graphql(desc = "Which numbers they are made of.", default_with = "Some(CountBasis::Unique)")] basis: Option<
            CountBasis,
        >,
        #[graphql(desc = "What they divide by.", default_with = "Some(RateBase::Default)")] of: Option<RateBase>,
    ) -> FunnelRates {
        let (basis, of) = (basis.unwrap_or(CountBasis::Unique), of.unwrap_or(RateBase::Default));
        FunnelRates::of(&self.0, basis.into(), of.into())
    }
}
