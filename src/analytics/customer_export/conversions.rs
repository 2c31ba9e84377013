//! What a customer bought, as reports count it: its conversions, the earliest first.

use serde_json::json;

use super::document::Document;
use super::{Question, time};
use crate::Result;
use crate::domain::money::MICROS_PER_UNIT;
use crate::store::customer_conversion::Conversions;

/// Writes them.
pub(super) async fn write(question: Question<'_>, document: &mut Document<'_, '_>) -> Result<()> {
    document.begin_list("conversions")?;
    let mut walk = Conversions::of(question.store, question.customer).await?;
    while let Some(page) = walk.next().await? {
        for (conversion, touches) in page {
            document.item(&json!({
                "at": time(conversion.at.0), "currency": conversion.currency.code(),
                "subtotal": decimal(conversion.revenue.subtotal), "total": decimal(conversion.revenue.total),
                "reversedSubtotal": decimal(conversion.reversed.subtotal),
                "reversedTotal": decimal(conversion.reversed.total), "touches": touches,
            }))?;
        }
    }
    document.end_list()
}

/// Millionths as a decimal number.
fn decimal(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, part) =
        (micros.unsigned_abs() / MICROS_PER_UNIT as u64, micros.unsigned_abs() % MICROS_PER_UNIT as u64);
    let text = format!("{sign}{whole}.{part:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_numbers_or_decimals() {
        for (micros, text) in [(0, "0"), (19_990_000, "19.99"), (-1, "-0.000001"), (10_000_000, "10")] {
            assert_eq!(decimal(micros), text);
        }
    }
}
