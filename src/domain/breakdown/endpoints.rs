//! Distinct endpoints that messages were delivered to. An endpoint counts in every group in which something was delivered
//! to it, also on each of several days; a delivery that names none counts its recipient instead.

use std::collections::{BTreeMap, HashSet};

use super::BreakdownQuestion;
use super::calendar::Calendar;
use super::group::{CellIndex, GroupKey};
use crate::domain::kind::Kind;
use crate::domain::recipient::Unpacked;
use crate::{Error, Result};

/// Counts states one after the other. Several counters may share the states of a campaign.
pub struct EndpointCounter<'c> {
    cells: &'c CellIndex,
    calendar: Calendar,
    unpacked: Unpacked,
    groups: BTreeMap<GroupKey, Endpoints>,
    /// The groups in which the state at hand has a delivery that names no endpoint.
    unnamed: HashSet<GroupKey>,
}

/// The endpoints of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Hashes of those that are named. An endpoint may be another customer's later: it is one all the same.
    named: HashSet<i64>,
    /// Recipients of deliveries that name none.
    unnamed: i64,
}

impl Endpoints {
    /// How many there are.
    pub fn number(&self) -> i64 {
        i64::try_from(self.named.len()).unwrap_or(i64::MAX).saturating_add(self.unnamed)
    }

    fn join(&mut self, other: Self) {
        if self.named.len() < other.named.len() {
            let smaller = std::mem::replace(&mut self.named, other.named);
            self.named.extend(smaller);
        } else {
            self.named.extend(other.named);
        }
        self.unnamed += other.unnamed;
    }
}

impl<'c> EndpointCounter<'c> {
    /// A counter of nothing yet. Of the question's dimensions those of places and time make groups.
    pub fn new(question: &BreakdownQuestion, cells: &'c CellIndex) -> Self {
        Self {
            cells,
            calendar: Calendar::new(question),
            unpacked: Unpacked::default(),
            groups: BTreeMap::new(),
            unnamed: HashSet::new(),
        }
    }

    /// Counts one more recipient, by its packed state.
    pub fn add(&mut self, state: &[u8]) -> Result<()> {
        self.unpacked.read(state)?;
        self.unnamed.clear();
        for delivered in self.unpacked.occurrences.iter().filter(|event| event.kind == Kind::Delivered.code()) {
            let place = self.calendar.place(delivered.at);
            if !place.is_in {
                continue;
            }
            let cell = self.unpacked.cells[delivered.cell];
            let key = self
                .cells
                .key_of(cell)
                .ok_or_else(|| Error::Corrupt(format!("a recipient names the unknown cell {cell}")))?;
            let key = GroupKey { day: place.day, ..key };
            if delivered.detail == 0 {
                self.unnamed.insert(key);
            } else {
                self.groups.entry(key).or_default().named.insert(delivered.detail);
            }
        }
        for key in self.unnamed.drain() {
            self.groups.entry(key).or_default().unnamed += 1;
        }
        Ok(())
    }

    /// The endpoints of every group in which something was delivered.
    pub fn finish(self) -> BTreeMap<GroupKey, Endpoints> {
        self.groups
    }
}

/// How many endpoints several counters found in every group.
pub fn endpoint_numbers(parts: Vec<BTreeMap<GroupKey, Endpoints>>) -> Vec<(GroupKey, i64)> {
    let mut groups: BTreeMap<GroupKey, Endpoints> = BTreeMap::new();
    for (key, endpoints) in parts.into_iter().flatten() {
        groups.entry(key).or_default().join(endpoints);
    }
    groups.into_iter().map(|(key, endpoints)| (key, endpoints.number())).collect()
}
