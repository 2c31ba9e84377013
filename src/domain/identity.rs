//! Who an event belongs to: merges and moves of customers as identifiers are named together.
//!
//! (a) High-confidence identifiers of different customers merge them: the older survives. (b) An anonymous customer
//! named beside an identified one is merged into it; several anonymous ones named together merge. (c) A low-confidence
//! identifier of an identified customer, named beside a high one of another, moves to that other. (d) Low ones of
//! several identified customers: the event goes to the owner of the first by type name; nothing moves. Beside these rules
//! an administrator may merge two customers by hand.

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
    /// An administrator merged them.
    Manual,
}

impl ChangeCause {
    /// The name in the database and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::SharedIdentifier => "SHARED_IDENTIFIER",
            Self::AnonymousNamed => "ANONYMOUS_NAMED",
            Self::IdentifierMoved => "IDENTIFIER_MOVED",
            Self::Manual => "MANUAL",
        }
    }

    /// The cause of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::SharedIdentifier, Self::AnonymousNamed, Self::IdentifierMoved, Self::Manual];
        all.into_iter().find(|cause| cause.name() == name)
    }
}

/// A merge or a move, with what caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityChange {
    /// The customer that gained, as it was then.
    pub customer: i64,
    /// The customer that was merged, or that lost the identifier, as it was then.
    pub other: i64,
    /// Why.
    pub cause: ChangeCause,
    /// The identifier of `other` that was named; none: merged by hand.
    pub identifier: Option<IdentifierId>,
    /// The number of what caused it, as given to [`Resolver::resolve`] or [`Resolver::merge_by_hand`].
    pub by: usize,
}

