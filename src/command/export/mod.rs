//! `campaignql export`: what is kept, as files for other programs.

mod customer;
mod suppressions;

use std::io::{BufWriter, Write};
use std::path::Path;

use clap::Subcommand;

use super::Outcome;
use crate::config::Settings;
use crate::{Error, Result, store};

/// What to export.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Addresses that must not be written to, the latest suppressed first: a file for whoever sends.
    Suppressions(suppressions::Suppressions),
    /// Everything that is kept about one customer, as one JSON document.
    Customer(customer::Customer),
}

/// Exports.
pub async fn run(action: Action, settings: &Settings) -> Result<Outcome> {
    let store = store::open(&settings.database).await?;
    match action {
        Action::Suppressions(wanted) => suppressions::run(&wanted, &store).await,
        Action::Customer(wanted) => customer::run(&wanted, &store).await,
    }
}

/// Where an export goes: a file, or standard output.
fn target(path: Option<&Path>) -> Result<BufWriter<Box<dyn Write + Send>>> {
    let target: Box<dyn Write + Send> = match path {
        Some(path) => Box::new(std::fs::File::create(path).map_err(|error| cannot_write(&error))?),
        None => Box::new(std::io::stdout()),
    };
    Ok(BufWriter::new(target))
}

fn done(written: std::io::Result<()>) -> Result<Outcome> {
    match written {
        Ok(()) => Ok(Outcome::Done),
        // Whoever reads has had enough, which is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Outcome::Done),
        Err(error) => Err(cannot_write(&error)),
    }
}

fn cannot_write(error: &std::io::Error) -> Error {
    Error::Config(format!("the export cannot be written: {error}"))
}
