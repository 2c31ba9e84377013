//! Databases of older programs: completes once what is kept of messages and counts, from the events and counts that are
//! there. Older programs kept neither the endpoint of a delivery nor the price of a message, nor counts of whole months.

use std::collections::{BTreeMap, HashMap};

use super::count::{Changed, raise_versions};
use super::detail::survivors;
use super::group::Work;
use super::memory::Memory;
use crate::Result;
use crate::dialect::price::price_nanos;
use crate::domain::breakdown::first_of_month;
use crate::domain::event::Dialect;
use crate::domain::identifier::ENDPOINT_TYPE;
use crate::domain::kind::Kind;
use crate::domain::price::Price;
use crate::domain::recipient::{MessageKey, Occurrence, RecipientState, detail_id};
use crate::domain::rollup::{Counts, Grouping};
use crate::domain::time::Micros;
use crate::store::event_details::EventDetails;
use crate::store::hot::{Column, HotConnection, IdentityLock, Rows, tables};
use crate::store::{Store, connect};

/// What is recorded when everything is there.
const COMPLETE: &str = "messages_complete";
const PAGE: u32 = 5_000;

/// Completes a database, unless that was done. Ingestion waits meanwhile. What is done is recorded in the same
/// transaction: a delivery whose endpoint was told must not be told another's.
pub(super) async fn complete(store: &Store) -> Result<()> {
    if connect::is_done(store, COMPLETE).await? {
        return Ok(());
    }
    let (memory, mut connection) = (Memory::default(), HotConnection::open(store).await?);
    connection.begin(IdentityLock::Exclusive).await?;
    let mut work =
        Work { connection: &mut connection, memory: &memory, shards: store.shards(), settings: HashMap::new() };
    work.connection.lock_shards(&store.all_shards()).await?;
    let done = Rows::new(vec![Column::Text(vec![COMPLETE.to_owned()]), Column::Text(vec!["done".to_owned()])]);
    if work.connection.insert_new(&tables::DATABASE_INFO, &done).await?.is_empty() {
        return work.connection.rollback().await;
    }
    add_months(&mut work).await?;
    let catalogue = Catalogue::load(&mut work).await?;
    if !catalogue.cells.is_empty() {
        complete_states(&mut work, &catalogue).await?;
    }
    work.connection.commit().await
}

/// The rows of a whole month are the sums of its days.
async fn add_months(work: &mut Work<'_>) -> Result<()> {
    let mut months: BTreeMap<(i16, i64, i16, i64, i32), Counts> = BTreeMap::new();
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::ROLLUP, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            break;
        }
        for row in 0..page.len() {
            let Some(month) = Grouping::from_code(page.i16s(2)?[row]).and_then(Grouping::by_month) else { continue };
            let group = (page.i64s(1)?[row], month as i16, page.i64s(3)?[row], first_of_month(page.i32s(4)?[row]));
            let key = (page.i16s(0)?[row], group.0, group.1, group.2, group.3);
            months.entry(key).or_default().add_packed(&page.bytes(5)?[row])?;
        }
    }
    let rows = Rows::new(vec![
        Column::I16(months.keys().map(|key| key.0).collect()),
        Column::I64(months.keys().map(|key| key.1).collect()),
        Column::I16(months.keys().map(|key| key.2).collect()),
        Column::I64(months.keys().map(|key| key.3).collect()),
        Column::I32(months.keys().map(|key| key.4).collect()),
        Column::Bytes(months.values().map(Counts::encode).collect()),
    ]);
    work.connection.put(&tables::ROLLUP, &rows).await
}

/// The places of the events that can tell something: those of Pinpoint and End User Messaging within campaigns.
struct Catalogue {
    cells: HashMap<i64, Cell>,
    /// Names of event types.
    types: HashMap<i64, String>,
}

struct Cell {
    campaign: i64,
    dialect: Dialect,
    place: [Option<String>; 3],
}

impl Catalogue {
    async fn load(work: &mut Work<'_>) -> Result<Self> {
        let mut catalogue = Self { cells: HashMap::new(), types: HashMap::new() };
        let mut last: Option<Rows> = None;
        loop {
            let page = work.connection.next_rows(&tables::CELL, last.as_ref(), PAGE).await?;
            last = page.last()?;
            if last.is_none() {
                break;
            }
            for row in 0..page.len() {
                let dialect = [Dialect::Pinpoint, Dialect::Sms].into_iter().find(|d| d.name() == page_text(&page, row));
                let (Some(dialect), campaign @ 1..) = (dialect, page.i64s(2)?[row]) else { continue };
                let text = |column| page.opt_texts(column).map(|texts| texts[row].clone());
                let place = [text(3)?, text(4)?, text(5)?];
                catalogue.cells.insert(page.i64s(0)?[row], Cell { campaign, dialect, place });
            }
        }
        let mut last: Option<Rows> = None;
        loop {
            let page = work.connection.next_rows(&tables::EVENT_TYPE, last.as_ref(), PAGE).await?;
            last = page.last()?;
            if last.is_none() {
                return Ok(catalogue);
            }
            let names = page.texts(2)?.iter().cloned();
            catalogue.types.extend(page.i64s(0)?.iter().copied().zip(names));
        }
    }
}

