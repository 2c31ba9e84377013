//! Asks random questions of attribution over GraphQL and compares the answers with the recount.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::kind::Kind;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::ask::{list, number, text};
use super::dice::Dice;
use super::world::ZONE;
use crate::kit::Client;
use crate::oracle::attribution::{Answer, Credit, Dimension, Model, Money, Question, Sum, WHOLE};
use crate::oracle::conversion::Conversion;
use crate::oracle::funnel::{Basis, By, Count, Group, Unit};
use crate::oracle::steps::Automation;
use crate::oracle::{CampaignName, Oracle, funnel};

/// Questions in one trial.
const ASKED: usize = 40;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Lengths of windows, with their texts.
const WINDOWS: [(i64, &str); 8] = [
    (3 * DAY, "P3D"),
    (3 * DAY, "PT72H"),
    (3 * DAY + 1, "P3DT0.000001S"),
    (3 * DAY - 1, "P2DT23H59M59.999999S"),
    (90 * DAY, "P90D"),
    (90 * DAY, "P12W6D"),
    (SECOND, "PT1S"),
    (1, "PT0.000001S"),
];

const HALF_LIVES: [(i64, &str); 5] =
    [(7 * DAY, "P1W"), (DAY, "P1D"), (1, "PT0.000001S"), (10_007 * SECOND, "PT10007S"), (900 * DAY, "P900D")];

/// What conversions are.
const CONVERSIONS: [Kind; 6] =
    [Kind::Purchased, Kind::Purchased, Kind::Purchased, Kind::Engaged, Kind::Clicked, Kind::Sent];

const TOUCHES: [Kind; 4] = [Kind::Opened, Kind::Clicked, Kind::Engaged, Kind::Delivered];

const NUMBERS: &str = "conversions touchedConversions revenue { amount currencyCode } \
    lag { meanSeconds medianSeconds p90Seconds histogram { from to conversions } }";
const REST: &str = "otherGroups { groups } \
    paths { campaigns { externalId } channels conversions revenue { amount currencyCode } }";
const GROUPS: &str = "groups { campaign { externalId } run treatment touchpoint channel day week month recipients \
    revenuePerRecipient { amount currencyCode } ";
const SUM: &str = "{ conversions revenue { amount currencyCode } }";

/// Asks of the workspace and of each campaign.
pub async fn compare(clients: &[Client], oracle: &Oracle, seed: u64) {
    let dice = Dice::new(seed + 9_000);
    let conversions: BTreeMap<Kind, Vec<Conversion>> =
        CONVERSIONS.iter().map(|kind| (*kind, oracle.conversions(*kind))).collect();
    let campaigns: Vec<CampaignName> = oracle.campaigns().into_iter().collect();
    let ids = ids(&clients[0], &campaigns).await;
    for number in 0..ASKED {
        let client = &clients[number % clients.len()];
        let asked = Asked::any(&campaigns, &dice);
        let trial = Trial { oracle, conversions: &conversions[&asked.conversion], asked: &asked, seed };
        if number % 2 == 0 {
            trial.compare_report(client, &ids).await;
        } else {
            trial.compare_campaign(client, &campaigns[dice.below(campaigns.len())]).await;
        }
    }
}

async fn ids(client: &Client, campaigns: &[CampaignName]) -> BTreeMap<CampaignName, Value> {
    let mut ids = BTreeMap::new();
    for campaign in campaigns {
        let query = "query($id: String!) { campaign(externalId: $id) { id } }";
        let data = client.data(query, json!({ "id": campaign.1 })).await;
        ids.insert(campaign.clone(), data["campaign"]["id"].clone());
    }
    ids
}

/// A question with the words in which it is asked.
#[derive(Debug)]
struct Asked {
    question: Question,
    input: Map<String, Value>,
    paths_of_channels: bool,
    conversion: Kind,
}

