//! Chance, repeatable by its seed.

use std::cell::RefCell;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// A source of chance: the same seed throws the same numbers.
pub struct Dice(RefCell<StdRng>);

impl Dice {
    /// Dice of a seed.
    pub fn new(seed: u64) -> Self {
        Self(RefCell::new(StdRng::seed_from_u64(seed)))
    }

    /// A number from 0 to `end`, without the end.
    pub fn below(&self, end: usize) -> usize {
        self.0.borrow_mut().random_range(0..end)
    }

    /// A number in a range, both ends included.
    pub fn between(&self, first: usize, last: usize) -> usize {
        self.0.borrow_mut().random_range(first..=last)
    }

    /// True so many times out of a hundred.
    pub fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub fn pick<T: Copy>(&self, several: &[T]) -> T {
        several[self.below(several.len())]
    }

    /// A value so many times out of a hundred, else none.
    pub fn maybe<T>(&self, percent: usize, value: T) -> Option<T> {
        self.chance(percent).then_some(value)
    }

    /// Any order.
    pub fn shuffle<T>(&self, several: &mut [T]) {
        several.shuffle(&mut *self.0.borrow_mut());
    }
}
