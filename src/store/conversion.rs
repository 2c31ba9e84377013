//! Conversions of a workspace, in parts that threads can share, a page of bytes at a time: a question of attribution reads a
//! million of them.
//!
//! Purchases are kept by ingestion with all that is asked of them. Conversions of other kinds are put together from events and
//! recipients' states when they are asked for: as exact, and slower.

mod computed;
mod postgres;
mod sqlite;

use std::ops::Range;
use std::sync::Arc;

use self::computed::Events;
use super::Store;
use crate::domain::attribution::Touch;
use crate::domain::conversion::Conversion;
use crate::domain::kind::Kind;
use crate::domain::money::Currency;
use crate::domain::order::EventKey;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::{Error, Result};

/// Which conversions are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of which workspace.
    pub workspace: WorkspaceId,
    /// Of which kind the events are.
    pub kind: Kind,
    /// When they took place; the end is not included.
    pub at: Range<Micros>,
    /// The workspace's currency: that of events which are no purchases.
    pub currency: Currency,
}

/// Some of the wanted conversions, to be read apart from others. A conversion is in one part, whatever else arrives meanwhile,
/// unless it moves to another customer.
#[derive(Clone, Debug)]
pub struct Part(Source);

#[derive(Clone, Debug)]
enum Source {
    Kept { shard: i16, at: Range<Micros> },
    Computed { events: Arc<Events>, numbers: Range<usize> },
}

/// The place of a conversion in its part.
pub type Position = (Micros, EventKey);

/// Some conversions of a part.
#[derive(Clone, Debug, Default)]
pub struct Page {
    bytes: Vec<u8>,
    /// Where the part goes on; none: this is its last page.
    pub next: Option<Position>,
}

impl Page {
    /// Its conversions, packed; a damaged one ends it with an error.
    pub fn rows(&self) -> impl Iterator<Item = Result<Row<'_>>> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let Some((row, behind)) = split_row(rest) else {
                rest = &[];
                return Some(Err(Error::Corrupt("a page of conversions".to_owned())));
            };
            rest = behind;
            Some(Ok(row))
        })
    }
}

/// The wanted conversions in parts: at least so many, where there are enough conversions.
pub async fn parts(store: &Store, wanted: &Wanted, at_least: usize) -> Result<Vec<Part>> {
    if wanted.kind != Kind::Purchased {
        let events = Arc::new(computed::find(store, wanted).await?);
        let numbers = events.chunks();
        let part = |numbers| Part(Source::Computed { events: Arc::clone(&events), numbers });
        return Ok(numbers.into_iter().map(part).collect());
    }
    let shards = store.all_shards();
    let pieces = at_least.div_ceil(shards.len().max(1));
    let mut parts = Vec::with_capacity(pieces * shards.len());
    for shard in shards {
        let ends = if is_sqlite(store) {
            sqlite::ends(store, wanted.clone(), shard).await?
        } else {
            postgres::ends(store, wanted, shard).await?
        };
        let Some((first, last)) = ends else { continue };
        let cuts = cuts(first..Micros(last.0.saturating_add(1)), pieces);
        parts.extend(cuts.into_iter().map(|at| Part(Source::Kept { shard, at })));
    }
    Ok(parts)
}

/// The next page of a part, behind a place where one is given.
pub async fn page(store: &Store, wanted: &Wanted, part: &Part, after: Option<Position>) -> Result<Page> {
    match &part.0 {
        Source::Computed { events, numbers } => events.page(store, wanted, numbers.clone()).await,
        Source::Kept { shard, at } => {
            let stretch = Stretch { workspace: wanted.workspace.0, shard: *shard, at: at.clone(), after };
            let bytes = if is_sqlite(store) {
                sqlite::page(store, stretch).await?
            } else {
                postgres::page(store, stretch).await?
            };
            let (mut rows, mut last) = (0, None);
            let mut page = Page { bytes, next: None };
            for row in page.rows() {
                let row = row?;
                (rows, last) = (rows + 1, last.max(Some((row.at, row.key))));
            }
            page.next = last.filter(|_| rows >= PAGE_ROWS);
            Ok(page)
        }
    }
}

fn is_sqlite(store: &Store) -> bool {
    store.url().starts_with("sqlite:")
}

/// Most rows of a page.
const PAGE_ROWS: usize = 8_192;

/// Rows of one shard that are kept, behind a place.
#[derive(Clone, Debug)]
struct Stretch {
    workspace: i32,
    shard: i16,
    at: Range<Micros>,
    after: Option<Position>,
}

impl Stretch {
    /// The place behind which the page begins.
    fn start(&self) -> (i64, Vec<u8>) {
        self.after.map_or((self.at.start.0, Vec::new()), |(at, key)| (at.0, key.to_vec()))
    }
}

fn cuts(at: Range<Micros>, pieces: usize) -> Vec<Range<Micros>> {
    let step = (at.end.0 - at.start.0) / pieces.max(1) as i64 + 1;
    let starts = (0..pieces as i64).map(|piece| at.start.0 + piece * step).take_while(|start| *start < at.end.0);
    starts.map(|start| Micros(start)..Micros(Ord::min(start + step, at.end.0))).collect()
}

/// A conversion in a page: time, customer and key, the length of the rest in four bytes, the rest.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// When.
    pub at: Micros,
    /// Who; stands for itself.
    pub customer: i64,
    /// The key of its event.
    pub key: EventKey,
    packed: &'a [u8],
}

impl Row<'_> {
    /// The conversion. Its touches, every open, click, engagement and delivery of a person in the 90 days before it, replace
    /// what is in `touches`: ascending, their keys their numbers.
    pub fn unpack(&self, touches: &mut Vec<Touch>) -> Result<Conversion> {
        Conversion::decode(self.at, self.key, self.packed, touches)
    }
}

fn put_row(page: &mut Vec<u8>, row: &Row<'_>) {
    page.extend_from_slice(&row.at.0.to_be_bytes());
    page.extend_from_slice(&row.customer.to_be_bytes());
    page.extend_from_slice(&row.key);
    page.extend_from_slice(&(row.packed.len() as u32).to_be_bytes());
    page.extend_from_slice(row.packed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_side_by_side_and_leave_nothing_out() {
        for (start, end, pieces) in [(0, 10, 3), (5, 6, 4), (-100, 101, 7), (0, 3, 3)] {
            let cuts = cuts(Micros(start)..Micros(end), pieces);
            assert!(!cuts.is_empty() && cuts.len() <= pieces);
            assert_eq!((cuts[0].start, cuts[cuts.len() - 1].end), (Micros(start), Micros(end)));
            assert!(cuts.windows(2).all(|pair| pair[0].end == pair[1].start), "{cuts:?}");
        }
    }

    #[test]
    fn a_damaged_page_is_an_error_and_no_end() {
        let mut page = Page::default();
        put_row(&mut page.bytes, &Row { at: Micros(1), customer: 2, key: [3; 16], packed: b"packed" });
        assert_eq!(page.rows().map(|row| row.expect("a row").customer).collect::<Vec<_>>(), [2]);
        page.bytes.pop();
        assert!(page.rows().next().is_some_and(|row| row.is_err()));
    }
}