impl Asked {
    fn any(campaigns: &[CampaignName], dice: &Dice) -> Self {
        let mut input = Map::new();
        let mut give = |name: &str, value: Value| input.insert(name.to_owned(), value);
        let conversion = dice.pick(&CONVERSIONS);
        if conversion != Kind::Purchased || dice.chance(50) {
            give("conversion", json!(conversion.name()));
        }
        let (model, name) = any_model(dice, &mut give);
        give("model", json!(name));
        let window = dice.pick(&WINDOWS);
        if window.0 != 3 * DAY || dice.chance(50) {
            give("window", json!(window.1));
        }
        let mut kinds: Vec<Kind> = TOUCHES.into_iter().filter(|_| dice.chance(50)).collect();
        if kinds.is_empty() {
            kinds = vec![Kind::Opened, Kind::Clicked];
        } else {
            give("touches", json!(kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>()));
        }
        let (basis, net) = (dice.below(2), dice.chance(50));
        give("revenueBasis", json!(["SUBTOTAL", "TOTAL"][basis]));
        give("net", json!(net));
        let currency = dice.maybe(20, dice.pick(&["EUR", "USD"]).to_owned());
        if let Some(currency) = &currency {
            give("currency", json!(currency.to_lowercase()));
        }
        let zone = dice.pick(&[ZONE, ZONE, chrono_tz::UTC, chrono_tz::Asia::Kathmandu]);
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).expect("a day of March");
        let days = dice.maybe(50, (day(dice.between(5, 8) as u32), day(dice.between(9, 11) as u32)));
        let mut range = Map::new();
        if let Some((from, to)) = days {
            range.extend([("from".to_owned(), json!(from)), ("to".to_owned(), json!(to))]);
        }
        range.extend((zone != ZONE).then(|| ("timeZone".to_owned(), json!(zone.name()))));
        give("range", Value::Object(range));
        let group_by = dimensions(dice);
        give("groupBy", json!(group_by.iter().map(|dimension| name_of(*dimension)).collect::<Vec<_>>()));
        give("top", json!(5_000));
        let paths_of_channels = dice.chance(50);
        give("paths", json!({ "of": if paths_of_channels { "CHANNEL" } else { "CAMPAIGN" }, "top": 1_000 }));
        let some = campaigns.iter().filter(|_| dice.chance(60)).cloned().collect::<BTreeSet<_>>();
        let campaigns = dice.maybe(30, some).filter(|some| !some.is_empty());
        let question =
            Question { model, window: window.0, kinds, basis, net, currency, days, zone, group_by, campaigns };
        Self { question, input, paths_of_channels, conversion }
    }
}

fn any_model(dice: &Dice, give: &mut impl FnMut(&str, Value) -> Option<Value>) -> (Model, &'static str) {
    match dice.below(6) {
        0 => (Model::LastTouch, "LAST_TOUCH"),
        1 => (Model::FirstTouch, "FIRST_TOUCH"),
        2 => (Model::Linear, "LINEAR"),
        3 => (Model::FirstLast, "FIRST_LAST"),
        4 => (Model::Position, "POSITION"),
        _ => {
            let (half_life, text) = dice.pick(&HALF_LIVES);
            if half_life != 7 * DAY || dice.chance(50) {
                give("halfLife", json!(text));
            }
            (Model::TimeDecay(half_life), "TIME_DECAY")
        }
    }
}

fn dimensions(dice: &Dice) -> Vec<Dimension> {
    use Dimension::{Campaign, Channel, Day, Month, Run, Touchpoint, Treatment, Week};
    let mut all = vec![Campaign, Run, Treatment, Touchpoint, Channel, dice.pick(&[Day, Week, Month])];
    dice.shuffle(&mut all);
    all.truncate(dice.below(4));
    all
}

fn name_of(dimension: Dimension) -> String {
    format!("{dimension:?}").to_uppercase()
}

struct Trial<'a> {
    oracle: &'a Oracle,
    conversions: &'a [Conversion],
    asked: &'a Asked,
    seed: u64,
}

