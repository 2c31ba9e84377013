//! The binary: parses the command line, runs one command, and turns its end into an exit code.

use std::process::ExitCode;

use campaignql::command::{self, Cli};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match command::run(Cli::parse()).await {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            command::output::notice(&format!("error: {:#}", anyhow::Error::from(error)));
            ExitCode::FAILURE
        }
    }
}
