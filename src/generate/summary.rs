//! The counts as JSON, in the words of the API.

use serde_json::{Map, Value, json};

use super::campaign::Campaign;
use super::ledger::{Count, Counts};
use super::{Order, Plan};
use crate::domain::funnel::{FUNNEL_STEPS, SIDE_COUNTS};
use crate::domain::kind::KINDS;

/// All that a plan's records come to.
pub fn of(plan: &Plan) -> Value {
    let request = &plan.request;
    let kinds = KINDS.iter().zip(plan.ledger.events).filter(|(_, events)| *events > 0);
    let kinds: Map<String, Value> = kinds.map(|((_, name), events)| ((*name).to_owned(), json!(events))).collect();
    let campaigns = plan.campaigns.iter().enumerate();
    json!({
        "format": request.dialect.name(),
        "seed": request.seed,
        "order": match request.order { Order::Time => "time", Order::Shuffled => "shuffled" },
        "records": plan.lines(),
        "distinct": request.events,
        "repeats": plan.repeats,
        "events": plan.ledger.events.iter().sum::<u64>(),
        "kinds": kinds,
        "campaigns": campaigns.filter_map(|(index, campaign)| of_campaign(plan, index, campaign)).collect::<Vec<_>>(),
    })
}

/// A campaign, unless it stayed empty.
fn of_campaign(plan: &Plan, index: usize, campaign: &Campaign) -> Option<Value> {
    let cells = plan.ledger.cells.iter().filter(|(cell, counts)| cell.campaign == index && counts.events > 0);
    let mut whole = Counts::default();
    cells.clone().for_each(|(_, counts)| whole.add(counts));
    if whole.events == 0 {
        return None;
    }
    let infers = !whole.reports_deliveries;
    let runs = cells.map(|(cell, counts)| {
        let run = plan.vendor.run_id.map(|run_id| run_id(campaign, cell.run));
        with_counts(json!({"run": run}), counts, infers)
    });
    let named = json!({
        "externalId": (plan.vendor.campaign_id)(campaign),
        "source": plan.vendor.namespace.name().to_uppercase(),
        "deliveredBasis": if infers { "INFERRED" } else { "REPORTED" },
        "runs": runs.collect::<Vec<_>>(),
    });
    Some(with_counts(named, &whole, infers))
}

fn with_counts(mut object: Value, counts: &Counts, infers: bool) -> Value {
    let list = |kinds: &[crate::domain::kind::Kind]| {
        let pair = |kind: &crate::domain::kind::Kind| (kind.name().to_owned(), pair_of(counts.of(*kind, infers)));
        Value::Object(kinds.iter().map(pair).collect())
    };
    // Which campaign converts somebody takes all stories of that person to tell.
    object["steps"] = list(FUNNEL_STEPS.split_last().map_or(&[], |(_converted, steps)| steps));
    object["beside"] = list(&SIDE_COUNTS);
    object["machineOpens"] = pair_of(counts.machine_opens);
    object["machineClicks"] = pair_of(counts.machine_clicks);
    object
}

fn pair_of(count: Count) -> Value {
    json!({"total": count.total, "unique": count.unique})
}