impl Trial<'_> {
    fn told(&self) -> String {
        format!("left: server, right: recounted; seed {}, {:?}", self.seed, self.asked)
    }

    async fn compare_report(&self, client: &Client, ids: &BTreeMap<CampaignName, Value>) {
        let mut input = self.asked.input.clone();
        if let Some(campaigns) = &self.asked.question.campaigns {
            input.insert("campaigns".to_owned(), campaigns.iter().map(|campaign| ids[campaign].clone()).collect());
        }
        let query = format!(
            "query($input: AttributionInput!) {{ attribution(input: $input) {{ total {SUM} attributed {SUM} \
             unattributed {SUM} {NUMBERS} {GROUPS} {NUMBERS} }} {REST} otherPaths {SUM} }} }}"
        );
        let got = &client.data(&query, json!({ "input": input })).await["attribution"];
        let recounted = self.oracle.attribution(self.conversions, &self.asked.question);
        let told = self.told();
        assert_eq!(sum(&got["attributed"]), recounted.attributed, "{told}");
        assert_eq!(sum(&got["unattributed"]), recounted.unattributed, "{told}");
        let total = sum(&got["total"]);
        let both = recounted.attributed.conversions + recounted.unattributed.conversions;
        assert_eq!(total.conversions, both, "{told}");
        let attributed = money_sum([&recounted.attributed.revenue, &recounted.unattributed.revenue]);
        assert_eq!(total.revenue, attributed, "{told}");
        self.compare_credit(got, &recounted);
        assert_eq!(number(&got["otherPaths"]["conversions"]), 0, "{told}");
        if self.asked.question.campaigns.is_none() {
            assert_eq!(parts(&got["conversions"]), i128::from(recounted.attributed.conversions) * WHOLE, "{told}");
        }
        self.compare_recipients(got, None);
    }

    async fn compare_campaign(&self, client: &Client, campaign: &CampaignName) {
        let question = Question { campaigns: Some(BTreeSet::from([campaign.clone()])), ..self.asked.question.clone() };
        let arguments: String =
            self.asked.input.iter().map(|(name, value)| format!("{name}: {} ", literal(value))).collect();
        let query = format!(
            "query($id: String!) {{ campaign(externalId: $id) {{ attribution({arguments}) {{ recipients {NUMBERS} \
             {GROUPS} {NUMBERS} }} {REST} revenuePerRecipient {{ amount currencyCode }} }} }} }}"
        );
        let got = &client.data(&query, json!({ "id": campaign.1 })).await["campaign"]["attribution"];
        self.compare_credit(got, &self.oracle.attribution(self.conversions, &question));
        let is_known = self.asked.question.zone == ZONE || self.asked.question.days.is_none();
        let recipients = is_known.then(|| self.sent_to(campaign, &Group::new()));
        assert_eq!(
            got["recipients"].as_str().map(str::to_owned),
            recipients.map(|number| number.to_string()),
            "{}",
            self.told()
        );
        self.compare_recipients(got, Some(campaign));
    }

    fn compare_credit(&self, got: &Value, recounted: &Answer) {
        let (told, window) = (self.told(), self.asked.question.window);
        compare_numbers(got, &recounted.whole, window, &told);
        let by = &self.asked.question.group_by;
        if by.is_empty() {
            assert!(got["groups"].is_null(), "{told}");
        } else {
            let groups: BTreeMap<_, _> = list(&got["groups"]).iter().map(|row| (group(row, by), row)).collect();
            let names: Vec<_> = groups.keys().collect();
            assert_eq!(names, recounted.groups.keys().collect::<Vec<_>>(), "{told}");
            for (name, credit) in &recounted.groups {
                compare_numbers(groups[name], credit, window, &format!("{name:?} {told}"));
            }
        }
        assert!(got["otherGroups"].is_null(), "{told}");
        let paths = if self.asked.paths_of_channels { &recounted.channel_paths } else { &recounted.campaign_paths };
        let found = list(&got["paths"]).iter().map(|row| (path(row), sum(row)));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), *paths, "{told}");
        let order: Vec<i64> = list(&got["paths"]).iter().map(|row| number(&row["conversions"])).collect();
        assert!(order.is_sorted_by(|a, b| a >= b), "{told}");
    }

    /// Where the recipients of groups are told, they are those of the funnel.
    fn compare_recipients(&self, got: &Value, of: Option<&CampaignName>) {
        let by = &self.asked.question.group_by;
        for row in list(&got["groups"]) {
            let Some(recipients) = row["recipients"].as_str() else { continue };
            let name = row["campaign"]["externalId"].as_str().map(str::to_owned);
            let by_id = name.and_then(|name| self.oracle.campaigns().into_iter().find(|known| known.1 == name));
            let campaign = by_id.or_else(|| of.cloned()).expect("recipients are of one campaign");
            let of_cell = by.iter().find_map(|dimension| grouping(*dimension));
            let mut group = Group::new();
            if let Some((dimension, field)) = of_cell {
                group.insert(dimension, row[field].as_str().map(str::to_owned));
            }
            let expected = if by.iter().any(|dimension| matches!(dimension, Dimension::Week | Dimension::Month)) {
                continue;
            } else {
                if let Some(day) = row["day"].as_str() {
                    group.insert(By::Day, Some(day.to_owned()));
                }
                self.sent_to(&campaign, &group)
            };
            assert_eq!(recipients, expected.to_string(), "{row} {}", self.told());
            let revenue: BTreeMap<String, i128> = money(&row["revenue"]);
            let each = &row["revenuePerRecipient"];
            assert_eq!(each.is_null(), expected == 0, "{row} {}", self.told());
            for (currency, amount) in money(each) {
                let off = amount * i128::from(expected) - revenue[&currency];
                assert!(2 * off.abs() <= i128::from(expected), "{row} {}", self.told());
            }
        }
    }

    fn sent_to(&self, campaign: &CampaignName, group: &Group) -> i64 {
        let question = funnel::Question {
            unit: Unit::Recipient,
            basis: Basis::Event,
            zone: self.oracle.zone,
            group_by: group.keys().copied().collect(),
            implied: true,
            automation: Automation::Human,
            days: self.asked.question.days,
        };
        let rows = self.oracle.funnel(campaign, &question);
        rows.get(group).and_then(|row| row.get(&Kind::Sent)).map_or(0, |count: &Count| count.unique)
    }
}

