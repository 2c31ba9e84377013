//! From a packed state to its facts, without making anything anew for each: buffers are used again.

use std::ops::Range;

use super::calendar::Calendar;
use super::group::{CellIndex, DetailIndex, IndexedCell};
use super::{BreakdownQuestion, DateBasis};
use crate::domain::contribution::CellGroups;
use crate::domain::event::Automation;
use crate::domain::kind::Kind;
use crate::domain::message_facts::{Moment, Place, Placed, each_fact, mark_machines, place_of};
use crate::domain::recipient::{MessageKey, Unpacked};
use crate::domain::time::Micros;
use crate::{Error, Result};

/// One occurrence of a metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    /// Index of its metric.
    pub(super) metric: u8,
    /// Whether it lies in the span.
    pub(super) is_in: bool,
    /// First day of its group of time; 0 where time makes no groups.
    pub(super) day: i32,
    /// Number of the group of its cell.
    pub(super) group: u32,
    /// Number of its detail; 0: none.
    pub(super) detail: u32,
    /// Number of its run.
    pub(super) run: u32,
    /// Its message among those of the state.
    pub(super) message: u32,
    /// When it happened.
    pub(super) at: Micros,
    /// The time by which it is placed.
    pub(super) lies_at: Micros,
}

impl Fact {
    /// Brings facts of one metric together, the first before the others.
    pub(super) fn order(&self) -> (u8, Micros, Micros) {
        (self.metric, self.at, self.lies_at)
    }
}

/// Where an event belongs and lies.
#[derive(Clone, Copy)]
struct Lying<'c> {
    cell: IndexedCell<'c>,
    lies_at: Micros,
    is_in: bool,
    day: i32,
}

impl Placed for Lying<'_> {
    fn groups(&self) -> &CellGroups {
        self.cell.groups
    }
}

/// Reads states one after the other.
pub(super) struct Walker<'c> {
    cells: &'c CellIndex,
    basis: DateBasis,
    calendar: Calendar,
    /// The metrics that are wanted, one bit each.
    wanted: u64,
    details: DetailIndex,
    unpacked: Unpacked,
    known: Vec<IndexedCell<'c>>,
    moments: Vec<Moment<Lying<'c>>>,
    targeted: Vec<Place>,
    facts: Vec<Fact>,
}

impl<'c> Walker<'c> {
    pub(super) fn new(question: &BreakdownQuestion, cells: &'c CellIndex, wanted: u64) -> Self {
        Self {
            cells,
            basis: question.basis,
            calendar: Calendar::new(question),
            wanted,
            details: DetailIndex::new(question),
            unpacked: Unpacked::default(),
            known: Vec::new(),
            moments: Vec::new(),
            targeted: Vec::new(),
            facts: Vec::new(),
        }
    }

    pub(super) fn details(&self) -> &DetailIndex {
        &self.details
    }

    /// The facts of the state that was read, message by message; those of one metric within a message in order of time.
    pub(super) fn facts(&mut self) -> &mut [Fact] {
        &mut self.facts
    }

    /// Whether the state that was read has no more than one message.
    pub(super) fn is_single(&self) -> bool {
        self.unpacked.messages.len() <= 1
    }

    /// Reads a state in place of the last.
    pub(super) fn read(&mut self, state: &[u8]) -> Result<()> {
        self.unpacked.read(state)?;
        self.facts.clear();
        self.known.clear();
        for cell in &self.unpacked.cells {
            let place = self.cells.place(*cell);
            let place = place.ok_or_else(|| Error::Corrupt(format!("a recipient names the unknown cell {cell}")))?;
            self.known.push(self.cells.cell(place));
        }
        self.note_targeted();
        let mut start = 0;
        for message in 0..self.unpacked.messages.len() {
            let end = self.unpacked.messages[message].end;
            self.read_message(message, start..end);
            start = end;
        }
        Ok(())
    }

    /// The places whose targeting was reported without a message id.
    fn note_targeted(&mut self) {
        self.targeted.clear();
        if self.is_single() {
            return;
        }
        let mut start = 0;
        for message in &self.unpacked.messages {
            if let MessageKey::Place(_) = message.key {
                let events = self.unpacked.occurrences[start..message.end].iter();
                let targeted = events.filter(|occurrence| occurrence.kind == Kind::Targeted.code());
                self.targeted.extend(targeted.map(|occurrence| place_of(self.known[occurrence.cell].groups)));
            }
            start = message.end;
        }
    }

    fn read_message(&mut self, message: usize, events: Range<usize>) {
        let sent = match self.basis {
            DateBasis::Event => None,
            DateBasis::Cohort => self.sent_at(message, events.clone()),
        };
        let Self { unpacked, known, moments, facts, details, targeted, calendar, wanted, .. } = self;
        moments.clear();
        moments.extend(unpacked.occurrences[events].iter().map(|occurrence| {
            let lies_at = sent.unwrap_or(occurrence.at);
            let place = calendar.place(lies_at);
            Moment {
                at: occurrence.at,
                kind: Kind::from_code(occurrence.kind),
                automation: Automation::from_code(occurrence.automation),
                is_machine: false,
                detail: occurrence.detail,
                cell: Lying { cell: known[occurrence.cell], lies_at, is_in: place.is_in, day: place.day },
            }
        }));
        mark_machines(moments);
        let has_details = details.is_asked();
        each_fact(moments, targeted, &mut |metric, moment| {
            let index = metric.index();
            if *wanted & (1 << index) == 0 {
                return;
            }
            let Lying { cell, lies_at, is_in, day } = moment.cell;
            let detail = if has_details { details.number(metric.0, moment.detail) } else { 0 };
            let (metric, message) = (index as u8, message as u32);
            let (group, run, at) = (cell.group, cell.run, moment.at);
            facts.push(Fact { metric, is_in, day, group, detail, run, message, at, lies_at });
        });
    }

    /// When a message was sent, by its earliest SENT or send stamp.
    fn sent_at(&self, message: usize, events: Range<usize>) -> Option<Micros> {
        let sent = self.unpacked.occurrences[events].iter().filter(|event| event.kind == Kind::Sent.code());
        let reported = sent.map(|event| event.at).min();
        [reported, self.unpacked.messages[message].sent_at].into_iter().flatten().min()
    }
}
