//! Answers as ODP's clients expect them. Any 2xx without a JSON body breaks them, and a 400 is sent again by some: it is
//! answered only when nothing was taken.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::domain::event::RejectionCode;
use crate::http::report::{Shown, results};
use crate::ingest::{RecordStatus, Report};

/// 202 with a result per record; 400 when none was taken.
pub fn accepted_or_refused(report: &Report) -> HttpResponse {
    match refused(report) {
        Some(refusal) => refusal,
        None => accepted("results", results(report, Shown::All)),
    }
}

/// 400 when no record was taken or was there already.
pub fn refused(report: &Report) -> Option<HttpResponse> {
    (report.accepted + report.duplicates == 0 && report.quarantined > 0).then(|| bad_request(detail(report)))
}

/// 202 with one more key.
pub fn accepted(key: &str, value: Value) -> HttpResponse {
    let mut body = head(StatusCode::ACCEPTED);
    body[key] = value;
    HttpResponse::Accepted().json(body)
}

/// 400 with what is wrong.
pub fn bad_request(detail: Value) -> HttpResponse {
    let mut body = head(StatusCode::BAD_REQUEST);
    body["detail"] = detail;
    HttpResponse::BadRequest().json(body)
}

/// What is wrong with each record: (its index, what).
pub fn invalids(wrong: impl IntoIterator<Item = (u64, String)>) -> Value {
    let list: Vec<Value> =
        wrong.into_iter().map(|(event, message)| json!({"event": event, "message": message})).collect();
    json!({"invalids": list})
}

/// What was wrong: one text when the body is not JSON at all, otherwise one per event.
fn detail(report: &Report) -> Value {
    if let [only] = report.results.as_slice()
        && only.code == Some(RejectionCode::NotJson.name())
    {
        return json!({"message": only.message});
    }
    let bad = report.results.iter().filter(|result| result.status == RecordStatus::Quarantined);
    invalids(bad.map(|result| (result.index, result.message.clone().unwrap_or_default())))
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
        assert_eq!(accepted_or_refused(&report).status(), StatusCode::ACCEPTED);
    }

    #[test]
    fn a_batch_of_which_nothing_was_taken_is_a_bad_request() {
        let results = vec![quarantined(0, RejectionCode::MissingIdentifier), quarantined(1, RejectionCode::NotJson)];
        let report = Report { quarantined: 2, results, ..Report::default() };
        assert_eq!(accepted_or_refused(&report).status(), StatusCode::BAD_REQUEST);
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
