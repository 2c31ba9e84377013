//! What the events of one message come to: the steps that were reported, those that follow from them, and who acted. The one
//! place where these rules stand; kept counts and answers from states both use it.

use std::collections::HashMap;

use super::contribution::CellGroups;
use super::event::Automation;
use super::kind::Kind;
use super::rollup::{Metric, Variant};
use super::time::{MICROS_PER_SECOND, Micros};

/// Distinct urls of one message within one closed second that show a machine at work.
const BURST_URLS: usize = 3;

/// One event of a message. `C` says where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct Moment<C> {
    /// When.
    pub at: Micros,
    /// What.
    pub kind: Kind,
    /// The vendor's verdict on who acted.
    pub automation: Automation,
    /// Whether a machine did it, by the vendor's verdict or the burst rule: see [`mark_machines`].
    pub is_machine: bool,
    /// Hash of its url, list or reason; 0: none.
    pub detail: i64,
    /// Where it belongs.
    pub cell: C,
}

/// Something that knows the groups of a cell.
pub trait Placed: Copy {
    /// The groups.
    fn groups(&self) -> &CellGroups;
}

impl Placed for CellGroups {
    fn groups(&self) -> &CellGroups {
        self
    }
}

/// Run, treatment and touchpoint.
pub type Place = (i64, i64, i64);

/// The place of a cell.
pub fn place_of(groups: &CellGroups) -> Place {
    (groups.run, groups.treatment, groups.touchpoint)
}

/// Reports every fact of a message: metric and the event that it follows from, those of one metric in order of time.
/// `moments` must be marked and in order of time; `targeted` are the places whose targeting was reported without a
/// message id, as Pinpoint does before there is one: messages sent there need no implied targeting of their own.
pub fn each_fact<C: Placed>(moments: &mut [Moment<C>], targeted: &[Place], push: &mut impl FnMut(Metric, &Moment<C>)) {
    moments.sort_unstable_by(|a, b| {
        (a.at, a.kind).cmp(&(b.at, b.kind)).then_with(|| a.cell.groups().cmp(b.cell.groups()))
    });
    let kinds = moments.iter().fold(0, |kinds, moment| kinds | bit(moment.kind));
    let mut facts = FactWriter { moments, kinds, push };
    facts.reported();
    facts.implied(targeted);
    facts.inferred();
}

fn bit(kind: Kind) -> u64 {
    1 << kind.code()
}

const fn bits(kinds: &[Kind]) -> u64 {
    let (mut bits, mut index) = (0, 0);
    while index < kinds.len() {
        bits |= 1 << kinds[index] as u8;
        index += 1;
    }
    bits
}

const ACTS: u64 = bits(&[Kind::Opened, Kind::Clicked]);
const IMPLY_SENT: u64 = ACTS | bits(&[Kind::Delivered, Kind::SoftBounced, Kind::HardBounced]);
const IMPLY_TARGETED: u64 = IMPLY_SENT | bits(&[Kind::Sent]);
const SAY_UNDELIVERED: u64 = bits(&[Kind::SoftBounced, Kind::HardBounced, Kind::Failed]);

struct FactWriter<'a, C, P> {
    moments: &'a [Moment<C>],
    /// The kinds of all moments, one bit each.
    kinds: u64,
    push: &'a mut P,
}

