//! The documents that are measured: what dashboards ask, with the campaigns of the store in turn.

use std::time::Duration;

use serde_json::{Value, json};

/// How long one question may be asked again and again.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One document and what its variables are, in turn.
pub struct Question {
    /// How the table calls it.
    pub name: &'static str,
    /// The document.
    pub query: String,
    /// Sets of variables; the document is asked with one after the other.
    pub variables: Vec<Value>,
    /// How often it is asked.
    pub tries: usize,
}

impl Question {
    fn new(name: &'static str, query: impl Into<String>, variables: Vec<Value>) -> Self {
        Self { name, query: query.into(), variables, tries: 200 }
    }
}

/// Every question.
pub fn all(campaigns: &[String]) -> Vec<Question> {
    let mut questions = Vec::new();
    questions.extend(funnels(campaigns));
    questions.extend(reachability());
    questions.extend(customers(campaigns));
    questions
}

fn each_campaign(campaigns: &[String]) -> Vec<Value> {
    campaigns.iter().map(|id| json!({ "id": id })).collect()
}

fn of_campaign(selection: &str) -> String {
    format!("query($id: ID!) {{ campaign(id: $id) {{ {selection} }} }}")
}

fn funnels(campaigns: &[String]) -> Vec<Question> {
    let steps = "steps { step total unique }";
    [
        ("campaign.funnel", format!("funnel {{ {steps} }}")),
        ("campaign.funnel by day", format!("funnel(groupBy: [DAY]) {{ groups {{ day {steps} }} }}")),
        ("campaign.funnel by run", format!("funnel(groupBy: [RUN]) {{ groups {{ run {steps} }} }}")),
    ]
    .into_iter()
    .map(|(name, selection)| Question::new(name, of_campaign(&selection), each_campaign(campaigns)))
    .collect()
}

fn reachability() -> Vec<Question> {
    let query = "query($channel: String!) { reachabilityFunnel(channel: $channel) { steps { step customers } } }";
    let channels = ["email", "sms", "push"].map(|channel| json!({ "channel": channel }));
    vec![Question::new("reachabilityFunnel", query, channels.to_vec())]
}

fn customers(campaigns: &[String]) -> Vec<Question> {
    let query = "query($filter: CustomerFilter) { customers(filter: $filter, first: 50) { nodes { id } } }";
    let page = |name, filters: Vec<Value>| {
        let variables = filters.into_iter().map(|filter| json!({ "filter": filter })).collect();
        Question::new(name, query, variables)
    };
    let identifier = |value: Value| json!({ "identifier": value });
    let attribute = |value: Value| json!({ "attributes": [value] });
    let reached = |step: &str| campaigns.iter().map(|id| json!({"reached": {"campaign": id, "step": step}})).collect();
    let reachable = |is_reachable: bool| {
        let filter = |channel| json!({"reachable": {"channel": channel, "isReachable": is_reachable}});
        ["email", "sms", "push"].map(filter).to_vec()
    };
    vec![
        page("customers, no filter", vec![Value::Null]),
        page(
            "customers by identifier type",
            ["email", "vuid", "phone"].map(|t| identifier(json!({"type": t}))).to_vec(),
        ),
        page(
            "customers by identifier prefix",
            ["a", "ada.adler.1", "z", "nora.lopez.99"]
                .map(|prefix| identifier(json!({"type": "email", "startsWith": prefix})))
                .to_vec(),
        ),
        page(
            "customers by attribute, equal",
            ["DE", "FR", "none"].map(|value| attribute(json!({"name": "country", "equals": value}))).to_vec(),
        ),
        page(
            "customers by attribute, range",
            vec![json!({"attributes": [
                {"name": "score", "greaterThan": 10}, {"name": "score", "lessThan": 20},
            ]})],
        ),
        page("customers by attribute, prefix", vec![attribute(json!({"name": "city", "startsWith": "city-1"}))]),
        page("customers by opened campaign", reached("OPENED")),
        page("customers by clicked campaign", reached("CLICKED")),
        page("customers by delivered campaign", reached("DELIVERED")),
        page("customers who can be reached", reachable(true)),
        page("customers who cannot be reached", reachable(false)),
        page(
            "customers by everything",
            campaigns
                .iter()
                .map(|id| {
                    json!({
                        "reached": {"campaign": id, "step": "OPENED"}, "reachable": {"channel": "email"},
                        "identifier": {"type": "email", "startsWith": "a"},
                        "attributes": [{"name": "country", "equals": "DE"}],
                    })
                })
                .collect(),
        ),
    ]
}
