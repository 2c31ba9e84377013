//! The events of every measurement: what `campaignql generate` writes as ODP records of 200 campaigns, in order of time.
//! The same count gives the same events.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

const CAMPAIGNS: &str = "200";
const SEED: u64 = 20_261_120;
const DAYS_S: i64 = 30 * 86_400;

/// One event: its record, and what a plain row keeps beside it.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Seconds since the first day began, about.
    pub at_s: i64,
    /// The campaign's id; 0 where it belongs to none.
    pub campaign: u64,
    /// A hash of whom it names, of 63 bits.
    pub customer: u64,
    /// A key of its own.
    pub key: u128,
    /// Type and action.
    pub action: &'static str,
    record: &'static str,
}

/// All events of a run of measurements. They live as long as it, so that sending copies nothing.
pub struct Events {
    /// In order of time.
    pub list: Vec<Event>,
    /// All records, one per line.
    pub lines: &'static str,
}

impl Event {
    /// The event as an ODP record.
    pub fn json(&self) -> &'static str {
        self.record
    }
}

impl Events {
    /// The ids of all campaigns.
    pub fn campaigns(&self) -> Vec<String> {
        let ids: BTreeSet<u64> = self.list.iter().map(|event| event.campaign).filter(|id| *id > 0).collect();
        ids.iter().map(u64::to_string).collect()
    }
}

/// Makes the events, with the program that stands beside this one.
pub fn generate(count: usize) -> Result<Events> {
    let program = std::env::current_exe()?.with_file_name("campaignql");
    let mut command = Command::new(&program);
    command.args(["generate", "--format", "odp", "--campaigns", CAMPAIGNS, "--order", "time"]);
    command.args(["--events", &count.to_string(), "--seed", &SEED.to_string()]).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(output.status.success(), "generate ended with {}", output.status);
    let lines: &'static str = String::from_utf8(output.stdout)?.leak();
    let (mut rng, mut actions) = (StdRng::seed_from_u64(SEED), HashSet::new());
    let event = |(number, record)| event(record, (number, count), &mut rng, &mut actions);
    let list: Vec<Event> = lines.lines().enumerate().map(event).collect::<Result<_>>()?;
    ensure!(list.len() == count, "{} records instead of {count}", list.len());
    Ok(Events { list, lines })
}

fn event(
    record: &'static str,
    (number, count): (usize, usize),
    rng: &mut StdRng,
    actions: &mut HashSet<&'static str>,
) -> Result<Event> {
    let value: Value = serde_json::from_str(record)?;
    let mut customer = DefaultHasher::new();
    value["identifiers"].to_string().hash(&mut customer);
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    let action = format!("{} {}", text("type"), text("action"));
    let action = actions.get(action.as_str()).copied().unwrap_or_else(|| action.leak());
    actions.insert(action);
    Ok(Event {
        at_s: DAYS_S * number as i64 / count as i64,
        campaign: value["data"]["campaign_id"].as_u64().unwrap_or_default(),
        customer: customer.finish() >> 1,
        key: rng.random(),
        action,
        record,
    })
}
