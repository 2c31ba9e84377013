//! The routes that unmodified ODP clients use: what they send and expect, and nothing that they do not need. Events,
//! subscriptions, consents and reachability updates all become ODP events and go the way of every event.

pub mod answer;
mod body;
mod consent;
mod cors;
mod events;
mod graphql;
mod lists;
mod named;
mod pixel;
mod profiles;
mod query;
mod reachability;
mod subscriptions;
mod update;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, Route};

use serde_json::Value;

use super::only;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use answer::{error_body, error_status};

/// Every route of ODP.
pub fn routes(config: &mut ServiceConfig) {
    // What scripts in browsers may use, from any page: the keys that they carry admit to nothing else.
    config
        .service(resource("/v3/events", "POST", [web::post().to(events::post)]).wrap(from_fn(cors::allow)))
        .service(resource("/v3/graphql", "POST", [web::post().to(graphql::post)]).wrap(from_fn(cors::allow)))
        .service(resource("/v2/zaius.gif", "GET", [web::get().to(pixel::get)]).wrap(from_fn(cors::allow)));
    config
        .service(resource("/v3/profiles", "GET, POST", [web::post().to(profiles::post), web::get().to(profiles::get)]))
        .service(resource("/v3/lists", "GET, POST", [web::post().to(lists::post), web::get().to(lists::get)]))
        .service(resource(
            "/v3/lists/subscriptions",
            "GET, POST",
            [web::post().to(subscriptions::post), web::get().to(subscriptions::get)],
        ))
        .service(resource("/v3/consent", "POST", [web::post().to(consent::post)]))
        .service(resource("/v3/consent/{field}", "GET", [web::get().to(consent::get)]))
        .service(resource("/v3/reachability", "POST", [web::post().to(reachability::post)]))
        .service(resource("/v3/reachability/{field}", "GET", [web::get().to(reachability::get)]));
}

/// The answer to an error on one of the routes, in the form that their clients understand. `respond` takes its status and
/// body.
pub fn error(
    path: &str,
    status: StatusCode,
    message: &str,
    respond: impl FnOnce(StatusCode, &Value) -> HttpResponse,
) -> HttpResponse {
    let status = error_status(status);
    let mut response = respond(status, &error_body(status, message));
    if cors::OPEN_PATHS.contains(&path) {
        cors::open(response.headers_mut());
    }
    response
}

fn resource<const N: usize>(path: &str, methods: &'static str, routes: [Route; N]) -> Resource {
    let resource = routes.into_iter().fold(web::resource(path), Resource::route);
    resource.default_service(only(methods))
}
