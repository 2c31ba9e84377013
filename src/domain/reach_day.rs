//! How the kept counts of who can be reached change from day to day: packed by blocks of days, summed up as they are read.

use std::collections::BTreeMap;

use super::packing::{put_signed, put_varint, take_byte, take_signed, take_varint};

/// Days of one block. Changes of recent days, which are most, touch one row of each series; a year takes twelve.
pub const DAYS_PER_BLOCK: i32 = 32;

/// How many customers came to an outcome on a day, less those who left it: by day and outcome.
pub type DayChanges = BTreeMap<(i32, i32), i64>;

/// The block of a day.
pub fn block_of(day: i32) -> i32 {
    day.div_euclid(DAYS_PER_BLOCK)
}

/// Adds changes to others; what cancels out is left out.
pub fn add(changes: &mut DayChanges, key: (i32, i32), customers: i64) {
    let sum = changes.entry(key).or_default();
    *sum += customers;
    if *sum == 0 {
        changes.remove(&key);
    }
}

/// Packs the changes of a block into a column.
pub fn encode(block: i32, changes: &DayChanges) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(changes.len() * 6);
    let mut rest = changes.iter().peekable();
    while let Some(((day, _), _)) = rest.peek() {
        let day = *day;
        bytes.push((day - block * DAYS_PER_BLOCK) as u8);
        let of_day = changes.range((day, i32::MIN)..=(day, i32::MAX));
        put_varint(&mut bytes, of_day.clone().count() as u64);
        let mut last = 0;
        for ((_, outcome), customers) in of_day {
            put_signed(&mut bytes, i64::from(*outcome) - last);
            put_signed(&mut bytes, *customers);
            last = i64::from(*outcome);
            rest.next();
        }
    }
    bytes
}

/// Unpacks what [`encode`] packed and adds it to `changes`.
pub fn add_encoded(changes: &mut DayChanges, block: i32, bytes: &[u8]) -> crate::Result<()> {
    take(changes, block, bytes).ok_or_else(|| crate::Error::Corrupt("reach of a block of days".to_owned()))
}

fn take(changes: &mut DayChanges, block: i32, mut bytes: &[u8]) -> Option<()> {
    while !bytes.is_empty() {
        let day = block.checked_mul(DAYS_PER_BLOCK)?.checked_add(i32::from(take_byte(&mut bytes)?))?;
        let mut outcome = 0_i64;
        for _ in 0..take_varint(&mut bytes)? {
            outcome = outcome.checked_add(take_signed(&mut bytes)?)?;
            add(changes, (day, i32::try_from(outcome).ok()?), take_signed(&mut bytes)?);
        }
    }
    Some(())
}

/// Customers by outcome at the end of each of some days, which must rise.
pub fn totals_on(changes: &DayChanges, days: &[i32]) -> Vec<BTreeMap<i32, i64>> {
    let mut rest = changes.iter().peekable();
    let mut totals: BTreeMap<i32, i64> = BTreeMap::new();
    let total_on = |day: &i32| {
        while let Some(((_, outcome), customers)) = rest.next_if(|((changed, _), _)| changed <= day) {
            *totals.entry(*outcome).or_default() += customers;
        }
        totals.clone()
    };
    days.iter().map(total_on).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_back_from_their_column() {
        for block in [-70, -1, 0, 640] {
            let first = block * DAYS_PER_BLOCK;
            let changes: DayChanges =
                [((first, 0), 5), ((first, 13_172_736), -7), ((first + 31, -1), 1 << 40), ((first + 31, 4), 1)].into();
            assert!(changes.keys().all(|(day, _)| block_of(*day) == block));
            let mut back = DayChanges::new();
            add_encoded(&mut back, block, &encode(block, &changes)).expect("unpacks");
            assert_eq!(back, changes);
            add_encoded(&mut back, block, &encode(block, &changes)).expect("unpacks");
            assert_eq!(back[&(first, 0)], 10, "rows of several shards add up");
        }
        assert!(add_encoded(&mut DayChanges::new(), 0, &[1, 1]).is_err());
    }

    #[test]
    fn totals_run_on_through_days_without_changes() {
        let mut changes: DayChanges = [((3, 1), 5), ((5, 1), -2), ((5, 2), 2)].into();
        add(&mut changes, (9, 1), 4);
        add(&mut changes, (9, 1), -4);
        assert_eq!(changes.len(), 3);
        let totals = totals_on(&changes, &[2, 3, 4, 7]);
        assert_eq!(totals[0], BTreeMap::new());
        assert_eq!(totals[2], BTreeMap::from([(1, 5)]));
        assert_eq!(totals[3], BTreeMap::from([(1, 3), (2, 2)]));
    }
}
