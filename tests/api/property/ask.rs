//! Asks the server everything over GraphQL and compares it with the recount.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use campaignql::domain::event::Namespace;
use campaignql::domain::funnel::{FUNNEL_STEPS, SIDE_COUNTS};
use campaignql::domain::identifier::Identifier;
use campaignql::domain::kind::Kind;
use campaignql::domain::time::Micros;
use chrono::DateTime;
use serde_json::{Value, json};

use super::ask_addresses;
use super::dice::Dice;
use super::questions::{any_question, kept_question};
use super::verdicts;
use crate::kit::Client;
use crate::oracle::catalogue::Seen;
use crate::oracle::funnel::{Basis, By, Count, Group, Question, Rows, Unit};
use crate::oracle::steps::Automation;
use crate::oracle::times::Times;
use crate::oracle::{CampaignName, Oracle};

/// Questions about a campaign in one trial, by chance: the next trial asks others.
const ASKED: usize = 20;
/// Questions in one operation.
const AT_ONCE: usize = 20;

/// What is asked of the whole and of every group.
const COUNTS: &str = "deliveredBasis steps { step total unique timeFromPrevious { units median p90 } } beside { kind total unique } \
    machineOpens { kind total unique } machineClicks { kind total unique }";

/// What is asked of the whole alone.
const REASONS: &str = "heldOutReasons(first: 1000) { reasons { kind reason total unique } } \
    skipReasons(first: 1000) { reasons { kind reason total unique } } \
    failReasons(first: 1000) { reasons { kind reason total unique } } \
    bounceReasons(first: 1000) { reasons { kind reason total unique } }";

/// Asks everything, of the servers in turn, and compares.
pub async fn compare(clients: &[Client], oracle: &Oracle, seed: u64) {
    let client = &clients[seed as usize % clients.len()];
    compare_people(client, oracle, seed).await;
    compare_event_types(client, oracle, seed).await;
    verdicts::compare(client, oracle, seed).await;
    ask_addresses::compare(client, oracle, seed).await;
    for campaign in oracle.campaigns() {
        compare_funnels(clients, oracle, &campaign, seed).await;
    }
}

/// Every customer is named by exactly the identifiers of a person, has its events, and answers to the id of everybody
/// who became part of it.
async fn compare_people(client: &Client, oracle: &Oracle, seed: u64) {
    let query = "query($input: IdentifierInput!) { customer(identifier: $input) { \
        id mergedFrom identifiers { type value } events { totalCount } firstSeenAt lastSeenAt } }";
    let mut ids = BTreeSet::new();
    for (index, person) in oracle.people.iter().enumerate() {
        let times = oracle.events.iter().filter(|happened| happened.person == index).map(|happened| happened.at);
        let expected = (times.clone().count() as i64, times.clone().min(), times.max());
        for identifier in person {
            let context = format!("left: server, right: recounted; seed {seed}, {identifier:?}");
            let customer = &client.data(query, json!({ "input": input(identifier) })).await["customer"];
            let named = list(&customer["identifiers"]).iter().map(identifier_of).collect::<BTreeSet<_>>();
            assert_eq!(named, *person, "{context}");
            let [first, last] =
                ["firstSeenAt", "lastSeenAt"].map(|field| Some(&customer[field]).filter(|at| !at.is_null()).map(time));
            assert_eq!((number(&customer["events"]["totalCount"]), first, last), expected, "{context}");
            for merged in list(&customer["mergedFrom"]) {
                let data = client.data("query($id: ID!) { customer(id: $id) { id } }", json!({ "id": merged })).await;
                assert_eq!(data["customer"]["id"], customer["id"], "{context}");
            }
            ids.insert(text(&customer["id"]));
        }
    }
    assert_eq!(ids.len(), oracle.people.len(), "customers; seed {seed}");
}

