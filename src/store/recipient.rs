//! What customers did in campaigns, as it is kept packed.

use std::collections::HashMap;

use entity::recipient;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

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

/// One customer in one campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The campaign.
    pub campaign: i64,
    /// The customer; never a merged one.
    pub customer: i64,
    /// What happened.
    pub state: RecipientState,
}

/// Several customers in several campaigns; those to whom nothing happened are left out.
pub async fn of_customers(store: &Store, campaigns: &[i64], customers: &[i64]) -> Result<Vec<Recipient>> {
    let mut shards: Vec<i16> = customers.iter().map(|id| store.shards().of_id(*id)).collect();
    shards.sort_unstable();
    shards.dedup();
    let found = recipient::Entity::find()
        .filter(recipient::Column::Shard.is_in(shards))
        .filter(recipient::Column::Campaign.is_in(campaigns.iter().copied()))
        .filter(recipient::Column::Customer.is_in(customers.iter().copied()));
    found.all(store.db()).await?.iter().map(read).collect()
}

/// The customers of a campaign in one shard, from one on, in order of their ids.
pub async fn of_campaign(
    store: &Store,
    (shard, campaign): (i16, i64),
    after: i64,
    limit: u64,
) -> Result<Vec<Recipient>> {
    let found = recipient::Entity::find()
        .filter(recipient::Column::Shard.eq(shard))
        .filter(recipient::Column::Campaign.eq(campaign))
        .filter(recipient::Column::Customer.gt(after))
        .order_by_asc(recipient::Column::Customer)
        .limit(limit);
    found.all(store.db()).await?.iter().map(read).collect()
}

fn read(row: &recipient::Model) -> Result<Recipient> {
    let state = RecipientState::decode(&row.state)?;
    Ok(Recipient { campaign: row.campaign, customer: row.customer, state })
}
