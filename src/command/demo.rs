//! A realistic month ending today, for `serve --demo`: three vendors' records of one imaginary shop, written in the
//! vendors' own JSON and taken in through the dialects, as anybody's records would be. The same seed gives the same shop.

mod activatepro;
mod cast;
mod odp;
mod pinpoint;

use serde_json::Value;

use crate::domain::event::Dialect;
use crate::domain::workspace::WorkspaceId;
use crate::ingest::{Batch, Ingest};
use crate::{Result, dialect};
use cast::Shop;

const RECORDS_PER_BATCH: usize = 2_000;

/// Fills a workspace with the month that ends now.
pub async fn fill(ingest: &Ingest, workspace: WorkspaceId) -> Result<()> {
    for (dialect, records) in month(chrono::Utc::now().timestamp()) {
        for (number, chunk) in records.chunks(RECORDS_PER_BATCH).enumerate() {
            let first_index = (number * RECORDS_PER_BATCH) as u64;
            let records = dialect::read_value(dialect, &Value::Array(chunk.to_vec()));
            ingest.submit(Batch { first_index, ..Batch::new(workspace, "demo", records) }).await?;
        }
    }
    Ok(())
}

/// Every vendor's records of the month before `now_s` (epoch seconds).
fn month(now_s: i64) -> Vec<(Dialect, Vec<Value>)> {
    let mut shop = Shop::open(now_s);
    vec![
        (Dialect::Odp, odp::records(&mut shop)),
        (Dialect::ActivatePro, activatepro::records(&mut shop)),
        (Dialect::Pinpoint, pinpoint::records(&mut shop)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_790_000_000;

    #[test]
    fn the_month_is_the_same_every_time_and_of_a_good_size() {
        let once = month(NOW_S);
        assert_eq!(once, month(NOW_S));
        let records: usize = once.iter().map(|(_, records)| records.len()).sum();
        assert!((30_000..60_000).contains(&records), "{records} records");
    }

    #[test]
    fn the_dialects_take_every_record_and_nothing_lies_ahead() {
        for (dialect, records) in month(NOW_S) {
            for record in dialect::read_value(dialect, &Value::Array(records)) {
                let events = record.outcome.expect("a record of the demo is good");
                assert!(!events.is_empty());
                assert!(events.iter().all(|event| event.occurred_at.is_none_or(|at| at.0 <= NOW_S * 1_000_000)));
            }
        }
    }
}
