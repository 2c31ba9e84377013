//! Databases of older programs: tells from the stored events since when every identifier is known, and what was said of
//! every address on which day.
//!
//! What the states of addresses say of the present stays as it is: which address an event concerned was decided when it was
//! taken. Updates beside an event's kind are found in the history of the address, everything else in the events.

use std::collections::{BTreeMap, HashMap};

use super::group::Work;
use super::reach::{FIRST_DAY, identifier_keys, lower_first_days};
use super::upgrade::PAGE;
use crate::Result;
use crate::dialect::blank_event;
use crate::domain::address::{change_of, updates_of};
use crate::domain::day::day_in_zone;
use crate::domain::event::{Dialect, NewEvent};
use crate::domain::hash::identifier_id;
use crate::domain::identifier::Identifier;
use crate::domain::identity::IdentifierId;
use crate::domain::kind::Kind;
use crate::domain::reachability::{AddressChange, AddressState, EventRef};
use crate::domain::time::Micros;
use crate::store::event_details::EventDetails;
use crate::store::hot::{Column, Rows, tables};

/// Events between two lines of the log.
const LOG_EVERY: usize = 200_000;

/// Changes of addresses, by shard and id.
type Changes = BTreeMap<(i16, IdentifierId), Vec<(AddressChange, Micros, EventRef)>>;

/// Gives every identifier its first day and every address its days. All shards must be locked.
pub(super) async fn tell_days(work: &mut Work<'_>) -> Result<()> {
    forget_days(work).await?;
    replay_histories(work).await?;
    replay_events(work).await?;
    date_unnamed(work).await
}

/// What an earlier run told is told again.
async fn forget_days(work: &mut Work<'_>) -> Result<()> {
    let mut last: Option<Rows> = None;
    loop {
        let mut page = work.connection.next_rows(&tables::ADDRESS_STATE, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let mut states = Vec::with_capacity(page.len());
        for state in page.bytes(STATE)? {
            let mut state = AddressState::decode(state)?;
            state.forget_past();
            states.push(state.encode());
        }
        page.columns[STATE] = Column::Bytes(states);
        work.connection.put(&tables::ADDRESS_STATE, &page).await?;
    }
}

/// Place of the column `state` of `address_state`.
const STATE: usize = 5;

/// Takes the words of histories. Soft bounces follow with the events, which tell all of them.
async fn replay_histories(work: &mut Work<'_>) -> Result<()> {
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::ADDRESS_CHANGE, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let mut changes = Changes::new();
        for row in 0..page.len() {
            let Ok(id) = page.bytes(1)?[row].as_slice().try_into() else { continue };
            let change = AddressChange::from_code(page.i16s(5)?[row], page.i64s(6)?[row]);
            if let Some(change) = change.filter(|change| *change != AddressChange::SoftBounced) {
                let event = (page.i16s(3)?[row], page.i64s(4)?[row]);
                let changes = changes.entry((page.i16s(0)?[row], id)).or_default();
                changes.push((change, Micros(page.i64s(2)?[row]), event));
            }
        }
        apply(work, changes).await?;
    }
}

