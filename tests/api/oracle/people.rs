//! Who is who: identifiers that were named together, directly or over others, name one person.
//!
//! That is the whole rule as long as a device or cookie (a LOW identifier) is only ever named beside one person's HIGH
//! identifiers. Where it is not, the product moves it in the order of arrival, which a recount without it cannot know: such
//! events are refused here, and replayed in [`super::arrival`].

use std::collections::BTreeSet;

use campaignql::domain::event::NewEvent;
use campaignql::domain::identifier::{Confidence, Identifier, rule_by_name};

/// Every person behind the events.
pub fn people(events: &[NewEvent]) -> Vec<BTreeSet<Identifier>> {
    let named: Vec<BTreeSet<Identifier>> =
        events.iter().map(|event| event.identifiers.iter().cloned().collect()).collect();
    let people = joined(named.clone());
    let sure = joined(named.iter().map(only_high).filter(|high| !high.is_empty()).collect());
    for person in &people {
        let known_as = sure.iter().filter(|high| high.is_subset(person)).count();
        assert!(known_as <= 1, "who this is depends on the order of arrival: {person:?}");
    }
    people
}

/// Index of the person that an event belongs to.
pub fn whose(people: &[BTreeSet<Identifier>], event: &NewEvent) -> usize {
    let first = event.identifiers.first().expect("an event names somebody");
    people.iter().position(|person| person.contains(first)).expect("every identifier belongs to a person")
}

/// Whether an identifier names one person for sure.
pub fn is_high(identifier: &Identifier) -> bool {
    rule_by_name(&identifier.name).is_some_and(|rule| rule.confidence == Confidence::High)
}

fn only_high(named: &BTreeSet<Identifier>) -> BTreeSet<Identifier> {
    named.iter().filter(|identifier| is_high(identifier)).cloned().collect()
}

/// Joins sets that share a member until no two do.
fn joined(sets: Vec<BTreeSet<Identifier>>) -> Vec<BTreeSet<Identifier>> {
    let mut separate: Vec<BTreeSet<Identifier>> = Vec::new();
    for mut set in sets {
        let (same, other): (Vec<_>, Vec<_>) = separate.into_iter().partition(|known| !known.is_disjoint(&set));
        set.extend(same.into_iter().flatten());
        separate = other;
        separate.push(set);
    }
    separate
}

#[cfg(test)]
mod tests {
    use crate::oracle::sample::{event, identifier, oracle};

    #[test]
    fn identifiers_named_together_name_one_person() {
        let oracle = oracle(vec![
            event("email:a@x.test").make(),
            event("phone:+4930123456").make(),
            event("email:a@x.test phone:+4930123456 vuid:v").make(),
            event("vuid:v").make(),
            event("email:b@x.test").make(),
            event("vuid:w").make(),
        ]);
        assert_eq!(oracle.people.len(), 3);
        let first = oracle.events[0].person;
        assert!(oracle.events[..4].iter().all(|happened| happened.person == first));
        assert!(oracle.people[first].contains(&identifier("vuid:v")));
    }

    #[test]
    #[should_panic(expected = "order of arrival")]
    fn a_device_of_two_people_is_refused() {
        oracle(vec![event("email:a@x.test vuid:v").make(), event("email:b@x.test vuid:v").make()]);
    }
}
