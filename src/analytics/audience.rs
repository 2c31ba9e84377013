//! Who is in an audience: one customer by its facts, all of them as sets.

use std::collections::{BTreeMap, HashMap};

use super::{customer_facts, step_times};
use crate::Result;
use crate::domain::audience::{CustomerFacts, Leaf, Needs, Rule, days_before, sets};
use crate::domain::kind::Kind;
use crate::domain::time::Micros;
use crate::domain::workspace::Workspace;
use crate::store::Store;
use crate::store::audience::Audience;
use crate::store::customer_set::{self, Common, Stretch};

/// Which of several audiences customers are in, in the audiences' order: at most one query for each kind of fact that the
/// rules need, however many customers and audiences.
pub async fn of_customers(
    store: &Store,
    workspace: &Workspace,
    customers: &[i64],
    audiences: &[Audience],
) -> Result<HashMap<i64, Vec<Audience>>> {
    let mut needs = Needs::default();
    for audience in audiences {
        needs.add(audience.rule.needs());
    }
    let (facts, now) = (customer_facts::load(store, workspace, customers, &needs).await?, Micros::now());
    let fitting = |facts: &CustomerFacts| {
        let fits = audiences.iter().filter(|audience| audience.rule.admits(facts, now));
        fits.cloned().collect()
    };
    Ok(facts.iter().map(|(id, facts)| (*id, fitting(facts))).collect())
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
    let common = match leaf.clone() {
        Leaf::Reached { campaign, step, within_days } => {
            let since = within_days.map(|days| days_before(now, days));
            return step_times::who_reached(store, workspace.id, (campaign, Kind::from_code(step)), since).await;
        }
        Leaf::Identifier { name, prefix } => Common::Identifier { name, prefix },
        Leaf::Attribute { name, comparison } => Common::Attribute { name, comparison },
        Leaf::Reachable { is_reachable: false, .. } => Common::Suppressed,
        Leaf::Reachable { .. } | Leaf::Eligible { .. } => Common::Nothing,
    };
    if matches!(leaf, Leaf::Reachable { .. } | Leaf::Eligible { .. }) {
        return admitted(store, workspace, leaf, &common).await;
    }
    customer_set::ids(store, workspace.id, &common, Stretch::ALL).await
}

/// Those of a set whom a question admits by their facts, read for many at a time.
async fn admitted(store: &Store, workspace: &Workspace, leaf: &Leaf, common: &Common) -> Result<Vec<i64>> {
    let (rule, now) = (Rule::Is(leaf.clone()), Micros::now());
    let (needs, mut found) = (rule.needs(), Vec::new());
    let mut stretch = Stretch { limit: Some(CHUNK), ..Stretch::ALL };
    loop {
        let candidates = customer_set::ids(store, workspace.id, common, stretch).await?;
        let Some(last) = candidates.last() else { return Ok(found) };
        stretch.after = Some(*last);
        let facts = customer_facts::load(store, workspace, &candidates, &needs).await?;
        found.extend(candidates.into_iter().filter(|id| facts.get(id).is_some_and(|facts| rule.admits(facts, now))));
    }
}

/// Customers whose facts are read at a time.
const CHUNK: u64 = 5_000;

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
