//! Conversions that are not kept: events of any kind, with the touches that the recipients' states hold.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::{Page, Position, Row, Wanted, is_sqlite, postgres, put_row, sqlite};
use crate::Result;
use crate::domain::attribution::Touch;
use crate::domain::conversion::{Conversion, Touches, within_reach};
use crate::domain::hash::ShardCount;
use crate::domain::kind::Kind;
use crate::domain::order::Revenue;
use crate::domain::recipient::RecipientState;
use crate::store::Store;
use crate::store::hot::{Column, HotConnection, Rows, tables};
use crate::store::touch::{keys_at, standing_for};

/// The condition of the index by kind and time: kinds that few events have and that one may aim at. Other kinds are looked
/// for among all events.
pub(super) const INDEXED: &str = "\"kind\" IN (12, 13, 19, 21, 25, 28, 29)";

const INDEXED_KINDS: [Kind; 7] = [
    Kind::Submitted,
    Kind::Engaged,
    Kind::ListSubscribed,
    Kind::OptedIn,
    Kind::TokenAdded,
    Kind::ProductViewed,
    Kind::CartAdded,
];

/// An event: its customer as stored, its time and its key.
pub(super) type Found = (i64, Position);

/// The events of a kind, those of a customer side by side.
#[derive(Debug)]
pub(super) struct Events(Vec<Found>);

/// Events that are put together at a time.
const CHUNK: usize = 2_000;

/// Finds them.
pub(super) async fn find(store: &Store, wanted: &Wanted) -> Result<Events> {
    let is_indexed = INDEXED_KINDS.contains(&wanted.kind);
    let mut found = Vec::new();
    for shard in store.all_shards() {
        found.extend(if is_sqlite(store) {
            sqlite::events(store, wanted.clone(), (shard, is_indexed)).await?
        } else {
            postgres::events(store, wanted, (shard, is_indexed)).await?
        });
    }
    found.sort_unstable();
    Ok(Events(found))
}

impl Events {
    /// Numbers of events to be put together at a time.
    pub(super) fn chunks(&self) -> Vec<Range<usize>> {
        let starts = (0..self.0.len()).step_by(CHUNK);
        starts.map(|start| start..Ord::min(start + CHUNK, self.0.len())).collect()
    }

    /// Some of the conversions, whole.
    pub(super) async fn page(&self, store: &Store, wanted: &Wanted, numbers: Range<usize>) -> Result<Page> {
        let events = self.0.get(numbers).unwrap_or_default();
        let (mut connection, shards) = (HotConnection::open(store).await?, store.shards());
        let stored: BTreeSet<i64> = events.iter().map(|event| event.0).collect();
        let owners = standing_for(&mut connection, shards, &stored).await?;
        let touches = touches_of(&mut connection, shards, owners.values().copied().collect()).await?;
        let mut page = Page::default();
        for (stored, (at, key)) in events {
            let customer = owners.get(stored).copied().unwrap_or(*stored);
            let touches = touches.get(&customer).map_or(&[][..], Vec::as_slice);
            let (revenue, reversed) = (Revenue::default(), Revenue::default());
            let conversion =
                Conversion { at: *at, key: *key, order: None, currency: wanted.currency, revenue, reversed };
            let packed = conversion.encode(within_reach(*at, touches));
            put_row(&mut page.bytes, &Row { at: *at, customer, key: *key, packed: &packed });
        }
        Ok(page)
    }
}

async fn touches_of(
    connection: &mut HotConnection,
    shards: ShardCount,
    customers: BTreeSet<i64>,
) -> Result<HashMap<i64, Vec<Touch>>> {
    let keys = Rows::new(vec![
        Column::I16(customers.iter().map(|customer| shards.of_id(*customer)).collect()),
        Column::I64(customers.into_iter().collect()),
    ]);
    let rows = connection.select(&tables::RECIPIENT, &["shard", "customer"], &keys).await?;
    let mut touches: BTreeMap<i64, Touches> = BTreeMap::new();
    for row in 0..rows.len() {
        let state = RecipientState::decode(&rows.bytes(3)?[row])?;
        touches.entry(rows.i64s(2)?[row]).or_default().add(rows.i64s(1)?[row], &state);
    }
    let mut ties = BTreeSet::new();
    for (customer, touches) in &mut touches {
        ties.extend(touches.ties().into_iter().map(|at| (*customer, at)));
    }
    let keys = keys_at(connection, shards, &ties).await?;
    let nothing = HashMap::new();
    let ordered =
        |(customer, touches): (i64, Touches)| (customer, touches.into_ordered(keys.get(&customer).unwrap_or(&nothing)));
    Ok(touches.into_iter().map(ordered).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_names_the_kinds() {
        let codes: Vec<String> = INDEXED_KINDS.iter().map(|kind| kind.code().to_string()).collect();
        assert_eq!(INDEXED, format!("\"kind\" IN ({})", codes.join(", ")));
    }
}
