//! A realistic month ending now, for `serve --demo`: several vendors' records of the same people, as the generator writes
//! them, taken in through the dialects as anybody's would be. The same seed gives the same month.

use crate::domain::event::Dialect;
use crate::domain::workspace::WorkspaceId;
use crate::generate::campaign::DAY_MS;
use crate::generate::{self, Order, Request};
use crate::ingest::{Batch, Ingest};
use crate::{Error, Result, dialect};

const RECORDS_PER_BATCH: usize = 2_000;
const SEED: u64 = 1_116;
const DAYS: u32 = 30;

/// The vendors, with how many records and campaigns each has.
const VENDORS: [(Dialect, u64, u32); 5] = [
    (Dialect::Odp, 16_000, 6),
    (Dialect::Pinpoint, 14_000, 5),
    (Dialect::Ses, 8_000, 4),
    (Dialect::SendGrid, 7_000, 3),
    (Dialect::ActivatePro, 6_000, 3),
];

/// Fills a workspace with the month that ends now.
pub async fn fill(ingest: &Ingest, workspace: WorkspaceId) -> Result<()> {
    for request in month(chrono::Utc::now().timestamp()) {
        for (number, body) in bodies(request)?.iter().enumerate() {
            let first_index = (number * RECORDS_PER_BATCH) as u64;
            let records = dialect::read_body(request.dialect, body);
            ingest.submit(Batch { first_index, ..Batch::new(workspace, "demo", records) }).await?;
        }
    }
    Ok(())
}

/// What is asked of the generator for the month before `now_s` (epoch seconds).
fn month(now_s: i64) -> impl Iterator<Item = Request> {
    let start_ms = now_s * 1_000 - i64::from(DAYS) * DAY_MS;
    VENDORS.into_iter().map(move |(dialect, events, campaigns)| Request {
        dialect,
        events,
        seed: SEED,
        campaigns,
        start_ms,
        days: DAYS,
        order: Order::Time,
        repeats: 0,
    })
}

/// The records of a request, as the bodies of several batches.
fn bodies(request: Request) -> Result<Vec<Vec<u8>>> {
    let plan = generate::plan(request, |_| ());
    let (mut bodies, mut records) = (Vec::new(), 0);
    let sink = |line: &[u8]| {
        if records % RECORDS_PER_BATCH == 0 {
            bodies.push(Vec::new());
        }
        records += 1;
        bodies.last_mut().into_iter().for_each(|body: &mut Vec<u8>| body.extend_from_slice(line));
        Ok(())
    };
    generate::write(&plan, sink).map_err(|error| Error::Config(format!("the demo's records: {error}")))?;
    Ok(bodies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;

    const NOW_S: i64 = 1_790_000_000;

    #[test]
    fn the_month_is_the_same_every_time() {
        let request = month(NOW_S).next().expect("a vendor");
        assert_eq!(bodies(request).expect("a body"), bodies(request).expect("a body"));
    }

    #[test]
    fn the_dialects_take_every_record_and_nothing_lies_ahead() {
        let (mut seen, mut records) = (Vec::new(), 0);
        for request in month(NOW_S) {
            for record in
                bodies(request).expect("bodies").iter().flat_map(|body| dialect::read_body(request.dialect, body))
            {
                let events = record.outcome.expect("a record of the demo is good");
                assert!(!events.is_empty());
                assert!(events.iter().all(|event| event.occurred_at.is_none_or(|at| at.0 <= NOW_S * 1_000_000)));
                seen.extend(events.iter().map(|event| event.kind));
                records += 1;
            }
        }
        assert!((40_000..60_000).contains(&records), "{records} records");
        for kind in [
            Kind::HeldOut,
            Kind::Skipped,
            Kind::HardBounced,
            Kind::SoftBounced,
            Kind::SpamReported,
            Kind::OptedOut,
            Kind::Purchased,
            Kind::OrderReturned,
        ] {
            assert!(seen.contains(&kind), "no {kind}");
        }
    }
}
