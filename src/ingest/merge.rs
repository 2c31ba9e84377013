//! Customers that an administrator says are one. A merge by hand goes the way of every event: the queue, a group of its own
//! under the exclusive identity lock, and the steps that fold, count and write what merged.

use std::collections::HashMap;

use super::group::Work;
use super::identify::{CustomerRow, load_customers};
use super::prepare::{PreparedBatch, PreparedIdentifier, prepare_identifier};
use crate::Result;
use crate::domain::audit::AuditEntry;
use crate::domain::identifier::Identifier;
use crate::domain::identity::Resolver;
use crate::domain::workspace::WorkspaceId;

/// A customer as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedCustomer {
    /// By its number, or that of one which became part of it.
    Number(i64),
    /// By an identifier that names it when the merge is made.
    Identifier(Identifier),
}

/// Two customers that are one, and who says so.
#[derive(Clone, Debug, PartialEq)]
pub struct MergeRequest {
    /// The two, in any order.
    pub pair: [NamedCustomer; 2],
    /// Number of the key by which it is asked for.
    pub api_key: i64,
    /// Why.
    pub reason: Option<String>,
    /// What the audit log is to say, in the same transaction, if they merge.
    pub entry: AuditEntry,
}

/// What became of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// They are one now.
    Merged {
        /// The older, which stands for both.
        customer: i64,
        /// The one that became part of it.
        merged: i64,
    },
    /// Nothing was changed: this customer stands for both already.
    AlreadyOne(i64),
    /// Nothing was changed: the workspace has no such customer. Its place in the request's pair.
    Unknown(usize),
}

/// A merge ready to be committed.
#[derive(Debug)]
pub(super) struct PreparedMerge {
    pair: [PreparedName; 2],
    pub(super) api_key: i64,
    pub(super) reason: Option<String>,
}

#[derive(Debug)]
enum PreparedName {
    Number(i64),
    Identifier(Box<PreparedIdentifier>),
}

/// A merge of the group, and its workspace.
#[derive(Clone, Copy, Debug)]
pub(super) struct FreshMerge<'a> {
    pub(super) merge: &'a PreparedMerge,
    pub(super) workspace: i32,
}

impl<'a> FreshMerge<'a> {
    /// The identifiers that it names customers by.
    pub(super) fn identifiers(&self) -> impl Iterator<Item = &'a PreparedIdentifier> {
        self.merge.pair.iter().filter_map(|name| match name {
            PreparedName::Identifier(identifier) => Some(&**identifier),
            PreparedName::Number(_) => None,
        })
    }
}

/// A batch of one merge.
pub(super) fn prepare_merge(workspace: WorkspaceId, request: MergeRequest) -> PreparedBatch {
    let pair = request.pair.map(|named| match named {
        NamedCustomer::Number(id) => PreparedName::Number(id),
        NamedCustomer::Identifier(identifier) => {
            PreparedName::Identifier(Box::new(prepare_identifier(workspace.0, &identifier, None)))
        }
    });
    let merge = PreparedMerge { pair, api_key: request.api_key, reason: request.reason };
    let audit = Some(Box::new(request.entry));
    PreparedBatch { merges: vec![merge], audit, ..PreparedBatch::new(workspace, "", None) }
}

/// Adds the customers that merges name by their numbers, and those that they became part of.
pub(super) async fn load_merged(
    work: &mut Work<'_>,
    merges: &[FreshMerge<'_>],
    customers: &mut HashMap<i64, CustomerRow>,
) -> Result<()> {
    let named = merges.iter().flat_map(|fresh| &fresh.merge.pair).filter_map(|name| match name {
        PreparedName::Number(id) => Some(*id),
        PreparedName::Identifier(_) => None,
    });
    let found = load_customers(work, named).await?;
    let surviving: Vec<i64> = found.values().filter_map(|row| row.merged_into).collect();
    customers.extend(load_customers(work, surviving.into_iter()).await?);
    customers.extend(found);
    Ok(())
}

/// Merges in order, behind the arrivals before `first_number`.
pub(super) fn merge_all(
    resolver: &mut Resolver,
    merges: &[FreshMerge<'_>],
    first_number: usize,
    customers: &HashMap<i64, CustomerRow>,
) -> Vec<MergeOutcome> {
    let mut outcomes = Vec::with_capacity(merges.len());
    for (number, fresh) in (first_number..).zip(merges) {
        let [one, other] = fresh.merge.pair.each_ref().map(|name| stands_for(resolver, name, fresh, customers));
        outcomes.push(match (one, other) {
            (None, _) => MergeOutcome::Unknown(0),
            (_, None) => MergeOutcome::Unknown(1),
            (Some(one), Some(other)) => {
                let made = resolver.merge_by_hand(number, one, other);
                let already = || MergeOutcome::AlreadyOne(resolver.find(one));
                made.map_or_else(already, |pair| MergeOutcome::Merged { customer: pair.0, merged: pair.1 })
            }
        });
    }
    outcomes
}

/// The customer that a name means, known to the resolver.
fn stands_for(
    resolver: &mut Resolver,
    name: &PreparedName,
    fresh: &FreshMerge<'_>,
    customers: &HashMap<i64, CustomerRow>,
) -> Option<i64> {
    let number = match name {
        PreparedName::Number(id) => customers.get(id)?.merged_into.unwrap_or(*id),
        PreparedName::Identifier(identifier) => resolver.owner(&identifier.named.id)?,
    };
    let row = customers.get(&number).filter(|row| row.workspace == fresh.workspace)?;
    resolver.know_customer(number, row.is_identified);
    Some(number)
}
