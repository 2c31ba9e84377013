//! What messages cost, in whole billionths of a dollar: a text costs fractions of a cent.

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
