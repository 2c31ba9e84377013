//! Counting facts: totals and distinct units, of the whole and of every group.

use std::collections::BTreeMap;

use super::group::{CellIndex, DetailIndex, GroupKey};
use super::walk::{Fact, Walker};
use super::{Breakdown, BreakdownQuestion};
use crate::Result;
use crate::domain::contribution::Seen;
use crate::domain::number_map::NumberMap;
use crate::domain::rollup::{Counts, METRICS, Metric, Tally};

/// Counts states one after the other. Several counters may share the states of a campaign: what they found adds up, see
/// [`Breakdown::sum`].
pub struct Counter<'c> {
    cells: &'c CellIndex,
    walker: Walker<'c>,
    /// The counts of the whole, unless they are the sum of the groups' (over time a unit counts once), and of the groups, if
    /// there are any.
    sheets: Vec<Sheet>,
    seen: SeenUnits,
}

impl<'c> Counter<'c> {
    /// A counter of nothing yet.
    pub fn new(question: &BreakdownQuestion, cells: &'c CellIndex) -> Self {
        let has_groups = !question.dimensions.is_empty();
        let is_sum = has_groups && question.dimensions.iter().all(|dimension| dimension.is_time());
        let whole = (!is_sum).then(|| Sheet::new(false));
        let groups = has_groups.then(|| Sheet::new(true));
        Self {
            cells,
            walker: Walker::new(question, cells, u64::MAX),
            sheets: whole.into_iter().chain(groups).collect(),
            seen: SeenUnits::default(),
        }
    }

    /// Counts one more recipient, by its packed state.
    pub fn add(&mut self, state: &[u8]) -> Result<()> {
        self.walker.read(state)?;
        let is_single = self.walker.is_single();
        let facts = self.walker.facts();
        let Some(first) = facts.first().copied() else { return Ok(()) };
        let is_one_unit = is_single && facts.iter().all(|fact| fact.run == first.run);
        let is_one_group =
            is_one_unit && facts.iter().all(|fact| (fact.group, fact.detail) == (first.group, first.detail));
        let mut is_sorted = false;
        for sheet in &mut self.sheets {
            if is_one_group || (is_one_unit && !sheet.has_groups) {
                sheet.count_one_unit(facts);
                continue;
            }
            if !is_sorted {
                facts.sort_unstable_by_key(Fact::order);
                is_sorted = true;
            }
            sheet.count_units(facts, &mut self.seen);
        }
        Ok(())
    }

    /// Number of groups so far.
    pub fn groups(&self) -> usize {
        self.sheets.last().map_or(0, |sheet| sheet.rows.len())
    }

    /// What was counted.
    pub fn finish(self) -> Breakdown {
        let details = self.walker.details();
        let mut found = Breakdown::default();
        for sheet in &self.sheets {
            if sheet.has_groups {
                found.groups = sheet.groups(self.cells, details);
            } else {
                found.whole = sheet.whole();
            }
        }
        if self.sheets.iter().all(|sheet| sheet.has_groups) {
            found.groups.iter().for_each(|(_, counts)| found.whole.add(counts, 1));
        }
        found
    }
}

impl Breakdown {
    /// What several counters found.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Counts::default();
        let mut groups: BTreeMap<GroupKey, Counts> = BTreeMap::new();
        for part in parts {
            whole.add(&part.whole, 1);
            for (key, counts) in part.groups {
                groups.entry(key).or_default().add(&counts, 1);
            }
        }
        Self { whole, groups: groups.into_iter().collect() }
    }

    /// Roughly the memory that it takes.
    pub fn bytes(&self) -> usize {
        let metrics = self.whole.len() + self.groups.iter().map(|(_, counts)| counts.len()).sum::<usize>();
        // A map of counts keeps its entries in nodes that are not all full.
        metrics * 64 + self.groups.len() * (size_of::<GroupKey>() + 256) + size_of::<Self>()
    }
}

