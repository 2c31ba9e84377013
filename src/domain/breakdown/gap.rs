//! The times between steps: per unit from its first fact of the step before to its first fact of the step.
//!
//! A unit that counts in `unique` of a step counts here too, in the same groups, if it has the step before at any time: in
//! the group's run, treatment, touchpoint and channel where these make groups. A step that came before the one before it,
//! by its clock, took no time.

use std::collections::BTreeMap;

use super::BreakdownQuestion;
use super::group::{CellIndex, GroupKey};
use super::walk::{Fact, Walker};
use crate::Result;
use crate::domain::contribution::Seen;
use crate::domain::funnel::{FUNNEL_STEPS, FunnelOptions, UniqueUnit};
use crate::domain::kind::Kind;
use crate::domain::number_map::NumberMap;
use crate::domain::rollup::METRICS;
use crate::domain::time::MICROS_PER_SECOND;

/// Whose times are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GapQuestion {
    /// Range and groups.
    pub question: BreakdownQuestion,
    /// What is a unit, and what a step.
    pub options: FunnelOptions,
}

/// The times from the step before to a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepGap {
    /// The step.
    pub kind: Kind,
    /// Units that have both steps.
    pub units: i64,
    /// The middle time in seconds; of an even number of units the mean of the two in the middle.
    pub median_s: f64,
    /// The shortest time in seconds that at least nine of ten units did not exceed (nearest rank).
    pub p90_s: f64,
}

/// The times between steps, of the whole and of every group in which a unit has two of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gaps {
    /// Of the whole, by step.
    pub whole: Vec<StepGap>,
    /// Of every group, by step.
    pub groups: BTreeMap<GroupKey, Vec<StepGap>>,
}

/// Takes the times of states one after the other. Several counters may share the states of a campaign.
pub struct GapCounter<'c> {
    cells: &'c CellIndex,
    walker: Walker<'c>,
    unit: UniqueUnit,
    /// Index of each step's metric.
    steps: Vec<u8>,
    has_groups: bool,
    whole: Times,
    groups: NumberMap<(u32, u32, i32), Times>,
    seen: Seen<(u32, u32, u32)>,
}

/// Times in microseconds, by step.
type Times = Vec<Vec<i64>>;

impl<'c> GapCounter<'c> {
    /// A counter of nothing yet.
    pub fn new(asked: &GapQuestion, cells: &'c CellIndex) -> Self {
        let steps: Vec<u8> = FUNNEL_STEPS.iter().map(|kind| asked.options.metric(*kind).index() as u8).collect();
        let wanted = steps.iter().fold(0, |wanted, metric| wanted | 1 << metric);
        Self {
            cells,
            walker: Walker::new(&asked.question, cells, wanted),
            unit: asked.options.unit,
            has_groups: !asked.question.dimensions.is_empty(),
            whole: vec![Vec::new(); steps.len()],
            steps,
            groups: NumberMap::default(),
            seen: Seen::default(),
        }
    }

    /// Takes the times of one more recipient, by its packed state.
    pub fn add(&mut self, state: &[u8]) -> Result<()> {
        self.walker.read(state)?;
        let facts = self.walker.facts();
        facts.sort_unstable_by_key(Fact::order);
        let mut ends = [(0, 0); METRICS];
        let mut start = 0;
        for same_metric in facts.chunk_by(|a, b| a.metric == b.metric) {
            ends[usize::from(same_metric[0].metric)] = (start, start + same_metric.len());
            start += same_metric.len();
        }
        let of = |metric: u8| {
            let (start, end) = ends[usize::from(metric)];
            &facts[start..end]
        };
        for step in 1..self.steps.len() {
            let (before, reached) = (of(self.steps[step - 1]), of(self.steps[step]));
            let mut firsts = Firsts { unit: self.unit, has_groups: false, seen: &mut self.seen };
            firsts.each(before, reached, |_, gap| self.whole[step].push(gap));
            if self.has_groups {
                firsts.has_groups = true;
                let groups = &mut self.groups;
                let steps = self.steps.len();
                firsts.each(before, reached, |fact, gap| {
                    let group = groups.entry((fact.group, fact.detail, fact.day));
                    group.or_insert_with(|| vec![Vec::new(); steps])[step].push(gap);
                });
            }
        }
        Ok(())
    }

