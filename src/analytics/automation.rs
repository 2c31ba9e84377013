//! Whether clicks belong to a machine's burst: three links of one message within a second. The clicks that show it may
//! come later than the one asked about, so the answer follows from what is kept now: within a campaign from the
//! recipient's state, as the campaign's counts do; outside of one from the events around.

use std::collections::{HashMap, HashSet};

use crate::Result;
use crate::domain::contribution::is_burst;
use crate::domain::event::Automation;
use crate::domain::kind::Kind;
use crate::domain::recipient::{MessageKey, Occurrence, RecipientState};
use crate::domain::time::{MICROS_PER_SECOND, Micros};
use crate::domain::workspace::WorkspaceId;
use crate::store::event::ClickWindow;
use crate::store::event_details::EventDetails;
use crate::store::{self, Store};

/// A click about which its vendor says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Click {
    /// Its campaign; 0: none.
    pub campaign: i64,
    /// Its customer, as stored.
    pub customer: i64,
    /// Its message.
    pub message: MessageKey,
    /// When.
    pub at: Micros,
}

/// Those of several clicks that belong to a burst.
pub async fn bursts(store: &Store, workspace: WorkspaceId, clicks: &[Click]) -> Result<HashSet<Click>> {
    let customers: Vec<i64> = clicks.iter().map(|click| click.customer).collect();
    let customers = store::customer::standing_for(store, workspace, &customers).await?;
    // A click's customer as it is today: messages of merged customers are one.
    let today = |click: &Click| customers.get(&click.customer).map(|row| Click { customer: row.id, ..*click });
    let (inside, outside): (Vec<Click>, Vec<Click>) =
        clicks.iter().filter_map(today).partition(|click| click.campaign != 0);
    let mut states = recipients(store, &inside).await?;
    states.extend(without_campaign(store, workspace, &outside).await?);
    let is_in_burst = |click: &&Click| {
        let Some(click) = today(click) else { return false };
        let state = states.get(&(click.campaign, click.customer));
        let message = state.and_then(|state| state.messages.iter().find(|message| message.key == click.message));
        message.is_some_and(|message| is_burst(message, click.at))
    };
    Ok(clicks.iter().filter(is_in_burst).copied().collect())
}

type States = HashMap<(i64, i64), RecipientState>;

async fn recipients(store: &Store, clicks: &[Click]) -> Result<States> {
    let keys: HashSet<(i64, i64)> = clicks.iter().map(|click| (click.campaign, click.customer)).collect();
    store::recipient::states(store, &keys.into_iter().collect::<Vec<_>>()).await
}

/// States as recipients have them, with only the clicks that can decide about those asked for: a burst that holds a click
/// lies within a second of it.
async fn without_campaign(store: &Store, workspace: WorkspaceId, clicks: &[Click]) -> Result<States> {
    if clicks.is_empty() {
        return Ok(States::new());
    }
    let customers: HashSet<i64> = clicks.iter().map(|click| click.customer).collect();
    let customers: Vec<i64> = customers.into_iter().collect();
    let mut stored = store::customer::merged_into(store, workspace, &customers).await?;
    for customer in &customers {
        stored.entry(*customer).or_default().push(*customer);
    }
    let mut windows: HashMap<(i64, Micros), ClickWindow> = HashMap::new();
    for click in clicks {
        for customer in stored.get(&click.customer).into_iter().flatten() {
            let (from, until) = (Micros(click.at.0 - MICROS_PER_SECOND), Micros(click.at.0 + MICROS_PER_SECOND + 1));
            windows.insert((*customer, click.at), ClickWindow { customer: *customer, from, until });
        }
    }
    let windows: Vec<ClickWindow> = windows.into_values().collect();
    let owner: HashMap<i64, i64> =
        stored.iter().flat_map(|(today, ids)| ids.iter().map(move |id| (*id, *today))).collect();
    fold(store, workspace, &windows, &owner).await
}

async fn fold(
    store: &Store,
    workspace: WorkspaceId,
    windows: &[ClickWindow],
    owner: &HashMap<i64, i64>,
) -> Result<States> {
    let rows = store::event::undecided_clicks(store, workspace, windows).await?;
    let cells: HashSet<i64> = rows.iter().map(|row| row.cell).collect();
    let cells = store::cell::find_many(store, workspace, &cells.into_iter().collect::<Vec<_>>()).await?;
    let cells: HashMap<i64, entity::cell::Model> = cells.into_iter().map(|cell| (cell.id, cell)).collect();
    let mut states = States::new();
    for row in rows {
        let Some(cell) = cells.get(&row.cell).filter(|cell| cell.campaign == 0) else { continue };
        let Some(customer) = owner.get(&row.customer) else { continue };
        let link = EventDetails::decode(&row.details)?.url_hash();
        let occurrence = Occurrence {
            at: Micros(row.occurred_at),
            kind: Kind::Clicked.code(),
            automation: Automation::Unknown as u8,
            cell: row.cell,
            detail: link.unwrap_or(0),
        };
        let message = MessageKey::of(row.message, [&cell.run, &cell.treatment, &cell.touchpoint]);
        states.entry((0, *customer)).or_default().add(message, occurrence, None);
    }
    Ok(states)
}
