//! The server under measurement: the release build, on a free port, stopped when the measurement ends.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::process::{Child, Command};

const KEY: &str = "bench-admin-key-0123456789abcdef";

/// A running server.
pub struct Server {
    /// `http://host:port`.
    pub address: String,
    /// Sends the key with every request.
    pub client: reqwest::Client,
    /// Killed when this is dropped.
    _process: Child,
}

impl Server {
    /// Starts the program that stands beside this one, and waits until it takes writes.
    pub async fn start(database_url: &str) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("campaignql");
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let process = Command::new(&program)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .env("CAMPAIGNQL_DATABASE_URL", database_url)
            .env("CAMPAIGNQL_ADMIN_KEY", KEY)
            .env("CAMPAIGNQL_LOG_LEVEL", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let server = Self { address: format!("http://127.0.0.1:{port}"), client: client()?, _process: process };
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// The data that a document is answered with; errors are errors.
    pub async fn graphql(&self, query: &str, variables: &Value) -> Result<Value> {
        let request = self.client.post(format!("{}/graphql", self.address));
        let body = serde_json::json!({ "query": query, "variables": variables });
        let mut answer: Value = request.json(&body).send().await?.json().await?;
        if answer.get("errors").is_some() {
            bail!("{query} with {variables} was answered {answer}");
        }
        Ok(answer["data"].take())
    }

    async fn wait_until_ready(&self) -> Result<()> {
        for _ in 0..300 {
            let answer = self.client.get(format!("{}/readyz", self.address)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the server was not ready within 30 s")
    }
}

fn client() -> Result<reqwest::Client> {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("x-api-key", KEY.parse()?);
    Ok(reqwest::Client::builder().default_headers(headers).no_proxy().build()?)
}
