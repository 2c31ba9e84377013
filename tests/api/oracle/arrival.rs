//! Who is who where the order of arrival decides: everything that arrived is replayed, one thing after the other.
//!
//! The rules are those of the product's documentation, taken one by one: (a) sure names of several people make them one;
//! (b) somebody without a sure name becomes part of whoever is named beside, and several such become one; (c) a device of
//! somebody known for sure, named beside a sure name of another, changes hands, and what it did before stays where it was;
//! (d) devices of several people known for sure, named without a sure name, change nothing: the first by type decides whose
//! event it is. Which of two people survives as the older one is not told here, for it changes no set of names.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

use campaignql::domain::event::{EventKey, NewEvent};
use campaignql::domain::identifier::Identifier;
use campaignql::domain::time::Micros;
use chrono_tz::Tz;
use serde_json::Value;

use super::people::is_high;
use super::{Happened, Oracle, address};

/// Something that arrived.
#[derive(Clone, Debug)]
pub enum Arrived {
    /// An event, perhaps for the second time.
    Event(Box<NewEvent>),
    /// New values of attributes of whoever is named.
    Profile {
        /// Who.
        names: BTreeSet<Identifier>,
        /// The values; null clears.
        attributes: BTreeMap<String, Value>,
        /// When they became so: no two updates of one attribute at one time.
        at: Micros,
    },
    /// Somebody says that two people are one.
    Merge(Identifier, Identifier),
    /// Whoever is named is erased: the events count on as nobody's, and the names, unless they end up with others before,
    /// are not taken again.
    Erase(Identifier),
}

/// Somebody, or what is left of one who became part of another.
#[derive(Default)]
struct Somebody {
    names: BTreeSet<Identifier>,
    attributes: BTreeMap<String, (Micros, Value)>,
    became: Option<usize>,
    is_erased: bool,
}

#[derive(Default)]
struct Replay {
    people: Vec<Somebody>,
    /// Names of erased people.
    gone: BTreeSet<Identifier>,
    /// Who was named by updates of profiles, and of which time these were.
    named: Vec<(Identifier, Micros)>,
    applied: BTreeMap<&'static str, usize>,
}

impl Replay {
    /// Whom an identifier names now.
    fn owner(&self, name: &Identifier) -> Option<usize> {
        self.people.iter().position(|somebody| somebody.names.contains(name))
    }

    fn is_known_for_sure(&self, somebody: usize) -> bool {
        self.people[somebody].names.iter().any(is_high)
    }

    /// Whoever somebody is in the end.
    fn in_the_end(&self, somebody: usize) -> usize {
        self.people[somebody].became.map_or(somebody, |other| self.in_the_end(other))
    }

    fn join(&mut self, one: usize, other: usize) {
        let Somebody { names, attributes, .. } = std::mem::take(&mut self.people[other]);
        self.people[other].became = Some(one);
        self.people[one].names.extend(names);
        for (name, (at, value)) in attributes {
            self.set(one, name, at, value);
        }
    }

    fn join_all(&mut self, several: &BTreeSet<usize>) -> Option<usize> {
        let one = *several.first()?;
        several.iter().skip(1).for_each(|other| self.join(one, *other));
        Some(one)
    }

    fn apply(&mut self, rule: &'static str, times: usize) {
        *self.applied.entry(rule).or_default() += times;
    }

    fn set(&mut self, somebody: usize, name: String, at: Micros, value: Value) {
        let known = self.people[somebody].attributes.get(&name).map(|known| known.0);
        assert_ne!(known, Some(at), "which of two values of {name} at one time is the newer depends on their order");
        if known < Some(at) {
            self.people[somebody].attributes.insert(name, (at, value));
        }
    }

    /// Somebody is named by several names at once: who it is.
    fn meet(&mut self, names: &BTreeSet<Identifier>) -> usize {
        let (sure, loose): (Vec<&Identifier>, Vec<&Identifier>) = names.iter().partition(|name| is_high(name));
        let somebody = if sure.is_empty() { self.meet_loosely(&loose) } else { self.meet_for_sure(&sure, &loose) };
        for name in names {
            if self.owner(name).is_none() {
                self.people[somebody].names.insert(name.clone());
            }
        }
        somebody
    }

    fn meet_for_sure(&mut self, sure: &[&Identifier], loose: &[&Identifier]) -> usize {
        let known: BTreeSet<usize> = sure.iter().filter_map(|name| self.owner(name)).collect();
        let beside: BTreeSet<usize> = loose.iter().filter_map(|name| self.owner(name)).collect();
        let (others, anonymous): (BTreeSet<usize>, BTreeSet<usize>) =
            beside.into_iter().partition(|somebody| self.is_known_for_sure(*somebody));
        // (a) and (b)
        self.apply("a", known.len().saturating_sub(1));
        self.apply("b", anonymous.len());
        let together = known.iter().chain(&anonymous).copied().collect();
        let somebody = self.join_all(&together).unwrap_or_else(|| self.newcomer());
        // (c)
        for name in loose {
            for other in others.difference(&known) {
                if self.people[*other].names.remove(name) {
                    self.people[somebody].names.insert((*name).clone());
                    self.apply("c", 1);
                }
            }
        }
        somebody
    }