fn grouping(dimension: Dimension) -> Option<(By, &'static str)> {
    Some(match dimension {
        Dimension::Run => (By::Run, "run"),
        Dimension::Treatment => (By::Treatment, "treatment"),
        Dimension::Touchpoint => (By::Touchpoint, "touchpoint"),
        Dimension::Channel => (By::Channel, "channel"),
        _ => return None,
    })
}

fn compare_numbers(got: &Value, credit: &Credit, window: i64, told: &str) {
    assert_eq!(parts(&got["conversions"]), credit.parts, "{told}");
    assert_eq!(number(&got["touchedConversions"]), credit.touched, "touched: {told}");
    assert_eq!(money(&got["revenue"]), credit.revenue, "{told}");
    compare_lags(&got["lag"], &credit.lags, window, told);
}

fn compare_lags(got: &Value, lags: &[(i64, i128)], window: i64, told: &str) {
    let all: i128 = lags.iter().map(|(_, parts)| parts).sum();
    assert_eq!(got.is_null(), all == 0, "{told}");
    if all == 0 {
        return;
    }
    let seconds = |name: &str| got[name].as_f64().expect("a number");
    let quantile = |tenths: i128| {
        let reached = |lag: i64| lags.iter().filter(|(other, _)| *other <= lag).map(|(_, parts)| parts).sum::<i128>();
        let enough = lags.iter().map(|(lag, _)| *lag).filter(|lag| reached(*lag) * 10 >= all * tenths);
        enough.min().expect("all of them are enough") as f64 / 1e6
    };
    let sum: f64 = lags.iter().map(|(lag, parts)| *lag as f64 / 1e6 * (*parts as f64 / all as f64)).sum();
    let is_near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
    assert!(is_near(seconds("medianSeconds"), quantile(5)), "{got} {told}");
    assert!(is_near(seconds("p90Seconds"), quantile(9)), "{got} {told}");
    assert!(is_near(seconds("meanSeconds"), sum), "{got} {sum} {told}");
    let buckets = list(&got["histogram"]);
    let mut from = 0;
    for bucket in buckets {
        assert_eq!(duration(&bucket["from"]), from, "{told}");
        let to = duration(&bucket["to"]);
        let inside = lags.iter().filter(|(lag, _)| from <= *lag && *lag < to).map(|(_, parts)| parts);
        assert_eq!(parts(&bucket["conversions"]), inside.sum::<i128>(), "{told}");
        from = to;
    }
    assert_eq!(from, window, "{told}");
}

