//! `GET /v3/lists` and `POST /v3/lists`. A list goes by its id: the name in lower case, with `_` for everything that is no
//! letter or digit.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::{Data, Payload};
use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::answer::{accepted, bad_request};
use super::body::json;
use crate::domain::access::Permission;
use crate::domain::time::Micros;
use crate::http::error::ApiResult;
use crate::http::server::AppState;
use crate::store::list;
use crate::store::page::{Page, PageEnd};

/// Lists that are read at a time.
const CHUNK: u64 = 1_000;

/// All lists, by id.
pub async fn get(state: Data<AppState>, request: HttpRequest) -> ApiResult {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::ReadAggregates).await?;
    let mut page = Page { after: None, before: None, from: PageEnd::Start, limit: CHUNK };
    let mut lists: Vec<Value> = Vec::new();
    loop {
        let slice = list::page(&state.store, caller.workspace.id, &page).await?;
        page.after = slice.rows.last().map(|row| row.name.clone());
        lists.extend(slice.rows.iter().map(shown));
        if !slice.has_next {
            return Ok(HttpResponse::Ok().json(json!({"lists": lists})));
        }
    }
}

fn shown(row: &entity::list::Model) -> Value {
    let created_at = Micros(row.created_at).to_datetime().to_rfc3339_opts(SecondsFormat::Secs, false);
    json!({"name": row.name, "list_id": row.name, "created_at": created_at})
}

/// Makes a list.
pub async fn post(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let caller = state.keys.authorize(&state.store, request.headers(), Permission::IngestEvents).await?;
    let body = json(&state, &request, payload).await?;
    let Some(name) = body["name"].as_str().map(str::trim).filter(|name| is_name(name)) else {
        let reason = "name is missing, or has none or more than 200 characters";
        return Ok(bad_request(json!({"invalids": [{"field": "name", "reason": reason}]})));
    };
    let (row, is_new) = list::create(&state.store, caller.workspace.id, &list_id(name), None).await?;
    if !is_new {
        let reason = format!("already used by the list {}", row.name);
        return Ok(bad_request(json!({"invalids": [{"field": "name", "reason": reason}]})));
    }
    Ok(accepted("created", json!({"list_id": row.name, "name": name})))
}

/// Most characters of a list's name.
const MAX_NAME_CHARS: usize = 200;

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && name.chars().any(char::is_alphanumeric)
}

fn list_id(name: &str) -> String {
    name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_name_in_letters_digits_and_underscores() {
        assert_eq!(list_id("My List #2"), "my_list__2");
        assert_eq!(list_id("zaius_all"), "zaius_all");
        assert!(is_name("A") && !is_name("") && !is_name("---") && !is_name(&"x".repeat(201)));
    }
}
