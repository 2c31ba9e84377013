//! A tenant: everything else belongs to exactly one.

use sea_orm::entity::prelude::*;

/// A tenant: everything else belongs to exactly one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace")]
pub struct Model {
    /// Small number, 1 for `default`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Unique name.
    pub name: String,
    /// IANA zone of its reports.
    pub time_zone: String,
    /// ISO 4217 code of orders that name none.
    pub currency: String,
    /// Other settings as a JSON object.
    pub settings: String,
    /// UTC microseconds.
    pub created_at: i64,
}

/// No relations: keys never cross shards, and joins are written where they are needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
