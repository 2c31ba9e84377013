//! Attributes of customers' profiles.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::{identifier_type, profile_attribute};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Store;
use crate::domain::profile::AttributeValue;
use crate::domain::time::Micros;
use crate::domain::workspace::WorkspaceId;
use crate::{Error, Result};

/// An attribute as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The value; null where it was cleared.
    pub value: AttributeValue,
    /// When it became so.
    pub updated_at: Micros,
}

/// A customer's attributes by name.
pub type Profile = BTreeMap<String, Attribute>;

/// The attributes of several customers, all or those of some names. Customers without any are left out.
pub async fn of_customers(
    store: &Store,
    workspace: WorkspaceId,
    customers: &[i64],
    names: Option<&[String]>,
) -> Result<HashMap<i64, Profile>> {
    let mut shards: Vec<i16> = customers.iter().map(|id| store.shards().of_id(*id)).collect();
    shards.sort_unstable();
    shards.dedup();
    let mut query = profile_attribute::Entity::find()
        .filter(profile_attribute::Column::Shard.is_in(shards))
        .filter(profile_attribute::Column::Customer.is_in(customers.iter().copied()))
        .order_by_asc(profile_attribute::Column::Name);
    if let Some(names) = names {
        query = query.filter(profile_attribute::Column::Name.is_in(names));
    }
    let mut found: HashMap<i64, Profile> = HashMap::new();
    for row in query.all(store.db()).await?.into_iter().filter(|row| row.workspace == workspace.0) {
        let attribute = Attribute { value: value_of(&row)?, updated_at: Micros(row.updated_at) };
        found.entry(row.customer).or_default().insert(row.name, attribute);
    }
    Ok(found)
}

fn value_of(row: &profile_attribute::Model) -> Result<AttributeValue> {
    let parsed = serde_json::from_str(&row.value).map_err(|error| error.to_string());
    let value = parsed.and_then(|json| AttributeValue::parse(&json));
    value.map_err(|error| Error::Corrupt(format!("attribute {} of customer {}: {error}", row.name, row.customer)))
}

/// The names of the identifier types that the workspace has seen or registered.
pub async fn identifier_type_names(store: &Store, workspace: WorkspaceId) -> Result<HashSet<String>> {
    let names = identifier_type::Entity::find()
        .select_only()
        .column(identifier_type::Column::Name)
        .filter(identifier_type::Column::Workspace.eq(workspace.0))
        .into_tuple::<String>()
        .all(store.db())
        .await?;
    Ok(names.into_iter().collect())
}
