//! Every setting: flag > environment `CAMPAIGNQL_*` > `campaignql.toml` > default. See `setting.rs` for the table.

mod setting;
mod signature;
mod source;
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use setting::{SETTINGS, Setting, without_password};
pub use source::{Source, Sources, Value, Values, merge, unknown_variables};

use crate::dialect::Rules;
use crate::dialect::signature::SendGridKey;
use crate::store::DatabaseSettings;
use crate::{Error, Result};
use value::Reader;

/// The file that is read when no other is named.
pub const DEFAULT_FILE: &str = "campaignql.toml";

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Where the server's certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM file of the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file of its private key.
    pub key: PathBuf,
}

/// All settings, parsed and within their limits.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the data is and how it may be used.
    pub database: DatabaseSettings,
    /// `host:port` to listen on.
    pub listen: String,
    /// The server's own TLS; none: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// A key of scope admin to be made at start.
    pub admin_key: Option<String>,
    /// Largest request body in bytes, as sent and decompressed.
    pub max_body_bytes: usize,
    /// How many records may wait to be committed.
    pub queue_capacity: usize,
    /// How many batches may be written at a time.
    pub committers: usize,
    /// How long a committer waits for more.
    pub commit_wait: Duration,
    /// How long a stopping server may take.
    pub drain_timeout: Duration,
    /// Longest time that a request may take.
    pub request_timeout: Duration,
    /// What records are read by.
    pub rules: Arc<Rules>,
    /// The key that SendGrid's webhook signs with.
    pub sendgrid_public_key: Option<SendGridKey>,
    /// Form of the log.
    pub log_format: LogFormat,
    /// Directives of the log filter.
    pub log_level: String,
    /// Threads that serve HTTP; `None`: one per processor.
    pub http_workers: Option<usize>,
    /// Whether the GraphiQL page is served.
    pub graphiql: bool,
}

impl Settings {
    /// Parses merged values.
    pub fn parse(values: &Values) -> Result<Self> {
        let read = Reader(values);
        Ok(Self {
            database: DatabaseSettings {
                url: database_url(&read)?,
                max_connections: read.number("database_max_connections", 1..=1_000)?,
            },
            listen: listen(&read)?,
            tls: tls(&read)?,
            admin_key: admin_key(&read)?,
            max_body_bytes: read.number("max_body_bytes", 1_024..=1 << 40)?,
            queue_capacity: read.number("queue_capacity", 1..=100_000_000)?,
            committers: read.number("committers", 1..=64)?,
            commit_wait: Duration::from_millis(read.number("commit_wait_ms", 0..=60_000)?),
            drain_timeout: Duration::from_secs(read.number("drain_timeout_s", 0..=86_400)?),
            request_timeout: Duration::from_secs(read.number("request_timeout_s", 1..=86_400)?),
            rules: Arc::new(Rules {
                campaign_tags: read.names("campaign_tags")?,
                future_limit: Duration::from_secs(read.number("future_limit_s", 0..=3_153_600_000)?),
                sns_keys: signature::sns_keys(&read)?,
            }),
            sendgrid_public_key: signature::sendgrid_key(&read)?,
            log_format: read.one_of("log_format", &[("text", LogFormat::Text), ("json", LogFormat::Json)])?,
            log_level: log_level(&read)?,
            http_workers: Some(read.number("http_workers", 0..=1_024)?).filter(|workers| *workers > 0),
            graphiql: read.flag("graphiql")?,
        })
    }
}

/// Reads the sources of this process: the flags, its environment and the file (`campaignql.toml` here, or `path`).
pub fn read_sources(flags: Vec<(&'static str, String)>, path: Option<&Path>) -> Result<Sources> {
    let variables = std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text)));
    let ours = variables.filter(|(name, _)| name.starts_with("CAMPAIGNQL_") || name == "DATABASE_URL");
    let environment = ours.map(|(name, text)| match text.into_string() {
        Ok(text) => Ok((name, text)),
        Err(_) => Err(Error::Config(format!("environment {name} is not UTF-8 text"))),
    });
    Ok(Sources { flags, environment: environment.collect::<Result<_>>()?, file: read_file(path)? })
}

fn read_file(path: Option<&Path>) -> Result<Option<(String, String)>> {
    let (path, required) = path.map_or((Path::new(DEFAULT_FILE), false), |path| (path, true));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => Ok(None),
        Err(error) => Err(Error::Config(format!("the settings file {} cannot be read: {error}", path.display()))),
    }
}

fn database_url(read: &Reader<'_>) -> Result<String> {
    let url = read.text("database_url");
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    if known { Ok(url) } else { Err(read.error("database_url", "sqlite://FILE?mode=rwc or postgres://…")) }
}

fn listen(read: &Reader<'_>) -> Result<String> {
    let text = read.text("listen");
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text),
        _ => Err(read.error("listen", "an address and a port, such as 127.0.0.1:8080")),
    }
}

fn tls(read: &Reader<'_>) -> Result<Option<TlsFiles>> {
    let (certificate, key) = (read.text("tls_certificate"), read.text("tls_key"));
    match (certificate.is_empty(), key.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(TlsFiles { certificate: certificate.into(), key: key.into() })),
        (true, false) => Err(read.error("tls_certificate", "the path of a PEM file when tls_key is given")),
        (false, true) => Err(read.error("tls_key", "the path of a PEM file when tls_certificate is given")),
    }
}

fn admin_key(read: &Reader<'_>) -> Result<Option<String>> {
    let key = read.text("admin_key");
    if key.len() > 256 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(read.error("admin_key", "1 to 256 visible ASCII characters without spaces"));
    }
    Ok(Some(key).filter(|key| !key.is_empty()))
}

fn log_level(read: &Reader<'_>) -> Result<String> {
    let text = read.text("log_level");
    match text.parse::<tracing_subscriber::EnvFilter>() {
        Ok(_) if !text.trim().is_empty() => Ok(text),
        _ => Err(read.error("log_level", "error, warn, info, debug, trace or filter directives")),
    }
}

#[cfg(test)]
mod tests;
