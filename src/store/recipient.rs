//! What single customers did in single campaigns.

use std::collections::HashMap;

use entity::recipient;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::Store;
use crate::Result;
use crate::domain::recipient::RecipientState;

/// The states of several recipients, by (campaign, customer); customers must stand for themselves and belong to the
/// workspace of the caller.
pub async fn states(store: &Store, recipients: &[(i64, i64)]) -> Result<HashMap<(i64, i64), RecipientState>> {
    let mut found = HashMap::with_capacity(recipients.len());
    for recipients in recipients.chunks(RECIPIENTS_OF_ONE_STATEMENT) {
        // Each by its whole key: given lists, SQLite would read all of a shard.
        let any = recipients.iter().fold(Condition::any(), |any, (campaign, customer)| {
            let key = Condition::all()
                .add(recipient::Column::Shard.eq(store.shards().of_id(*customer)))
                .add(recipient::Column::Campaign.eq(*campaign))
                .add(recipient::Column::Customer.eq(*customer));
            any.add(key)
        });
        for row in recipient::Entity::find().filter(any).all(store.db()).await? {
            found.insert((row.campaign, row.customer), RecipientState::decode(&row.state)?);
        }
    }
    Ok(found)
}

/// An expression of SQLite is at most 1,000 deep.
const RECIPIENTS_OF_ONE_STATEMENT: usize = 200;