impl<C: Placed, P: FnMut(Metric, &Moment<C>)> FactWriter<'_, C, P> {
    fn has(&self, kinds: u64) -> bool {
        self.kinds & kinds != 0
    }

    fn first(&self, kinds: u64) -> Option<&Moment<C>> {
        if self.has(kinds) { self.moments.iter().find(|moment| bit(moment.kind) & kinds != 0) } else { None }
    }

    fn reported(&mut self) {
        for moment in self.moments {
            if bit(moment.kind) & ACTS == 0 {
                (self.push)(Metric(moment.kind, Variant::Reported), moment);
            } else {
                let variant = if moment.is_machine { Variant::Machine } else { Variant::Reported };
                (self.push)(Metric(moment.kind, variant), moment);
                (self.push)(Metric(moment.kind, Variant::All), moment);
            }
        }
    }

    /// Each step as reported; a step that is not reported but implied counts once, at its earliest implying event.
    fn implied(&mut self, targeted: &[Place]) {
        if self.has(ACTS) {
            self.implied_opens(Variant::Implied, false);
            self.implied_opens(Variant::ImpliedAll, true);
        }
        self.step(Kind::Delivered, ACTS);
        self.step(Kind::Sent, IMPLY_SENT);
        if !self.has(bit(Kind::Targeted))
            && self.first(IMPLY_TARGETED).is_some_and(|first| targeted.contains(&place_of(first.cell.groups())))
        {
            return;
        }
        self.step(Kind::Targeted, IMPLY_TARGETED);
    }

    /// A person who clicked has opened.
    fn implied_opens(&mut self, variant: Variant, with_machines: bool) {
        let mut is_reported = false;
        for moment in self.moments.iter().filter(|m| m.kind == Kind::Opened && (with_machines || !m.is_machine)) {
            is_reported = true;
            (self.push)(Metric(Kind::Opened, variant), moment);
        }
        if !is_reported && let Some(click) = self.moments.iter().find(|m| m.kind == Kind::Clicked && !m.is_machine) {
            (self.push)(Metric(Kind::Opened, variant), click);
        }
    }

    fn step(&mut self, kind: Kind, implied_by: u64) {
        let metric = Metric(kind, Variant::Implied);
        if self.has(bit(kind)) {
            for moment in self.moments.iter().filter(|moment| moment.kind == kind) {
                (self.push)(metric, moment);
            }
        } else if let Some(first) = self.first(implied_by).copied() {
            (self.push)(metric, &first);
        }
    }

    /// For campaigns without any reported delivery: sent and neither bounced nor failed, or implied.
    fn inferred(&mut self) {
        let sent = || self.first(bit(Kind::Sent)).or_else(|| self.first(IMPLY_SENT));
        let delivered = if self.has(SAY_UNDELIVERED) { None } else { sent() };
        if let Some(moment) = delivered.or_else(|| self.first(ACTS)).copied() {
            (self.push)(Metric(Kind::Delivered, Variant::Inferred), &moment);
        }
    }
}

/// Says for each event of a message, given in order of time, whether a machine did it: the vendor's verdict first, else the
/// burst rule.
pub fn mark_machines<C>(moments: &mut [Moment<C>]) {
    let mut open_questions = 0;
    for moment in moments.iter_mut() {
        moment.is_machine = moment.automation == Automation::Machine;
        open_questions += usize::from(is_open_question(moment));
    }
    if open_questions >= BURST_URLS {
        mark_bursts(moments);
    }
}

/// Whether it is a click about which its vendor says nothing.
pub fn is_open_question<C>(moment: &Moment<C>) -> bool {
    moment.kind == Kind::Clicked && moment.automation == Automation::Unknown
}

/// A window of a second slides over the clicks; each click enters, leaves and is marked once.
fn mark_bursts<C>(moments: &mut [Moment<C>]) {
    let clicks: Vec<usize> = (0..moments.len()).filter(|index| is_open_question(&moments[*index])).collect();
    let (mut end, mut marked) = (0, 0);
    let mut urls: HashMap<i64, u32> = HashMap::new();
    for start in 0..clicks.len() {
        let (first_at, first_url) = (moments[clicks[start]].at, moments[clicks[start]].detail);
        while end < clicks.len() && moments[clicks[end]].at.0 - first_at.0 <= MICROS_PER_SECOND {
            let url = moments[clicks[end]].detail;
            if url != 0 {
                *urls.entry(url).or_default() += 1;
            }
            end += 1;
        }
        if urls.len() >= BURST_URLS {
            clicks[start.max(marked)..end].iter().for_each(|click| moments[*click].is_machine = true);
            marked = end;
        }
        if let Some(count) = urls.get_mut(&first_url) {
            *count -= 1;
            if *count == 0 {
                urls.remove(&first_url);
            }
        }
    }
}
