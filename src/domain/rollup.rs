//! The maintained counts of a campaign: which numbers are kept per grouping, group and day, and how a row is packed.

use std::collections::BTreeMap;

use super::kind::{KINDS, Kind};
use super::packing::{put_varint, take_varint, unzigzag, zigzag};
use crate::{Error, Result};

/// What the rows of a campaign are grouped by. The codes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum Grouping {
    /// The whole campaign.
    None = 0,
    /// By run.
    Run = 1,
    /// By treatment.
    Treatment = 2,
    /// By touchpoint.
    Touchpoint = 3,
    /// By channel.
    Channel = 4,
}

impl Grouping {
    /// Every grouping, in code order.
    pub const ALL: [Self; 5] = [Self::None, Self::Run, Self::Treatment, Self::Touchpoint, Self::Channel];
}

/// Which of a kind's counts: as reported, or as completed by a rule of the funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Variant {
    /// As reported; of opens and clicks those of people (not known to be machines).
    Reported = 0,
    /// Opens and clicks of machines.
    Machine = 1,
    /// Opens and clicks of both, where a unit counts at the first of either.
    All = 2,
    /// With implied steps; of opens those of people.
    Implied = 3,
    /// With implied steps; opens of both.
    ImpliedAll = 4,
    /// Deliveries inferred: sent and neither bounced nor failed, or implied.
    Inferred = 5,
}

/// One kept count: a kind and a variant of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metric(pub Kind, pub Variant);

impl Metric {
    fn code(self) -> u64 {
        u64::from(self.0.code()) * 8 + self.1 as u64
    }

    fn from_code(code: u64) -> Option<Self> {
        let variant = match code % 8 {
            0 => Variant::Reported,
            1 => Variant::Machine,
            2 => Variant::All,
            3 => Variant::Implied,
            4 => Variant::ImpliedAll,
            5 => Variant::Inferred,
            _ => return None,
        };
        let kind = Kind::from_code(u8::try_from(code / 8).ok()?);
        (u64::from(kind.code()) == code / 8).then_some(Self(kind, variant))
    }
}

/// Metrics that differ from every kind as reported.
const COMPLETED: [Metric; 10] = [
    Metric(Kind::Opened, Variant::Machine),
    Metric(Kind::Clicked, Variant::Machine),
    Metric(Kind::Opened, Variant::All),
    Metric(Kind::Clicked, Variant::All),
    Metric(Kind::Targeted, Variant::Implied),
    Metric(Kind::Sent, Variant::Implied),
    Metric(Kind::Delivered, Variant::Implied),
    Metric(Kind::Opened, Variant::Implied),
    Metric(Kind::Opened, Variant::ImpliedAll),
    Metric(Kind::Delivered, Variant::Inferred),
];

/// Number of metrics that are ever counted.
pub const METRICS: usize = KINDS.len() + COMPLETED.len();
const _: () = assert!(METRICS <= 64, "sets of metrics are 64 bits");

impl Metric {
    /// Its place among all metrics that are counted, below [`METRICS`]. Not stored: it changes with every new kind.
    pub fn index(self) -> usize {
        match self {
            Self(kind, Variant::Reported) => usize::from(kind.code()),
            Self(Kind::Opened, Variant::Machine) => KINDS.len(),
            Self(_, Variant::Machine) => KINDS.len() + 1,
            Self(Kind::Opened, Variant::All) => KINDS.len() + 2,
            Self(_, Variant::All) => KINDS.len() + 3,
            Self(Kind::Targeted, Variant::Implied) => KINDS.len() + 4,
            Self(Kind::Sent, Variant::Implied) => KINDS.len() + 5,
            Self(Kind::Delivered, Variant::Implied) => KINDS.len() + 6,
            Self(_, Variant::Implied) => KINDS.len() + 7,
            Self(_, Variant::ImpliedAll) => KINDS.len() + 8,
            Self(_, Variant::Inferred) => KINDS.len() + 9,
        }
    }

