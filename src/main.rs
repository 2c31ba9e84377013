//! The binary: parses the command line, runs one command, and turns its end into an exit code.

use std::process::ExitCode;

use campaignql::command::{self, Cli};
use clap::Parser;

/// Events are made on one thread and freed on another, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
