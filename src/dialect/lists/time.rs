//! Times as exported lists write them: every form of [`crate::dialect::time`], and those below, which no zone means UTC in.
//!
//! | form | example |
//! |---|---|
//! | RFC 2822 | `Fri, 21 Oct 2011 11:02:55 GMT` |
//! | a zone in words | `2019-04-11 18:43:29 UTC` |
//! | without seconds | `2019-04-11 18:43` |
//! | day.month.year | `11.04.2019`, `11.04.2019 18:43[:29]` |

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value;

use crate::dialect::time::parse_time;
use crate::domain::event::Rejection;
use crate::domain::time::Micros;

const WITHOUT_ZONE: [&str; 4] = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"];

/// The instant that a value stands for; `None` when it is null or empty. `path` names the column in the rejection.
pub(in crate::dialect) fn parse_list_time(value: &Value, path: &str) -> Result<Option<Micros>, Rejection> {
    parse_time(value, path).or_else(|rejection| {
        let text = value.as_str().unwrap_or_default().trim();
        let (plain, zone) = text.rsplit_once(' ').unwrap_or((text, ""));
        if matches!(zone, "UTC" | "GMT" | "Z") && !plain.contains(',') {
            return parse_time(&Value::String(plain.to_owned()), path).map_err(|_| rejection);
        }
        let known = other_forms(text).filter(|at| (Micros::EARLIEST..Micros::LATEST).contains(at));
        known.map(Some).ok_or(rejection)
    })
}

fn other_forms(text: &str) -> Option<Micros> {
    let with_zone = text.strip_suffix("UTC").map(|plain| format!("{plain}+0000"));
    if let Ok(at) = DateTime::parse_from_rfc2822(with_zone.as_deref().unwrap_or(text)) {
        return Some(Micros(at.timestamp_micros()));
    }
    let day = || Some(NaiveDate::parse_from_str(text, "%d.%m.%Y").ok()?.and_hms_opt(0, 0, 0)?.and_utc());
    let instant = WITHOUT_ZONE.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    instant.map(|at| at.and_utc()).or_else(day).map(|at| Micros(at.timestamp_micros()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_write_times_in_many_forms() {
        for (text, expected) in [
            ("Fri, 21 Oct 2011 11:02:55 GMT", "2011-10-21T11:02:55+00:00"),
            ("Fri, 21 Oct 2011 11:02:55 UTC", "2011-10-21T11:02:55+00:00"),
            ("Fri, 21 Oct 2011 11:02:55 +0200", "2011-10-21T09:02:55+00:00"),
            ("2019-04-11 18:43:29 UTC", "2019-04-11T18:43:29+00:00"),
            ("2019-04-11 18:43", "2019-04-11T18:43:00+00:00"),
            ("11.04.2019", "2019-04-11T00:00:00+00:00"),
            ("11.04.2019 18:43:29", "2019-04-11T18:43:29+00:00"),
            ("1443651125", "2015-09-30T22:12:05+00:00"),
        ] {
            let at = parse_list_time(&json!(text), "created").expect("a time").expect("there");
            assert_eq!(at.to_datetime().to_rfc3339(), expected, "{text}");
        }
        for text in ["yesterday", "UTC", "31.02.2019", "Mon, 99 Oct 2011 11:02:55 GMT"] {
            assert_eq!(parse_list_time(&json!(text), "created").expect_err("a refusal").path, "created");
        }
    }
}
