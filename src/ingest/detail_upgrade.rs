//! Databases of older programs: fills in, once, the texts behind the hashes in recipients' states, and the reasons of kinds
//! of events whose reasons those programs did not keep in the states. Both are read from the events.

use std::collections::{BTreeMap, HashMap};

use super::detail::{UsedDetails, detail_of, is_kept, survivors};
use super::group::Work;
use super::memory::Memory;
use crate::Result;
use crate::domain::kind::Kind;
use crate::domain::recipient::{MessageKey, Occurrence, RecipientState, detail_id};
use crate::domain::time::Micros;
use crate::store::event_details::EventDetails;
use crate::store::hot::{Column, HotConnection, IdentityLock, Rows, tables};
use crate::store::{Store, connect};

/// What is recorded when the texts are there.
const DETAILS: &str = "detail_texts";
const PAGE: u32 = 5_000;

/// Fills in what is missing, unless that was done. Ingestion waits meanwhile. That it was done is recorded in the same
/// transaction: an event whose reason was told must not be told another's.
pub(super) async fn fill_in(store: &Store) -> Result<()> {
    if connect::is_done(store, DETAILS).await? {
        return Ok(());
    }
    let (memory, mut connection) = (Memory::default(), HotConnection::open(store).await?);
    connection.begin(IdentityLock::Exclusive).await?;
    let mut work =
        Work { connection: &mut connection, memory: &memory, shards: store.shards(), settings: HashMap::new() };
    work.connection.lock_shards(&store.all_shards()).await?;
    let done = Rows::new(vec![Column::Text(vec![DETAILS.to_owned()]), Column::Text(vec!["done".to_owned()])]);
    if work.connection.insert_new(&tables::DATABASE_INFO, &done).await?.is_empty() {
        return work.connection.rollback().await;
    }
    let cells = load_cells(&mut work).await?;
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::EVENT, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return work.connection.commit().await;
        }
        let told = told_by(&page, &cells)?;
        write_texts(&mut work, &told).await?;
        write_reasons(&mut work, &told).await?;
    }
}

/// A cell of a campaign: the campaign, and run, treatment and touchpoint.
type Place = (i64, [Option<String>; 3]);

async fn load_cells(work: &mut Work<'_>) -> Result<HashMap<i64, Place>> {
    let mut cells = HashMap::new();
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::CELL, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(cells);
        }
        for row in 0..page.len() {
            let text = |column| page.opt_texts(column).map(|texts| texts[row].clone());
            let campaign = page.i64s(2)?[row];
            if campaign != 0 {
                cells.insert(page.i64s(0)?[row], (campaign, [text(3)?, text(4)?, text(5)?]));
            }
        }
    }
}

/// What an event tells.
struct Told {
    workspace: i32,
    campaign: i64,
    /// As stored with the event.
    customer: i64,
    key: MessageKey,
    occurrence: Occurrence,
    text: String,
}

fn told_by(events: &Rows, cells: &HashMap<i64, Place>) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    for row in 0..events.len() {
        let kind = Kind::from_code(u8::try_from(events.i16s(6)?[row]).unwrap_or_default());
        let cell = events.i64s(4)?[row];
        let Some((campaign, place)) = cells.get(&cell).filter(|_| is_kept(kind)) else { continue };
        let details = EventDetails::decode(&events.bytes(12)?[row])?;
        let given = (details.url.as_deref(), details.list.as_deref(), details.reason.as_deref());
        let Some(text) = detail_of(kind, given).map(str::to_owned) else { continue };
        let automation = u8::try_from(events.i16s(7)?[row]).unwrap_or_default();
        let at = Micros(events.i64s(8)?[row]);
        told.push(Told {
            workspace: events.i32s(2)?[row],
            campaign: *campaign,
            customer: events.i64s(3)?[row],
            key: MessageKey::of(events.i64s(10)?[row], place.each_ref()),
            occurrence: Occurrence { at, kind: kind.code(), automation, cell, detail: 0 },
            text,
        });
    }
    Ok(told)
}

async fn write_texts(work: &mut Work<'_>, told: &[Told]) -> Result<()> {
    let survivors = survivors(work, told.iter().map(|told| told.customer)).await?;
    let mut used = UsedDetails::default();
    for told in told {
        let customer = survivors.get(&told.customer).copied().unwrap_or(told.customer);
        used.add(work, (told.workspace, detail_id(&told.text)), &told.text, customer);
    }
    used.write(work).await?;
    Ok(())
}

/// Kinds whose reasons were kept from the first program on.
fn had_reason(kind: Kind) -> bool {
    matches!(kind, Kind::Clicked | Kind::Skipped | Kind::Failed | Kind::SoftBounced | Kind::HardBounced)
}

async fn write_reasons(work: &mut Work<'_>, told: &[Told]) -> Result<()> {
    let told: Vec<&Told> = told.iter().filter(|told| !had_reason(told.occurrence.kind())).collect();
    let survivors = survivors(work, told.iter().map(|told| told.customer)).await?;
    let mut by_recipient: BTreeMap<(i16, i64, i64), Vec<&Told>> = BTreeMap::new();
    for told in told {
        let customer = survivors.get(&told.customer).copied().unwrap_or(told.customer);
        by_recipient.entry((work.shards.of_id(customer), told.campaign, customer)).or_default().push(told);
    }
    let keys = Rows::new(vec![
        Column::I16(by_recipient.keys().map(|key| key.0).collect()),
        Column::I64(by_recipient.keys().map(|key| key.1).collect()),
        Column::I64(by_recipient.keys().map(|key| key.2).collect()),
    ]);
    let mut stored = work.connection.select(&tables::RECIPIENT, &["shard", "campaign", "customer"], &keys).await?;
    let mut states = Vec::with_capacity(stored.len());
    for row in 0..stored.len() {
        let key = (stored.i16s(0)?[row], stored.i64s(1)?[row], stored.i64s(2)?[row]);
        let mut state = RecipientState::decode(&stored.bytes(3)?[row])?;
        for told in by_recipient.get(&key).into_iter().flatten() {
            state.note_detail(told.key, told.occurrence, detail_id(&told.text));
        }
        states.push(state.encode());
    }
    stored.columns[3] = Column::Bytes(states);
    work.connection.put(&tables::RECIPIENT, &stored).await
}
