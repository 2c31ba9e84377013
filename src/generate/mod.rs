//! Events of any number, realistic and always the same for the same arguments, in every vendor's own JSON, with the
//! counts that reports over them must come to.
//!
//! [`plan`] tells every story once, to know how many there must be and what they come to; [`write()`] tells them again, in
//! the order asked for. No event is kept. The writers and the ledger stand apart from the code that reads and counts
//! events, so that the two can be held against each other.

pub mod campaign;
pub mod ledger;
pub mod person;
pub mod story;
pub mod summary;
pub mod vendor;

mod activatepro;
mod mailgun;
mod native;
mod odp;
mod pinpoint;
mod sendgrid;
mod ses;
mod sms;

mod dice;
mod order;
mod permutation;
mod purchase;
mod scene;

use std::io;

use campaign::{Campaign, Cell, DAY_MS, Deal};
use ledger::Ledger;
use permutation::Permutation;
use person::Person;
use scene::Scene;
use story::{Stage, Story};
use vendor::Vendor;

use crate::domain::event::Dialect;
use crate::domain::kind::Kind;
pub use dice::{MILLION, PerMillion};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The form of the records.
    pub dialect: Dialect,
    /// Number of distinct records: the vendor's events.
    pub events: u64,
    /// What everything follows from.
    pub seed: u64,
    /// Number of campaigns, at least 1. With few events small ones stay empty.
    pub campaigns: u32,
    /// When the first may happen, in milliseconds since 1970.
    pub start_ms: i64,
    /// Days until the last may happen, at least 1.
    pub days: u32,
    /// In which order they are written.
    pub order: Order,
    /// Share of the records that are written twice.
    pub repeats: PerMillion,
}

/// The order of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they happened; repeats some minutes behind.
    Time,
    /// Any record anywhere.
    Shuffled,
}

impl Request {
    /// The whole time in milliseconds.
    pub fn days_ms(&self) -> i64 {
        i64::from(self.days) * DAY_MS
    }
}

/// Everything that is needed to write the records, and what they come to.
#[derive(Debug)]
pub struct Plan {
    /// What was asked for.
    pub request: Request,
    /// Whose words.
    pub vendor: &'static Vendor,
    /// All campaigns.
    pub campaigns: Vec<Campaign>,
    /// The counts that reports must come to.
    pub ledger: Ledger,
    /// Records that are written twice.
    pub repeats: u64,
    deal: Deal,
    stories: u64,
    /// Records of the last story that are written.
    last: usize,
    /// Number of different people.
    people: u64,
    timeline: order::Timeline,
}

/// Tells all stories once and counts them. `progress` hears now and then how many records there are already.
pub fn plan(request: Request, mut progress: impl FnMut(u64)) -> Plan {
    let vendor = Vendor::of(request.dialect);
    let campaigns = campaign::campaigns(&request, vendor);
    let deal = Deal::new(&campaigns, request.seed);
    let (ledger, timeline) = (Ledger::new(&deal.cells), order::Timeline::new(&request));
    let mut plan =
        Plan { request, vendor, campaigns, ledger, repeats: 0, deal, stories: 0, last: 0, people: 1, timeline };
    let (mut story, mut records) = (Story::default(), 0);
    while records < request.events {
        let number = plan.stories;
        plan.last = usize::try_from(request.events - records).unwrap_or(usize::MAX);
        plan.stories += 1;
        plan.tell(number, &mut story);
        records += story.happenings.len() as u64;
        plan.count(number, &story);
        if number.is_multiple_of(16_384) {
            progress(records);
        }
    }
    plan.people = plan.deal.most_members(plan.stories).max(plan.stories * 3 / 5);
    plan
}

/// Hands every record to `sink`, as a line with its end.
pub fn write(plan: &Plan, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut line = Vec::with_capacity(4_096);
    order::visit(plan, |number, story, slot| {
        line.clear();
        serde_json::to_writer(&mut line, &plan.record(number, story, slot))?;
        line.push(b'\n');
        sink(&line)
    })
}

impl Plan {
    /// Number of all lines, repeats included.
    pub fn lines(&self) -> u64 {
        self.request.events + self.repeats
    }

    fn stage(&self, cell: usize) -> Stage<'_> {
        stage(&self.request, &self.campaigns, self.deal.cells[cell])
    }

    /// Tells a story, by its number. The last one ends where there are enough records.
    fn tell(&self, number: u64, story: &mut Story) {
        let (cell, member) = self.deal.of(number);
        story::tell(&self.stage(cell), member, story);
        if number + 1 == self.stories {
            story.happenings.truncate(self.last);
        }
    }

    fn count(&mut self, number: u64, story: &Story) {
        let (cell, _) = self.deal.of(number);
        let stage = stage(&self.request, &self.campaigns, self.deal.cells[cell]);
        self.ledger.count(cell, &stage, &story.happenings);
        for (slot, happening) in story.happenings.iter().enumerate() {
            self.timeline.add(happening.at_ms);
            if self.is_repeated(number, slot) {
                self.repeats += 1;
                self.timeline.add(self.repeated_ms(happening.at_ms, number, slot));
            }
        }
    }

    /// Whether a record is written twice.
    fn is_repeated(&self, number: u64, slot: usize) -> bool {
        let drawn = dice::mix(&[self.request.seed, 30, number, slot as u64]) % u64::from(MILLION);
        drawn < u64::from(self.request.repeats)
    }

    /// When a record comes the second time.
    fn repeated_ms(&self, at_ms: i64, number: u64, slot: usize) -> i64 {
        let delay = dice::mix(&[self.request.seed, 31, number, slot as u64]) % 900_000;
        at_ms + 1_000 + delay as i64
    }

    fn record(&self, number: u64, story: &Story, slot: usize) -> serde_json::Value {
        let (cell, member) = self.deal.of(number);
        let stage = self.stage(cell);
        let happening = story.happenings[slot];
        let is_sending = |other: &&story::Happening| {
            other.letter == happening.letter && matches!(other.kind, Kind::Sent | Kind::Targeted)
        };
        let sent = story.happenings.iter().rfind(is_sending).unwrap_or(&happening);
        (self.vendor.record)(&Scene {
            campaign: stage.campaign,
            run: stage.run,
            treatment: story.treatment,
            person: Person(Permutation::new(self.people, stage.campaign.key).at(member)),
            happening,
            sent_ms: sent.at_ms,
            key: dice::mix(&[stage.campaign.key, 12, stage.run as u64, member]),
            slot: slot as u64,
        })
    }
}

fn stage<'a>(request: &Request, campaigns: &'a [Campaign], cell: Cell) -> Stage<'a> {
    let (vendor, end_ms) = (Vendor::of(request.dialect), request.start_ms + request.days_ms());
    Stage { vendor, campaign: &campaigns[cell.campaign], run: cell.run, end_ms }
}

/// A small request for tests.
#[cfg(test)]
pub(crate) fn sample(dialect: Dialect) -> Request {
    Request {
        dialect,
        events: 3_000,
        seed: 1,
        campaigns: 12,
        start_ms: 1_790_812_800_000,
        days: 30,
        order: Order::Shuffled,
        repeats: 100_000,
    }
}

#[cfg(test)]
mod tests;
