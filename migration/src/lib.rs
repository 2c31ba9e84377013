//! The dated, reversible steps that make the tables. They never import entities: a step must keep meaning what it meant.

use sea_orm_migration::prelude::*;

mod m20261120_000001_workspaces;
mod m20261120_000002_catalogues;
mod m20261120_000003_customers;
mod m20261120_000004_events;
mod m20261120_000005_reports;
mod m20261120_000006_quarantine;
mod m20261121_000007_import_journal;
mod m20261121_000008_quarantine_states;
mod m20261121_000009_states;
mod m20261121_000020_profiles;
mod m20261121_000021_audiences;
mod m20261121_000030_erasure;
mod m20261121_000031_identity_history;
mod m20261121_000040_breakdowns;
mod m20261121_000050_conversions;
mod table;

/// Every step, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_workspaces::Migration),
            Box::new(m20261120_000002_catalogues::Migration),
            Box::new(m20261120_000003_customers::Migration),
            Box::new(m20261120_000004_events::Migration),
            Box::new(m20261120_000005_reports::Migration),
            Box::new(m20261120_000006_quarantine::Migration),
            Box::new(m20261121_000007_import_journal::Migration),
            Box::new(m20261121_000008_quarantine_states::Migration),
            Box::new(m20261121_000009_states::Migration),
            Box::new(m20261121_000020_profiles::Migration),
            Box::new(m20261121_000021_audiences::Migration),
            Box::new(m20261121_000030_erasure::Migration),
            Box::new(m20261121_000031_identity_history::Migration),
            Box::new(m20261121_000040_breakdowns::Migration),
            Box::new(m20261121_000050_conversions::Migration),
        ]
    }
}

pub use sea_orm_migration::{MigratorTrait, SchemaManager};
