//! The HTTP edge: thin handlers over `ingest` and `graphql`. [`routes`] is the table of contents.

pub mod auth;
pub mod body;
pub mod drain;
pub mod error;
pub mod firehose;
pub mod graphiql;
pub mod graphql;
pub mod health;
pub mod ingest;
pub mod kpi;
pub mod metrics;
pub mod odp;
pub mod put_events;
pub mod report;
pub mod server;
pub mod signature;
pub mod sns;
pub mod tls;
pub mod trace;

use std::future::ready;

use actix_web::web::{self, PathConfig, QueryConfig, ServiceConfig};
use actix_web::{HttpResponse, Resource, Route};

use error::{ApiError, ApiResult};
pub use server::{AppState, RunningServer, start};

/// Every route. Tests mount these same ones.
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(QueryConfig::default().error_handler(|error, _| ApiError::bad_input(error.to_string()).into()))
        .app_data(PathConfig::default().error_handler(|error, _| ApiError::not_found(error.to_string()).into()))
        .service(
            web::resource("/graphql")
                .route(web::post().to(graphql::post))
                .route(web::get().to(graphql::get))
                .default_service(only("GET, POST")),
        )
        .configure(odp::routes)
        .service(post("/v1/apps/{app}/events", web::post().to(put_events::events)))
        .service(get("/v1/apps/{app}/campaigns/{campaign}/kpis/daterange/{kpi}", web::get().to(kpi::in_range)))
        .service(post("/ingest/firehose/{format}", web::post().to(firehose::delivery)))
        .service(post("/ingest/sns/{format}", web::post().to(sns::message)))
        .service(post("/ingest/{format}", web::post().to(ingest::records)))
        .service(get("/", web::get().to(graphiql::root)))
        .service(get("/graphiql", web::get().to(graphiql::page)))
        .service(get("/graphiql/graphiql.js", web::get().to(graphiql::script)))
        .service(get("/graphiql/graphiql.css", web::get().to(graphiql::style)))
        .service(get("/healthz", web::get().to(health::alive)))
        .service(get("/readyz", web::get().to(health::ready)))
        .service(get("/metrics", web::get().to(health::metrics)))
        .default_service(web::to(no_such_route));
}

fn get(path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(only("GET"))
}

fn post(path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(only("POST"))
}

/// Answers 405 with the methods that there are.
fn only(allow: &'static str) -> Route {
    web::to(move || ready(ApiResult::<HttpResponse>::Err(ApiError::method_not_allowed(allow))))
}

async fn no_such_route() -> ApiResult {
    Err(ApiError::not_found("there is no such route"))
}