    /// The metric of a place.
    pub fn at(index: usize) -> Self {
        match index.checked_sub(KINDS.len()) {
            None => Self(KINDS[index].0, Variant::Reported),
            Some(index) => COMPLETED[index],
        }
    }
}

/// Events, and distinct units at their first event, of one metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events.
    pub total: i64,
    /// Customers, once per run.
    pub recipients_per_run: i64,
    /// Customers, once per campaign.
    pub recipients: i64,
    /// Messages.
    pub messages: i64,
}

impl Tally {
    /// Adds `sign` times the other's numbers.
    pub fn add(&mut self, other: &Self, sign: i64) {
        self.total += sign * other.total;
        self.recipients_per_run += sign * other.recipients_per_run;
        self.recipients += sign * other.recipients;
        self.messages += sign * other.messages;
    }

    fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// The counts of one rollup row, or a sum or difference of several. Metrics with all zeros are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Metric, Tally>);

impl Counts {
    /// The tally of a metric; zeros where nothing was counted.
    pub fn get(&self, metric: Metric) -> Tally {
        self.0.get(&metric).copied().unwrap_or_default()
    }

    /// The tally of a metric, to be changed. Call [`Self::prune`] afterwards.
    pub fn entry(&mut self, metric: Metric) -> &mut Tally {
        self.0.entry(metric).or_default()
    }

    /// Number of events that were reported.
    pub fn events(&self) -> i64 {
        let is_reported = |variant| matches!(variant, Variant::Reported | Variant::Machine);
        self.0.iter().filter(|(metric, _)| is_reported(metric.1)).map(|(_, tally)| tally.total).sum()
    }

    /// Number of metrics with a count.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds `sign` times the other's numbers.
    pub fn add(&mut self, other: &Self, sign: i64) {
        for (metric, tally) in &other.0 {
            self.0.entry(*metric).or_default().add(tally, sign);
        }
        self.prune();
    }

    /// Whether every number is zero.
    pub fn is_zero(&self) -> bool {
        self.0.values().all(Tally::is_zero)
    }

    /// Leaves out metrics whose numbers are all zero.
    pub fn prune(&mut self) {
        self.0.retain(|_, tally| !tally.is_zero());
    }

    /// Packs the counts: version, then (metric, four numbers) as variable-length integers.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        for (metric, tally) in &self.0 {
            put_varint(&mut bytes, metric.code());
            for number in [tally.total, tally.recipients_per_run, tally.recipients, tally.messages] {
                put_varint(&mut bytes, zigzag(number));
            }
        }
        bytes
    }

    /// Unpacks what [`Self::encode`] packed.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let damaged = || Error::Corrupt("rollup counts".to_owned());
        let (format, mut rest) = bytes.split_first().ok_or_else(damaged)?;
        if *format != FORMAT {
            return Err(damaged());
        }
        let mut counts = BTreeMap::new();
        while !rest.is_empty() {
            let code = take_varint(&mut rest).ok_or_else(damaged)?;
            let metric = Metric::from_code(code).ok_or_else(damaged)?;
            let mut number = || take_varint(&mut rest).map(unzigzag).ok_or_else(damaged);
            let tally =
                Tally { total: number()?, recipients_per_run: number()?, recipients: number()?, messages: number()? };
            counts.insert(metric, tally);
        }
        Ok(Self(counts))
    }
}

const FORMAT: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_place_of_its_own() {
        for index in 0..METRICS {
            assert_eq!(Metric::at(index).index(), index);
        }
    }

    #[test]
    fn packed_counts_unpack_to_themselves() {
        let mut counts = Counts::default();
        *counts.entry(Metric(Kind::Sent, Variant::Implied)) =
            Tally { total: 1 << 40, recipients_per_run: -3, recipients: 0, messages: 127 };
        counts.entry(Metric(Kind::OptedOut, Variant::Reported)).total = 1;
        assert_eq!(Counts::decode(&counts.encode()).expect("decodes"), counts);
        assert!(Counts::decode(&[9]).is_err());
        assert!(Counts::decode(&[FORMAT, 0x83]).is_err());
    }
}
