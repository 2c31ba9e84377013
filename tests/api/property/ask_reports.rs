//! Asks for series, for campaigns together and for Pinpoint's metrics, and compares them with the recount.

use std::collections::BTreeMap;
use std::slice::from_ref;

use campaignql::domain::event::Namespace;
use campaignql::domain::funnel::{FUNNEL_STEPS, SIDE_COUNTS};
use campaignql::domain::kpi::KPIS;
use campaignql::domain::time::Micros;
use chrono::{Days, NaiveDate, SecondsFormat};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::ask::{counts, list, source};
use super::dice::Dice;
use super::world::moment;
use crate::kit::Client;
use crate::oracle::funnel::{Basis, By, Question, Unit};
use crate::oracle::kpi::{KpiQuestion, Of, Within};
use crate::oracle::performance::{Asked, Key, Kinds, Rows, add, first_of};
use crate::oracle::steps::Automation;
use crate::oracle::{CampaignName, Oracle};

const COUNTS: &str = "steps { step total unique } beside { kind total unique }";
/// Questions of each sort in one trial.
const ASKED: usize = 20;

/// Asks everything, of the servers in turn, and compares.
pub async fn compare(clients: &[Client], oracle: &Oracle, seed: u64) {
    let dice = Dice::new(seed + 7_000);
    let campaigns: Vec<CampaignName> = oracle.campaigns().into_iter().collect();
    let ids = ids(&clients[0], &campaigns).await;
    for asked in 0..ASKED {
        let client = &clients[asked % clients.len()];
        compare_performance(client, oracle, &ids, &dice).await;
        compare_series(client, oracle, &ids[dice.below(ids.len())], &dice).await;
    }
    let amazons: Vec<&Named> = ids.iter().filter(|(name, _)| name.0 == Namespace::Aws).collect();
    for (asked, (kpi, ..)) in KPIS.iter().enumerate() {
        let client = &clients[asked % clients.len()];
        for (campaign, _) in &amazons {
            compare_kpi(client, oracle, campaign, (kpi.name(), &dice)).await;
        }
    }
}

/// A campaign with its global id.
type Named = (CampaignName, String);

async fn ids(client: &Client, campaigns: &[CampaignName]) -> Vec<Named> {
    let query = "query($id: String!, $source: CampaignSource!) { campaign(externalId: $id, source: $source) { id } }";
    let mut ids = Vec::new();
    for campaign in campaigns {
        let data = client.data(query, json!({"id": campaign.1, "source": source(campaign.0)})).await;
        ids.push((campaign.clone(), data["campaign"]["id"].as_str().expect("it is there").to_owned()));
    }
    ids
}

/// A range of whole days around those on which something happened, the first day of which may be any of a week or month.
fn range(dice: &Dice) -> (NaiveDate, NaiveDate) {
    let from = NaiveDate::from_ymd_opt(2026, 2, 20).expect("a day") + Days::new(dice.below(19) as u64);
    (from, from + Days::new(dice.between(1, 40) as u64))
}

fn question(zone: Tz, dice: &Dice) -> Question {
    Question {
        unit: dice.pick(&[Unit::RecipientPerRun, Unit::Recipient, Unit::Message]),
        basis: Basis::Event,
        zone,
        group_by: Vec::new(),
        implied: dice.chance(70),
        automation: dice.pick(&[Automation::Human, Automation::Machine, Automation::All]),
        days: None,
    }
}

/// How to count, as arguments.
fn arguments(question: &Question) -> String {
    let unit = match question.unit {
        Unit::RecipientPerRun => "RECIPIENT_PER_RUN",
        Unit::Recipient => "RECIPIENT",
        Unit::Message => "MESSAGE",
    };
    let automation = format!("{:?}", question.automation).to_uppercase();
    format!("unit: {unit}, automation: {automation}, impliedSteps: {}", question.implied)
}

