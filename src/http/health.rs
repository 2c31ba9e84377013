//! `/healthz`: the process is alive. `/readyz`: it can take writes. `/metrics`: figures for Prometheus.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use super::server::AppState;
use crate::store::connect::migration_status;

/// Longest time that the database may take to say that it is there.
const DATABASE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Always 200 while the process answers at all.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// 200 when writes can be taken, otherwise 503 with the reason.
pub async fn ready(state: Data<AppState>) -> HttpResponse {
    match obstacle(&state).await {
        None => HttpResponse::Ok().json(json!({"status": "ok"})),
        Some(reason) => HttpResponse::ServiceUnavailable().json(json!({"status": "unavailable", "reason": reason})),
    }
}

/// The figures in Prometheus' text form.
pub async fn metrics(state: Data<AppState>) -> HttpResponse {
    metrics::gauge!("campaignql_queue_records").set(state.ingest.queue_depth() as f64);
    metrics::gauge!("campaignql_queue_capacity_records").set(state.ingest.queue_capacity() as f64);
    HttpResponse::Ok().content_type(PROMETHEUS_TEXT).body(state.metrics.render())
}

async fn obstacle(state: &AppState) -> Option<&'static str> {
    if state.drain.is_closed() {
        return Some("the server is stopping");
    }
    if state.ingest.queue_depth() >= state.ingest.queue_capacity() {
        return Some("the queue is full");
    }
    match tokio::time::timeout(DATABASE_ANSWERS_WITHIN, migration_status(state.store.db())).await {
        Ok(Ok(steps)) if steps.iter().all(|(_, is_applied)| *is_applied) => None,
        Ok(Ok(_)) => Some("the database is not migrated"),
        Ok(Err(_)) | Err(_) => Some("the database cannot be reached"),
    }
}
