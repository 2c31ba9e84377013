//! Lists of customers by a rule, in order of their ids. A page is walked along one question that everybody in the list
//! fits, the narrowest that can be told without counting; each customer on the way is held against the whole rule.

use super::{audience, customer_facts};
use crate::Result;
use crate::domain::audience::{Leaf, Rule};
use crate::domain::profile::Comparison;
use crate::domain::time::Micros;
use crate::domain::workspace::Workspace;
use crate::store::customer_set::{self, Common, Stretch};
use crate::store::page::{Page, PageEnd, Slice};
use crate::store::{Store, customer};

/// Customers of the first look; each further one takes twice as many.
const FIRST_LOOK: u64 = 128;
const LARGEST_LOOK: u64 = 4_096;

/// A page of the customers who fit a rule, by their ids.
pub async fn page(store: &Store, workspace: &Workspace, rule: &Rule, page: &Page<i64>) -> Result<Slice<i64>> {
    let (common, now, needs) = (walked_along(rule), Micros::now(), rule.needs());
    let wanted = usize::try_from(page.limit + 1).unwrap_or(usize::MAX);
    let mut stretch = Stretch { after: page.after, before: page.before, from: page.from, limit: Some(FIRST_LOOK) };
    let mut found = Vec::new();
    loop {
        let candidates = customer_set::ids(store, workspace.id, &common, stretch).await?;
        let facts = customer_facts::load(store, workspace, &candidates, &needs).await?;
        let fits = |id: &i64| facts.get(id).is_some_and(|facts| rule.admits(facts, now));
        found.extend(candidates.iter().copied().filter(fits));
        let is_last = (candidates.len() as u64) < stretch.limit.unwrap_or(u64::MAX);
        if found.len() >= wanted || is_last {
            break;
        }
        let last = candidates.last().copied();
        match stretch.from {
            PageEnd::Start => stretch.after = last,
            PageEnd::End => stretch.before = last,
        }
        stretch.limit = stretch.limit.map(|limit| (limit * 2).min(LARGEST_LOOK));
    }
    found.truncate(wanted);
    Ok(Slice::of_walk(found, page))
}

/// Number of customers who fit a rule.
pub async fn count(store: &Store, workspace: &Workspace, rule: &Rule) -> Result<i64> {
    if *rule == Rule::And(Vec::new()) {
        return customer::count(store, workspace.id).await;
    }
    let members = audience::members(store, workspace, rule).await?;
    Ok(i64::try_from(members.len()).unwrap_or(i64::MAX))
}

/// The set that a list is walked along.
fn walked_along(rule: &Rule) -> Common {
    let walkable = rule.necessary().into_iter().filter_map(|leaf| Some((rank(leaf)?, common_of(leaf)?)));
    walkable.min_by_key(|(rank, _)| *rank).map_or(Common::Nothing, |(_, common)| common)
}

/// How narrow a question is likely to be, the narrowest first; none where no index is in its order or narrow enough.
fn rank(leaf: &Leaf) -> Option<u8> {
    match leaf {
        Leaf::Identifier { prefix: Some(_), .. } => Some(0),
        Leaf::Reachable { is_reachable: false, .. } => Some(1),
        Leaf::Attribute { comparison: Comparison::Equals(_), .. } => Some(2),
        Leaf::Reached { .. } => Some(3),
        Leaf::Attribute { .. } => Some(4),
        // Most customers fit these, so that the walk by id finds them as soon.
        Leaf::Identifier { .. } | Leaf::Reachable { .. } | Leaf::Eligible { .. } => None,
    }
}

/// A set that everybody whom a question admits is in.
fn common_of(leaf: &Leaf) -> Option<Common> {
    match leaf.clone() {
        Leaf::Identifier { name, prefix } => Some(Common::Identifier { name, prefix }),
        Leaf::Attribute { name, comparison } => Some(Common::Attribute { name, comparison }),
        Leaf::Reached { campaign, .. } => Some(Common::Campaign(campaign)),
        Leaf::Reachable { is_reachable: false, .. } => Some(Common::Suppressed),
        Leaf::Reachable { .. } | Leaf::Eligible { .. } => None,
    }
}
