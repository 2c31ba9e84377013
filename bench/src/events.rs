//! The events of every measurement: mails of 200 campaigns to a tenth as many customers as there are events, in order of
//! time. The same count gives the same events.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How many campaigns there are.
pub const CAMPAIGNS: u64 = 200;

const SEED: u64 = 20_261_120;
const DAYS: i64 = 30;
const DAY_S: i64 = 86_400;
/// 2026-10-01.
const START_S: i64 = 1_790_812_800;

/// One event, before it is written as anybody's JSON.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Epoch seconds.
    pub at_s: i64,
    /// Start of the campaign's run, epoch seconds.
    pub run_s: i64,
    /// From 1 to [`CAMPAIGNS`].
    pub campaign: u64,
    /// From 0.
    pub customer: u64,
    /// Its key, unique.
    pub key: u128,
    /// The ODP action of a mail.
    pub action: &'static str,
}

impl Event {
    /// The event as an ODP record, about 365 bytes.
    pub fn json(&self) -> String {
        let Self { at_s, run_s, campaign, customer, key, action } = self;
        format!(
            r#"{{"type":"email","action":"{action}","identifiers":{{"email":"customer{customer}@example.com"}},"data":{{"ts":{at_s},"idempotence_id":"{key:032x}","campaign":"Campaign {campaign}","campaign_id":{campaign},"campaign_schedule_run_ts":{run_s},"touchpoint_id":{},"content":"Autumn letter {}","identifier_key":"email","target_address":"customer{customer}@example.com","data_source":"bench"}}}}"#,
            campaign % 4,
            campaign % 7,
        )
    }
}

/// Makes the events: each message is sent, and some are opened, clicked or come back.
pub fn generate(count: usize) -> Vec<Event> {
    let mut rng = StdRng::seed_from_u64(SEED);
    let customers = (count as u64 / 10).max(1);
    let mut events = Vec::with_capacity(count + 8);
    while events.len() < count {
        message(&mut rng, customers, &mut events);
    }
    events.truncate(count);
    events.sort_by_key(|event| (event.at_s, event.key));
    events
}

fn message(rng: &mut StdRng, customers: u64, events: &mut Vec<Event>) {
    let run_s = START_S + rng.random_range(0..DAYS) * DAY_S + 8 * 3_600;
    // The square makes some campaigns much larger than others.
    let campaign = 1 + (rng.random::<f64>().powi(2) * CAMPAIGNS as f64) as u64;
    let sent = Event {
        at_s: run_s + rng.random_range(0..900),
        run_s,
        campaign,
        customer: rng.random_range(0..customers),
        key: rng.random(),
        action: "sent",
    };
    events.push(sent);
    let mut follow = |action, share, within_s, rng: &mut StdRng| {
        if rng.random_bool(share) {
            let at_s = sent.at_s + rng.random_range(1..within_s);
            events.push(Event { at_s, key: rng.random(), action, ..sent });
        }
    };
    follow("delivery", 0.3, 60, rng);
    follow("open", 0.35, 2 * DAY_S, rng);
    follow("open", 0.1, 3 * DAY_S, rng);
    follow("click", 0.08, 2 * DAY_S, rng);
    follow("hard_bounce", 0.01, 60, rng);
}
