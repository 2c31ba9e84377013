//! `POST /v3/events`: what unmodified ODP clients send and expect. Any 2xx without a JSON body breaks them, and a 400 is
//! sent again by some: it is answered only when no event was taken.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use super::error::ApiResult;
use super::ingest::{Intake, take_in};
use super::report::{Shown, results};
use super::server::AppState;
use crate::dialect::envelope::Proof;
use crate::domain::access::Permission;
use crate::domain::event::{Dialect, Format, RejectionCode};
use crate::ingest::{RecordStatus, Report};

const EVENTS: &str = "/v3/events";

/// One event or an array of them.
pub async fn events(state: Data<AppState>, request: HttpRequest, payload: Payload) -> ApiResult {
    let (format, permission) = (Format::Of(Dialect::Odp), Permission::SendOdpEvents);
    let intake = Intake { format, source: EVENTS, permission, proof: Proof::OfMessages };
    let report = take_in(&state, &request, payload, intake).await?;
    Ok(answer(&report))
}

fn answer(report: &Report) -> HttpResponse {
    if report.accepted + report.duplicates == 0 && report.quarantined > 0 {
        let mut body = head(StatusCode::BAD_REQUEST);
        body["detail"] = detail(report);
        return HttpResponse::BadRequest().json(body);
    }
    let mut body = head(StatusCode::ACCEPTED);
    body["results"] = results(report, Shown::All);
    HttpResponse::Accepted().json(body)
}

/// What was wrong: one text when the body is not JSON at all, otherwise one per event.
fn detail(report: &Report) -> Value {
    let bad = || report.results.iter().filter(|result| result.status == RecordStatus::Quarantined);
    if let [only] = report.results.as_slice()
        && only.code == Some(RejectionCode::NotJson.name())
    {
        return json!({"message": only.message});
    }
    let invalids: Vec<Value> = bad().map(|result| json!({"event": result.index, "message": result.message})).collect();
    json!({"invalids": invalids})
}

/// A refused key is 403 in ODP, whether it is missing, wrong or narrow.
pub fn error_status(status: StatusCode) -> StatusCode {
    if status == StatusCode::UNAUTHORIZED { StatusCode::FORBIDDEN } else { status }
}

/// The body of an error, in ODP's form.
pub fn error_body(status: StatusCode, message: &str) -> Value {
    if status == StatusCode::FORBIDDEN {
        return json!({"message": "Forbidden"});
    }
    let mut body = head(status);
    body["detail"] = json!({"message": message});
    body
}

fn head(status: StatusCode) -> Value {
    let title = status.canonical_reason().unwrap_or("Error");
    let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({"title": title, "status": status.as_u16(), "timestamp": timestamp})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::RecordResult;

    fn quarantined(index: u64, code: RejectionCode) -> RecordResult {
        let (status, message) = (RecordStatus::Quarantined, Some("wrong".to_owned()));
        RecordResult { index, status, event_id: None, code: Some(code.name()), message, path: None }
    }

    #[test]
    fn a_batch_of_which_something_was_taken_is_accepted() {
        let results = vec![quarantined(0, RejectionCode::MissingIdentifier)];
        let report = Report { duplicates: 1, quarantined: 1, results, ..Report::default() };
        assert_eq!(answer(&report).status(), StatusCode::ACCEPTED);
    }

    #[test]
    fn a_batch_of_which_nothing_was_taken_is_a_bad_request() {
        let results = vec![quarantined(0, RejectionCode::MissingIdentifier), quarantined(1, RejectionCode::NotJson)];
        let report = Report { quarantined: 2, results, ..Report::default() };
        assert_eq!(answer(&report).status(), StatusCode::BAD_REQUEST);
        let invalids = json!([{"event": 0, "message": "wrong"}, {"event": 1, "message": "wrong"}]);
        assert_eq!(detail(&report), json!({"invalids": invalids}));
    }

    #[test]
    fn a_body_that_is_not_json_has_one_message() {
        let results = vec![quarantined(0, RejectionCode::NotJson)];
        let report = Report { quarantined: 1, results, ..Report::default() };
        assert_eq!(detail(&report), json!({"message": "wrong"}));
    }

    #[test]
    fn a_refused_key_gets_no_hint() {
        assert_eq!(error_status(StatusCode::UNAUTHORIZED), StatusCode::FORBIDDEN);
        assert_eq!(error_body(StatusCode::FORBIDDEN, "why"), json!({"message": "Forbidden"}));
    }
}
