//! The counts that reports must come to, reckoned story by story from the definitions: a unit is a recipient in a run,
//! later steps imply earlier ones, machines are left out and shown beside.
//!
//! A story is one recipient in one run of one campaign, so each story is a unit of its own and can be counted alone.

use std::collections::BTreeSet;

use super::campaign::Cell;
use super::story::{Happening, Stage};
use super::vendor::is_of_campaign;
use crate::domain::event::Automation;
use crate::domain::kind::{KINDS, Kind};

/// Number of events, and of recipients in runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Events.
    pub total: u64,
    /// Units.
    pub unique: u64,
}

impl Count {
    /// Adds what one unit did.
    fn add_unit(&mut self, total: u64) {
        self.total += total;
        self.unique += u64::from(total > 0);
    }

    fn add(&mut self, other: Self) {
        self.total += other.total;
        self.unique += other.unique;
    }
}

/// The counts of a run, or of a whole campaign: units add up.
#[derive(Clone, Debug)]
pub struct Counts {
    /// By code of the kind, implied steps included, machines left out.
    by_kind: [Count; KINDS.len()],
    /// Deliveries, where the campaign never reports any.
    inferred: Count,
    /// Opens of machines.
    pub machine_opens: Count,
    /// Clicks of machines.
    pub machine_clicks: Count,
    /// Whether a delivery was reported.
    pub reports_deliveries: bool,
    /// Events of the campaign.
    pub events: u64,
}

impl Default for Counts {
    fn default() -> Self {
        let zero = Count::default();
        Self {
            by_kind: [zero; KINDS.len()],
            inferred: zero,
            machine_opens: zero,
            machine_clicks: zero,
            reports_deliveries: false,
            events: 0,
        }
    }
}

impl Counts {
    /// The count of a step or a side count. `infers` tells that the campaign never reports deliveries.
    pub fn of(&self, kind: Kind, infers: bool) -> Count {
        if infers && kind == Kind::Delivered { self.inferred } else { self.by_kind[usize::from(kind.code())] }
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.by_kind.iter_mut().zip(other.by_kind).for_each(|(count, more)| count.add(more));
        self.inferred.add(other.inferred);
        self.machine_opens.add(other.machine_opens);
        self.machine_clicks.add(other.machine_clicks);
        self.reports_deliveries |= other.reports_deliveries;
        self.events += other.events;
    }
}

/// All counts.
#[derive(Debug)]
pub struct Ledger {
    /// Events by code of their kind.
    pub events: [u64; KINDS.len()],
    /// Every run, with its counts.
    pub cells: Vec<(Cell, Counts)>,
}

impl Ledger {
    /// Nothing counted yet.
    pub fn new(cells: &[Cell]) -> Self {
        let cells = cells.iter().map(|cell| (*cell, Counts::default())).collect();
        Self { events: [0; KINDS.len()], cells }
    }

    /// Counts the records of one story, which belongs to a cell.
    pub fn count(&mut self, cell: usize, stage: &Stage<'_>, told: &[Happening]) {
        let counts = &mut self.cells[cell].1;
        let mut acts = Vec::with_capacity(told.len() + 2);
        for happening in told {
            let besides = (stage.vendor.besides)(stage.campaign, happening.kind);
            for kind in std::iter::once(happening.kind).chain(besides) {
                self.events[usize::from(kind.code())] += 1;
                if is_of_campaign(kind) {
                    acts.push(Act::new(stage, happening, kind));
                }
            }
        }
        counts.events += acts.len() as u64;
        judge(&mut acts);
        count_unit(&acts, counts);
    }
}

/// An event of the campaign.
#[derive(Clone, Copy, Debug)]
struct Act {
    at_ms: i64,
    kind: Kind,
    /// Which message of the run.
    letter: u8,
    /// Whether the record carries the message's id.
    is_named: bool,
    link: u8,
    verdict: Automation,
    is_machine: bool,
}

