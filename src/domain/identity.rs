//! Who an event belongs to: merges and moves of customers as identifiers are named together.
//!
//! (a) High-confidence identifiers of different customers merge them: the older survives. (b) An anonymous customer
//! named beside an identified one is merged into it; several anonymous ones named together merge. (c) A low-confidence
//! identifier of an identified customer, named beside a high one of another, moves to that other. (d) Low ones of
//! several identified customers: the event goes to the owner of the first by type name; nothing moves.

use std::collections::HashMap;

/// 128-bit id of an identifier.
pub type IdentifierId = [u8; 16];

/// An identifier as an event names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedIdentifier {
    /// Its id.
    pub id: IdentifierId,
    /// Whether its type merges customers.
    pub is_high: bool,
}

/// Why two customers became one, or an identifier changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeCause {
    /// High-confidence identifiers of both were named together.
    SharedIdentifier,
    /// One was anonymous and named beside the other.
    AnonymousNamed,
    /// A low-confidence identifier was named beside a high one of another customer.
    IdentifierMoved,
}

impl ChangeCause {
    /// The name in the database and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::SharedIdentifier => "SHARED_IDENTIFIER",
            Self::AnonymousNamed => "ANONYMOUS_NAMED",
            Self::IdentifierMoved => "IDENTIFIER_MOVED",
        }
    }
}

/// A merge or a move, with the identifier that caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityChange {
    /// The customer that gained.
    pub customer: i64,
    /// The customer that was merged, or that lost the identifier.
    pub other: i64,
    /// Why.
    pub cause: ChangeCause,
    /// The identifier of `other` that was named.
    pub identifier: IdentifierId,
}

/// The customers and links that a group of events touches, as they were and as the events change them.
#[derive(Debug, Default)]
pub struct Resolver {
    owners: HashMap<IdentifierId, Owner>,
    customers: HashMap<i64, CustomerFacts>,
    changes: Vec<IdentityChange>,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    customer: i64,
    stored: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct CustomerFacts {
    is_identified: bool,
    was_identified: bool,
    is_new: bool,
    merged_into: Option<i64>,
}

/// What the database must learn.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct IdentityOutcome {
    /// New customers that stand for themselves: (id, is identified).
    pub created: Vec<(i64, bool)>,
    /// Stored anonymous customers that became identified and stand for themselves.
    pub identified: Vec<i64>,
    /// Stored customers that were merged: (merged, survivor). The survivor stands for itself.
    pub merged: Vec<(i64, i64)>,
    /// Identifiers with a new or another owner: (id, owner, is new).
    pub linked: Vec<(IdentifierId, i64, bool)>,
    /// Merges and moves with their causes, in order.
    pub changes: Vec<IdentityChange>,
}

impl Resolver {
    /// Makes a stored link known. The owner must stand for itself.
    pub fn know(&mut self, id: IdentifierId, customer: i64, is_identified: bool) {
        self.owners.insert(id, Owner { customer, stored: Some(customer) });
        let facts = CustomerFacts { is_identified, was_identified: is_identified, is_new: false, merged_into: None };
        self.customers.entry(customer).or_insert(facts);
    }

    /// The customer of an event that names these identifiers, in order of type name. `new_id` makes ids of customers,
    /// each larger than all before.
    pub fn resolve(&mut self, named: &[NamedIdentifier], new_id: &mut dyn FnMut() -> i64) -> i64 {
        let has_high = named.iter().any(|identifier| identifier.is_high);
        let target = if has_high { self.resolve_high(named, new_id) } else { self.resolve_low(named, new_id) };
        for identifier in named {
            self.owners.entry(identifier.id).or_insert(Owner { customer: target, stored: None });
        }
        target
    }

    /// The customer that stands for the given one now.
    pub fn find(&self, customer: i64) -> i64 {
        let mut current = customer;
        while let Some(next) = self.customers.get(&current).and_then(|facts| facts.merged_into) {
            current = next;
        }
        current
    }

    /// The customer that an identifier names now, if it is known here.
    pub fn owner(&self, id: &IdentifierId) -> Option<i64> {
        self.owners.get(id).map(|owner| self.find(owner.customer))
    }

    fn is_identified(&self, customer: i64) -> bool {
        self.customers.get(&customer).is_some_and(|facts| facts.is_identified)
    }

