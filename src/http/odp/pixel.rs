//! `GET /v2/zaius.gif`: the pixel of older browser clients. One event a request, its identifiers and data side by side in
//! the query string, with the key as `tracker_id`.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::answer::refused;
use super::named::tell_apart;
use crate::dialect;
use crate::domain::access::Permission;
use crate::domain::event::{Dialect, Format};
use crate::http::error::ApiResult;
use crate::http::server::AppState;
use crate::ingest::Batch;
use crate::store;

const PIXEL: &str = "/v2/zaius.gif";

/// One transparent point.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x00\x00\
    \x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// Takes the event of the query string.
pub async fn get(state: Data<AppState>, request: HttpRequest, parameters: Query<Vec<(String, String)>>) -> ApiResult {
    let mut fields: Map<String, Value> =
        parameters.into_inner().into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    let mut take = |name: &str| fields.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (key, event_type, action) = (take("tracker_id"), take("event_type"), take("vdl_action"));
    let caller = match key.as_deref() {
        Some(key) => state.keys.authorize_key(&state.store, key, Permission::SendOdpEvents).await?,
        None => state.keys.authorize(&state.store, request.headers(), Permission::SendOdpEvents).await?,
    };
    let known = store::profile::identifier_type_names(&state.store, caller.workspace.id).await?;
    let named = tell_apart(fields, &known);
    let event = json!({"type": event_type, "action": action, "identifiers": named.identifiers, "data": named.others});
    let records = dialect::read_value(state.ingest.reading(Format::Of(Dialect::Odp)), &event);
    let report = state.ingest.submit(Batch::new(caller.workspace.id, PIXEL, records)).await?;
    Ok(refused(&report).unwrap_or_else(image))
}

fn image() -> HttpResponse {
    HttpResponse::Ok().content_type("image/gif").insert_header(("cache-control", "no-store")).body(GIF)
}