impl Act {
    fn new(stage: &Stage<'_>, happening: &Happening, kind: Kind) -> Self {
        let Happening { at_ms, letter, choice, verdict, .. } = *happening;
        let is_named = (stage.vendor.names_message)(stage.campaign, happening.kind);
        Self { at_ms, kind, letter, is_named, link: choice, verdict, is_machine: verdict == Automation::Machine }
    }

    /// Two records belong to one message by its id; those without one by where in the run they stand.
    fn is_of_message(&self, other: &Self) -> bool {
        (self.letter, self.is_named) == (other.letter, other.is_named)
    }

    fn is_undecided_click(&self) -> bool {
        self.kind == Kind::Clicked && self.verdict == Automation::Unknown
    }
}

/// Links of one message within a closed second that no hand clicks.
const BURST: usize = 3;
const BURST_MS: i64 = 1_000;

/// Without a vendor's verdict, clicks on three or more links of a message within one second are a machine's.
fn judge(acts: &mut [Act]) {
    let undecided: Vec<Act> = acts.iter().copied().filter(Act::is_undecided_click).collect();
    for first in &undecided {
        let is_within = |act: &Act| {
            act.is_undecided_click()
                && act.is_of_message(first)
                && (first.at_ms..=first.at_ms + BURST_MS).contains(&act.at_ms)
        };
        let links: BTreeSet<u8> = undecided.iter().filter(|act| is_within(act)).map(|act| act.link).collect();
        if links.len() >= BURST {
            acts.iter_mut().filter(|act| is_within(act)).for_each(|act| act.is_machine = true);
        }
    }
}

/// What one recipient adds in one run.
fn count_unit(acts: &[Act], counts: &mut Counts) {
    let mut of_unit = [0; KINDS.len()];
    let mut inferred = 0;
    for (at, act) in acts.iter().enumerate() {
        let is_new = !acts[..at].iter().any(|earlier| earlier.is_of_message(act));
        if is_new {
            inferred += count_message(acts, act, &mut of_unit);
        }
    }
    counts.by_kind.iter_mut().zip(of_unit).for_each(|(count, total)| count.add_unit(total));
    counts.inferred.add_unit(inferred);
    let by_machines = |kind| acts.iter().filter(|act| act.kind == kind && act.is_machine).count() as u64;
    counts.machine_opens.add_unit(by_machines(Kind::Opened));
    counts.machine_clicks.add_unit(by_machines(Kind::Clicked));
    counts.reports_deliveries |= acts.iter().any(|act| act.kind == Kind::Delivered);
}

/// Adds the steps of one message as reported, and each step that is not reported but must have happened. The answer is
/// how many deliveries are inferred where none is ever reported.
fn count_message(acts: &[Act], message: &Act, of_unit: &mut [u64; KINDS.len()]) -> u64 {
    let message: Vec<&Act> = acts.iter().filter(|act| act.is_of_message(message)).collect();
    for act in message.iter().filter(|act| !act.is_machine) {
        of_unit[usize::from(act.kind.code())] += 1;
    }
    let mut imply = |kind: Kind, is_implied: bool| of_unit[usize::from(kind.code())] += u64::from(is_implied);
    let has = |kinds: &[Kind]| message.iter().any(|act| kinds.contains(&act.kind));
    let by_person = |kind: Kind| message.iter().any(|act| act.kind == kind && !act.is_machine);
    imply(Kind::Opened, by_person(Kind::Clicked) && !by_person(Kind::Opened));
    let was_used = has(&[Kind::Opened, Kind::Clicked]);
    imply(Kind::Delivered, was_used && !has(&[Kind::Delivered]));
    let was_underway = was_used || has(&[Kind::Delivered, Kind::SoftBounced, Kind::HardBounced]);
    imply(Kind::Sent, was_underway && !has(&[Kind::Sent]));
    let was_sent = was_underway || has(&[Kind::Sent]);
    imply(Kind::Targeted, was_sent && !has(&[Kind::Targeted]) && !is_targeted_without_id(acts, message[0]));
    let came_back = has(&[Kind::SoftBounced, Kind::HardBounced, Kind::Failed]);
    u64::from(was_used || was_sent && !came_back)
}