    fn resolve_high(&mut self, named: &[NamedIdentifier], new_id: &mut dyn FnMut() -> i64) -> i64 {
        let owners: Vec<(IdentifierId, i64)> =
            named.iter().filter_map(|identifier| Some((identifier.id, self.owner(&identifier.id)?))).collect();
        let highs = named.iter().filter(|identifier| identifier.is_high);
        let oldest_high = highs.filter_map(|identifier| self.owner(&identifier.id)).min();
        let anonymous = owners.iter().map(|(_, owner)| *owner).filter(|owner| !self.is_identified(*owner));
        let target = oldest_high.or(anonymous.min()).unwrap_or_else(|| self.create(new_id));
        for identifier in named {
            let Some(owner) = self.owner(&identifier.id) else { continue };
            if identifier.is_high {
                self.merge(target, owner, ChangeCause::SharedIdentifier, identifier.id);
            } else if !self.is_identified(owner) {
                self.merge(target, owner, ChangeCause::AnonymousNamed, identifier.id);
            }
        }
        if let Some(facts) = self.customers.get_mut(&target) {
            facts.is_identified = true;
        }
        self.take_moved(named, target);
        target
    }

    fn take_moved(&mut self, named: &[NamedIdentifier], target: i64) {
        for identifier in named.iter().filter(|identifier| !identifier.is_high) {
            let Some(other) = self.owner(&identifier.id).filter(|owner| *owner != target) else { continue };
            if let Some(owner) = self.owners.get_mut(&identifier.id) {
                owner.customer = target;
            }
            let cause = ChangeCause::IdentifierMoved;
            self.changes.push(IdentityChange { customer: target, other, cause, identifier: identifier.id });
        }
    }

    fn resolve_low(&mut self, named: &[NamedIdentifier], new_id: &mut dyn FnMut() -> i64) -> i64 {
        let owners: Vec<(IdentifierId, i64)> =
            named.iter().filter_map(|identifier| Some((identifier.id, self.owner(&identifier.id)?))).collect();
        let mut identified: Vec<i64> = owners.iter().map(|o| o.1).filter(|o| self.is_identified(*o)).collect();
        let first_identified = identified.first().copied();
        identified.sort_unstable();
        identified.dedup();
        if identified.len() > 1
            && let Some(first) = first_identified
        {
            return first;
        }
        let oldest = owners.iter().map(|(_, owner)| *owner).min();
        let Some(target) = first_identified.or(oldest) else { return self.create(new_id) };
        for (id, owner) in owners {
            self.merge(target, owner, ChangeCause::AnonymousNamed, id);
        }
        target
    }

    fn create(&mut self, new_id: &mut dyn FnMut() -> i64) -> i64 {
        let id = new_id();
        let facts = CustomerFacts { is_identified: false, was_identified: false, is_new: true, merged_into: None };
        self.customers.insert(id, facts);
        id
    }

    fn merge(&mut self, survivor: i64, other: i64, cause: ChangeCause, identifier: IdentifierId) {
        let other = self.find(other);
        if survivor == other {
            return;
        }
        let is_identified = self.is_identified(other);
        if let Some(facts) = self.customers.get_mut(&other) {
            facts.merged_into = Some(survivor);
        }
        if let Some(facts) = self.customers.get_mut(&survivor) {
            facts.is_identified |= is_identified;
        }
        self.changes.push(IdentityChange { customer: survivor, other, cause, identifier });
    }