/// The customers and links that a group of events touches, as they were and as the events change them.
#[derive(Debug, Default)]
pub struct Resolver {
    owners: HashMap<IdentifierId, Owner>,
    customers: HashMap<i64, CustomerFacts>,
    changes: Vec<IdentityChange>,
    by: usize,
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
        self.know_customer(customer, is_identified);
    }

    /// Makes a stored customer known. It must stand for itself.
    pub fn know_customer(&mut self, customer: i64, is_identified: bool) {
        let facts = CustomerFacts { is_identified, was_identified: is_identified, is_new: false, merged_into: None };
        self.customers.entry(customer).or_insert(facts);
    }

    /// The customer of an event, `by` number, that names these identifiers, in order of type name. `new_id` makes ids of
    /// customers, each larger than all before.
    pub fn resolve(&mut self, by: usize, named: &[NamedIdentifier], new_id: &mut dyn FnMut() -> i64) -> i64 {
        self.by = by;
        let has_high = named.iter().any(|identifier| identifier.is_high);
        let target = if has_high { self.resolve_high(named, new_id) } else { self.resolve_low(named, new_id) };
        for identifier in named {
            self.owners.entry(identifier.id).or_insert(Owner { customer: target, stored: None });
        }
        target
    }

    /// Merges two known customers because somebody says that they are one: the older stands for both from then on. Returns
    /// it and the one that became part of it; none where they are one already.
    pub fn merge_by_hand(&mut self, by: usize, one: i64, other: i64) -> Option<(i64, i64)> {
        self.by = by;
        let (one, other) = (self.find(one), self.find(other));
        let (survivor, merged) = (one.min(other), one.max(other));
        if survivor == merged {
            return None;
        }
        self.merge(survivor, merged, ChangeCause::Manual, None);
        Some((survivor, merged))
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
                self.merge(target, owner, ChangeCause::SharedIdentifier, Some(identifier.id));
            } else if !self.is_identified(owner) {
                self.merge(target, owner, ChangeCause::AnonymousNamed, Some(identifier.id));
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
            let (identifier, by) = (Some(identifier.id), self.by);
            self.changes.push(IdentityChange { customer: target, other, cause, identifier, by });
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
            self.merge(target, owner, ChangeCause::AnonymousNamed, Some(id));
        }
        target
    }

    fn create(&mut self, new_id: &mut dyn FnMut() -> i64) -> i64 {
        let id = new_id();
        let facts = CustomerFacts { is_identified: false, was_identified: false, is_new: true, merged_into: None };
        self.customers.insert(id, facts);
        id
    }

    fn merge(&mut self, survivor: i64, other: i64, cause: ChangeCause, identifier: Option<IdentifierId>) {
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
        self.changes.push(IdentityChange { customer: survivor, other, cause, identifier, by: self.by });
    }

    /// What the database must learn. A customer that was made and merged within this group leaves no trace.
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
        outcome.changes = self.changes.iter().filter_map(|change| self.traced(change)).collect();
        outcome.created.sort_unstable();
        outcome.identified.sort_unstable();
        outcome.merged.sort_unstable();
        outcome.linked.sort_unstable();
        outcome
    }

    /// A change between customers that are stored; none where one would remain.
    fn traced(&self, change: &IdentityChange) -> Option<IdentityChange> {
        let leaves_a_trace = |customer: i64| {
            self.customers.get(&customer).is_none_or(|facts| !facts.is_new || facts.merged_into.is_none())
        };
        let stored = |customer: i64| if leaves_a_trace(customer) { customer } else { self.find(customer) };
        if change.cause != ChangeCause::IdentifierMoved && !leaves_a_trace(change.other) {
            return None;
        }
        let traced =
            IdentityChange { customer: stored(change.customer), other: stored(change.other), ..change.clone() };
        (traced.customer != traced.other).then_some(traced)
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
        let stored: Vec<i64> =
            events.iter().enumerate().map(|(by, named)| resolver.resolve(by, named, &mut new_id)).collect();
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
    fn customers_merged_by_hand_are_the_older_one_from_then_on() {
        let mut resolver = Resolver::default();
        resolver.know([1; 16], 5, false);
        resolver.know([2; 16], 7, true);
        assert_eq!(resolver.merge_by_hand(4, 7, 5), Some((5, 7)));
        assert_eq!(resolver.merge_by_hand(5, 7, 5), None);
        let outcome = resolver.finish();
        assert_eq!((outcome.merged, outcome.identified, outcome.linked), (vec![(7, 5)], vec![5], vec![]));
        let change = IdentityChange { customer: 5, other: 7, cause: ChangeCause::Manual, identifier: None, by: 4 };
        assert_eq!(outcome.changes, [change]);
    }

    #[test]
    fn changes_tell_what_caused_them_and_who_the_customers_were_then() {
        let mut resolver = Resolver::default();
        for (id, customer, is_identified) in [(1, 7, true), (2, 5, true), (3, 3, true), (9, 8, false)] {
            resolver.know([id; 16], customer, is_identified);
        }
        resolve_all(&mut resolver, &[&[high(3)], &[high(1), high(2)], &[high(2), high(3)], &[high(4), low(9)]]);
        let told: Vec<_> = resolver.finish().changes.iter().map(|c| (c.by, c.customer, c.other)).collect();
        assert_eq!(told, [(1, 5, 7), (2, 3, 5)]);
    }

    #[test]
    fn a_move_between_customers_that_become_one_within_the_group_is_none() {
        let mut resolver = Resolver::default();
        resolver.know([1; 16], 50, true);
        let events: [&[NamedIdentifier]; 4] =
            [&[high(2), low(9)], &[high(3), low(9)], &[high(1), high(2)], &[high(3), low(8)]];
        resolve_all(&mut resolver, &events);
        let outcome = resolver.finish();
        assert_eq!(outcome.created, [(102, true)]);
        let moves: Vec<_> = outcome.changes.iter().map(|c| (c.cause, c.customer, c.other)).collect();
        assert_eq!(moves, [(ChangeCause::IdentifierMoved, 102, 50)]);
        resolve_all(&mut resolver, &[&[high(1), high(3)]]);
        assert!(resolver.finish().changes.is_empty());
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
