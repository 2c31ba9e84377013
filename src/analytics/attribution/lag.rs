//! The time from a credited touch to its conversion: every lag with the credit that it carried, exact.

use crate::domain::attribution::Window;
use crate::domain::time::MICROS_PER_SECOND;

/// Lags with the credit of each, of any number of conversions.
#[derive(Clone, Debug, Default)]
pub struct Lags {
    weighed: Vec<(i64, i128)>,
    /// Number of entries after the last time that equal lags were joined.
    joined: usize,
}

/// Equal lags are joined when there are this many more entries than lags, so that memory follows the number of lags.
const JOIN_AT: usize = 65_536;

impl Lags {
    /// Adds a touch so many microseconds before its conversion.
    pub fn add(&mut self, lag: i64, credit: i64) {
        self.weighed.push((lag, i128::from(credit)));
        if self.weighed.len() >= 2 * self.joined + JOIN_AT {
            self.join();
        }
    }

    /// Adds those of others.
    pub fn absorb(&mut self, other: Self) {
        self.weighed.extend(other.weighed);
        if self.weighed.len() >= 2 * self.joined + JOIN_AT {
            self.join();
        }
    }

    fn join(&mut self) {
        self.weighed.sort_unstable_by_key(|(lag, _)| *lag);
        self.weighed.dedup_by(|later, earlier| {
            let is_equal = later.0 == earlier.0;
            if is_equal {
                earlier.1 += later.1;
            }
            is_equal
        });
        self.joined = self.weighed.len();
    }

    /// What the lags come to; none where nothing was credited.
    pub fn summary(mut self, window: Window) -> Option<LagSummary> {
        self.join();
        let credit: i128 = self.weighed.iter().map(|(_, credit)| credit).sum();
        if credit == 0 {
            return None;
        }
        let sum: i128 = self.weighed.iter().map(|(lag, credit)| i128::from(*lag) * credit).sum();
        let quantile = |part: i128, of: i128| {
            let mut reached = 0;
            let at = self.weighed.iter().find(|(_, weight)| {
                reached += weight;
                reached * of >= credit * part
            });
            at.map_or(0, |(lag, _)| *lag)
        };
        Some(LagSummary {
            mean: sum as f64 / credit as f64,
            median: quantile(1, 2),
            p90: quantile(9, 10),
            buckets: self.buckets(window),
        })
    }

    fn buckets(&self, window: Window) -> Vec<LagBucket> {
        let inner = BOUNDS_S.iter().map(|seconds| seconds * MICROS_PER_SECOND).filter(|bound| *bound < window.micros());
        let ends: Vec<i64> = inner.chain([window.micros()]).collect();
        let mut rest = self.weighed.as_slice();
        let mut from = 0;
        let bucket = |to: i64| {
            let (inside, later) = rest.split_at(rest.partition_point(|(lag, _)| *lag < to));
            rest = later;
            let bucket = LagBucket { from, to, credit: inside.iter().map(|(_, credit)| credit).sum() };
            from = to;
            bucket
        };
        ends.into_iter().map(bucket).collect()
    }
}

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;

/// Where the buckets of the histogram end, as far as the window goes.
const BOUNDS_S: [i64; 16] = [
    MINUTE_S,
    5 * MINUTE_S,
    15 * MINUTE_S,
    30 * MINUTE_S,
    HOUR_S,
    3 * HOUR_S,
    6 * HOUR_S,
    12 * HOUR_S,
    DAY_S,
    2 * DAY_S,
    3 * DAY_S,
    7 * DAY_S,
    14 * DAY_S,
    30 * DAY_S,
    60 * DAY_S,
    90 * DAY_S,
];

/// What lags come to; times in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct LagSummary {
    /// The mean, every lag by its credit.
    pub mean: f64,
    /// The shortest lag at which half of the credit is reached.
    pub median: i64,
    /// The shortest lag at which nine tenths of the credit are reached.
    pub p90: i64,
    /// The credit by length of the lag: the whole window, in order.
    pub buckets: Vec<LagBucket>,
}

/// The credit of lags of about one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagBucket {
    /// The shortest lag, in microseconds.
    pub from: i64,
    /// The lag at which the next begins.
    pub to: i64,
    /// In parts of a conversion.
    pub credit: i128,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_follow_the_credit_and_not_the_number_of_touches() {
        let mut lags = Lags::default();
        for (lag, credit) in [(50, 10), (10, 1), (20, 1), (10, 8), (90, 4)] {
            lags.add(lag * MINUTE_S * MICROS_PER_SECOND, credit);
        }
        let summary = lags.summary(Window::default()).expect("something was credited");
        let minutes = |micros: i64| micros / MICROS_PER_SECOND / MINUTE_S;
        assert_eq!((minutes(summary.median), minutes(summary.p90)), (50, 90));
        assert!((summary.mean / 60e6 - f64::from(500 + 90 + 20 + 360) / 24.0).abs() < 1e-9);
        assert_eq!(summary.buckets.iter().map(|bucket| bucket.credit).sum::<i128>(), 24);
        assert_eq!(summary.buckets.iter().map(|bucket| bucket.credit).collect::<Vec<_>>()[..6], [0, 0, 9, 1, 10, 4]);
        let last = summary.buckets.last().expect("buckets up to the window");
        assert_eq!(last.to, Window::default().micros());
    }

    #[test]
    fn joining_equal_lags_and_absorbing_others_changes_nothing() {
        let (mut whole, mut parts) = (Lags::default(), [Lags::default(), Lags::default()]);
        for number in 0..200_000_i64 {
            let lag = number * 7_919 % 5_000 * MICROS_PER_SECOND;
            whole.add(lag, number % 3);
            parts[number as usize % 2].add(lag, number % 3);
        }
        let [mut first, second] = parts;
        first.absorb(second);
        assert!(first.weighed.len() < 100_000);
        assert_eq!(first.summary(Window::default()), whole.summary(Window::default()));
        assert_eq!(Lags::default().summary(Window::default()), None);
    }
}