/// The units that were seen among the facts of one metric.
#[derive(Default)]
struct SeenUnits {
    recipients: Seen<(u32, u32)>,
    runs: Seen<(u32, u32, u32)>,
    messages: Seen<(u32, u32, u32)>,
}

impl SeenUnits {
    fn clear(&mut self) {
        self.recipients.clear();
        self.runs.clear();
        self.messages.clear();
    }
}

/// Group, detail, day.
type RowKey = (u32, u32, i32);

/// Counts by row. A row has a place for every metric in a list of tallies, taken when the metric comes up first.
struct Sheet {
    has_groups: bool,
    rows: NumberMap<RowKey, u32>,
    places: Vec<[u32; METRICS]>,
    tallies: Vec<Tally>,
    last: Option<(RowKey, u32)>,
}

const NO_PLACE: u32 = u32::MAX;

impl Sheet {
    fn new(has_groups: bool) -> Self {
        Self { has_groups, rows: NumberMap::default(), places: Vec::new(), tallies: Vec::new(), last: None }
    }

    /// Counts facts that all are of one unit, whatever the unit, in one group that is not time.
    fn count_one_unit(&mut self, facts: &[Fact]) {
        let mut seen = 0_u64;
        for fact in facts {
            let is_first = seen & (1 << fact.metric) == 0;
            seen |= 1 << fact.metric;
            if fact.is_in {
                let (total, first) = (1, i64::from(is_first));
                self.add(fact, Tally { total, recipients_per_run: first, recipients: first, messages: first });
            }
        }
    }

    /// Counts facts of several units or groups, those of one metric together and in order.
    fn count_units(&mut self, facts: &[Fact], seen: &mut SeenUnits) {
        for same_metric in facts.chunk_by(|a, b| a.metric == b.metric) {
            seen.clear();
            for fact in same_metric {
                let (group, detail) = if self.has_groups { (fact.group, fact.detail) } else { (0, 0) };
                let tally = Tally {
                    total: 1,
                    recipients: i64::from(seen.recipients.insert((group, detail))),
                    recipients_per_run: i64::from(seen.runs.insert((group, detail, fact.run))),
                    messages: i64::from(seen.messages.insert((group, detail, fact.message))),
                };
                if fact.is_in {
                    self.add(fact, tally);
                }
            }
        }
    }

    fn add(&mut self, fact: &Fact, tally: Tally) {
        let key = if self.has_groups { (fact.group, fact.detail, fact.day) } else { (0, 0, 0) };
        let row = match self.last {
            Some((last, row)) if last == key => row,
            _ => self.row(key),
        };
        let place = &mut self.places[row as usize][usize::from(fact.metric)];
        if *place == NO_PLACE {
            *place = self.tallies.len() as u32;
            self.tallies.push(Tally::default());
        }
        self.tallies[*place as usize].add(&tally, 1);
    }

    fn row(&mut self, key: RowKey) -> u32 {
        let places = &mut self.places;
        let row = *self.rows.entry(key).or_insert_with(|| {
            places.push([NO_PLACE; METRICS]);
            places.len() as u32 - 1
        });
        self.last = Some((key, row));
        row
    }

    fn counts(&self, row: u32) -> Counts {
        let mut counts = Counts::default();
        for (metric, place) in self.places[row as usize].iter().enumerate().filter(|(_, place)| **place != NO_PLACE) {
            *counts.entry(Metric::at(metric)) = self.tallies[*place as usize];
        }
        counts
    }

    fn whole(&self) -> Counts {
        self.rows.values().next().map_or_else(Counts::default, |row| self.counts(*row))
    }

    fn groups(&self, cells: &CellIndex, details: &DetailIndex) -> Vec<(GroupKey, Counts)> {
        let named = |(key, row): (&RowKey, &u32)| {
            let (group, detail, day) = *key;
            (GroupKey { day, detail: details.detail(detail), ..cells.key(group) }, self.counts(*row))
        };
        let mut groups: Vec<(GroupKey, Counts)> = self.rows.iter().map(named).collect();
        groups.sort_unstable_by_key(|(key, _)| *key);
        groups
    }
}