/// The points of a series: by their first day, hours by the instant at which they begin.
async fn compare_series(client: &Client, oracle: &Oracle, (campaign, id): &Named, dice: &Dice) {
    let zone: Tz = dice.pick(&[oracle.zone, oracle.zone, chrono_tz::UTC, chrono_tz::Asia::Kolkata]);
    let basis = dice.pick(&[Basis::Event, Basis::Event, Basis::Cohort]);
    let (from, to) = range(dice);
    let question = Question { basis, days: Some((from, to)), ..question(zone, dice) };
    let stretch = dice.pick(&[None, Some(By::Day), Some(By::Week), Some(By::Month)]);
    let granularity = stretch.map_or("HOUR".to_owned(), |stretch| format!("{stretch:?}").to_uppercase());
    let query = format!(
        "query($id: ID!) {{ campaign(id: $id) {{ timeSeries(range: {{from: \"{from}\", to: \"{to}\", timeZone: \"{zone}\"}}, \
         granularity: {granularity}, by: {}, {}) {{ date from to {COUNTS} }} }} }}",
        format!("{basis:?}").to_uppercase(),
        arguments(&question),
    );
    let data = client.data(&query, json!({ "id": id })).await;
    let points = list(&data["campaign"]["timeSeries"]);
    let context = format!("left: server, right: recounted; {campaign:?}, {granularity}, {question:?}");
    assert!(points.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]), "a gap; {context}");
    if let Some(stretch) = stretch {
        let rows = Rows { stretch: Some(stretch), by: None, by_campaign: false };
        let found = oracle.performance(from_ref(campaign), &question, rows, &Asked { days: (from, to), shift: 0 });
        let mut expected: BTreeMap<NaiveDate, Kinds> =
            from.iter_days().take_while(|day| *day < to).map(|day| (first_of(stretch, day), Kinds::new())).collect();
        for ((date, ..), kinds) in found {
            expected.insert(date.expect("rows are by stretch"), shown(kinds));
        }
        let got: Vec<(NaiveDate, Kinds)> = points.iter().map(|point| (date(&point["date"]), counts(point))).collect();
        assert_eq!(got, expected.into_iter().collect::<Vec<_>>(), "{context}");
    } else {
        let got: BTreeMap<Micros, Kinds> =
            points.iter().map(|point| (instant(&point["from"]), counts(point))).collect();
        let hours = (to - from).num_days() * 24;
        assert!((hours - 1..=hours + 1).contains(&(points.len() as i64)), "{} hours; {context}", points.len());
        let expected: BTreeMap<Micros, Kinds> =
            oracle.hours(campaign, &question).into_iter().map(|(hour, kinds)| (hour, shown(kinds))).collect();
        assert_eq!(without_empty(got), without_empty(expected), "{context}");
    }
}

fn without_empty<K: Ord>(rows: BTreeMap<K, Kinds>) -> BTreeMap<K, Kinds> {
    rows.into_iter().filter(|(_, kinds)| !kinds.is_empty()).collect()
}

fn instant(value: &Value) -> Micros {
    let at = value.as_str().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok()).expect("a time");
    Micros::from(at.to_utc())
}

