//! The campaign funnel: which of the kept counts a question means.

use super::kind::Kind;
use super::rollup::{Counts, Metric, Tally, Variant};

/// What counts once in `unique`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UniqueUnit {
    /// A customer counts once per run of the campaign (ODP's definition).
    #[default]
    RecipientPerRun,
    /// A customer counts once per campaign.
    Recipient,
    /// Every message counts.
    Message,
}

/// Whose opens and clicks count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AutomationFilter {
    /// Everybody's who is not known to be a machine.
    #[default]
    Human,
    /// Known machines' only.
    Machine,
    /// Both.
    All,
}

/// Where the number of deliveries comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveredBasis {
    /// The vendor reports deliveries.
    Reported,
    /// The vendor reports none at all: sent and neither bounced nor failed.
    Inferred,
}

/// How a funnel is to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunnelOptions {
    /// What counts once in `unique`.
    pub unit: UniqueUnit,
    /// Whether a later step implies the earlier ones of its message.
    pub implied_steps: bool,
    /// Whose opens and clicks count.
    pub automation: AutomationFilter,
    /// Whether the campaign has no reported delivery at all. Without implied steps nothing is inferred.
    pub infer_deliveries: bool,
}

impl FunnelOptions {
    /// Where deliveries come from.
    pub fn delivered_basis(&self) -> DeliveredBasis {
        if self.infer_deliveries && self.implied_steps { DeliveredBasis::Inferred } else { DeliveredBasis::Reported }
    }

    /// Which of a kind's counts are meant.
    pub fn metric(&self, kind: Kind) -> Metric {
        let implied = self.implied_steps;
        let variant = match (kind, self.automation) {
            (Kind::Opened | Kind::Clicked, AutomationFilter::Machine) => Variant::Machine,
            (Kind::Opened, AutomationFilter::All) if implied => Variant::ImpliedAll,
            (Kind::Opened | Kind::Clicked, AutomationFilter::All) => Variant::All,
            (Kind::Delivered, _) if self.delivered_basis() == DeliveredBasis::Inferred => Variant::Inferred,
            (Kind::Targeted | Kind::Sent | Kind::Delivered | Kind::Opened, _) if implied => Variant::Implied,
            _ => Variant::Reported,
        };
        Metric(kind, variant)
    }
}

/// The counts of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StepCount {
    /// The step.
    pub kind: Kind,
    /// Events.
    pub total: i64,
    /// Distinct units, each at its first event of the kind.
    pub unique: i64,
}

/// The steps of the funnel proper, in order.
pub const FUNNEL_STEPS: [Kind; 6] =
    [Kind::Targeted, Kind::Sent, Kind::Delivered, Kind::Opened, Kind::Clicked, Kind::Converted];

/// The kinds counted beside the steps.
pub const SIDE_COUNTS: [Kind; 15] = [
    Kind::HeldOut,
    Kind::Skipped,
    Kind::Failed,
    Kind::Deferred,
    Kind::DeliveryUnknown,
    Kind::SoftBounced,
    Kind::HardBounced,
    Kind::SpamReported,
    Kind::ListUnsubscribed,
    Kind::OptedOut,
    Kind::Engaged,
    Kind::Disengaged,
    Kind::Impression,
    Kind::Submitted,
    Kind::Exited,
];

/// A funnel's counts, read as its options say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelCounts {
    /// Where the deliveries come from.
    pub delivered_basis: DeliveredBasis,
    options: FunnelOptions,
    counts: Counts,
}

impl FunnelCounts {
    /// Reads kept counts as the options say.
    pub fn of(counts: &Counts, options: FunnelOptions) -> Self {
        Self { delivered_basis: options.delivered_basis(), options, counts: counts.clone() }
    }

    /// The counts of a step or a side count.
    pub fn step(&self, kind: Kind) -> StepCount {
        self.pick(self.options.metric(kind))
    }

    /// Whether anything that a funnel shows is counted.
    pub fn is_any(&self) -> bool {
        let steps = FUNNEL_STEPS.iter().chain(&SIDE_COUNTS).map(|kind| self.step(*kind));
        let machines = [Kind::Opened, Kind::Clicked].map(|kind| self.machine(kind));
        steps.chain(machines).any(|count| (count.total, count.unique) != (0, 0))
    }

    /// Opens or clicks of known machines, whatever the filter.
    pub fn machine(&self, kind: Kind) -> StepCount {
        self.pick(Metric(kind, Variant::Machine))
    }

    fn pick(&self, metric: Metric) -> StepCount {
        let Tally { total, recipients_per_run, recipients, messages } = self.counts.get(metric);
        let kind = metric.0;
        let unique = match self.options.unit {
            UniqueUnit::RecipientPerRun => recipients_per_run,
            UniqueUnit::Recipient => recipients,
            UniqueUnit::Message => messages,
        };
        StepCount { kind, total, unique }
    }
}
