//! What the server is asked to do: take all events in batches over many connections, then answer funnels.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::events::{Event, Events};
use crate::server::Server;

/// Events per request.
pub const BATCH: usize = 1_000;

const CONNECTIONS: usize = 16;
const FUNNELS: usize = 2_000;
const FUNNEL: &str = "query($id: String!) { campaign(externalId: $id) { funnel { steps { step total unique } } } }";

/// What was measured of a server.
pub struct Ingested {
    /// Seconds for all events.
    pub seconds: f64,
    /// Milliseconds per batch, sorted.
    pub batch_ms: Vec<f64>,
    /// Milliseconds per funnel, sorted.
    pub funnel_ms: Vec<f64>,
}

/// The requests' bodies: so many lines each.
pub fn bodies(events: &Events) -> Vec<&'static [u8]> {
    let mut rest = events.lines.as_bytes();
    let mut body = |batch: &[Event]| {
        let length = batch.iter().map(|event| event.json().len() + 1).sum();
        let (body, behind) = rest.split_at(length);
        rest = behind;
        body
    };
    events.list.chunks(BATCH).map(&mut body).collect()
}

/// Sends every body once over 16 connections, and makes sure that every event was taken.
pub async fn ingest(server: &Server, bodies: &[&'static [u8]], events: usize) -> Result<Ingested> {
    let bodies: Arc<[&'static [u8]]> = bodies.into();
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let sender = Sender { url: format!("{}/ingest/odp", server.address), client: server.client.clone() };
        senders.spawn(sender.run(Arc::clone(&bodies), Arc::clone(&next)));
    }
    let (mut accepted, mut batch_ms) = (0, Vec::new());
    while let Some(finished) = senders.join_next().await {
        let (taken, times) = finished??;
        accepted += taken;
        batch_ms.extend(times);
    }
    let seconds = started.elapsed().as_secs_f64();
    ensure!(accepted == events as u64, "{accepted} of {events} events were accepted");
    batch_ms.sort_by(f64::total_cmp);
    Ok(Ingested { seconds, batch_ms, funnel_ms: Vec::new() })
}

struct Sender {
    url: String,
    client: reqwest::Client,
}

impl Sender {
    async fn run(self, bodies: Arc<[&'static [u8]]>, next: Arc<AtomicUsize>) -> Result<(u64, Vec<f64>)> {
        let (mut accepted, mut times) = (0, Vec::new());
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            let started = Instant::now();
            accepted += self.send(body).await?;
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        Ok((accepted, times))
    }

    /// A full server is asked again, as a client would.
    async fn send(&self, body: &'static [u8]) -> Result<u64> {
        loop {
            let request = self.client.post(&self.url).header("content-type", "application/json").body(body);
            let answer = request.send().await?;
            if matches!(answer.status().as_u16(), 429 | 503) {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
            let status = answer.status();
            let report: Value = answer.json().await?;
            ensure!(status.is_success(), "answered {status}: {report}");
            return report["accepted"].as_u64().with_context(|| format!("no `accepted` in {report}"));
        }
    }
}

/// Asks for funnels of all campaigns in turn, one after the other; milliseconds of each, sorted.
pub async fn funnels(server: &Server, campaigns: &[String]) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for id in campaigns.iter().cycle().take(FUNNELS) {
        let started = Instant::now();
        let answer = server.graphql(FUNNEL, &json!({ "id": id })).await?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        ensure!(!answer["campaign"].is_null(), "there is no campaign {id}");
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
