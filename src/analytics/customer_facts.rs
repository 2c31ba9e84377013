//! What rules need to know of customers, read for many of them at once: one indexed query per kind of fact.

use std::collections::{BTreeMap, HashMap};

use super::step_times;
use crate::Result;
use crate::domain::audience::{CustomerFacts, Needs, Reach};
use crate::domain::reach::Outcome;
use crate::domain::workspace::Workspace;
use crate::store::reachability::Outcomes;
use crate::store::{Store, customer, profile, reachability};

/// The facts of several customers; each has an entry.
pub async fn load(
    store: &Store,
    workspace: &Workspace,
    customers: &[i64],
    needs: &Needs,
) -> Result<HashMap<i64, CustomerFacts>> {
    let mut facts: HashMap<i64, CustomerFacts> = customers.iter().map(|id| (*id, CustomerFacts::default())).collect();
    if !needs.identifiers.is_empty() {
        let names: Vec<String> = needs.identifiers.iter().cloned().collect();
        for (id, name, value) in customer::values_of(store, workspace.id, customers, &names).await? {
            facts.entry(id).or_default().identifiers.entry(name).or_default().push(value);
        }
    }
    if !needs.attributes.is_empty() {
        let names: Vec<String> = needs.attributes.iter().cloned().collect();
        for (id, profile) in profile::of_customers(store, workspace.id, customers, Some(&names)).await? {
            let values = profile.into_iter().map(|(name, attribute)| (name, attribute.value));
            facts.entry(id).or_default().attributes = values.collect();
        }
    }
    if !needs.campaigns.is_empty() {
        let campaigns: Vec<i64> = needs.campaigns.iter().copied().collect();
        for (id, reached) in step_times::of_customers(store, workspace.id, &campaigns, customers).await? {
            facts.entry(id).or_default().reached = reached;
        }
    }
    if needs.reach {
        for (id, outcomes) in reachability::of_customers(store, customers).await? {
            facts.entry(id).or_default().reach = reach(workspace, outcomes);
        }
    }
    Ok(facts)
}

fn reach(workspace: &Workspace, outcomes: Outcomes) -> BTreeMap<(String, i64), Reach> {
    let read = |((channel, list), code): ((String, i64), i32)| {
        let (outcome, by_default) = (Outcome::from_code(code), workspace.settings.consents_by_default(&channel));
        let is_eligible = outcome.is_eligible(list != 0, by_default);
        ((channel, list), Reach { is_reachable: outcome.is_reachable(), is_eligible })
    };
    outcomes.into_iter().map(read).collect()
}
