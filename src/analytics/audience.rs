//! Who is in an audience: one customer by its facts, all of them as sets.

use std::collections::BTreeMap;

use super::{customer_facts, customer_list, step_times};
use crate::Result;
use crate::domain::audience::{Leaf, Needs, Rule, days_before, sets};
use crate::domain::kind::Kind;
use crate::domain::time::Micros;
use crate::domain::workspace::Workspace;
use crate::store::Store;
use crate::store::customer_set::{self, Common, Stretch};

/// Which of several rules a customer fits, in their order: a bounded number of queries, however many rules.
pub async fn memberships(store: &Store, workspace: &Workspace, customer: i64, rules: &[&Rule]) -> Result<Vec<bool>> {
    let mut needs = Needs::default();
    rules.iter().for_each(|rule| needs.add(rule.needs()));
    let facts = customer_facts::load(store, workspace, &[customer], &needs).await?;
    let facts = facts.get(&customer).cloned().unwrap_or_default();
    let now = Micros::now();
    Ok(rules.iter().map(|rule| rule.admits(&facts, now)).collect())
}

/// Everybody who fits a rule, by ascending id: a query or a walk per question, and sets of ids between them.
pub async fn members(store: &Store, workspace: &Workspace, rule: &Rule) -> Result<Vec<i64>> {
    let now = Micros::now();
    let mut answers: BTreeMap<&Leaf, Vec<i64>> = BTreeMap::new();
    for leaf in rule.leaves() {
        answers.insert(leaf, of_leaf(store, workspace, leaf, now).await?);
    }
    let everybody = if needs_everybody(rule) {
        customer_set::ids(store, workspace.id, &Common::Nothing, Stretch::ALL).await?
    } else {
        Vec::new()
    };
    Ok(combine(rule, &answers, &everybody))
}

async fn of_leaf(store: &Store, workspace: &Workspace, leaf: &Leaf, now: Micros) -> Result<Vec<i64>> {
    if let Leaf::Reached { campaign, step, within_days } = leaf {
        let since = within_days.map(|days| days_before(now, days));
        return step_times::who_reached(store, workspace.id, (*campaign, Kind::from_code(*step)), since).await;
    }
    match customer_list::common_of(leaf) {
        Some(common) => customer_set::ids(store, workspace.id, &common, Stretch::ALL).await,
        None => Ok(Vec::new()),
    }
}

/// Whether the set of all customers is needed: those of whom something is not true.
fn needs_everybody(rule: &Rule) -> bool {
    match rule {
        Rule::And(parts) => parts.is_empty() || parts.iter().any(needs_everybody),
        Rule::Or(parts) => parts.iter().any(needs_everybody),
        Rule::Not(_) => true,
        Rule::Is(_) => false,
    }
}

fn combine(rule: &Rule, answers: &BTreeMap<&Leaf, Vec<i64>>, everybody: &[i64]) -> Vec<i64> {
    match rule {
        Rule::And(parts) => {
            let mut sets = parts.iter().map(|part| combine(part, answers, everybody));
            let first = sets.next().unwrap_or_else(|| everybody.to_vec());
            sets.fold(first, |all, next| sets::intersect(&all, &next))
        }
        Rule::Or(parts) => {
            let sets = parts.iter().map(|part| combine(part, answers, everybody));
            sets.fold(Vec::new(), |all, next| sets::unite(&all, &next))
        }
        Rule::Not(part) => sets::subtract(everybody, &combine(part, answers, everybody)),
        Rule::Is(leaf) => answers.get(leaf).cloned().unwrap_or_default(),
    }
}
