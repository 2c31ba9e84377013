//! What was said of an address on earlier days: of every day the last word of each kind, so that how the address stood at
//! the end of any day can be told, whatever order the words arrived in.
//!
//! Of a day the last word is enough, as nobody asks how the address stood within it. Words that repeat what held before are
//! kept too: another word may arrive late and fall between them.

use chrono_tz::Tz;

use super::day::day_in_zone;
use super::packing::{put_signed, put_varint, take_byte, take_signed, take_varint};
use super::time::{MICROS_PER_SECOND, Micros};

/// Words of one kind: when, and what. Of two words at one instant the larger counts.
pub type Words = Vec<(Micros, u8)>;

/// Takes a word, unless its day has a later one. Words are in order of time, at most one a day in the zone.
pub fn take_word(words: &mut Words, word: (Micros, u8), zone: Tz) {
    let place = words.partition_point(|known| *known <= word);
    let day = |at: Micros| day_in_zone(at, zone);
    let is_same_day = |known: Option<&(Micros, u8)>| known.is_some_and(|known| day(known.0) == day(word.0));
    if is_same_day(place.checked_sub(1).and_then(|before| words.get(before))) {
        words[place - 1] = word;
    } else if !is_same_day(words.get(place)) {
        words.insert(place, word);
    }
}

/// Takes the time of something of which each day's last counts. Times are in order, at most one a day in the zone.
pub fn take_last_of_day(times: &mut Vec<Micros>, at: Micros, zone: Tz) {
    let place = times.partition_point(|known| *known <= at);
    let day = |at: Micros| day_in_zone(at, zone);
    if place > 0 && day(times[place - 1]) == day(at) {
        times[place - 1] = at;
    } else if times.get(place).is_none_or(|known| day(*known) != day(at)) {
        times.insert(place, at);
    }
}

/// Packs words, in order of time.
pub fn put_words(bytes: &mut Vec<u8>, words: &[(Micros, u8)]) {
    put_times(bytes, words.iter().map(|word| word.0));
    bytes.extend(words.iter().map(|word| word.1));
}

/// Unpacks what [`put_words`] packed.
pub fn take_words(bytes: &mut &[u8]) -> Option<Words> {
    let times = take_times(bytes)?;
    times.into_iter().map(|at| Some((at, take_byte(bytes)?))).collect()
}

/// Most times are whole seconds or milliseconds, which takes two bytes or one off each.
const UNITS: [i64; 3] = [MICROS_PER_SECOND, 1_000, 1];

/// Packs times, in order: the first, then the distances, in the largest unit that leaves none out.
pub fn put_times(bytes: &mut Vec<u8>, times: impl ExactSizeIterator<Item = Micros> + Clone) {
    let is_whole = |unit: i64| times.clone().all(|at| at.0 % unit == 0);
    let unit = UNITS.iter().position(|unit| is_whole(*unit)).unwrap_or(UNITS.len() - 1);
    bytes.push(unit as u8);
    put_varint(bytes, times.len() as u64);
    let mut last = None;
    for at in times {
        let at = at.0 / UNITS[unit];
        match last {
            None => put_signed(bytes, at),
            Some(last) => put_varint(bytes, at.abs_diff(last)),
        }
        last = Some(at);
    }
}

/// Unpacks what [`put_times`] packed.
pub fn take_times(bytes: &mut &[u8]) -> Option<Vec<Micros>> {
    let unit = *UNITS.get(usize::from(take_byte(bytes)?))?;
    let count = usize::try_from(take_varint(bytes)?).ok()?;
    // A damaged count must not reserve memory: every time takes a byte at least.
    let mut times = Vec::with_capacity(count.min(bytes.len()));
    let mut last = 0_i64;
    for number in 0..count {
        last = if number == 0 { take_signed(bytes)? } else { last.checked_add_unsigned(take_varint(bytes)?)? };
        times.push(Micros(last.checked_mul(unit)?));
    }
    Some(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600 * MICROS_PER_SECOND;
    const ZONE: Tz = chrono_tz::America::New_York;

    #[test]
    fn of_a_day_the_last_word_stays_in_any_order() {
        // 05:00 UTC is midnight there.
        let words = [(4 * HOUR, 1), (5 * HOUR, 2), (28 * HOUR, 3), (28 * HOUR, 4), (29 * HOUR, 5)];
        let expected: Words =
            [(4 * HOUR, 1), (28 * HOUR, 4), (29 * HOUR, 5)].map(|(at, word)| (Micros(at), word)).into();
        for start in 0..words.len() {
            for step in [1, 2, 3, 4] {
                let mut kept = Words::new();
                for index in 0..words.len() {
                    let (at, word) = words[(start + index * step) % words.len()];
                    take_word(&mut kept, (Micros(at), word), ZONE);
                }
                assert_eq!(kept, expected);
            }
        }
    }

    #[test]
    fn of_a_day_the_last_time_stays_in_any_order() {
        let mut times = Vec::new();
        for at in [30 * HOUR, 6 * HOUR, 28 * HOUR, 5 * HOUR, 29 * HOUR, 4 * HOUR] {
            take_last_of_day(&mut times, Micros(at), ZONE);
        }
        assert_eq!(times, [4 * HOUR, 28 * HOUR, 30 * HOUR].map(Micros));
    }

    #[test]
    fn words_come_back_from_their_bytes_and_whole_seconds_take_less() {
        let words = |unit: i64| -> Words { (0..9).map(|n| (Micros((n * 90_001 - 300_003) * unit), n as u8)).collect() };
        let mut lengths = Vec::new();
        for unit in [1, 1_000, MICROS_PER_SECOND] {
            let mut bytes = Vec::new();
            put_words(&mut bytes, &words(unit));
            lengths.push(bytes.len());
            assert_eq!(take_words(&mut &bytes[..]).expect("unpacks"), words(unit));
        }
        assert_eq!(lengths[0], lengths[2]);
        assert!(take_times(&mut &[0, 200, 200, 200, 1][..]).is_none());
        assert!(take_times(&mut &[9, 0][..]).is_none());
    }
}