async fn compare_performance(client: &Client, oracle: &Oracle, ids: &[Named], dice: &Dice) {
    let question = question(oracle.zone, dice);
    let stretch = dice.pick(&[None, None, Some(By::Day), Some(By::Week), Some(By::Month)]);
    let by = dice.pick(&[None, Some(By::Channel), Some(By::Channel), Some(By::Run), Some(By::Treatment)]);
    let rows = Rows { stretch, by, by_campaign: dice.chance(50) };
    let some: Vec<&Named> = ids.iter().filter(|_| dice.chance(70)).collect();
    let some = if some.is_empty() { ids.iter().collect() } else { some };
    let campaigns: Vec<CampaignName> = some.iter().map(|(name, _)| name.clone()).collect();
    let (from, to) = range(dice);
    let length = (to - from).num_days() as u64;
    let query = format!(
        "query($ids: [ID!]) {{ performance(campaigns: $ids, range: {{from: \"{from}\", to: \"{to}\"}}, groupBy: [{}], \
         limit: 1000, {}) {{ previousPeriod {{ from to }} total {{ {COUNTS} previous {{ {COUNTS} }} }} remainder {{ rowCount }} \
         rows {{ campaign {{ externalId source }} channel run treatment day {COUNTS} previous {{ {COUNTS} }} }} }} }}",
        dimensions(rows).join(", "),
        arguments(&question),
    );
    let wanted: Vec<&String> = some.iter().map(|(_, id)| id).collect();
    let got = &client.data(&query, json!({ "ids": wanted })).await["performance"];
    let named = format!("{rows:?}, {from} to {to}, {}", arguments(&question));
    assert_eq!((&got["remainder"], date(&got["previousPeriod"]["to"])), (&Value::Null, from), "{named}");

    let before = from - Days::new(length);
    for (side, asked) in
        [("", Asked { days: (from, to), shift: 0 }), ("previous", Asked { days: (before, from), shift: length })]
    {
        let of = |row: &Value| counts(if side.is_empty() { row } else { &row[side] });
        let expected = no_empty(oracle.performance(&campaigns, &question, rows, &asked));
        // Without any dimension the total stands alone.
        let has_rows = !dimensions(rows).is_empty();
        let found = list(&got["rows"]).iter().map(|row| (key(row, rows), of(row))).collect();
        let expected_rows = if has_rows { expected } else { BTreeMap::new() };
        assert_eq!(no_empty(found), expected_rows, "left: server, right: recounted; {side} {named}");
        let whole = Rows { stretch: None, by: None, by_campaign: false };
        let mut total = Kinds::new();
        let sums = oracle.performance(&campaigns, &question, whole, &asked);
        for kinds in sums.into_values() {
            add(&mut total, kinds);
        }
        assert_eq!(of(&got["total"]), shown(total), "left: server, right: recounted; total {side} {named}");
    }
}

fn dimensions(rows: Rows) -> Vec<String> {
    let named = |by: By| format!("{by:?}").to_uppercase();
    let campaign = rows.by_campaign.then(|| "CAMPAIGN".to_owned());
    rows.stretch.map(named).into_iter().chain(rows.by.map(named)).chain(campaign).collect()
}

fn key(row: &Value, rows: Rows) -> Key {
    let value = rows.by.map_or(&Value::Null, |by| &row[format!("{by:?}").to_lowercase()]);
    let campaign = row["campaign"].as_object().map(|campaign| {
        let issuer = campaign["source"].as_str().expect("a source");
        let namespace = Namespace::ALL.iter().find(|known| source(**known) == issuer).expect("a known source");
        (*namespace, campaign["externalId"].as_str().expect("an id").to_owned())
    });
    (rows.stretch.map(|_| date(&row["day"])), value.as_str().map(str::to_owned), campaign)
}

fn no_empty(rows: BTreeMap<Key, Kinds>) -> BTreeMap<Key, Kinds> {
    without_empty(rows.into_iter().map(|(key, kinds)| (key, shown(kinds))).collect())
}

/// The kinds that a funnel shows.
fn shown(kinds: Kinds) -> Kinds {
    kinds.into_iter().filter(|(kind, _)| FUNNEL_STEPS.contains(kind) || SIDE_COUNTS.contains(kind)).collect()
}

fn date(value: &Value) -> NaiveDate {
    value.as_str().and_then(|text| text.parse().ok()).expect("a day")
}

