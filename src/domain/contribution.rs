//! What one recipient's state adds to a campaign's counts: reported, implied and inferred steps, humans and machines,
//! every unit of unique, in every grouping, by day. Counts are kept by adding the new state's contribution and
//! subtracting the old one's.

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;

use chrono_tz::Tz;

use super::day::day_in_zone;
use super::kind::Kind;
use super::message_facts::{Moment, Place, each_fact, is_open_question, mark_machines, place_of};
use super::recipient::{MessageKey, MessageState, Occurrence, RecipientState};
use super::rollup::{Grouping, Metric, Tally, Variant};
use super::time::Micros;

/// The groups of a cell: hashes of its run, treatment, touchpoint and channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellGroups {
    /// Run.
    pub run: i64,
    /// Treatment.
    pub treatment: i64,
    /// Touchpoint.
    pub touchpoint: i64,
    /// Channel.
    pub channel: i64,
}

impl CellGroups {
    /// The group of the cell in a grouping.
    pub fn group(&self, grouping: Grouping) -> i64 {
        match grouping {
            Grouping::None => 0,
            Grouping::Run => self.run,
            Grouping::Treatment => self.treatment,
            Grouping::Touchpoint => self.touchpoint,
            Grouping::Channel => self.channel,
        }
    }
}

/// Which rollup row a count belongs to, within a campaign and shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// Grouping.
    pub grouping: Grouping,
    /// Group.
    pub group: i64,
    /// Day in the workspace's zone.
    pub day: i32,
}

/// Everything that one recipient's state says happened, by metric and time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts(Vec<Fact>);

/// One occurrence of a metric: reported, implied or inferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    metric: Metric,
    at: Micros,
    groups: CellGroups,
    message: MessageKey,
}

impl Facts {
    /// The facts of a state. `cells` must know every cell that the state names.
    pub fn of(state: &RecipientState, cells: &impl Fn(i64) -> Option<CellGroups>) -> Self {
        let mut facts = Vec::with_capacity(16);
        let targeted = targeted_places(state, cells);
        for message in &state.messages {
            facts_of(message, cells, &targeted, &mut facts);
        }
        facts.sort_unstable();
        Self(facts)
    }

    /// Reports what these facts add to the counts, metric by metric, leaving out metrics that stand in `other` just the
    /// same: what an event does not change costs nothing.
    pub fn count(&self, other: &Self, zone: Tz, mut count: impl FnMut(RowKey, Metric, Tally)) {
        for same_metric in self.0.chunk_by(|a, b| a.metric == b.metric) {
            if other.of_metric(same_metric[0].metric) != same_metric {
                count_metric(same_metric, zone, &mut count);
            }
        }
    }

    /// When a step was last reached: acts of machines left out, implied steps included.
    pub fn latest(&self, kind: Kind) -> Option<Micros> {
        let is_implied = matches!(kind, Kind::Targeted | Kind::Sent | Kind::Delivered | Kind::Opened);
        let variant = if is_implied { Variant::Implied } else { Variant::Reported };
        self.of_metric(Metric(kind, variant)).iter().map(|fact| fact.at).max()
    }

    /// Every kind that was reached, with its latest time.
    pub fn reached(&self) -> impl Iterator<Item = (Kind, Micros)> {
        let kinds: BTreeSet<Kind> = self.0.iter().map(|fact| fact.metric.0).collect();
        kinds.into_iter().filter_map(|kind| Some((kind, self.latest(kind)?)))
    }

    fn of_metric(&self, metric: Metric) -> &[Fact] {
        let start = self.0.partition_point(|fact| fact.metric < metric);
        let end = self.0.partition_point(|fact| fact.metric <= metric);
        &self.0[start..end]
    }
}

fn count_metric(facts: &[Fact], zone: Tz, count: &mut impl FnMut(RowKey, Metric, Tally)) {
    let days: Vec<i32> = facts.iter().map(|fact| day_in_zone(fact.at, zone)).collect();
    for grouping in Grouping::ALL {
        let mut recipients = Seen::default();
        let mut runs = Seen::default();
        let mut messages = Seen::default();
        for (fact, day) in facts.iter().zip(&days) {
            let group = fact.groups.group(grouping);
            let tally = Tally {
                total: 1,
                recipients: i64::from(recipients.insert(group)),
                recipients_per_run: i64::from(runs.insert((group, fact.groups.run))),
                messages: i64::from(messages.insert((group, fact.message))),
            };
            count(RowKey { grouping, group, day: *day }, fact.metric, tally);
        }
    }
}

/// A set that is a list while it is small, as almost all are.
pub(super) struct Seen<T> {
    few: Vec<T>,
    many: HashSet<T>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { few: Vec::new(), many: HashSet::new() }
    }
}

impl<T: Copy + Eq + Hash> Seen<T> {
    const FEW: usize = 16;

    /// Forgets all values.
    pub(super) fn clear(&mut self) {
        self.few.clear();
        self.many.clear();
    }

    /// Whether the value is new.
    pub(super) fn insert(&mut self, value: T) -> bool {
        if self.few.contains(&value) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(value);
            return true;
        }
        self.many.insert(value)
    }
}

/// The places whose targeting was reported without a message id.
fn targeted_places(state: &RecipientState, cells: &impl Fn(i64) -> Option<CellGroups>) -> Vec<Place> {
    let unnamed = state.messages.iter().filter(|message| matches!(message.key, MessageKey::Place(_)));
    let targeted = unnamed.flat_map(|message| &message.occurrences).filter(|o| o.kind() == Kind::Targeted);
    targeted.filter_map(|occurrence| cells(occurrence.cell)).map(|groups| place_of(&groups)).collect()
}

fn facts_of(
    message: &MessageState,
    cells: &impl Fn(i64) -> Option<CellGroups>,
    targeted: &[Place],
    facts: &mut Vec<Fact>,
) {
    let known = marked(message).into_iter().filter_map(|moment| {
        let Moment { at, kind, automation, is_machine, detail, cell } = moment;
        Some(Moment { at, kind, automation, is_machine, detail, cell: cells(cell)? })
    });
    let mut moments: Vec<Moment<CellGroups>> = known.collect();
    each_fact(&mut moments, targeted, &mut |metric, moment| {
        facts.push(Fact { metric, at: moment.at, groups: moment.cell, message: message.key });
    });
}

/// The events of a message in order of time, marked where machines acted. Each names its cell.
fn marked(message: &MessageState) -> Vec<Moment<i64>> {
    let moment = |o: &Occurrence| Moment {
        at: o.at,
        kind: o.kind(),
        automation: o.automation(),
        is_machine: false,
        detail: o.detail,
        cell: o.cell,
    };
    let mut moments: Vec<Moment<i64>> = message.occurrences.iter().map(moment).collect();
    mark_machines(&mut moments);
    moments
}

/// Whether a click at this time, about which its vendor says nothing, is one of a machine's burst.
pub fn is_burst(message: &MessageState, at: Micros) -> bool {
    marked(message).iter().any(|moment| moment.at == at && is_open_question(moment) && moment.is_machine)
}

/// For each event of the message, whether a machine did it: the vendor's verdict first, else the burst rule.
pub(super) fn machine_acts(message: &MessageState) -> Vec<bool> {
    marked(message).iter().map(|moment| moment.is_machine).collect()
}
