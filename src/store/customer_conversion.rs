//! The conversions of one customer, the earliest first, along their index.

use super::Store;
use super::hot::{Column, HotConnection, Rows, Walk, tables};
use crate::domain::attribution::Touch;
use crate::domain::conversion::Conversion;
use crate::domain::order::EventKey;
use crate::domain::time::Micros;
use crate::{Error, Result};

const OF_CUSTOMER: Walk = Walk {
    table: &tables::CONVERSION,
    index: "conversion_customer",
    by: &["shard", "customer"],
    order: &["workspace", "at", "key"],
};
const PAGE: u32 = 1_000;

/// A walk through a customer's conversions.
#[derive(Debug)]
pub struct Conversions {
    connection: HotConnection,
    customer: Rows,
    last: Option<Rows>,
}

impl Conversions {
    /// Those of a customer that stands for itself.
    pub async fn of(store: &Store, customer: i64) -> Result<Self> {
        let shard = Column::I16(vec![store.shards().of_id(customer)]);
        let customer = Rows::new(vec![shard, Column::I64(vec![customer])]);
        Ok(Self { connection: HotConnection::open(store).await?, customer, last: None })
    }

    /// Some more, each with the number of its touches; none where there are no more.
    pub async fn next(&mut self) -> Result<Option<Vec<(Conversion, usize)>>> {
        let page = self.connection.walk(&OF_CUSTOMER, &self.customer, self.last.as_ref(), PAGE).await?;
        let Some(last) = page.last()? else { return Ok(None) };
        self.last = Some(Rows::new(last.columns[1..4].to_vec()));
        let (mut found, mut touches): (_, Vec<Touch>) = (Vec::with_capacity(page.len()), Vec::new());
        for row in 0..page.len() {
            let key: EventKey = page.bytes(3)?[row].as_slice().try_into().map_err(|_| damaged())?;
            let conversion = Conversion::decode(Micros(page.i64s(2)?[row]), key, &page.bytes(5)?[row], &mut touches)?;
            found.push((conversion, touches.len()));
        }
        Ok(Some(found))
    }
}

fn damaged() -> Error {
    Error::Corrupt("the key of a conversion".to_owned())
}
