//! What messages cost: amounts as whole nanodollars, read from decimal texts without a float in between.

use super::time::Micros;

/// The price of a message as a record reported it. Of several the latest by its own time counts; at one instant the
/// largest amount, then the cell, decide, so that the order of arrival never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Price {
    /// When the record says that it happened.
    pub at: Micros,
    /// Billionths of a US dollar.
    pub nanos: i64,
    /// The catalogue cell of the record.
    pub cell: i64,
}

/// Billionths of a US dollar in a thousandth of a cent.
pub const NANOS_PER_MILLICENT: i64 = 10_000;

/// A decimal text such as `645`, `0.00581` or `5.81e-3`, times ten to the power of `scale`, as a whole number; a half is
/// rounded up. None for anything else, for negative numbers and for those beyond 64 bits.
pub fn scaled_decimal(text: &str, scale: i32) -> Option<i64> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // Beyond this many digits of a fraction nothing is left to be rounded.
    let fraction = &fraction[..fraction.len().min(MOST_FRACTION_DIGITS)];
    let mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
    let power = scale.checked_add(exponent)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let rounded = match power {
        0.. => mantissa.checked_mul(10_i128.checked_pow(power.unsigned_abs())?)?,
        _ => 10_i128.checked_pow(power.unsigned_abs()).map_or(0, |unit| (mantissa + unit / 2) / unit),
    };
    i64::try_from(rounded).ok()
}

const MOST_FRACTION_DIGITS: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_scaled_exactly() {
        for (text, scale, expected) in [
            ("645", 4, Some(6_450_000)),
            ("645.0", 4, Some(6_450_000)),
            ("0.00581", 9, Some(5_810_000)),
            ("0.1", 9, Some(100_000_000)),
            ("5.81e-3", 9, Some(5_810_000)),
            ("1E3", 0, Some(1_000)),
            ("0.0000000005", 9, Some(1)),
            ("0.00000000049", 9, Some(0)),
            ("0.006810000000000000999999", 9, Some(6_810_000)),
            ("1e-400", 9, Some(0)),
            ("0", 9, Some(0)),
        ] {
            assert_eq!(scaled_decimal(text, scale), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_none() {
        for text in [
            "",
            "-1",
            "+1",
            ".5",
            "1.2.3",
            "1e",
            "NaN",
            "free",
            "1 2",
            "99999999999999999999",
            "1e30",
            "1e999999999999",
        ] {
            assert_eq!(scaled_decimal(text, 9), None, "{text}");
        }
    }
}
