//! Chance without chance: every draw follows from a seed by integer arithmetic alone, so that the same seed gives the
//! same events on every machine and with every release of every library.

use std::ops::Range;

/// The odds of something, in a million.
pub type PerMillion = u32;

/// All of a million.
pub const MILLION: PerMillion = 1_000_000;

/// A stream of draws (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Dice(u64);

/// A hash of several numbers; not one against anybody's will.
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x243f_6a88_85a3_08d3, |hash, part| scramble(hash ^ scramble(part.wrapping_add(GOLDEN))))
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn scramble(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Dice {
    /// The draws that belong to some numbers.
    pub fn of(parts: &[u64]) -> Self {
        Self(mix(parts))
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        scramble(self.0)
    }

    /// A number below another, which must not be 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A number of a range.
    pub fn within(&mut self, range: Range<i64>) -> i64 {
        range.start + self.below(range.end.abs_diff(range.start)) as i64
    }

    /// True so many times in a million.
    pub fn happens(&mut self, odds: PerMillion) -> bool {
        self.below(u64::from(MILLION)) < u64::from(odds)
    }

    /// A value of a distribution that is given by equally likely steps, in a straight line between two of them.
    pub fn spread(&mut self, steps: &[i64]) -> i64 {
        let last = steps.len() - 1;
        let step = self.below(last as u64) as usize;
        let share = self.below(u64::from(MILLION)) as i64;
        let (low, high) = (steps[step], steps[step + 1]);
        low + (high - low) * share / i64::from(MILLION)
    }

    /// Brings a list into any order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_of_a_seed_never_change() {
        let mut dice = Dice::of(&[1, 2]);
        let draws = [dice.next(), dice.next(), dice.below(1_000), dice.within(-5..5) as u64];
        assert_eq!(draws, DRAWS);
    }

    const DRAWS: [u64; 4] = [13_358_655_851_334_597_448, 992_544_170_319_209_665, 631, u64::MAX];

    #[test]
    fn odds_come_true() {
        let mut dice = Dice::of(&[7]);
        let hits = (0..100_000).filter(|_| dice.happens(250_000)).count();
        assert!((24_000..26_000).contains(&hits), "{hits}");
        assert!(!dice.happens(0) && dice.happens(MILLION));
    }

    #[test]
    fn a_distribution_has_its_median_and_its_ends() {
        let mut dice = Dice::of(&[8]);
        let mut drawn: Vec<i64> = (0..10_001).map(|_| dice.spread(&[10, 100, 1_000, 5_000, 90_000])).collect();
        drawn.sort_unstable();
        assert!(drawn[0] >= 10 && drawn[10_000] <= 90_000);
        assert!((900..1_100).contains(&drawn[5_000]), "{}", drawn[5_000]);
    }

    #[test]
    fn shuffling_keeps_everything() {
        let mut list: Vec<u32> = (0..50).collect();
        Dice::of(&[3]).shuffle(&mut list);
        assert!(!list.is_sorted());
        list.sort_unstable();
        assert_eq!(list, (0..50).collect::<Vec<u32>>());
    }
}
