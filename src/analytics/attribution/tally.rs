//! Sums of credit: conversions and revenue by currency, as integers, so that the order of adding never matters.

use super::lag::Lags;
use crate::domain::money::Currency;

/// Amounts by currency, in millionths; in order of the codes once [`Money::sort`] was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Money(Vec<(Currency, i128)>);

impl Money {
    /// Adds an amount.
    pub fn add(&mut self, currency: Currency, amount: i128) {
        match self.0.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, sum)) => *sum += amount,
            None => self.0.push((currency, amount)),
        }
    }

    /// Adds all amounts of another.
    pub fn absorb(&mut self, other: &Self) {
        for (currency, amount) in &other.0 {
            self.add(*currency, *amount);
        }
    }

    /// Puts the amounts in order of their currencies.
    pub fn sort(&mut self) {
        self.0.sort_unstable_by_key(|(currency, _)| *currency);
    }

    /// The amounts.
    pub fn amounts(&self) -> &[(Currency, i128)] {
        &self.0
    }
}

/// Whole conversions and their revenue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Conversions.
    pub conversions: i64,
    /// Their revenue.
    pub revenue: Money,
}

impl Sum {
    /// Adds a conversion.
    pub fn add(&mut self, currency: Currency, amount: i64) {
        self.conversions += 1;
        self.revenue.add(currency, i128::from(amount));
    }

    /// Adds another sum.
    pub fn absorb(&mut self, other: &Self) {
        self.conversions += other.conversions;
        self.revenue.absorb(&other.revenue);
    }
}

/// The credit that a campaign or group got.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Parts of a conversion ([`crate::domain::attribution::WHOLE`] are one).
    pub credit: i128,
    /// Conversions with at least one touch of it, credited or not.
    pub touched: i64,
    /// Its share of the revenue. A currency stands in it where some credit is of a conversion in that currency.
    pub revenue: Money,
    /// The times from its credited touches to their conversions, where they are wanted.
    pub lags: Lags,
    /// The last conversion that was counted as touched.
    last_touched: u64,
}

/// What one touch got of a conversion.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Number of the conversion, not 0.
    pub conversion: u64,
    /// Parts of it.
    pub credit: i64,
    /// Currency of its revenue.
    pub currency: Currency,
    /// Part of its revenue.
    pub amount: i64,
    /// Microseconds from the touch to it, where they are wanted.
    pub lag: Option<i64>,
}

impl Tally {
    /// Adds the share of one touch; those of one conversion come in a row.
    pub fn add(&mut self, share: &Share) {
        if self.last_touched != share.conversion {
            self.last_touched = share.conversion;
            self.touched += 1;
        }
        if share.credit == 0 {
            return;
        }
        self.credit += i128::from(share.credit);
        self.revenue.add(share.currency, i128::from(share.amount));
        if let Some(lag) = share.lag {
            self.lags.add(lag, share.credit);
        }
    }

    /// Adds a tally of other conversions.
    pub fn absorb(&mut self, other: Self) {
        self.credit += other.credit;
        self.touched += other.touched;
        self.revenue.absorb(&other.revenue);
        self.lags.absorb(other.lags);
    }
}