async fn replay_events(work: &mut Work<'_>) -> Result<()> {
    let (mut last, mut events): (Option<Rows>, usize) = (None, 0);
    loop {
        let page = work.connection.next_rows(&tables::EVENT, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let channels = channels_of(work, page.i64s(4)?).await?;
        let (mut changes, mut first_days) = (Changes::new(), BTreeMap::new());
        for row in 0..page.len() {
            let workspace = page.i32s(2)?[row];
            let zone = work.settings_of(workspace)?.zone;
            let (kind, at) = (page.i16s(6)?[row], Micros(page.i64s(8)?[row]));
            let details = EventDetails::decode(&page.bytes(12)?[row])?;
            for (name, value) in &details.identifiers {
                let id = identifier_id(workspace, name, value);
                let day = day_in_zone(at, zone);
                let first = first_days.entry((work.shards.of_bytes(&id), id)).or_insert(day);
                *first = day.min(*first);
            }
            let event = event_of(kind, at, channels.get(&page.i64s(4)?[row]).cloned().flatten(), details);
            if change_of(&event).is_none() {
                continue;
            }
            let source = (page.i16s(0)?[row], page.i64s(1)?[row]);
            for update in updates_of(&event, &work.settings_of(workspace)?.own.identifier_types) {
                let id = identifier_id(workspace, &update.address.name, &update.address.value);
                let changes = changes.entry((work.shards.of_bytes(&id), id)).or_default();
                changes.push((update.change, update.at.unwrap_or(at), source));
            }
        }
        apply(work, changes).await?;
        lower_first_days(work, &first_days).await?;
        if (events + page.len()) / LOG_EVERY > events / LOG_EVERY {
            tracing::info!(events = events + page.len(), "events of an older program were read again");
        }
        events += page.len();
    }
}

async fn channels_of(work: &mut Work<'_>, cells: &[i64]) -> Result<HashMap<i64, Option<String>>> {
    let mut cells = cells.to_vec();
    cells.sort_unstable();
    cells.dedup();
    let rows = work.connection.select(&tables::CELL, &["id"], &Rows::new(vec![Column::I64(cells)])).await?;
    Ok(rows.i64s(0)?.iter().copied().zip(rows.opt_texts(6)?.iter().cloned()).collect())
}

/// As much of an event as tells which addresses it concerns.
fn event_of(kind: i16, at: Micros, channel: Option<String>, details: EventDetails) -> NewEvent {
    let kind = u8::try_from(kind).map_or(Kind::Other, Kind::from_code);
    let identifiers = details.identifiers.into_iter().map(|(name, value)| Identifier { name, value });
    NewEvent {
        kind,
        occurred_at: Some(at),
        identifiers: identifiers.collect(),
        channel,
        list: details.list,
        target_address: details.target_address,
        reason: details.reason,
        ..blank_event(Dialect::Native, "")
    }
}

/// Takes changes into the states that are there: what was never folded is not folded now.
async fn apply(work: &mut Work<'_>, changes: Changes) -> Result<()> {
    let mut rows =
        work.connection.select(&tables::ADDRESS_STATE, &["shard", "id"], &identifier_keys(changes.keys())).await?;
    let (mut unreachable, mut consents, mut states) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..rows.len() {
        let settings = work.settings_of(rows.i32s(2)?[row])?;
        let mut state = AddressState::decode(&rows.bytes(STATE)?[row])?;
        let id: Option<IdentifierId> = rows.bytes(1)?[row].as_slice().try_into().ok();
        let changes = id.and_then(|id| changes.get(&(rows.i16s(0).ok()?[row], id)));
        for (change, at, event) in changes.into_iter().flatten() {
            let is_known = *change == AddressChange::SoftBounced && state.soft_bounces.contains(&(*at, *event));
            if !is_known {
                state.apply(*change, *at, *event, settings.zone);
            }
        }
        let is = state.reachability(settings.own.soft_bounce_limit);
        unreachable.push(is.unreachable.map_or(0, |reason| reason as i16));
        consents.push(state.consent_code());
        states.push(state.encode());
    }
    rows.columns.truncate(STATE - 2);
    rows.columns.extend([Column::I16(unreachable), Column::I16(consents), Column::Bytes(states)]);
    work.connection.put(&tables::ADDRESS_STATE, &rows).await
}

/// Identifiers that no stored event names are those of profiles: they are known since they were linked.
async fn date_unnamed(work: &mut Work<'_>) -> Result<()> {
    let mut last: Option<Rows> = None;
    loop {
        let mut page = work.connection.next_rows(&tables::IDENTIFIER, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let mut days = page.i32s(FIRST_DAY)?.to_vec();
        for (row, day) in days.iter_mut().enumerate().filter(|(_, day)| **day == i32::MAX) {
            let zone = work.settings_of(page.i32s(2)?[row])?.zone;
            *day = day_in_zone(Micros(page.i64s(7)?[row]), zone);
        }
        if days != page.i32s(FIRST_DAY)? {
            page.columns[FIRST_DAY] = Column::I32(days);
            work.connection.put(&tables::IDENTIFIER, &page).await?;
        }
    }
}
