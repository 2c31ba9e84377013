//! Conversions of a workspace by time, read as fast as the machine allows: a question of attribution reads a million.
//!
//! Rows are copied as bytes into pages, and pages are unpacked by threads of their own while the next is read. A page is
//! as of one moment; conversions that move while others are read are seen where they stand when their page is read.

mod postgres;
mod sqlite;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Store;
use crate::domain::attribution::Touch;
use crate::domain::conversion::Conversion;
use crate::domain::order::EventKey;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::{Error, Result};

/// A conversion with its touches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Converted<'a> {
    /// Who converted; stands for itself.
    pub customer: i64,
    /// What it is.
    pub conversion: Conversion,
    /// Every open, click, engagement and delivery of a person in the 90 days before it, ascending. Their keys are their numbers.
    pub touches: &'a [Touch],
}

/// Hands every conversion of a workspace within a time to `take`, in no particular order, on several threads. Each has an
/// accumulator of its own, made by `start`; the answer is all of them.
pub async fn fold<A, S, T>(
    store: &Store,
    workspace: WorkspaceId,
    times: Range<Micros>,
    (start, take): (S, T),
) -> Result<Vec<A>>
where
    A: Send + 'static,
    S: Fn() -> A + Send + Sync + 'static,
    T: Fn(&mut A, &Converted<'_>) + Send + Sync + 'static,
{
    let (sender, receiver) = channel(PAGES_AHEAD);
    let (pages, take) = (Arc::new(Mutex::new(receiver)), Arc::new(take));
    let unpacking: Vec<_> = (0..threads())
        .map(|_| {
            let (pages, take, accumulator) = (Arc::clone(&pages), Arc::clone(&take), start());
            tokio::task::spawn_blocking(move || unpack_all(&pages, accumulator, &*take))
        })
        .collect();
    drop(pages);
    let wanted = Wanted { workspace: workspace.0, times };
    let read = if store.url().starts_with("sqlite:") {
        sqlite::read(store, wanted, sender).await
    } else {
        postgres::read(store, wanted, sender).await
    };
    let mut accumulators = Vec::new();
    for thread in unpacking {
        accumulators.push(thread.await.map_err(|error| Error::Database(Box::new(error)))??);
    }
    read.map(|()| accumulators)
}

/// Pages that are read ahead of those being unpacked.
const PAGES_AHEAD: usize = 4;

/// Rows of a page.
const PAGE_ROWS: usize = 8_192;

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(4)
}

/// Which conversions.
#[derive(Clone, Debug)]
struct Wanted {
    workspace: i32,
    times: Range<Micros>,
}

type Pages = Sender<Vec<u8>>;

fn unpack_all<A>(
    pages: &Mutex<Receiver<Vec<u8>>>,
    mut accumulator: A,
    take: &impl Fn(&mut A, &Converted<'_>),
) -> Result<A> {
    let mut touches = Vec::new();
    loop {
        let next = pages.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(page) = next else { return Ok(accumulator) };
        let mut rest = page.as_slice();
        while let Some(row) = take_row(&mut rest)? {
            let conversion = Conversion::decode(row.at, row.key, row.packed, &mut touches)?;
            take(&mut accumulator, &Converted { customer: row.customer, conversion, touches: &touches });
        }
    }
}

/// A row in a page: time, customer and key, the length of the rest in four bytes, the rest.
struct Row<'a> {
    at: Micros,
    customer: i64,
    key: EventKey,
    packed: &'a [u8],
}

fn put_row(page: &mut Vec<u8>, row: &Row<'_>) {
    page.extend_from_slice(&row.at.0.to_be_bytes());
    page.extend_from_slice(&row.customer.to_be_bytes());
    page.extend_from_slice(&row.key);
    page.extend_from_slice(&(row.packed.len() as u32).to_be_bytes());
    page.extend_from_slice(row.packed);
}

fn take_row<'a>(page: &mut &'a [u8]) -> Result<Option<Row<'a>>> {
    if page.is_empty() {
        return Ok(None);
    }
    let row = split_row(page).ok_or_else(|| Error::Corrupt("a page of conversions".to_owned()))?;
    *page = row.1;
    Ok(Some(row.0))
}

fn split_row(page: &[u8]) -> Option<(Row<'_>, &[u8])> {
    let (at, rest) = page.split_first_chunk::<8>()?;
    let (customer, rest) = rest.split_first_chunk::<8>()?;
    let (key, rest) = rest.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (packed, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (at, customer) = (Micros(i64::from_be_bytes(*at)), i64::from_be_bytes(*customer));
    Some((Row { at, customer, key: *key, packed }, rest))
}
