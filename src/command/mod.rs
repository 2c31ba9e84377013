//! The command line: one file per command. Logs go to stderr, results to stdout.

pub mod config;
pub mod demo;
pub mod export;
pub mod flags;
pub mod generate;
pub mod import;
pub mod key;
pub mod log;
pub mod migrate;
pub mod output;
pub mod quarantine;
pub mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Settings, Values, merge, read_sources, unknown_variables};
use crate::{Error, Result, graphql};
use flags::SettingFlags;

/// Campaign events in, campaign reports out: a self-hosted GraphQL server.
///
/// Exit codes: 0 done, 1 failure, 2 wrong usage, 3 done in part (something went to the quarantine).
#[derive(Debug, Parser)]
#[command(name = "campaignql", version, about, long_about, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// File with settings; without it campaignql.toml in this directory, if there is one.
    #[arg(long = "config", value_name = "FILE", env = "CAMPAIGNQL_CONFIG", global = true)]
    pub file: Option<PathBuf>,
    /// One flag per setting.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Migrate the database, then serve.
    Serve(serve::Arguments),
    /// Take in files of events.
    Import(import::Arguments),
    /// Write events of our own making, as many as you like, in a vendor's form.
    Generate(generate::Arguments),
    /// Write what is kept as a file for other programs.
    #[command(subcommand)]
    Export(export::Action),
    /// Bring the database's tables up to date, back, or show where they are.
    #[command(subcommand)]
    Migrate(migrate::Direction),
    /// Print the GraphQL schema.
    Schema,
    /// Make, list and revoke API keys.
    #[command(subcommand)]
    Key(key::Action),
    /// List, show, replay and discard what could not be taken.
    #[command(subcommand)]
    Quarantine(quarantine::Action),
    /// Print every setting with its unit, default, present value and source.
    Config(config::Arguments),
}

/// How a command ended when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Something went to the quarantine.
    Partial,
    /// It was interrupted, or left something out.
    Incomplete,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Incomplete => Self::FAILURE,
            Outcome::Partial => Self::from(3),
        }
    }
}

/// Runs one command.
pub async fn run(cli: Cli) -> Result<Outcome> {
    dispatch(cli).await.map_err(for_the_operator)
}

/// Whoever runs the program may see what clients of the server may not, and must know where to look.
fn for_the_operator(error: Error) -> Error {
    match error {
        Error::Database(cause) => Error::Config(format!("database_url: the database could not answer: {cause}")),
        other => other,
    }
}

async fn dispatch(cli: Cli) -> Result<Outcome> {
    match &cli.command {
        Command::Schema => {
            output::line(&graphql::sdl());
            return Ok(Outcome::Done);
        }
        Command::Generate(arguments) => return generate::run(arguments),
        _ => {}
    }
    let (settings, values) = load(&cli)?;
    match cli.command {
        Command::Config(arguments) => config::run(&arguments, &values),
        Command::Schema | Command::Generate(_) => Ok(Outcome::Done),
        Command::Serve(arguments) => serve::run(&arguments, settings).await,
        Command::Import(arguments) => import::run(arguments, &settings).await,
        Command::Export(action) => export::run(action, &settings).await,
        Command::Migrate(direction) => migrate::run(direction, &settings).await,
        Command::Key(action) => key::run(action, &settings).await,
        Command::Quarantine(action) => quarantine::run(action, &settings).await,
    }
}

fn load(cli: &Cli) -> Result<(Settings, Values)> {
    let sources = read_sources(cli.settings.given.clone(), cli.file.as_deref())?;
    let values = merge(&sources)?;
    let settings = Settings::parse(&values)?;
    log::install(&settings);
    for variable in unknown_variables(&sources.environment) {
        tracing::warn!("the environment variable {variable} is not a setting and is ignored");
    }
    Ok((settings, values))
}