/// The source of a cell.
fn page_text(page: &Rows, row: usize) -> &str {
    page.texts(7).map_or("", |texts| texts[row].as_str())
}

/// What an event tells about its message.
struct Told {
    workspace: i32,
    key: MessageKey,
    occurrence: Occurrence,
    endpoint: Option<i64>,
    price: Option<Price>,
}

/// By (campaign, customer as stored).
type ToldOf = BTreeMap<(i64, i64), Vec<Told>>;

async fn complete_states(work: &mut Work<'_>, catalogue: &Catalogue) -> Result<()> {
    let mut last: Option<Rows> = None;
    loop {
        let page = work.connection.next_rows(&tables::EVENT, last.as_ref(), PAGE).await?;
        last = page.last()?;
        if last.is_none() {
            return Ok(());
        }
        let told = told_by(&page, catalogue)?;
        if !told.is_empty() {
            write(work, told).await?;
        }
    }
}

fn told_by(events: &Rows, catalogue: &Catalogue) -> Result<ToldOf> {
    let mut told = ToldOf::new();
    for row in 0..events.len() {
        let Some(cell) = catalogue.cells.get(&events.i64s(4)?[row]) else { continue };
        let kind = Kind::from_code(u8::try_from(events.i16s(6)?[row]).unwrap_or_default());
        let type_name = catalogue.types.get(&events.i64s(5)?[row]).map_or("", String::as_str);
        if kind != Kind::Delivered && type_name.starts_with("_email.") {
            continue;
        }
        let details = EventDetails::decode(&events.bytes(12)?[row])?;
        let named = details.identifiers.iter().find(|(name, _)| name == ENDPOINT_TYPE);
        let endpoint = named.filter(|_| kind == Kind::Delivered).map(|(_, value)| detail_id(value));
        let (at, cell_id) = (Micros(events.i64s(8)?[row]), events.i64s(4)?[row]);
        let nanos = price_nanos(cell.dialect, type_name, &details.data);
        let price = nanos.map(|nanos| Price { at, nanos, cell: cell_id });
        if endpoint.is_none() && price.is_none() {
            continue;
        }
        let automation = u8::try_from(events.i16s(7)?[row]).unwrap_or_default();
        let occurrence = Occurrence { at, kind: kind.code(), automation, cell: cell_id, detail: 0 };
        let key = MessageKey::of(events.i64s(10)?[row], cell.place.each_ref());
        let recipient = (cell.campaign, events.i64s(3)?[row]);
        told.entry(recipient).or_default().push(Told {
            workspace: events.i32s(2)?[row],
            key,
            occurrence,
            endpoint,
            price,
        });
    }
    Ok(told)
}

async fn write(work: &mut Work<'_>, told: ToldOf) -> Result<()> {
    let survivors = survivors(work, told.keys().map(|(_, customer)| *customer)).await?;
    let mut by_recipient: BTreeMap<(i16, i64, i64), Vec<Told>> = BTreeMap::new();
    for ((campaign, customer), told) in told {
        let customer = survivors.get(&customer).copied().unwrap_or(customer);
        by_recipient.entry((work.shards.of_id(customer), campaign, customer)).or_default().extend(told);
    }
    let keys = vec![
        Column::I16(by_recipient.keys().map(|key| key.0).collect()),
        Column::I64(by_recipient.keys().map(|key| key.1).collect()),
        Column::I64(by_recipient.keys().map(|key| key.2).collect()),
    ];
    let by = &["shard", "campaign", "customer"];
    let stored = work.connection.select(&tables::RECIPIENT, by, &Rows::new(keys.clone())).await?;
    let mut states: BTreeMap<(i16, i64, i64), RecipientState> = BTreeMap::new();
    for row in 0..stored.len() {
        let key = (stored.i16s(0)?[row], stored.i64s(1)?[row], stored.i64s(2)?[row]);
        states.insert(key, RecipientState::decode(&stored.bytes(3)?[row])?);
    }
    let mut changed = Changed::new();
    let mut encoded = Vec::with_capacity(by_recipient.len());
    for (key, told) in &by_recipient {
        // Events that no report counts may tell a price as well: their recipient may have no state yet.
        let state = states.entry(*key).or_default();
        for told in told {
            tell(state, told);
            changed.insert((key.0, key.1), told.workspace);
        }
        encoded.push(state.encode());
    }
    let mut rows = Rows::new(keys);
    rows.columns.push(Column::Bytes(encoded));
    work.connection.put(&tables::RECIPIENT, &rows).await?;
    raise_versions(work, &changed).await
}

fn tell(state: &mut RecipientState, told: &Told) {
    if let Some(price) = told.price {
        state.note_price(told.key, price);
    }
    if let Some(endpoint) = told.endpoint {
        state.note_detail(told.key, told.occurrence, endpoint);
    }
}
