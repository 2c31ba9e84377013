//! Amounts of money: whole millionths of a currency's unit, read exactly from what vendors write.

use std::fmt;

/// Millionths in one unit of a currency.
pub const MICROS_PER_UNIT: i64 = 1_000_000;

/// Decimal places that are kept.
const PLACES: i64 = 6;

/// Largest amount that is taken, in millionths: a million million of any currency.
pub const LARGEST_AMOUNT: i64 = 1_000_000_000_000 * MICROS_PER_UNIT;

/// The millionths that a decimal number stands for, such as `19.99`, `-3`, `.5` or `1e3`. Exact to the sixth decimal; further
/// ones round the last, half away from zero. None for anything else, and beyond [`LARGEST_AMOUNT`].
pub fn micros_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let (is_negative, text) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = !(whole.is_empty() && fraction.is_empty());
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if !is_number || !digits.iter().all(u8::is_ascii_digit) || digits.len() > MOST_DIGITS {
        return None;
    }
    let kept = (whole.len() as i64).checked_add(exponent)?.checked_add(PLACES)?;
    let size = rounded(&digits, kept)?;
    Some(if is_negative { -size } else { size })
}

/// Digits of a number that is taken for one.
const MOST_DIGITS: usize = 400;

/// The first so many digits as a number, rounded by the one behind them.
fn rounded(digits: &[u8], kept: i64) -> Option<i64> {
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    let (digits, kept) = (&digits[leading..], kept - leading as i64);
    if digits.is_empty() || kept < 0 {
        return Some(0);
    }
    let kept = usize::try_from(kept).ok().filter(|kept| *kept <= MOST_PLACES)?;
    let digit = |place: usize| digits.get(place).map_or(0, |digit| i64::from(digit - b'0'));
    let size = (0..kept).fold(0, |size, place| size * 10 + i128::from(digit(place))) + i128::from(digit(kept) >= 5);
    i64::try_from(size).ok().filter(|size| *size <= LARGEST_AMOUNT)
}

/// Digits of the largest amount.
const MOST_PLACES: usize = 19;

/// The ISO 4217 code of a currency: three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of a code in any case; none for what is no three letters.
    pub fn parse(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_alphabetic).then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// The code's three bytes.
    pub fn bytes(self) -> [u8; 3] {
        self.0
    }

    /// The currency of three stored bytes.
    pub fn from_bytes(bytes: [u8; 3]) -> Option<Self> {
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_exactly() {
        for (text, micros) in [
            ("0", 0),
            ("-0.0", 0),
            ("19.99", 19_990_000),
            (" 3 ", 3_000_000),
            ("+.5", 500_000),
            ("7.", 7_000_000),
            ("-12.000001", -12_000_001),
            ("1e3", 1_000_000_000),
            ("1.5E-7", 0),
            ("5e-7", 1),
            ("-0.0000005", -1),
            ("0.1234565", 123_457),
            ("0.30000000000000004", 300_000),
            ("000001.10", 1_100_000),
            ("1e12", LARGEST_AMOUNT),
        ] {
            assert_eq!(micros_of(text), Some(micros), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_large_is_no_amount() {
        let long = "9".repeat(500);
        for text in
            ["", "-", ".", "e5", "1,5", "$3", "1 000", "0x10", "NaN", "1e", "1.2.3", "1000000000001", "1e99", &long]
        {
            assert_eq!(micros_of(text), None, "{text}");
        }
    }

    #[test]
    fn currencies_are_three_letters_in_any_case() {
        assert_eq!(Currency::parse(" eur ").map(|currency| currency.to_string()), Some("EUR".to_owned()));
        for code in ["", "EU", "EURO", "E1R", "€"] {
            assert_eq!(Currency::parse(code), None, "{code}");
        }
        let euro = Currency::parse("EUR").expect("a code");
        assert_eq!(Currency::from_bytes(euro.bytes()), Some(euro));
        assert_eq!(Currency::from_bytes(*b"eur"), None);
    }

    proptest! {
        #[test]
        fn every_amount_comes_back_from_its_text(micros in -LARGEST_AMOUNT..=LARGEST_AMOUNT) {
            let size = micros.unsigned_abs();
            let sign = if micros < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
            prop_assert_eq!(micros_of(&text), Some(micros));
        }
    }
}
