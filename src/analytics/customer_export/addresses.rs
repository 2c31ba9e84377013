//! The addresses of a customer: whether they can be reached, what was said about them, and the history of both.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::document::Document;
use super::{Question, event_id, time};
use crate::Result;
use crate::domain::identifier::Identifier;
use crate::domain::reachability::{AddressChange, AddressState, ConsentUpdate, ReachabilityType};
use crate::store::page::{Page, PageEnd};
use crate::store::{self, reachability};

/// Changes that are held at a time.
const PAGE: u64 = 1_000;

pub(super) async fn write(
    question: Question<'_>,
    document: &mut Document<'_, '_>,
    identifiers: &[entity::identifier::Model],
) -> Result<()> {
    let Question { store, workspace, .. } = question;
    let types = &workspace.settings.identifier_types;
    let addresses: Vec<&entity::identifier::Model> =
        identifiers.iter().filter(|row| types.is_messaging(&row.name)).collect();
    document.begin_list("addresses")?;
    for row in &addresses {
        let address = Identifier { name: row.name.clone(), value: row.value.clone() };
        let state = reachability::state_of(store, workspace.id, &address).await?;
        let lists = names(question, state.subscriptions.keys().copied().collect()).await?;
        let channels = types.channels(&row.name, &row.channels);
        document.item(&shown(question, (&address, channels), &state, &lists))?;
    }
    document.end_list()?;
    document.begin_list("addressHistory")?;
    for row in &addresses {
        history(question, document, row).await?;
    }
    document.end_list()
}

type ListNames = HashMap<i64, String>;

async fn names(question: Question<'_>, lists: BTreeSet<i64>) -> Result<ListNames> {
    let lists: Vec<i64> = lists.into_iter().collect();
    let rows = store::list::find_many(question.store, question.workspace.id, &lists).await?;
    Ok(rows.into_iter().map(|(id, row)| (id, row.name)).collect())
}

fn shown(
    question: Question<'_>,
    (address, channels): (&Identifier, Vec<String>),
    state: &AddressState,
    lists: &ListNames,
) -> Value {
    let reached = state.reachability(question.workspace.settings.soft_bounce_limit);
    let said =
        |update: &ConsentUpdate| json!({"is": update.is_in, "at": time(update.at.0), "event": event_id(update.event)});
    let subscription = |(list, update): (&i64, &ConsentUpdate)| json!({"list": lists.get(list), "isSubscribed": update.is_in, "at": time(update.at.0), "event": event_id(update.event)});
    json!({
        "type": address.name, "value": address.value, "channels": channels,
        "reachable": reached.unreachable.is_none(),
        "reason": reached.unreachable.map(ReachabilityType::name),
        "since": reached.since.map(|at| time(at.0)), "event": reached.event.map(event_id),
        "softBounces": state.soft_bounces.iter().map(|(at, event)| json!({"at": time(at.0), "event": event_id(*event)})).collect::<Value>(),
        "consent": state.consent.as_ref().map(said),
        "subscriptions": state.subscriptions.iter().map(subscription).collect::<Value>(),
    })
}

async fn history(
    question: Question<'_>,
    document: &mut Document<'_, '_>,
    row: &entity::identifier::Model,
) -> Result<()> {
    let Ok(id) = row.id.as_slice().try_into() else { return Ok(()) };
    let mut page = Page { after: None, before: None, from: PageEnd::Start, limit: PAGE };
    loop {
        let slice = reachability::history(question.store, &id, &page).await?;
        page.after = slice.rows.last().map(reachability::position_of);
        let lists = names(question, slice.rows.iter().map(|change| change.list).collect()).await?;
        for change in &slice.rows {
            let what = AddressChange::from_code(change.change, change.list);
            document.item(&json!({
                "type": row.name, "value": row.value, "at": time(change.at), "change": what.map(word),
                "reason": what.and_then(reason), "list": lists.get(&change.list),
                "event": event_id((change.event_shard, change.event_seq)),
            }))?;
        }
        if !slice.has_next {
            return Ok(());
        }
    }
}

fn word(change: AddressChange) -> &'static str {
    match change {
        AddressChange::Unreachable(_) => "UNREACHABLE",
        AddressChange::Reachable => "REACHABLE",
        AddressChange::SoftBounced => "SOFT_BOUNCED",
        AddressChange::Engaged => "ENGAGED",
        AddressChange::OptedIn => "OPTED_IN",
        AddressChange::OptedOut => "OPTED_OUT",
        AddressChange::Subscribed(_) => "SUBSCRIBED",
        AddressChange::Unsubscribed(_) => "UNSUBSCRIBED",
    }
}

fn reason(change: AddressChange) -> Option<&'static str> {
    if let AddressChange::Unreachable(reason) = change { Some(reason.name()) } else { None }
}
