//! Time-ordered ids without a sequence: milliseconds, then a number that this process drew at its start, then a count.
//! Two processes that drew the same number collide on a primary key at worst, and the group is tried again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::time::Micros;

/// 2020-01-01T00:00:00Z in milliseconds.
const EPOCH_MS: i64 = 1_577_836_800_000;
const COUNT_BITS: i64 = 12;
const PROCESS_BITS: i64 = 10;

/// An id larger than every one this process made before.
pub(super) fn next_id() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    static PROCESS: OnceLock<i64> = OnceLock::new();
    let process = PROCESS.get_or_init(|| rand::random_range(0..1 << PROCESS_BITS));
    // The clock and the count share a number, so that more than 4,096 ids in a millisecond borrow from the next.
    let ticks = (Micros::now().0 / 1_000 - EPOCH_MS) << COUNT_BITS;
    let next = |last: i64| Some(ticks.max(last + 1));
    let before = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or_else(|last| last);
    let tick = ticks.max(before + 1);
    let (time, count) = (tick >> COUNT_BITS, tick & ((1 << COUNT_BITS) - 1));
    (time << (COUNT_BITS + PROCESS_BITS)) | (process << COUNT_BITS) | count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_only_grow() {
        let ids: Vec<i64> = (0..20_000).map(|_| next_id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
