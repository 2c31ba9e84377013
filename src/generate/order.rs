//! In which order records are written, without keeping them: shuffled by a keyed permutation of all places where a record
//! may be, or by time, some hours at a time.

use std::ops::Range;

use super::permutation::Permutation;
use super::story::{MOST_RECORDS, Story};
use super::{Order, Plan, Request};

/// How many records there are in each short piece of the time.
#[derive(Debug)]
pub struct Timeline {
    start_ms: i64,
    piece_ms: i64,
    records: Vec<u64>,
}

/// Pieces that the time is divided into.
const PIECES: i64 = 32_768;
/// Places of records that are sorted at a time; 24 bytes each.
const SORTED_AT_ONCE: u64 = 2_000_000;
/// Nothing of a story happens longer than this before its run begins.
const LEAD_MS: i64 = 4 * 3_600_000;

impl Timeline {
    /// An empty one for the whole time.
    pub fn new(request: &Request) -> Self {
        let piece_ms = request.days_ms() / PIECES + 1;
        Self { start_ms: request.start_ms, piece_ms, records: vec![0; PIECES as usize] }
    }

    /// Counts a record at a time. What lies outside counts at the nearer end.
    pub fn add(&mut self, at_ms: i64) {
        let piece = (at_ms - self.start_ms).div_euclid(self.piece_ms).clamp(0, PIECES - 1);
        self.records[piece as usize] += 1;
    }

    /// The time in stretches with about as many records as can be sorted at once.
    fn stretches(&self, most: u64) -> Vec<Range<i64>> {
        let mut stretches = Vec::new();
        let (mut from, mut within) = (i64::MIN, 0);
        for (piece, records) in self.records.iter().enumerate() {
            if within > 0 && within + records > most {
                let until = self.start_ms + piece as i64 * self.piece_ms;
                stretches.push(from..until);
                (from, within) = (until, 0);
            }
            within += records;
        }
        stretches.push(from..i64::MAX);
        stretches
    }
}

/// Hands every record to `visitor` in the order asked for: the number of its story, the story, and its place there.
pub fn visit<E>(plan: &Plan, visitor: impl FnMut(u64, &Story, usize) -> Result<(), E>) -> Result<(), E> {
    match plan.request.order {
        Order::Shuffled => shuffled(plan, visitor),
        Order::Time => by_time(plan, SORTED_AT_ONCE, visitor),
    }
}

/// Every place where a record or its repeat may be, in an order that a key makes; most of them are empty.
fn shuffled<E>(plan: &Plan, mut visitor: impl FnMut(u64, &Story, usize) -> Result<(), E>) -> Result<(), E> {
    let copies = if plan.repeats > 0 { 2 } else { 1 };
    let slots = MOST_RECORDS as u64;
    let places = Permutation::new(plan.stories * slots * copies, plan.request.seed);
    let mut story = Story::default();
    for place in 0..plan.stories * slots * copies {
        let place = places.at(place);
        let (is_repeat, place) = (place % copies == 1, place / copies);
        let (number, slot) = (place / slots, (place % slots) as usize);
        if is_repeat && !plan.is_repeated(number, slot) {
            continue;
        }
        plan.tell(number, &mut story);
        if slot < story.happenings.len() {
            visitor(number, &story, slot)?;
        }
    }
    Ok(())
}

/// The stretches of time one after the other: for each, all stories that may reach into it are told.
fn by_time<E>(plan: &Plan, most: u64, mut visitor: impl FnMut(u64, &Story, usize) -> Result<(), E>) -> Result<(), E> {
    let mut story = Story::default();
    let mut places: Vec<(i64, u64, usize)> = Vec::with_capacity(most.min(plan.lines()) as usize);
    for stretch in plan.timeline.stretches(most) {
        places.clear();
        for number in 0..plan.stories {
            if plan.begins_ms(number) - LEAD_MS >= stretch.end {
                continue;
            }
            plan.tell(number, &mut story);
            for (slot, happening) in story.happenings.iter().enumerate() {
                let repeated = plan.is_repeated(number, slot);
                let again = repeated.then(|| plan.repeated_ms(happening.at_ms, number, slot));
                let within = std::iter::once(happening.at_ms).chain(again).filter(|at| stretch.contains(at));
                places.extend(within.map(|at| (at, number, slot)));
            }
        }
        places.sort_unstable();
        for (_, number, slot) in &places {
            plan.tell(*number, &mut story);
            visitor(*number, &story, *slot)?;
        }
    }
    Ok(())
}

impl Plan {
    /// When the run of a story begins.
    fn begins_ms(&self, number: u64) -> i64 {
        let cell = &self.deal.cells[self.deal.of(number).0];
        self.campaigns[cell.campaign].runs[cell.run]
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::domain::event::Dialect;
    use crate::generate::{plan, sample};

    fn visited(plan: &Plan, most: u64) -> Vec<(i64, u64, usize)> {
        let mut seen = Vec::new();
        let visitor = |number, story: &Story, slot: usize| {
            seen.push((story.happenings[slot].at_ms, number, slot));
            Ok::<(), Infallible>(())
        };
        match plan.request.order {
            Order::Shuffled => shuffled(plan, visitor),
            Order::Time => by_time(plan, most, visitor),
        }
        .expect("nothing can fail");
        seen
    }

    #[test]
    fn both_orders_have_every_record_and_every_repeat() {
        let shuffled = plan(sample(Dialect::Native), |_| ());
        let by_time = plan(Request { order: Order::Time, ..sample(Dialect::Native) }, |_| ());
        let (mut one, mut other) = (visited(&shuffled, 0), visited(&by_time, 500));
        assert!(one.len() as u64 == shuffled.lines() && shuffled.repeats > 200, "{}", one.len());
        assert!(!one.is_sorted());
        one.sort_unstable();
        other.sort_unstable();
        assert_eq!(one, other);
        one.dedup();
        assert_eq!(one.len() as u64, shuffled.request.events);
    }

    #[test]
    fn time_goes_on_in_stretches_of_any_length() {
        let plan = plan(Request { order: Order::Time, repeats: 0, ..sample(Dialect::Native) }, |_| ());
        for most in [1, 100, 1_000_000] {
            assert!(visited(&plan, most).is_sorted(), "{most}");
        }
        assert!(plan.timeline.stretches(100).len() > 10);
    }
}