    fn meet_loosely(&mut self, loose: &[&Identifier]) -> usize {
        let named: Vec<usize> = loose.iter().filter_map(|name| self.owner(name)).collect();
        let sure: Vec<usize> = named.iter().copied().filter(|somebody| self.is_known_for_sure(*somebody)).collect();
        if let Some(first) = sure.first()
            && sure.iter().any(|other| other != first)
        {
            self.apply("d", 1);
            return *first;
        }
        let together: BTreeSet<usize> = named.into_iter().collect();
        self.apply("b", together.len().saturating_sub(1));
        self.join_all(&together).unwrap_or_else(|| self.newcomer())
    }

    fn erase(&mut self, somebody: usize) {
        let erased = Somebody { is_erased: true, ..Somebody::default() };
        self.gone.extend(std::mem::replace(&mut self.people[somebody], erased).names);
        self.apply("erased", 1);
    }

    /// The event as it is taken: without names of erased people; none where it has no other.
    fn screened(&self, event: &NewEvent) -> Option<NewEvent> {
        let taken = without(event, &self.gone);
        (!taken.identifiers.is_empty()).then_some(taken)
    }

    fn newcomer(&mut self) -> usize {
        self.people.push(Somebody::default());
        self.people.len() - 1
    }
}

impl Replay {
    /// Takes everything, in order; the events that are no repeats, each with the person that it belonged to then.
    fn of(arrived: &[Arrived]) -> (Self, Vec<(usize, NewEvent)>) {
        let (mut replay, mut seen, mut happened) = (Self::default(), HashSet::new(), Vec::new());
        for one in arrived {
            match one {
                Arrived::Event(event) => {
                    let Some(event) = replay.screened(event) else { continue };
                    let is_repeat = match &event.key {
                        EventKey::Known(key) => !seen.insert((*key, event.occurred_at)),
                        EventKey::Lasting(key) => !seen.insert((*key, None)),
                        EventKey::AlwaysNew => false,
                    };
                    if !is_repeat {
                        let person = replay.meet(&event.identifiers.iter().cloned().collect());
                        happened.push((person, event));
                    }
                }
                Arrived::Profile { names, attributes, at } => {
                    let names: BTreeSet<Identifier> = names.difference(&replay.gone).cloned().collect();
                    if names.is_empty() {
                        continue;
                    }
                    let person = replay.meet(&names);
                    replay.named.extend(names.into_iter().map(|name| (name, *at)));
                    for (name, value) in attributes {
                        replay.set(person, name.clone(), *at, value.clone());
                    }
                }
                Arrived::Merge(one, other) => {
                    let pair = replay.owner(one).zip(replay.owner(other));
                    let (one, other) = pair.unwrap_or_else(|| panic!("nobody is {one:?} or {other:?}"));
                    assert_ne!(one, other, "they were one already");
                    replay.join(one, other);
                    replay.apply("by hand", 1);
                }
                Arrived::Erase(name) => {
                    let somebody = replay.owner(name).unwrap_or_else(|| panic!("nobody is {name:?}"));
                    replay.erase(somebody);
                }
            }
        }
        // What others did before with a device that was erased with its last owner no longer names it.
        let forgotten = happened.iter().map(|(person, event)| (*person, without(event, &replay.gone))).collect();
        (replay, forgotten)
    }
}

fn without(event: &NewEvent, gone: &BTreeSet<Identifier>) -> NewEvent {
    let target = event.target_address.as_ref();
    assert!(!gone.iter().any(|name| Some(&name.value) == target), "what is said of {target:?} would be nobody's");
    let mut event = event.clone();
    event.identifiers.retain(|identifier| !gone.contains(identifier));
    event.updates.retain(|update| !gone.contains(&update.address));
    event
}

impl Oracle {
    /// Takes everything that arrived, in order, repeats included.
    pub fn replay(arrived: &[Arrived], zone: Tz) -> Self {
        let (replay, happened) = Replay::of(arrived);
        let mut standing: Vec<usize> =
            (0..replay.people.len()).filter(|one| replay.people[*one].became.is_none()).collect();
        // Erased people come last: they have events, and no place among the people.
        standing.sort_by_key(|one| replay.people[*one].is_erased);
        let place = |person| standing.iter().position(|one| *one == replay.in_the_end(person)).expect("it stands");
        let living = || standing.iter().filter(|one| !replay.people[**one].is_erased);
        let events = happened.into_iter().map(|(person, event)| Happened {
            at: event.occurred_at.expect("the oracle takes events with their own time"),
            person: place(person),
            event,
        });
        let plain =
            |one: &Somebody| one.attributes.iter().map(|(name, (_, value))| (name.clone(), value.clone())).collect();
        Self {
            zone,
            rules: address::Rules::default(),
            events: events.collect(),
            people: living().map(|one| replay.people[*one].names.clone()).collect(),
            attributes: living().map(|one| plain(&replay.people[*one])).collect(),
            credits: OnceLock::new(),
            named_by_profiles: replay.named.clone(),
        }
    }
}