async fn compare_event_types(client: &Client, oracle: &Oracle, seed: u64) {
    let query = "{ eventTypes { type action kind count firstAt lastAt } }";
    let data = client.data(query, json!({})).await;
    let read = |row: &Value| {
        let name = (text(&row["type"]), row["action"].as_str().map(str::to_owned), kind(&row["kind"]));
        (name, Seen { count: number(&row["count"]), first: time(&row["firstAt"]), last: time(&row["lastAt"]) })
    };
    let got: BTreeMap<_, _> = list(&data["eventTypes"]).iter().map(read).collect();
    assert_eq!(got, oracle.event_types(), "left: server, right: recounted; seed {seed}");
}

/// Asks about a campaign's funnel in many ways.
pub async fn compare_funnels(clients: &[Client], oracle: &Oracle, campaign: &CampaignName, seed: u64) {
    let dice = Dice::new(seed);
    let ask = |number: usize| if number.is_multiple_of(3) { kept_question(&dice) } else { any_question(&dice) };
    let asked: Vec<Question> = (0..ASKED).map(ask).collect();
    for (questions, client) in asked.chunks(AT_ONCE).zip(clients.iter().cycle()) {
        let fields: String = questions.iter().enumerate().map(|(index, question)| field(index, question)).collect();
        let query = format!(
            "query($id: String!, $source: CampaignSource!) {{ campaign(externalId: $id, source: $source) {{ {fields} }} }}"
        );
        let variables = json!({ "id": campaign.1, "source": source(campaign.0) });
        let data = client.data(&query, variables).await;
        for (index, question) in questions.iter().enumerate() {
            let asked = Asked { oracle, campaign, question, seed };
            asked.compare(&data["campaign"][format!("q{index}")]);
        }
    }
}

/// A question that was asked about a campaign.
struct Asked<'a> {
    oracle: &'a Oracle,
    campaign: &'a CampaignName,
    question: &'a Question,
    seed: u64,
}

