//! How much may be held between reading and commit: memory is bounded by bytes, however large or small records are.
//!
//! Batches are committed in the order of files. What is read of later files waits for the first, so that together they may
//! take half of the budget only: the first always comes through.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes that may be held.
pub(super) const BUDGET_BYTES: u64 = 40 * 1_024 * 1_024;

/// The budget of an import.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Held {
    /// The file whose turn it is to be committed.
    turn: usize,
    /// Bytes of that file and those before it, which commits free.
    in_turn: u64,
    /// Bytes of each later file.
    ahead: BTreeMap<usize, u64>,
    ahead_total: u64,
    is_closed: bool,
}

/// Bytes that are held until this is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    budget: Arc<Budget>,
    file: usize,
    bytes: u64,
}

impl Budget {
    /// Nothing held, the first file's turn.
    pub(super) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, held: Mutex::default(), changed: Condvar::new() })
    }

    /// Waits until so many bytes of a file may be held; none once the budget is closed. What alone exceeds the budget waits
    /// for its file's turn and until nothing else of it is held.
    pub(super) fn take(self: &Arc<Self>, file: usize, bytes: u64) -> Option<Permit> {
        let mut held = self.lock();
        while !held.is_closed && !held.admits(file, bytes, self.limit) {
            held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        if held.is_closed {
            return None;
        }
        held.add(file, bytes);
        Some(Permit { budget: Arc::clone(self), file, bytes })
    }

    /// Makes it the turn of a file; those before it are read and parsed.
    pub(super) fn set_turn(&self, file: usize) {
        let mut held = self.lock();
        held.turn = file;
        while let Some(entry) = held.ahead.first_entry().filter(|entry| *entry.key() <= file) {
            let bytes = entry.remove();
            held.ahead_total -= bytes;
            held.in_turn += bytes;
        }
        self.changed.notify_all();
    }

    /// Nobody gets or waits for anything any more.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn admits(&self, file: usize, bytes: u64, limit: u64) -> bool {
        let total = self.in_turn + self.ahead_total;
        if file <= self.turn { total + bytes <= limit || self.in_turn == 0 } else { total + bytes <= limit / 2 }
    }

    fn add(&mut self, file: usize, bytes: u64) {
        if file <= self.turn {
            self.in_turn += bytes;
        } else {
            *self.ahead.entry(file).or_default() += bytes;
            self.ahead_total += bytes;
        }
    }

    fn remove(&mut self, file: usize, bytes: u64) {
        if file <= self.turn {
            self.in_turn -= bytes;
        } else if let Some(of_file) = self.ahead.get_mut(&file) {
            *of_file -= bytes;
            self.ahead_total -= bytes;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.lock().remove(self.file, self.bytes);
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn later_files_leave_room_for_the_one_whose_turn_it_is() {
        let budget = Budget::new(100);
        let _ahead = budget.take(1, 50).unwrap();
        assert!(!budget.lock().admits(2, 1, 100), "half of it is taken");
        assert!(budget.lock().admits(0, 50, 100));
        let first = budget.take(0, 50).unwrap();
        assert!(!budget.lock().admits(0, 1, 100));
        drop(first);
        assert!(budget.lock().admits(0, 1_000, 100), "what is too large comes alone");
        let _large = budget.take(0, 1_000).unwrap();
        assert!(!budget.lock().admits(0, 1, 100));
    }

    #[test]
    fn what_is_held_of_a_file_counts_as_in_turn_when_its_turn_comes() {
        let budget = Budget::new(100);
        let ahead = budget.take(1, 40).unwrap();
        budget.set_turn(1);
        let held = || {
            let held = budget.lock();
            (held.in_turn, held.ahead_total)
        };
        assert_eq!(held(), (40, 0));
        drop(ahead);
        assert_eq!(held(), (0, 0));
    }

    #[test]
    fn whoever_waits_goes_on_when_something_is_given_back_or_it_ends() {
        let budget = Budget::new(100);
        let first = budget.take(0, 100).unwrap();
        let waiting = Arc::clone(&budget);
        let waiter = thread::spawn(move || (waiting.take(0, 100).is_some(), waiting.take(1, 100).is_some()));
        thread::sleep(Duration::from_millis(20));
        assert!(!waiter.is_finished());
        drop(first);
        thread::sleep(Duration::from_millis(20));
        budget.close();
        assert_eq!(waiter.join().unwrap(), (true, false));
    }
}