    /// What the database must learn. Changes that concern customers made within this group alone leave no trace.
    pub fn finish(&self) -> IdentityOutcome {
        let mut outcome = IdentityOutcome::default();
        for (id, facts) in &self.customers {
            match facts.merged_into {
                None if facts.is_new => outcome.created.push((*id, facts.is_identified)),
                None if facts.is_identified && !facts.was_identified => outcome.identified.push(*id),
                Some(_) if !facts.is_new => outcome.merged.push((*id, self.find(*id))),
                _ => {}
            }
        }
        for (id, owner) in &self.owners {
            let customer = self.find(owner.customer);
            let followed = owner.stored.map(|stored| self.find(stored));
            if followed != Some(customer) {
                outcome.linked.push((*id, customer, owner.stored.is_none()));
            }
        }
        let leaves_a_trace = |customer: i64| {
            self.customers.get(&customer).is_some_and(|facts| !facts.is_new || facts.merged_into.is_none())
        };
        let mut changes = self.changes.clone();
        changes.retain(|change| leaves_a_trace(change.other));
        for change in &mut changes {
            change.customer = self.find(change.customer);
        }
        outcome.changes = changes;
        outcome.created.sort_unstable();
        outcome.identified.sort_unstable();
        outcome.merged.sort_unstable();
        outcome.linked.sort_unstable();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn high(id: u8) -> NamedIdentifier {
        NamedIdentifier { id: [id; 16], is_high: true }
    }

    fn low(id: u8) -> NamedIdentifier {
        NamedIdentifier { id: [id; 16], is_high: false }
    }

    fn resolve_all(resolver: &mut Resolver, events: &[&[NamedIdentifier]]) -> Vec<i64> {
        let mut last = 100;
        let mut new_id = || {
            last += 1;
            last
        };
        let stored: Vec<i64> = events.iter().map(|named| resolver.resolve(named, &mut new_id)).collect();
        stored.into_iter().map(|customer| resolver.find(customer)).collect()
    }

    #[test]
    fn shared_high_identifiers_merge_into_the_older_customer() {
        let mut resolver = Resolver::default();
        resolver.know([1; 16], 7, true);
        resolver.know([2; 16], 5, true);
        assert_eq!(resolve_all(&mut resolver, &[&[high(1), high(2), high(3)]]), [5]);
        let outcome = resolver.finish();
        assert_eq!(outcome.merged, [(7, 5)]);
        assert_eq!(outcome.linked, [([3; 16], 5, true)]);
        assert_eq!(outcome.changes.len(), 1);
    }

    #[test]
    fn an_anonymous_customer_is_merged_into_the_identified_one_named_beside_it_even_if_older() {
        let mut resolver = Resolver::default();
        resolver.know([9; 16], 1, false);
        resolver.know([2; 16], 5, true);
        assert_eq!(resolve_all(&mut resolver, &[&[high(2), low(9)]]), [5]);
        assert_eq!(resolver.finish().merged, [(1, 5)]);
    }

    #[test]
    fn an_anonymous_customer_becomes_identified_by_a_new_high_identifier() {
        let mut resolver = Resolver::default();
        resolver.know([9; 16], 1, false);
        assert_eq!(resolve_all(&mut resolver, &[&[high(2), low(9)]]), [1]);
        let outcome = resolver.finish();
        assert_eq!((outcome.identified, outcome.merged), (vec![1], vec![]));
    }

    #[test]
    fn several_anonymous_customers_named_together_merge_into_the_oldest() {
        for named in [vec![low(8), low(9)], vec![high(1), low(8), low(9)]] {
            let mut resolver = Resolver::default();
            resolver.know([8; 16], 6, false);
            resolver.know([9; 16], 4, false);
            assert_eq!(resolve_all(&mut resolver, &[&named]), [4]);
            assert_eq!(resolver.finish().merged, [(6, 4)]);
        }
    }

    #[test]
    fn a_low_identifier_moves_to_the_person_it_is_named_beside() {
        let mut resolver = Resolver::default();
        resolver.know([9; 16], 4, true);
        resolver.know([2; 16], 5, true);
        assert_eq!(resolve_all(&mut resolver, &[&[high(2), low(9)], &[low(9)]]), [5, 5]);
        let outcome = resolver.finish();
        assert_eq!(outcome.linked, [([9; 16], 5, false)]);
        assert_eq!(outcome.changes[0].cause, ChangeCause::IdentifierMoved);
        assert!(outcome.merged.is_empty());
    }

    #[test]
    fn low_identifiers_of_several_people_go_to_the_first_by_type_name_and_nothing_moves() {
        let mut resolver = Resolver::default();
        resolver.know([8; 16], 6, true);
        resolver.know([9; 16], 4, true);
        assert_eq!(resolve_all(&mut resolver, &[&[low(8), low(9)]]), [6]);
        let outcome = resolver.finish();
        assert!(outcome.linked.is_empty() && outcome.changes.is_empty());
    }

    #[test]
    fn customers_made_and_merged_within_one_group_leave_no_trace() {
        let mut resolver = Resolver::default();
        let found = resolve_all(&mut resolver, &[&[low(9)], &[high(1)], &[high(1), low(9)], &[low(9)]]);
        assert_eq!(found, [102, 102, 102, 102]);
        let outcome = resolver.finish();
        assert_eq!(outcome.created, [(102, true)]);
        assert!(outcome.changes.is_empty());
    }
}