async fn compare_kpi(client: &Client, oracle: &Oracle, campaign: &CampaignName, (name, dice): (&'static str, &Dice)) {
    let within = if dice.chance(50) { whole_days(oracle.zone, dice) } else { instants(dice) };
    let by_route = ask_route(client, campaign, name, within).await;
    let question = KpiQuestion { name, within, zone: chrono_tz::UTC };
    let context = format!("left: server, right: recounted; {campaign:?}, {question:?}");
    assert_eq!(by_route, oracle.kpi(campaign, &question), "{context}");

    let zone: Tz = dice.pick(&[oracle.zone, oracle.zone, chrono_tz::Asia::Kolkata]);
    let (from, to) = range(dice);
    let question = KpiQuestion { name, within: Within::Days(from, to), zone };
    let context = format!("left: server, right: recounted; {campaign:?}, {question:?}");
    assert_eq!(ask_field(client, campaign, &question).await, oracle.kpi(campaign, &question), "{context}");
}

/// Some days of the workspace's zone or of UTC, as old dashboards ask for them.
fn whole_days(zone: Tz, dice: &Dice) -> Within {
    let (from, to) = range(dice);
    let zone = dice.pick(&[zone, chrono_tz::UTC]);
    let at = |day: NaiveDate| {
        let midnight = day.and_time(chrono::NaiveTime::MIN).and_local_timezone(zone).earliest();
        Micros::from(midnight.expect("these days have a midnight").to_utc())
    };
    Within::Instants(at(from), Micros(at(to).0 - 1))
}

/// Instants at which something happens, or just before or after.
fn instants(dice: &Dice) -> Within {
    let mut ends = [0; 2].map(|_| Micros::from_millis(moment(dice) + dice.pick(&[-1, 0, 0, 1])));
    ends.sort_unstable();
    Within::Instants(ends[0], ends[1])
}

async fn ask_route(client: &Client, campaign: &CampaignName, name: &str, within: Within) -> BTreeMap<Of, f64> {
    let Within::Instants(first, last) = within else { panic!("the route takes instants") };
    let text = |at: Micros, form| at.to_datetime().to_rfc3339_opts(form, true);
    // An end that is given to the second means all of it.
    let is_end_of_second = last.0.rem_euclid(1_000_000) == 999_999;
    let end = text(last, if is_end_of_second { SecondsFormat::Secs } else { SecondsFormat::Micros });
    let range = format!("start-time={}&end-time={end}", text(first, SecondsFormat::Micros));
    let path = format!("/v1/apps/any-app/campaigns/{}/kpis/daterange/{name}?{range}", campaign.1);
    let answer = client.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let value = |values: &Value| values[0]["Value"].as_str().expect("a text").to_owned();
    let row = |row: &Value| {
        let of = row.get("GroupedBys").map(&value);
        (of, value(&row["Values"]).parse().expect("a number"))
    };
    list(&answer.json["KpiResult"]["Rows"]).iter().map(row).collect()
}

async fn ask_field(client: &Client, campaign: &CampaignName, question: &KpiQuestion) -> BTreeMap<Of, f64> {
    let Within::Days(from, to) = question.within else { panic!("the field takes days") };
    let query = "query($id: String!, $name: PinpointKpi!, $range: DateRange) { campaign(externalId: $id, source: AWS) { \
        kpi(name: $name, range: $range) { kpiName rows { groupedBys { key type value } values { key type value } } } } }";
    let range = json!({"from": from.to_string(), "to": to.to_string(), "timeZone": question.zone.name()});
    let name = question.name.replace('-', "_").to_uppercase();
    let data = client.data(query, json!({"id": campaign.1, "name": name, "range": range})).await;
    let result = &data["campaign"]["kpi"];
    assert_eq!(result["kpiName"], question.name);
    let row = |row: &Value| {
        let of = row["groupedBys"].as_array().map(|by| by[0]["value"].as_str().unwrap_or_default().to_owned());
        (of, row["values"][0]["value"].as_str().and_then(|text| text.parse().ok()).expect("a number"))
    };
    list(&result["rows"]).iter().map(row).collect()
}