/// The microseconds of a duration as the server writes it.
fn duration(value: &Value) -> i64 {
    let text = text(value);
    let (date, time) = text[1..].split_once('T').unwrap_or((&text[1..], ""));
    let mut sum = 0.0;
    for (part, units) in [(date, "D86400"), (time, "H3600 M60 S1")] {
        let mut rest = part;
        while let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) {
            let unit = units.split(' ').find(|unit| unit.starts_with(&rest[end..=end])).expect("a unit");
            let seconds: f64 = unit[1..].parse().expect("a number");
            sum += rest[..end].parse::<f64>().expect("a number") * seconds;
            rest = &rest[end + 1..];
        }
    }
    (sum * 1e6).round() as i64
}

fn group(row: &Value, by: &[Dimension]) -> Vec<Option<String>> {
    let value = |dimension: &Dimension| match dimension {
        Dimension::Campaign => row["campaign"]["externalId"].as_str().map(str::to_owned),
        other => row[format!("{other:?}").to_lowercase()].as_str().map(str::to_owned),
    };
    by.iter().map(value).collect()
}

fn path(row: &Value) -> Vec<Option<String>> {
    if row["campaigns"].is_null() {
        return list(&row["channels"]).iter().map(|channel| channel.as_str().map(str::to_owned)).collect();
    }
    list(&row["campaigns"]).iter().map(|campaign| campaign["externalId"].as_str().map(str::to_owned)).collect()
}

fn sum(value: &Value) -> Sum {
    Sum { conversions: number(&value["conversions"]), revenue: money(&value["revenue"]) }
}

fn money(value: &Value) -> Money {
    let rows = list(value);
    let codes: Vec<String> = rows.iter().map(|row| text(&row["currencyCode"])).collect();
    assert!(codes.is_sorted(), "{value}");
    rows.iter().zip(codes).map(|(row, code)| (code, scaled(&text(&row["amount"]), 6))).collect()
}

fn money_sum<'a>(all: impl IntoIterator<Item = &'a Money>) -> Money {
    let mut sum = Money::new();
    for (currency, amount) in all.into_iter().flatten() {
        *sum.entry(currency.clone()).or_default() += amount;
    }
    sum
}

fn parts(value: &Value) -> i128 {
    scaled(&text(value), 12)
}

/// A decimal text times ten to the power of so many places.
fn scaled(text: &str, places: usize) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= places, "{text} has more than {places} decimals");
    format!("{whole}{fraction:0<places$}").parse().expect("digits")
}

/// A value as a literal of GraphQL: names of enumerations without quotation marks.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}: {}", literal(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::String(text) if is_enumeration(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Durations begin with P and have digits; zones have small letters; currencies were given in small letters.
fn is_enumeration(text: &str) -> bool {
    text.len() > 2 && text != "UTC" && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}
