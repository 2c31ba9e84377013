//! Asks who could be reached at the end of every day.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::ask::{list, number, text};
use super::ask_addresses::CHANNELS;
use super::events::LISTS;
use crate::kit::Client;
use crate::oracle::Oracle;
use crate::oracle::address::{Losses, Reach};
use crate::oracle::reach_day::DayView;

/// The first day asked about, before everything that happens, and the number of days.
const FROM: (i32, u32, u32) = (2026, 3, 5);
const DAYS: u64 = 7;

/// What is asked of a day.
const POINT: &str = "date known hasAddress reachable consented subscribed eligible reasons { reason customers }";

/// Asks everything, and compares.
pub async fn compare(client: &Client, oracle: &Oracle, lists: &BTreeMap<String, Value>, seed: u64) {
    let first = NaiveDate::from_ymd_opt(FROM.0, FROM.1, FROM.2).expect("a day");
    let views: BTreeMap<NaiveDate, DayView<'_>> =
        (0..DAYS).map(|day| first + Days::new(day)).map(|day| (day, oracle.at_the_end_of(day))).collect();
    let range = json!({ "from": first, "to": first + Days::new(DAYS) });
    for channel in CHANNELS {
        for name in std::iter::once(None).chain(LISTS.map(Some)) {
            let Some(id) = name.map_or(Some(Value::Null), |name| lists.get(name).cloned()) else { continue };
            let context = format!("left: server, right: recounted; seed {seed}, {channel} {name:?}");
            let expected: Vec<_> = views.iter().map(|(day, view)| (*day, view.reach(channel, name))).collect();
            let days = trend(client, (channel, &id), &range, "DAY").await;
            assert_eq!(days, expected, "{context}");
            // The week ends on Sunday the 8th, the range with its last day.
            let weeks = trend(client, (channel, &id), &range, "WEEK").await;
            assert_eq!(weeks, [expected[3].clone(), expected[6].clone()], "{context}");
            // A day after everything is now.
            let last = json!({ "from": "2199-12-30", "to": "2199-12-31" });
            let end = trend(client, (channel, &id), &last, "MONTH").await;
            assert_eq!(end[0].1, oracle.reach(channel, name), "{context}");
        }
        compare_groups(client, &views, (channel, &range), seed).await;
    }
}

async fn trend(
    client: &Client,
    (channel, id): (&str, &Value),
    range: &Value,
    by: &str,
) -> Vec<(NaiveDate, (Reach, Losses))> {
    let query = format!(
        "query($channel: String!, $list: ID, $range: DateRange) {{ reachabilityFunnel(channel: $channel, list: $list, \
         range: $range, groupBy: [{by}]) {{ trend {{ {POINT} }} }} }}"
    );
    let data = client.data(&query, json!({ "channel": channel, "list": id, "range": range })).await;
    list(&data["reachabilityFunnel"]["trend"]).iter().map(point).collect()
}

fn point(row: &Value) -> (NaiveDate, (Reach, Losses)) {
    let losses: Losses =
        list(&row["reasons"]).iter().map(|loss| (text(&loss["reason"]), number(&loss["customers"]))).collect();
    let reach = Reach {
        known: number(&row["known"]),
        has_address: number(&row["hasAddress"]),
        reachable: number(&row["reachable"]),
        consented: number(&row["consented"]),
        subscribed: row["subscribed"].as_str().map(|_| number(&row["subscribed"])),
    };
    assert_eq!(number(&row["eligible"]), reach.known - losses.values().sum::<i64>(), "{row}");
    (date(&row["date"]), (reach, losses))
}

fn date(value: &Value) -> NaiveDate {
    text(value).parse().expect("a date")
}

/// The same days in groups by list and reason.
async fn compare_groups(client: &Client, views: &BTreeMap<NaiveDate, DayView<'_>>, asked: (&str, &Value), seed: u64) {
    let query = "query($channel: String!, $range: DateRange) { reachabilityFunnel(channel: $channel, range: $range, \
        groupBy: [DAY, LIST, REASON]) { groups { date list { name } reason customers steps { step } } } }";
    let (channel, range) = asked;
    let data = client.data(query, json!({ "channel": channel, "range": range })).await;
    let mut got: BTreeMap<(NaiveDate, String), Losses> = BTreeMap::new();
    for row in list(&data["reachabilityFunnel"]["groups"]) {
        assert_eq!(row["steps"], Value::Null, "{row}");
        let reason = row["reason"].as_str().unwrap_or("ELIGIBLE").to_owned();
        let group = got.entry((date(&row["date"]), text(&row["list"]["name"]))).or_default();
        assert_eq!(group.insert(reason, number(&row["customers"])), None, "{row}");
    }
    for name in LISTS {
        for (day, view) in views {
            let (reach, mut losses) = view.reach(channel, Some(name));
            let eligible = reach.known - losses.values().sum::<i64>();
            if eligible > 0 {
                losses.insert("ELIGIBLE".to_owned(), eligible);
            }
            // A list that nobody ever joined or left is not there.
            let is_known = got.keys().any(|(_, known)| known == name);
            let group = got.get(&(*day, name.to_owned())).cloned().unwrap_or_default();
            assert!(!is_known || group == losses, "{group:?} {losses:?} seed {seed}, {channel} {name} {day}");
        }
    }
}
