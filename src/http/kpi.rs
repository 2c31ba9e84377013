//! `GET /v1/apps/{app}/campaigns/{campaign}/kpis/daterange/{kpi}`: a campaign metric as Amazon Pinpoint answered it, in the
//! form that its SDKs parse.

use std::ops::Range;

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Days, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Door, Presented};
use super::error::{ApiError, ApiResult};
use super::ingest::admit;
use super::server::AppState;
use crate::analytics::kpi::{self, KpiGroup, KpiQuestion, KpiRow, KpiSpan};
use crate::domain::access::Permission;
use crate::domain::day::date_of;
use crate::domain::event::Namespace;
use crate::domain::kpi::{KPIS, PinpointKpi};
use crate::domain::time::{MICROS_PER_SECOND, Micros};
use crate::store::campaign;

/// Which instants are counted. Pinpoint answers a metric in a single page and never looked at `page-size` and `next-token`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Parameters {
    start_time: Option<String>,
    end_time: Option<String>,
}

/// A metric of a campaign within a range of instants.
pub async fn in_range(
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    parameters: Query<Parameters>,
) -> ApiResult {
    let presented = Presented::at(Door::Aws, request.headers());
    let caller = admit(&state, presented, Permission::ReadAggregates).await?;
    let (app, campaign, name) = path.into_inner();
    let kpi = PinpointKpi::from_name(&name).ok_or_else(|| unknown_kpi(&name))?;
    let range = Instants::of(&parameters, Utc::now())?;
    let found =
        campaign::find_by_external_id(&state.store, caller.workspace_id(), &campaign, Some(Namespace::Aws)).await?;
    let Some(row) = found.first() else {
        return Err(ApiError::not_found(format!("campaign-id: there is no campaign {}", shortened(&campaign))));
    };
    // Pinpoint's days are those of UTC, as its times are.
    let question = KpiQuestion { kpi, span: KpiSpan::Instants(range.counted()), zone: chrono_tz::UTC };
    let rows = kpi::values(&state.store, &caller.workspace, row.id, &question).await?;
    Ok(HttpResponse::Ok().json(json!({
        "ApplicationId": app,
        "CampaignId": campaign,
        "StartTime": written(range.start),
        "EndTime": written(range.end),
        "KpiName": kpi.name(),
        "KpiResult": {"Rows": rows.iter().map(|row| result_row(row, kpi)).collect::<Vec<_>>()},
    })))
}

/// A range of instants, both of which count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Instants {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    /// Whether the end was given without a fraction of a second, and so means all of its second.
    is_end_a_second: bool,
}

/// Without a beginning a range begins so many days before the day of its end, as Pinpoint's did.
const DEFAULT_DAYS: Days = Days::new(31);

impl Instants {
    fn of(parameters: &Parameters, now: DateTime<Utc>) -> ApiResult<Self> {
        let end = parameters.end_time.as_deref().map(|text| read("end-time", text)).transpose()?.unwrap_or(now);
        let start = parameters.start_time.as_deref().map(|text| read("start-time", text)).transpose()?;
        let start = start.unwrap_or_else(|| {
            let first = end.date_naive().checked_sub_days(DEFAULT_DAYS).unwrap_or(end.date_naive());
            first.and_time(chrono::NaiveTime::MIN).and_utc()
        });
        if start > end {
            let message = format!("start-time: {} is after end-time: {}", written(start), written(end));
            return Err(ApiError::bad_input(message));
        }
        let is_end_a_second = parameters.end_time.as_ref().is_some_and(|text| !text.contains(['.', ',']));
        Ok(Self { start, end, is_end_a_second })
    }

    /// The end counts too: one that is given to the second means all of that second, as 23:59:59 means the end of a day.
    fn counted(&self) -> Range<Micros> {
        let micros = |at: &DateTime<Utc>| Micros::from(*at);
        let last = if self.is_end_a_second { MICROS_PER_SECOND } else { 1 };
        micros(&self.start)..Micros(micros(&self.end).0.saturating_add(last))
    }
}

fn read(name: &str, text: &str) -> ApiResult<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    read.filter(|at| (Micros::EARLIEST..Micros::LATEST).contains(&Micros::from(*at))).ok_or_else(|| {
        let text = shortened(text);
        ApiError::bad_input(format!("{name}: {text} is no time in ISO 8601 such as 2026-07-26T20:00:00Z"))
    })
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn unknown_kpi(name: &str) -> ApiError {
    let known: Vec<&str> = KPIS.iter().map(|(_, known, ..)| *known).collect();
    ApiError::bad_input(format!("kpi-name: {} is none of {}", shortened(name), known.join(", ")))
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

fn result_row(row: &KpiRow, kpi: PinpointKpi) -> Value {
    let value = json!({"Key": kpi.measure().key(), "Type": "Double", "Value": format!("{:?}", row.value)});
    let group = match &row.group {
        KpiGroup::Whole => None,
        // Pinpoint has no campaign without runs: what has none is told as an empty id.
        KpiGroup::Activity(run) => Some(run.clone().unwrap_or_default()),
        KpiGroup::Date(day) => Some(date_of(*day).to_string()),
    };
    match kpi.grouping().key().zip(group) {
        None => json!({"Values": [value]}),
        Some((key, group)) => {
            json!({"GroupedBys": [{"Key": key, "Type": "String", "Value": group}], "Values": [value]})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("a time").to_utc()
    }

    fn range(start: Option<&str>, end: Option<&str>) -> ApiResult<Instants> {
        let parameters = Parameters { start_time: start.map(str::to_owned), end_time: end.map(str::to_owned) };
        Instants::of(&parameters, at("2026-03-05T10:20:30.5Z"))
    }

    #[test]
    fn a_range_without_ends_is_the_last_31_days_and_today() {
        let default = range(None, None).expect("a range");
        assert_eq!((default.start, default.end), (at("2026-02-02T00:00:00Z"), at("2026-03-05T10:20:30.5Z")));
        let until = range(None, Some("2026-03-01T23:59:59Z")).expect("a range");
        assert_eq!(until.start, at("2026-01-29T00:00:00Z"));
    }

    #[test]
    fn both_ends_count_and_an_end_to_the_second_is_all_of_it() {
        let counted = |end| range(Some("2026-03-01T00:00:00Z"), Some(end)).expect("a range").counted();
        let whole_day = counted("2026-03-01T23:59:59Z");
        assert_eq!(whole_day, Micros::from(at("2026-03-01T00:00:00Z"))..Micros::from(at("2026-03-02T00:00:00Z")));
        for end in ["2026-03-01T00:00:00.250Z", "2026-03-01T00:00:01.000Z"] {
            assert_eq!(counted(end).end, Micros(Micros::from(at(end)).0 + 1));
        }
    }

    #[test]
    fn what_is_no_range_is_refused_by_name() {
        for (start, end, named) in [
            (Some("yesterday"), None, "start-time: yesterday"),
            (None, Some("2026-03-01"), "end-time: 2026-03-01"),
            (Some("2026-03-02T00:00:00Z"), Some("2026-03-01T00:00:00Z"), "is after end-time"),
        ] {
            let refused = range(start, end).expect_err("no range").to_string();
            assert!(refused.contains(named), "{refused}");
        }
    }
}