    /// Number of groups so far.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The times that were taken.
    pub fn finish(self) -> GapTimes {
        let details = self.walker.details();
        let named = |((group, detail, day), times): ((u32, u32, i32), Times)| {
            (GroupKey { day, detail: details.detail(detail), ..self.cells.key(group) }, times)
        };
        GapTimes { groups: self.groups.into_iter().map(named).collect(), whole: self.whole }
    }
}

/// The times that one counter took.
pub struct GapTimes {
    whole: Times,
    groups: Vec<(GroupKey, Times)>,
}

impl Gaps {
    /// What several counters found.
    pub fn of(parts: Vec<GapTimes>) -> Self {
        let mut whole = Times::new();
        let mut groups: BTreeMap<GroupKey, Times> = BTreeMap::new();
        for part in parts {
            join(&mut whole, part.whole);
            for (key, times) in part.groups {
                join(groups.entry(key).or_default(), times);
            }
        }
        let groups = groups.into_iter().map(|(key, times)| (key, step_gaps(times))).collect();
        Self { whole: step_gaps(whole), groups }
    }

    /// Roughly the memory that they take.
    pub fn bytes(&self) -> usize {
        let steps = self.whole.len() + self.groups.values().map(Vec::len).sum::<usize>();
        size_of::<Self>() + steps * size_of::<StepGap>() + self.groups.len() * 2 * size_of::<GroupKey>()
    }
}

fn join(times: &mut Times, others: Times) {
    times.resize(times.len().max(others.len()), Vec::new());
    times.iter_mut().zip(others).for_each(|(times, others)| times.extend(others));
}

fn step_gaps(times: Times) -> Vec<StepGap> {
    let gap = |(kind, mut times): (&Kind, Vec<i64>)| StepGap::of(*kind, &mut times);
    FUNNEL_STEPS.iter().zip(times).filter_map(gap).collect()
}

impl StepGap {
    /// The gap of a step from the times of its units, in microseconds; none where there is no unit.
    fn of(kind: Kind, times: &mut [i64]) -> Option<Self> {
        let last = times.len().checked_sub(1)?;
        let mut at = |rank: usize| *times.select_nth_unstable(rank).1;
        let middle = at(last / 2) as f64 + at(last - last / 2) as f64;
        let p90 = at(((last + 1) * 9).div_ceil(10) - 1) as f64;
        let seconds = MICROS_PER_SECOND as f64;
        let units = times.len() as i64;
        Some(Self { kind, units, median_s: middle / 2.0 / seconds, p90_s: p90 / seconds })
    }
}

/// Walks over the first facts of units.
struct Firsts<'a> {
    unit: UniqueUnit,
    has_groups: bool,
    seen: &'a mut Seen<(u32, u32, u32)>,
}

impl Firsts<'_> {
    fn unit_of(&self, fact: &Fact) -> u32 {
        match self.unit {
            UniqueUnit::RecipientPerRun => fact.run,
            UniqueUnit::Recipient => 0,
            UniqueUnit::Message => fact.message,
        }
    }

    /// Reports every first fact that lies in the span with the time since the first fact before.
    fn each(&mut self, before: &[Fact], reached: &[Fact], mut report: impl FnMut(&Fact, i64)) {
        if before.is_empty() {
            return;
        }
        self.seen.clear();
        for fact in reached {
            let unit = self.unit_of(fact);
            let key = if self.has_groups { (fact.group, fact.detail, unit) } else { (0, 0, unit) };
            if !self.seen.insert(key) {
                continue;
            }
            let is_same =
                |other: &&Fact| self.unit_of(other) == unit && (!self.has_groups || other.group == fact.group);
            if let (true, Some(first)) = (fact.is_in, before.iter().find(is_same)) {
                report(fact, (fact.at.0 - first.at.0).max(0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_a_mean_of_two_and_the_ninetieth_a_time_that_was_taken() {
        let of = |seconds: &[i64]| {
            let mut times: Vec<i64> = seconds.iter().map(|second| second * MICROS_PER_SECOND).collect();
            StepGap::of(Kind::Opened, &mut times).map(|gap| (gap.units, gap.median_s, gap.p90_s))
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some((1, 7.0, 7.0)));
        assert_eq!(of(&[9, 2]), Some((2, 5.5, 9.0)));
        assert_eq!(of(&[3, 1, 2]), Some((3, 2.0, 3.0)));
        assert_eq!(of(&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), Some((10, 5.5, 9.0)));
        assert_eq!(of(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), Some((11, 6.0, 10.0)));
    }
}