/// Whether the same place in the run reports a targeting that could not name the message yet.
fn is_targeted_without_id(acts: &[Act], message: &Act) -> bool {
    acts.iter().any(|act| act.kind == Kind::Targeted && !act.is_named && act.letter == message.letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(kind: Kind, at_ms: i64) -> Act {
        let verdict = Automation::Unknown;
        Act { at_ms, kind, letter: 0, is_named: true, link: 0, verdict, is_machine: false }
    }

    fn click(at_ms: i64, link: u8) -> Act {
        Act { link, ..act(Kind::Clicked, at_ms) }
    }

    fn counted(mut acts: Vec<Act>) -> Counts {
        let mut counts = Counts::default();
        judge(&mut acts);
        count_unit(&acts, &mut counts);
        counts
    }

    fn totals(counts: &Counts) -> [u64; 5] {
        let steps = [Kind::Targeted, Kind::Sent, Kind::Delivered, Kind::Opened, Kind::Clicked];
        steps.map(|kind| counts.of(kind, false).total)
    }

    #[test]
    fn a_persons_click_implies_all_before_it() {
        assert_eq!(totals(&counted(vec![click(0, 1)])), [1, 1, 1, 1, 1]);
        assert_eq!(totals(&counted(vec![act(Kind::HardBounced, 0)])), [1, 1, 0, 0, 0]);
        assert_eq!(totals(&counted(vec![act(Kind::Failed, 0)])), [0; 5]);
        assert_eq!(
            totals(&counted(vec![act(Kind::Sent, 0), act(Kind::Opened, 1), act(Kind::Opened, 2)])),
            [1, 1, 1, 2, 0]
        );
    }

    #[test]
    fn a_machines_clicks_imply_a_delivery_alone_and_stand_beside() {
        let counts = counted(vec![click(0, 1), click(400, 2), click(1_000, 3)]);
        assert_eq!(totals(&counts), [1, 1, 1, 0, 0]);
        assert_eq!((counts.machine_clicks.total, counts.machine_clicks.unique), (3, 1));
        let slow = counted(vec![click(0, 1), click(400, 2), click(1_001, 3)]);
        assert_eq!((totals(&slow), slow.machine_clicks.total), ([1, 1, 1, 1, 3], 0));
        let judged = Act { verdict: Automation::Human, ..click(1, 4) };
        assert_eq!(counted(vec![click(0, 1), judged, click(2, 2)]).machine_clicks.total, 0);
    }

    #[test]
    fn a_message_is_targeted_once_with_or_without_its_id() {
        let targeted = Act { is_named: false, ..act(Kind::Targeted, 0) };
        assert_eq!(totals(&counted(vec![targeted, act(Kind::Sent, 1)])), [1, 1, 0, 0, 0]);
        let other = Act { letter: 1, ..act(Kind::Sent, 1) };
        let counts = counted(vec![targeted, other]);
        assert_eq!((counts.of(Kind::Targeted, false).total, counts.of(Kind::Targeted, false).unique), (2, 1));
    }

    #[test]
    fn deliveries_are_inferred_of_what_did_not_come_back() {
        let inferred = |acts| counted(acts).of(Kind::Delivered, true).total;
        assert_eq!(inferred(vec![act(Kind::Sent, 0)]), 1);
        assert_eq!(inferred(vec![act(Kind::Targeted, 0)]), 0);
        assert_eq!(inferred(vec![act(Kind::Sent, 0), act(Kind::SoftBounced, 1)]), 0);
        assert_eq!(inferred(vec![act(Kind::Sent, 0), act(Kind::SoftBounced, 1), act(Kind::Opened, 2)]), 1);
    }
}
