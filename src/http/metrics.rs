//! The one recorder of this process: counters and histograms from every layer, rendered at `/metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::Unit;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::store::{self, Store};
use crate::{Error, Result};

/// How often samples of histograms are folded into their buckets, so that memory does not grow between two scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// How often the records that wait in the quarantine are counted.
const COUNT_OPEN_EVERY: Duration = Duration::from_secs(30);

/// Beyond it nobody counts: that there are too many is plain.
const OPEN_AT_MOST: u64 = 1_000_000;

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const RECORDS: [f64; 9] = [1.0, 10.0, 50.0, 100.0, 500.0, 1_000.0, 5_000.0, 10_000.0, 50_000.0];

/// Installs the recorder, once per process however many servers run in it.
pub fn install() -> Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let recorder = builder()?.build_recorder();
    let handle = HANDLE.get_or_init(|| recorder.handle()).clone();
    // Somebody else was first when this fails: then their handle is the one above.
    if metrics::set_global_recorder(recorder).is_ok() {
        describe();
    }
    Ok(handle)
}

/// Keeps the histograms small for as long as it is polled.
pub async fn upkeep(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP_EVERY);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// Shows how many records wait in the quarantine, for as long as it is polled. Counting costs a walk along an index, so it
/// is done now and then and ends at a bound.
pub async fn watch_quarantine(store: Store) {
    let mut ticks = tokio::time::interval(COUNT_OPEN_EVERY);
    loop {
        ticks.tick().await;
        match store::quarantine::count_open(&store, OPEN_AT_MOST).await {
            Ok(open) => metrics::gauge!("campaignql_quarantine_open_records").set(open as f64),
            Err(error) => tracing::warn!(?error, "the quarantine could not be counted"),
        }
    }
}

fn builder() -> Result<PrometheusBuilder> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let records = Matcher::Suffix("_records".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS);
    let builder = builder.and_then(|builder| builder.set_buckets_for_metric(records, &RECORDS));
    builder.map_err(|error| Error::Config(format!("metrics cannot be recorded: {error}")))
}

fn describe() {
    metrics::describe_counter!("campaignql_ingest_records_total", "Records taken in, by dialect and status.");
    metrics::describe_counter!("campaignql_quarantined_total", "Records that went to the quarantine, by reason code.");
    let replayed = "Quarantined records that were replayed and taken.";
    metrics::describe_counter!("campaignql_quarantine_replayed_total", replayed);
    metrics::describe_counter!("campaignql_quarantine_discarded_total", "Quarantined records that were discarded.");
    let open = "Records that wait in the quarantine, counted every 30 s up to a million.";
    metrics::describe_gauge!("campaignql_quarantine_open_records", open);
    metrics::describe_counter!("campaignql_ingest_events_total", "New events, by dialect.");
    metrics::describe_gauge!("campaignql_queue_records", "Records that wait to be committed.");
    metrics::describe_gauge!("campaignql_queue_capacity_records", "Records that may wait before requests are refused.");
    metrics::describe_histogram!("campaignql_ingest_commit_seconds", Unit::Seconds, "Time of one commit.");
    let steps = "Time of one step of a commit, by step.";
    metrics::describe_histogram!("campaignql_ingest_step_seconds", Unit::Seconds, steps);
    metrics::describe_histogram!("campaignql_ingest_group_records", Unit::Count, "Records in one commit.");
    metrics::describe_counter!("campaignql_http_requests_total", "HTTP requests, by route and status.");
    metrics::describe_histogram!(
        "campaignql_http_request_seconds",
        Unit::Seconds,
        "Time of one HTTP request, by route."
    );
}
