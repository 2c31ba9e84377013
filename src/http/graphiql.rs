//! The GraphiQL page, embedded: no request leaves the host, which the page's own policy enforces. Its assets are built
//! in `dashboard/graphiql` and kept compressed.

use std::io::Read;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, VARY,
};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use flate2::read::GzDecoder;

use super::error::{ApiError, ApiResult};
use super::server::AppState;

const PAGE: &str = include_str!("graphiql/page.html");
const SCRIPT: &[u8] = include_bytes!("graphiql/graphiql.js.gz");
const STYLE: &[u8] = include_bytes!("graphiql/graphiql.css.gz");

const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// `GET /`: the page is all there is to see.
pub async fn root() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/graphiql")).finish()
}

/// `GET /graphiql`.
pub async fn page(state: Data<AppState>) -> ApiResult {
    enabled(&state)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
    Ok(response.insert_header((CONTENT_SECURITY_POLICY, POLICY)).body(PAGE))
}

/// `GET /graphiql/graphiql.js`.
pub async fn script(state: Data<AppState>, request: HttpRequest) -> ApiResult {
    enabled(&state)?;
    asset(&request, "text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /graphiql/graphiql.css`.
pub async fn style(state: Data<AppState>, request: HttpRequest) -> ApiResult {
    enabled(&state)?;
    asset(&request, "text/css; charset=utf-8", STYLE)
}

fn enabled(state: &AppState) -> ApiResult<()> {
    if state.settings.graphiql { Ok(()) } else { Err(ApiError::not_found("GraphiQL is switched off")) }
}

fn asset(request: &HttpRequest, content_type: &'static str, packed: &'static [u8]) -> ApiResult {
    let accepts = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, content_type));
    response.insert_header((CACHE_CONTROL, "public, max-age=3600")).insert_header((VARY, "accept-encoding"));
    if accepts.contains("gzip") {
        return Ok(response.insert_header((CONTENT_ENCODING, "gzip")).body(packed));
    }
    let mut plain = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut plain).map_err(|_| ApiError::internal())?;
    Ok(response.body(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_from_its_own_host_only() {
        assert!(!PAGE.contains("//"), "no address with a host");
        for packed in [SCRIPT, STYLE] {
            let mut text = String::new();
            GzDecoder::new(packed).read_to_string(&mut text).unwrap();
            assert!(!text.contains("@import") && !text.contains("importScripts"));
        }
    }
}