impl Asked<'_> {
    fn compare(&self, got: &Value) {
        let inferred = self.oracle.infers_deliveries(self.campaign, self.question);
        assert_eq!(got["deliveredBasis"], if inferred { "INFERRED" } else { "REPORTED" }, "{self}");
        assert_eq!(got["remainder"], Value::Null, "{self}");

        let whole = Question { group_by: Vec::new(), ..self.question.clone() };
        assert_eq!(rows([(Group::new(), counts(got))]), self.recounted(&whole), "{self}");
        assert_eq!(rows([(Group::new(), machine_counts(got))]), self.machines(&whole), "beside: {self}");
        assert_eq!(filled([(Group::new(), times(got))]), self.oracle.times(self.campaign, &whole), "times: {self}");
        self.compare_reasons(got);

        if !self.question.group_by.is_empty() {
            let group = |row: &Value| group(row, &self.question.group_by);
            let groups = list(&got["groups"]).iter();
            assert_eq!(
                rows(groups.clone().map(|row| (group(row), counts(row)))),
                self.recounted(self.question),
                "{self}"
            );
            let machines = groups.clone().map(|row| (group(row), machine_counts(row)));
            assert_eq!(rows(machines), self.machines(self.question), "beside: {self}");
            let times = groups.clone().map(|row| (group(row), times(row)));
            assert_eq!(filled(times), self.oracle.times(self.campaign, self.question), "times: {self}");
            let order: Vec<Vec<&Value>> = groups.map(|row| self.order(row)).collect();
            let is_sorted = order.is_sorted_by(|a, b| a.iter().map(|v| v.as_str()).le(b.iter().map(|v| v.as_str())));
            assert!(is_sorted, "{order:?}; {self}");
        }
    }

    /// The values of a row in the order in which they were asked for.
    fn order<'r>(&self, row: &'r Value) -> Vec<&'r Value> {
        self.question.group_by.iter().map(|by| &row[name(*by)]).collect()
    }

    /// The side counts by reason, whatever else the question groups by.
    fn compare_reasons(&self, got: &Value) {
        let by_reason = Question { group_by: vec![By::Reason], ..self.question.clone() };
        let recounted = self.oracle.funnel(self.campaign, &by_reason);
        for (field, kinds) in [
            ("heldOutReasons", &[Kind::HeldOut][..]),
            ("skipReasons", &[Kind::Skipped]),
            ("failReasons", &[Kind::Failed]),
            ("bounceReasons", &[Kind::SoftBounced, Kind::HardBounced]),
        ] {
            let read = |row: &Value| {
                let reason = row["reason"].as_str().map(str::to_owned);
                ((kind(&row["kind"]), reason), count(row))
            };
            let of_kinds = |(group, row): (&Group, &BTreeMap<Kind, Count>)| {
                let reason = group[&By::Reason].clone();
                let counted = row.iter().filter(|(kind, count)| kinds.contains(kind) && count.total > 0);
                counted.map(move |(kind, count)| ((*kind, reason.clone()), *count)).collect::<Vec<_>>()
            };
            let expected: BTreeMap<_, _> = recounted.iter().flat_map(of_kinds).collect();
            let listed = &got[field]["reasons"];
            assert_eq!(list(listed).iter().map(read).collect::<BTreeMap<_, _>>(), expected, "{field}: {self}");
            assert!(
                list(listed).iter().map(|row| number(&row["total"])).is_sorted_by(|a, b| a >= b),
                "{field}: {self}"
            );
        }
    }

    /// The kinds that a funnel shows.
    fn recounted(&self, question: &Question) -> Rows {
        let is_shown = |kind: &Kind| FUNNEL_STEPS.contains(kind) || SIDE_COUNTS.contains(kind);
        only(self.oracle.funnel(self.campaign, question), is_shown)
    }

    /// The opens and clicks of machines.
    fn machines(&self, question: &Question) -> Rows {
        let question = Question { automation: Automation::Machine, ..question.clone() };
        let is_act = |kind: &Kind| matches!(kind, Kind::Opened | Kind::Clicked);
        only(self.oracle.funnel(self.campaign, &question), is_act)
    }
}

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { campaign, question, seed, .. } = self;
        write!(f, "left: server, right: recounted; seed {seed}, {campaign:?}, {question:?}")
    }
}

/// The field that asks a question.
fn field(index: usize, question: &Question) -> String {
    let unit = match question.unit {
        Unit::RecipientPerRun => "RECIPIENT_PER_RUN",
        Unit::Recipient => "RECIPIENT",
        Unit::Message => "MESSAGE",
    };
    let automation = match question.automation {
        Automation::Human => "HUMAN",
        Automation::Machine => "MACHINE",
        Automation::All => "ALL",
    };
    let basis = match question.basis {
        Basis::Event => "EVENT",
        Basis::Cohort => "COHORT",
    };
    let dimensions: Vec<String> = question.group_by.iter().map(|by| name(*by).to_uppercase()).collect();
    let zone = question.zone.name();
    let range = match question.days {
        Some((from, to)) => format!("{{ from: \"{from}\", to: \"{to}\", timeZone: \"{zone}\" }}"),
        None => format!("{{ timeZone: \"{zone}\" }}"),
    };
    format!(
        "q{index}: funnel(range: {range}, by: {basis}, unit: {unit}, automation: {automation}, impliedSteps: {}, \
         groupBy: [{}], groupLimit: 5000) {{ {COUNTS} {REASONS} remainder {{ groups }} \
         groups {{ run treatment touchpoint channel day week month list reason url isErased {COUNTS} }} }} ",
        question.implied,
        dimensions.join(", "),
    )
}

/// The field that shows what a row is grouped by.
fn name(by: By) -> &'static str {
    match by {
        By::Run => "run",
        By::Treatment => "treatment",
        By::Touchpoint => "touchpoint",
        By::Channel => "channel",
        By::Day => "day",
        By::Week => "week",
        By::Month => "month",
        By::List => "list",
        By::Reason => "reason",
        By::Url => "url",
    }
}

