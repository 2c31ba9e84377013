//! Maps keyed by numbers that are spread already or few: hashed by a multiplication instead of a keyed hash, for loops that
//! look up millions of them. Keys are ours (hashes and counters), never a client's choice of text.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from numbers, or from small groups of numbers.
pub type NumberMap<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

/// Multiplies and rotates, once per number.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberHasher(u64);

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl NumberHasher {
    fn add(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(29) ^ number).wrapping_mul(FACTOR);
    }
}

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.add(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.add(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }

    fn write_i32(&mut self, number: i32) {
        self.add(number as u64);
    }

    fn write_i64(&mut self, number: i64) {
        self.add(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_told_apart() {
        let map: NumberMap<(u32, u32, i32), u32> =
            (0..10_000).map(|number| ((number % 10, number / 10, number as i32 - 5_000), number)).collect();
        assert_eq!(map.len(), 10_000);
        assert_eq!(map.get(&(7, 123, -3_763)), Some(&1_237));
    }
}