/// How often each rule did something, and merges by hand.
pub fn rules_applied(arrived: &[Arrived]) -> BTreeMap<&'static str, usize> {
    Replay::of(arrived).0.applied
}

/// Whether an identifier names somebody, after all that arrived.
pub fn is_somebody(arrived: &[Arrived], name: &Identifier) -> bool {
    Replay::of(arrived).0.owner(name).is_some()
}

/// Whether two identifiers name two people, after all that arrived.
pub fn are_two(arrived: &[Arrived], one: &Identifier, other: &Identifier) -> bool {
    let (replay, _) = Replay::of(arrived);
    replay.owner(one).zip(replay.owner(other)).is_some_and(|(one, other)| one != other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::sample::{event, identifier};

    /// The people and their numbers of events, after events that name these.
    fn people(named: &[&str]) -> Vec<(String, usize)> {
        let arrived: Vec<Arrived> = named.iter().zip(0..).map(|(names, at)| arrive(names, at)).collect();
        told(&Oracle::replay(&arrived, chrono_tz::UTC))
    }

    fn arrive(names: &str, at: i64) -> Arrived {
        Arrived::Event(Box::new(event(names).at(at).make()))
    }

    fn told(oracle: &Oracle) -> Vec<(String, usize)> {
        let values =
            |names: &BTreeSet<Identifier>| names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(" ");
        let events = |index| oracle.events.iter().filter(|happened| happened.person == index).count();
        let mut told: Vec<_> =
            oracle.people.iter().enumerate().map(|(index, names)| (values(names), events(index))).collect();
        told.sort();
        told
    }

    fn expect(named: &[&str], expected: &[(&str, usize)]) {
        let expected: Vec<(String, usize)> =
            expected.iter().map(|(names, events)| ((*names).to_owned(), *events)).collect();
        assert_eq!(people(named), expected, "{named:?}");
    }

    #[test]
    fn sure_names_of_several_make_them_one() {
        expect(&["email:a", "phone:1", "email:a phone:1", "email:b"], &[("a 1", 3), ("b", 1)]);
    }

    #[test]
    fn who_has_no_sure_name_becomes_part_of_whoever_is_beside() {
        expect(&["vuid:v", "email:a vuid:v"], &[("a v", 2)]);
        expect(&["vuid:v", "vuid:w", "vuid:v vuid:w"], &[("v w", 3)]);
        expect(&["email:a vuid:v", "vuid:w", "vuid:v vuid:w"], &[("a v w", 3)]);
        expect(&["vuid:v", "vuid:w", "email:a vuid:v vuid:w"], &[("a v w", 3)]);
    }

    #[test]
    fn a_device_changes_hands_and_what_it_did_stays() {
        expect(&["email:a vuid:v", "vuid:v", "email:b vuid:v", "vuid:v"], &[("a", 2), ("b v", 2)]);
        expect(&["email:a vuid:v", "email:b phone:1 vuid:v", "phone:1 email:a"], &[("a b 1 v", 3)]);
    }

    #[test]
    fn devices_of_several_people_change_nothing() {
        expect(
            &["email:a vuid:v", "email:b crm_id:c", "crm_id:c vuid:v vuid:w", "vuid:w"],
            &[("a v", 1), ("c b w", 3)],
        );
        expect(&["email:a vuid:v", "email:b vuid:w", "vuid:v vuid:w vuid:x"], &[("a v x", 2), ("b w", 1)]);
    }

    #[test]
    fn who_is_erased_has_events_and_no_names_and_does_not_come_back() {
        let erase = |name: &str| Arrived::Erase(identifier(name));
        let arrived = [
            arrive("email:a vuid:v", 1),
            arrive("email:b vuid:v", 2),
            erase("email:b"),
            arrive("email:b", 3),
            arrive("email:b vuid:w", 4),
            arrive("vuid:v", 5),
        ];
        let oracle = Oracle::replay(&arrived, chrono_tz::UTC);
        assert_eq!(told(&oracle), [("a".to_owned(), 1), ("w".to_owned(), 1)]);
        assert_eq!(oracle.events.len(), 3, "an event of nobody is left");
        assert!(oracle.events.iter().all(|happened| !happened.event.identifiers.contains(&identifier("vuid:v"))));
    }

    #[test]
    fn repeats_and_merges_by_hand_and_profiles() {
        let key = |names: &str, at| Arrived::Event(Box::new(event(names).at(at).key(7).make()));
        let profile = |name: &str, value: i64, at| Arrived::Profile {
            names: [identifier(name)].into(),
            attributes: [("n".to_owned(), Value::from(value))].into(),
            at: Micros(at),
        };
        let merge = Arrived::Merge(identifier("email:a"), identifier("vuid:v"));
        let arrived = [key("email:a", 1), key("email:a", 1), profile("vuid:v", 2, 9), profile("email:a", 1, 5), merge];
        let oracle = Oracle::replay(&arrived, chrono_tz::UTC);
        assert_eq!(told(&oracle), [("a v".to_owned(), 1)]);
        assert_eq!(oracle.attributes[0], [("n".to_owned(), Value::from(2))].into());
    }
}
