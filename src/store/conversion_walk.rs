//! Conversions of a workspace in order of time, shard by shard: what questions of attribution read.

use std::ops::Range;

use entity::conversion;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use crate::domain::attribution::Touch;
use crate::domain::conversion::Conversion;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::{Error, Result};

/// A stretch of a shard's conversions that is walked on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The shard.
    pub shard: i16,
    /// When they took place; the end is not included.
    pub at: Range<Micros>,
}

/// A conversion as it is kept, not unpacked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedConversion {
    at: Micros,
    key: [u8; 16],
    packed: Vec<u8>,
}

impl PackedConversion {
    /// The conversion; its touches replace what is in `touches`, in ascending order.
    pub fn unpack(&self, touches: &mut Vec<Touch>) -> Result<Conversion> {
        Conversion::decode(self.at, self.key, &self.packed, touches)
    }
}

/// The place of a conversion in its shard.
pub type ConversionPosition = (Micros, [u8; 16]);

impl PackedConversion {
    /// Its place in its shard.
    pub fn position(&self) -> ConversionPosition {
        (self.at, self.key)
    }
}

/// Some conversions of a stretch, behind a place, in order of time and key.
pub async fn page(
    store: &Store,
    workspace: WorkspaceId,
    stretch: &Stretch,
    after: Option<ConversionPosition>,
    limit: u64,
) -> Result<Vec<PackedConversion>> {
    use conversion::Column::{At, Key, Packed, Shard, Workspace};
    let mut query = Query::select()
        .columns([At, Key, Packed])
        .from(conversion::Entity)
        .and_where(Shard.eq(stretch.shard))
        .and_where(Workspace.eq(workspace.0))
        .and_where(At.lt(stretch.at.end.0))
        .order_by(At, Order::Asc)
        .order_by(Key, Order::Asc)
        .limit(limit)
        .take();
    match after {
        None => query.and_where(At.gte(stretch.at.start.0)),
        Some((at, key)) => {
            let place: [SimpleExpr; 2] = [Expr::val(at.0), Expr::val(key.to_vec())];
            query.and_where(Expr::tuple([Expr::col(At), Expr::col(Key)]).gt(Expr::tuple(place)))
        }
    };
    let rows = store.db().query_all(&query).await?;
    let read = |row: &sea_orm::QueryResult| {
        let key: Vec<u8> = row.try_get_by_index(1)?;
        let key = key.try_into().map_err(|_| Error::Corrupt("key of a conversion".to_owned()))?;
        Ok(PackedConversion { at: Micros(row.try_get_by_index(0)?), key, packed: row.try_get_by_index(2)? })
    };
    rows.iter().map(read).collect()
}

/// The conversions of a range, cut into stretches of about the same time: at least one for each shard, and at least so many
/// in all where there are conversions.
pub async fn stretches(
    store: &Store,
    workspace: WorkspaceId,
    at: &Range<Micros>,
    at_least: usize,
) -> Result<Vec<Stretch>> {
    let shards = store.all_shards();
    let pieces = at_least.div_ceil(shards.len().max(1));
    let mut stretches = Vec::with_capacity(pieces * shards.len());
    for shard in shards {
        let first = end(store, workspace, shard, at, Order::Asc).await?;
        let last = end(store, workspace, shard, at, Order::Desc).await?;
        if let (Some(first), Some(last)) = (first, last) {
            let cut = |at| Stretch { shard, at };
            stretches.extend(cuts(first..Micros(last.0 + 1), pieces).into_iter().map(cut));
        }
    }
    Ok(stretches)
}

async fn end(
    store: &Store,
    workspace: WorkspaceId,
    shard: i16,
    at: &Range<Micros>,
    order: Order,
) -> Result<Option<Micros>> {
    let found = conversion::Entity::find()
        .select_only()
        .column(conversion::Column::At)
        .filter(conversion::Column::Shard.eq(shard))
        .filter(conversion::Column::Workspace.eq(workspace.0))
        .filter(conversion::Column::At.gte(at.start.0))
        .filter(conversion::Column::At.lt(at.end.0))
        .order_by(conversion::Column::At, order)
        .limit(1);
    Ok(found.into_tuple::<i64>().one(store.db()).await?.map(Micros))
}

fn cuts(at: Range<Micros>, pieces: usize) -> Vec<Range<Micros>> {
    let step = (at.end.0 - at.start.0) / pieces.max(1) as i64 + 1;
    let starts = (0..pieces as i64).map(|piece| at.start.0 + piece * step).take_while(|start| *start < at.end.0);
    starts.map(|start| Micros(start)..Micros(Ord::min(start + step, at.end.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_lie_side_by_side_and_leave_nothing_out() {
        for (start, end, pieces) in [(0, 10, 3), (5, 6, 4), (-100, 101, 7), (0, 3, 3)] {
            let cuts = cuts(Micros(start)..Micros(end), pieces);
            assert!(!cuts.is_empty() && cuts.len() <= pieces);
            assert_eq!((cuts[0].start, cuts[cuts.len() - 1].end), (Micros(start), Micros(end)));
            assert!(cuts.windows(2).all(|pair| pair[0].end == pair[1].start), "{cuts:?}");
        }
    }
}
