//! `campaignql serve`: migrate, serve, and end cleanly on SIGTERM or Ctrl-C.

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Outcome, demo, output};
use crate::config::{LogFormat, Settings};
use crate::domain::access::Scope;
use crate::domain::audit::{Actor, AuditEntry};
use crate::http::server::DEFAULT_WORKSPACE;
use crate::http::{self, RunningServer};
use crate::store::api_key::{self, NewApiKey};
use crate::{Error, Result};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Serve a temporary database filled with a realistic month of campaigns. It is removed at the end.
    #[arg(long)]
    demo: bool,
}

/// Serves until a signal comes.
pub async fn run(arguments: &Arguments, settings: Settings) -> Result<Outcome> {
    // Before anything else: a signal that comes while the database migrates must find somebody listening.
    let signals = Signals::listen()?;
    if arguments.demo { serve_demo(settings, signals).await } else { serve(settings, signals).await }
}

async fn serve(settings: Settings, signals: Signals) -> Result<Outcome> {
    let log_format = settings.log_format;
    let server = http::start(settings).await?;
    if let Some(key) = &server.new_admin_key {
        output::line(&format!("admin key of workspace default (shown this once): {key}"));
    }
    announce(&format!("listening on {}", server.url()), log_format);
    until_signal(server, signals).await
}

async fn serve_demo(mut settings: Settings, mut signals: Signals) -> Result<Outcome> {
    let folder = TemporaryFolder::create()?;
    settings.database.url = format!("sqlite://{}?mode=rwc", folder.0.join("demo.db").display());
    let log_format = settings.log_format;
    let server = http::start(settings).await?;
    let key = demo_key(&server).await?;
    output::notice("filling a temporary database with a month of campaigns …");
    tokio::select! {
        filled = demo::fill(&server.state.ingest, DEFAULT_WORKSPACE) => filled?,
        _ = signals.next() => {
            server.stop().await;
            return Ok(Outcome::Done);
        }
    }
    announce(&format!("listening on {}", server.url()), log_format);
    output::line(&format!("open {}/graphiql#key={key}", server.url()));
    until_signal(server, signals).await
}

/// The key of the printed URL.
async fn demo_key(server: &RunningServer) -> Result<String> {
    if let Some(key) = server.new_admin_key.clone().or_else(|| server.state.settings.admin_key.clone()) {
        return Ok(key);
    }
    let new = NewApiKey { name: "demo".to_owned(), scope: Scope::Admin, expires_at: None };
    let entry = AuditEntry::new(Actor::server(), "apiKeyCreate");
    Ok(api_key::create(&server.state.store, DEFAULT_WORKSPACE, &new, &entry).await?.key)
}

fn announce(text: &str, log_format: LogFormat) {
    match log_format {
        LogFormat::Text => output::notice(text),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

async fn until_signal(mut server: RunningServer, mut signals: Signals) -> Result<Outcome> {
    tokio::select! {
        name = signals.next() => tracing::info!("{name}: finishing what was taken"),
        () = server.failed() => return Err(Error::Config("the listener ended; the log has the cause".to_owned())),
    }
    server.stop().await;
    tracing::info!("stopped");
    Ok(Outcome::Done)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|error| Error::Config(format!("signals cannot be received: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// A folder that is removed when this is dropped.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn create() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("campaignql-demo-{}", uuid::Uuid::new_v4()));
        create_private(&path)
            .map_err(|error| Error::Config(format!("no temporary folder at {}: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("the temporary folder {} stays: {error}", self.0.display());
        }
    }
}

fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}
