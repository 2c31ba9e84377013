//! Amounts of money: whole millionths of a currency's unit, and the currency's code. Sums never mix currencies.

use std::fmt;

/// A currency by its ISO 4217 code: three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// Millionths in a currency's unit.
pub const MICROS_PER_UNIT: i64 = 1_000_000;

impl Currency {
    /// The currency of a code in any case, blanks around it left out; none where it is not of three letters.
    pub fn parse(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_alphabetic).then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_letters() {
        assert_eq!(Currency::parse(" eur").map(|currency| currency.to_string()).as_deref(), Some("EUR"));
        for wrong in ["", "EU", "EURO", "E1R", "€UR", "€"] {
            assert_eq!(Currency::parse(wrong), None, "{wrong}");
        }
    }
}
