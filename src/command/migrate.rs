//! `campaignql migrate up|down|status`.

use clap::Subcommand;

use super::{Outcome, output};
use crate::Result;
use crate::config::Settings;
use crate::store::{self, DatabaseSettings, connect};

/// Where to migrate to.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Direction {
    /// Make every table that this program needs. `serve` and `import` do it by themselves.
    Up,
    /// Take back the last steps. Their tables and all data in them are lost.
    Down {
        /// How many steps.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
    /// List the steps and whether they have been applied.
    Status,
}

/// Migrates.
pub async fn run(direction: Direction, settings: &Settings) -> Result<Outcome> {
    match direction {
        Direction::Up => drop(store::open(&settings.database).await?),
        Direction::Down { steps } => {
            let db = connect::connect_without_migrating(&settings.database).await?;
            connect::migrate_down(&db, Some(steps)).await?;
        }
        Direction::Status => {}
    }
    print_status(&settings.database).await?;
    Ok(Outcome::Done)
}

async fn print_status(database: &DatabaseSettings) -> Result<()> {
    let db = connect::connect_without_migrating(database).await?;
    for (step, is_applied) in connect::migration_status(&db).await? {
        output::line(&format!("{:<8} {step}", if is_applied { "applied" } else { "pending" }));
    }
    Ok(())
}
