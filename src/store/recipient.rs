//! What customers did in campaigns, as it is kept packed.

use entity::recipient;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use crate::Result;
use crate::domain::recipient::RecipientState;

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
