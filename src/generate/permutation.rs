//! An order that nobody remembers: a keyed permutation of the numbers below a limit, each answered by itself.

use super::dice::mix;

/// Rounds of the network; four are enough to mix, two more cost little.
const ROUNDS: u64 = 6;

/// A permutation of `0..len`: a Feistel network over the next power of four, walked along until it is back below `len`.
#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    len: u64,
    key: u64,
    half_bits: u32,
}

impl Permutation {
    /// The permutation that a key makes of the numbers below `len`.
    pub fn new(len: u64, key: u64) -> Self {
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        Self { len, key, half_bits: bits.div_ceil(2).max(1) }
    }

    /// What stands at a place below `len`.
    pub fn at(&self, place: u64) -> u64 {
        debug_assert!(place < self.len);
        let mut value = self.once(place);
        while value >= self.len {
            value = self.once(value);
        }
        value
    }

    fn once(&self, value: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (mix(&[self.key, round, right]) & mask));
        }
        (left << self.half_bits) | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_stands_at_one_place() {
        for len in [1, 2, 3, 5, 64, 65, 1_000, 4_097] {
            let permutation = Permutation::new(len, 9);
            let mut all: Vec<u64> = (0..len).map(|place| permutation.at(place)).collect();
            assert!(len < 64 || !all.is_sorted());
            all.sort_unstable();
            assert_eq!(all, (0..len).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn neighbours_are_torn_apart() {
        let permutation = Permutation::new(1_000_000, 4);
        let far = (0..999).filter(|place| permutation.at(*place).abs_diff(permutation.at(place + 1)) > 100_000).count();
        assert!(far > 700, "{far}");
    }

    #[test]
    fn another_key_is_another_order() {
        let order = |key| (0..100).map(|place| Permutation::new(100, key).at(place)).collect::<Vec<_>>();
        assert_ne!(order(1), order(2));
    }
}
