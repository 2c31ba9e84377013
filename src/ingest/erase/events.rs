//! The events of the customer and of all that became part of it: their rows stay, for they count, without anything of a
//! person. Pages of events are held, never all.

use std::collections::{BTreeSet, HashMap};

use super::person::Person;
use crate::Result;
use crate::domain::address::target_identifier;
use crate::domain::identifier::Identifier;
use crate::ingest::group::Work;
use crate::store::event_details::EventDetails;
use crate::store::hot::{Column, Rows, Walk, tables};

const OF_CUSTOMER: Walk = Walk {
    table: &tables::EVENT,
    index: "event_customer_time",
    by: &["shard", "customer"],
    order: &["occurred_at", "seq"],
};
/// Events of one page.
const PAGE: u32 = 1_000;
const SEQ: usize = 1;
const CELL: usize = 4;
const OCCURRED_AT: usize = 8;
const DETAILS: usize = 12;

/// A walk through one customer's events.
struct Events {
    customer: Rows,
    last: Option<Rows>,
}

impl Events {
    fn of(work: &Work<'_>, customer: i64) -> Self {
        let shard = Column::I16(vec![work.shards.of_id(customer)]);
        Self { customer: Rows::new(vec![shard, Column::I64(vec![customer])]), last: None }
    }

    async fn next(&mut self, work: &mut Work<'_>) -> Result<Option<Rows>> {
        let page = work.connection.walk(&OF_CUSTOMER, &self.customer, self.last.as_ref(), PAGE).await?;
        let Some(last) = page.last()? else { return Ok(None) };
        self.last = Some(Rows::new(vec![last.columns[OCCURRED_AT].clone(), last.columns[SEQ].clone()]));
        Ok(Some(page))
    }
}

/// Every address that its events were sent to and whose type can be told.
pub(super) async fn targets(work: &mut Work<'_>, person: &Person) -> Result<BTreeSet<Identifier>> {
    let (mut targets, mut channels) = (BTreeSet::new(), HashMap::new());
    for customer in person.customers() {
        let mut events = Events::of(work, customer);
        while let Some(page) = events.next(work).await? {
            learn_channels(work, &page, &mut channels).await?;
            for (details, cell) in page.bytes(DETAILS)?.iter().zip(page.i64s(CELL)?) {
                let Some(target) = EventDetails::decode(details)?.target_address else { continue };
                let channel = channels.get(cell).and_then(Option::as_deref);
                targets.extend(target_identifier(&target, channel));
            }
        }
    }
    Ok(targets)
}

/// The channels of the cells that a page names.
async fn learn_channels(work: &mut Work<'_>, page: &Rows, channels: &mut HashMap<i64, Option<String>>) -> Result<()> {
    let unknown: BTreeSet<i64> = page.i64s(CELL)?.iter().copied().filter(|id| !channels.contains_key(id)).collect();
    let keys = Rows::new(vec![Column::I64(unknown.into_iter().collect())]);
    let cells = work.connection.select(&tables::CELL, &["id"], &keys).await?;
    for (id, channel) in cells.i64s(0)?.iter().zip(cells.opt_texts(6)?) {
        channels.insert(*id, channel.clone());
    }
    Ok(())
}

/// Takes everything of a person out of its events; their number.
pub(super) async fn erase(work: &mut Work<'_>, person: &Person) -> Result<u64> {
    let mut number = 0;
    for customer in person.customers() {
        let mut events = Events::of(work, customer);
        while let Some(mut page) = events.next(work).await? {
            let details = page.bytes(DETAILS)?.iter();
            let erased = details.map(|details| Ok(EventDetails::decode(details)?.erased().encode()));
            page.columns[DETAILS] = Column::Bytes(erased.collect::<Result<_>>()?);
            work.connection.put(&tables::EVENT, &page).await?;
            number += page.len() as u64;
        }
    }
    Ok(number)
}

/// Takes devices that were somebody else's before out of that one's events; the number of those.
pub(super) async fn forget_devices(work: &mut Work<'_>, person: &Person) -> Result<u64> {
    let mut number = 0;
    for (customer, devices) in &person.devices {
        let devices: Vec<Identifier> = devices.iter().cloned().collect();
        let mut events = Events::of(work, *customer);
        while let Some(page) = events.next(work).await? {
            let mut changed = Rows { columns: page.columns.iter().map(emptied).collect() };
            let mut packed = Vec::new();
            for (row, before) in page.bytes(DETAILS)?.iter().enumerate() {
                let mut details = EventDetails::decode(before)?;
                let whole = details.clone();
                details.forget(&devices);
                if details != whole {
                    changed.push_row(&page, row)?;
                    packed.push(details.encode());
                }
            }
            number += packed.len() as u64;
            changed.columns[DETAILS] = Column::Bytes(packed);
            work.connection.put(&tables::EVENT, &changed).await?;
        }
    }
    Ok(number)
}

fn emptied(column: &Column) -> Column {
    let mut column = column.clone();
    column.clear();
    column
}
