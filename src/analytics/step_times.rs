//! When customers reached the steps of campaigns: acts of machines left out, implied steps included.

use std::collections::{BTreeMap, HashMap};

use crate::Result;
use crate::domain::contribution::{CellGroups, Facts};
use crate::domain::hash::group_id;
use crate::domain::kind::Kind;
use crate::domain::recipient::RecipientState;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::store::recipient::{self, Recipient};
use crate::store::{Store, cell, customer};

/// Recipients that are read at a time.
const CHUNK: u64 = 5_000;

/// The groups of every cell of some campaigns.
struct Cells(HashMap<i64, CellGroups>);

impl Cells {
    async fn load(store: &Store, workspace: WorkspaceId, campaigns: &[i64]) -> Result<Self> {
        let rows = cell::of_campaigns(store, workspace, campaigns).await?;
        let groups = |row: entity::cell::Model| {
            let group = |value: &Option<String>| group_id(value.as_deref());
            let (run, treatment) = (group(&row.run), group(&row.treatment));
            let (touchpoint, channel) = (group(&row.touchpoint), group(&row.channel));
            (row.id, CellGroups { run, treatment, touchpoint, channel })
        };
        Ok(Self(rows.into_iter().map(groups).collect()))
    }

    fn facts(&self, state: &RecipientState) -> Facts {
        Facts::of(state, &|cell| self.0.get(&cell).copied())
    }
}

/// The latest time of each step, by customer and by (campaign, code of the step's kind).
pub type StepTimes = HashMap<i64, BTreeMap<(i64, u8), Micros>>;

/// The steps that customers reached in some campaigns.
pub async fn of_customers(
    store: &Store,
    workspace: WorkspaceId,
    campaigns: &[i64],
    customers: &[i64],
) -> Result<StepTimes> {
    let cells = Cells::load(store, workspace, campaigns).await?;
    let mut times = StepTimes::new();
    for Recipient { campaign, customer, state } in recipient::of_customers(store, campaigns, customers).await? {
        let reached = cells.facts(&state).reached().map(|(kind, at)| ((campaign, kind.code()), at)).collect::<Vec<_>>();
        times.entry(customer).or_default().extend(reached);
    }
    Ok(times)
}

/// The customers who reached a step of a campaign, not before an instant if one is given; ascending. Erased ones, who still
/// count in reports, are left out.
pub async fn who_reached(
    store: &Store,
    workspace: WorkspaceId,
    (campaign, step): (i64, Kind),
    since: Option<Micros>,
) -> Result<Vec<i64>> {
    let cells = Cells::load(store, workspace, &[campaign]).await?;
    let mut found = Vec::new();
    for shard in store.all_shards() {
        let mut after = i64::MIN;
        loop {
            let recipients = recipient::of_campaign(store, (shard, campaign), after, CHUNK).await?;
            let Some(last) = recipients.last() else { break };
            after = last.customer;
            let fits = |recipient: &&Recipient| {
                let latest = cells.facts(&recipient.state).latest(step);
                latest.is_some_and(|at| since.is_none_or(|since| at >= since))
            };
            found.extend(recipients.iter().filter(fits).map(|recipient| recipient.customer));
        }
    }
    found.sort_unstable();
    customer::without_erased(store, workspace, found).await
}