/// Leaves out rows in which nothing is counted.
fn rows(rows: impl IntoIterator<Item = (Group, BTreeMap<Kind, Count>)>) -> Rows {
    rows.into_iter().filter(|(_, row)| !row.is_empty()).collect()
}

fn only(recounted: Rows, wanted: impl Fn(&Kind) -> bool) -> Rows {
    let kept = |row: BTreeMap<Kind, Count>| row.into_iter().filter(|(kind, _)| wanted(kind)).collect();
    rows(recounted.into_iter().map(|(group, row)| (group, kept(row))))
}

/// What a row of steps and side counts holds; zeros are left out.
pub fn counts(row: &Value) -> BTreeMap<Kind, Count> {
    let steps = list(&row["steps"]).iter().map(|step| (kind(&step["step"]), count(step)));
    let beside = list(&row["beside"]).iter().map(|side| (kind(&side["kind"]), count(side)));
    steps.chain(beside).filter(|(_, count)| *count != Count::default()).collect()
}

fn machine_counts(row: &Value) -> BTreeMap<Kind, Count> {
    let acts = [&row["machineOpens"], &row["machineClicks"]].map(|act| (kind(&act["kind"]), count(act)));
    acts.into_iter().filter(|(_, count)| *count != Count::default()).collect()
}

/// What a row is grouped by. What it is not grouped by must not show.
fn group(row: &Value, group_by: &[By]) -> Group {
    assert_eq!(row["isErased"], false, "{row}");
    for by in ALL.into_iter().filter(|by| !group_by.contains(by)) {
        assert_eq!(row[name(by)], Value::Null, "{row}");
    }
    group_by.iter().map(|by| (*by, row[name(*by)].as_str().map(str::to_owned))).collect()
}

const ALL: [By; 10] =
    [By::Run, By::Treatment, By::Touchpoint, By::Channel, By::Day, By::Week, By::Month, By::List, By::Reason, By::Url];

fn times(row: &Value) -> BTreeMap<Kind, Times> {
    let read = |step: &Value| {
        let taken = step["timeFromPrevious"].as_object()?;
        let seconds = |field: &str| taken[field].as_f64().expect("a number");
        let (units, median, p90) = (number(&taken["units"]), seconds("median"), seconds("p90"));
        Some((kind(&step["step"]), Times { units, median, p90 }))
    };
    list(&row["steps"]).iter().filter_map(read).collect()
}

fn filled(groups: impl IntoIterator<Item = (Group, BTreeMap<Kind, Times>)>) -> BTreeMap<Group, BTreeMap<Kind, Times>> {
    groups.into_iter().filter(|(_, times)| !times.is_empty()).collect()
}

fn count(row: &Value) -> Count {
    Count { total: number(&row["total"]), unique: number(&row["unique"]) }
}

/// The source of a campaign in GraphQL.
pub fn source(namespace: Namespace) -> String {
    namespace.name().to_uppercase()
}

/// An identifier as an argument.
pub fn input(identifier: &Identifier) -> Value {
    json!({ "type": identifier.name, "value": identifier.value })
}

/// An identifier of an answer.
pub fn identifier_of(row: &Value) -> Identifier {
    Identifier { name: text(&row["type"]), value: text(&row["value"]) }
}

fn kind(name: &Value) -> Kind {
    name.as_str().and_then(Kind::from_name).expect("the name of a kind")
}

/// A count: a string, as it may pass 2^31.
pub fn number(value: &Value) -> i64 {
    value.as_str().and_then(|text| text.parse().ok()).expect("a number in a string")
}

fn time(value: &Value) -> Micros {
    let at = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()).expect("a time");
    Micros::from(at.to_utc())
}

/// A text.
pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The rows of a list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
