//! Exact decimals and amounts of money.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use rust_decimal::Decimal as Number;

use super::error::Result;
use crate::analytics::attribution;
use crate::domain::attribution::WHOLE;
use crate::domain::money::{Currency, MICROS_PER_UNIT};

/// An exact decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(pub Number);

/// An exact decimal number as a string such as "1234.5", because floats lose digits; at most 28 digits, without zeros at its
/// end.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        let number = Number::from_str_exact(&text).map(Self);
        number.map_err(|_| InputValueError::custom(format!("{value} is not a decimal number of at most 28 digits")))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.normalize().to_string())
    }
}

/// An amount of money in one currency. Amounts in different currencies are never added up: where several may come, there is a
/// list with one of each, by currency code.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct Money {
    /// The amount in units of the currency, exact to the sixth decimal.
    amount: Decimal,
    /// The currency's ISO 4217 code.
    currency_code: String,
}

impl Decimal {
    /// A number of conversions.
    pub fn of_credit(parts: i128) -> Result<Self> {
        Self::of(parts, WHOLE)
    }

    fn of_micros(micros: i128) -> Result<Self> {
        Self::of(micros, MICROS_PER_UNIT)
    }

    fn of(parts: i128, of_one: i64) -> Result<Self> {
        let number = Number::try_from_i128_with_scale(parts, of_one.ilog10());
        Ok(Self(number.map_err(|_| crate::Error::Corrupt(format!("{parts} parts of {of_one} have over 28 digits")))?))
    }
}

impl Money {
    /// One amount of every currency.
    pub fn list(money: &attribution::Money) -> Result<Vec<Self>> {
        let amount = |(currency, micros): &(_, i128)| Self::of(*currency, *micros);
        money.amounts().iter().map(amount).collect()
    }

    /// The amounts divided by a number, rounded to the sixth decimal, half to even.
    pub fn list_per(money: &attribution::Money, number: i64) -> Result<Vec<Self>> {
        let amount = |(currency, micros): &(_, i128)| Self::of(*currency, divided(*micros, i128::from(number)));
        money.amounts().iter().map(amount).collect()
    }

    fn of(currency: Currency, micros: i128) -> Result<Self> {
        Ok(Self { amount: Decimal::of_micros(micros)?, currency_code: currency.code().to_owned() })
    }
}

/// The quotient, rounded half to even; the divisor must be positive.
fn divided(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let is_up = 2 * rest > divisor || (2 * rest == divisor && quotient % 2 != 0);
    quotient + i128::from(is_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_every_digit_that_is_not_a_zero_at_the_end() {
        let text = |parts, of_one| Decimal::of(parts, of_one).expect("fits").to_value().to_string();
        assert_eq!(text(12_500_000, MICROS_PER_UNIT), "\"12.5\"");
        assert_eq!(text(-1, MICROS_PER_UNIT), "\"-0.000001\"");
        assert_eq!(text(333_333_333_333, WHOLE), "\"0.333333333333\"");
        assert_eq!(text(3_000_000_000_000, WHOLE), "\"3\"");
        assert_eq!(text(0, WHOLE), "\"0\"");
        assert!(Decimal::of(i128::MAX, WHOLE).is_err());
    }

    #[test]
    fn quotients_are_rounded_half_to_even() {
        for (dividend, quotient) in [(5, 2), (7, 4), (6, 3), (-5, -2), (-7, -4), (1, 0), (3, 2)] {
            assert_eq!(divided(dividend, 2), quotient, "{dividend} / 2");
        }
        assert_eq!(divided(10, 3), 3);
        assert_eq!(divided(11, 3), 4);
    }
}
