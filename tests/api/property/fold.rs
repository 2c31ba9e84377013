//! The fold by itself, without a database: events of a recipient in any order, in pieces and with merges, leave counts
//! that equal the recount.

use std::collections::BTreeMap;

use campaignql::domain::address::updates_of;
use campaignql::domain::contribution::{CellGroups, Facts, RowKey};
use campaignql::domain::day::{date_of, day_of};
use campaignql::domain::event::NewEvent;
use campaignql::domain::funnel::{AutomationFilter, FunnelCounts, FunnelOptions, UniqueUnit};
use campaignql::domain::hash::{group_id, hash63, list_id};
use campaignql::domain::identifier_type::IdentifierTypes;
use campaignql::domain::kind::{KINDS, Kind};
use campaignql::domain::reachability::AddressState;
use campaignql::domain::recipient::{MessageKey, Occurrence, RecipientState, detail_id};
use campaignql::domain::rollup::{Counts, Grouping};
use campaignql::domain::workspace::DEFAULT_SOFT_BOUNCE_LIMIT;
use chrono::{Datelike, Weekday};

use super::dice::Dice;
use super::events::{LISTS, address_events, address_identifiers, events};
use super::questions::kept_question;
use super::world::ZONE;
use crate::oracle::address::Address;
use crate::oracle::funnel::{By, Count, Group, Question, Rows, Unit};
use crate::oracle::steps::{Automation, detail};
use crate::oracle::{CampaignName, Oracle};

/// The counts of a campaign, kept as the product keeps them, and the states that they come from.
#[derive(Default)]
pub struct Kept {
    rows: BTreeMap<RowKey, Counts>,
    /// The groups of every cell.
    pub cells: BTreeMap<i64, CellGroups>,
    /// The values of groups.
    pub groups: BTreeMap<i64, Option<String>>,
    /// What happened to everybody in the end.
    pub states: Vec<RecipientState>,
}

impl Kept {
    /// Learns the cell of an event.
    fn cell(&mut self, event: &NewEvent) -> i64 {
        let mut group = |value: &Option<String>| {
            let id = group_id(value.as_deref());
            self.groups.insert(id, value.clone());
            id
        };
        let groups = CellGroups {
            run: group(&event.run),
            treatment: group(&event.treatment),
            touchpoint: group(&event.touchpoint),
            channel: group(&event.channel),
        };
        let ids = [groups.run, groups.treatment, groups.touchpoint, groups.channel].map(i64::to_be_bytes);
        let cell = hash63(&ids.each_ref().map(|id| &id[..]));
        self.cells.insert(cell, groups);
        cell
    }

    /// Takes a state of a recipient in place of another.
    fn replace(&mut self, before: &RecipientState, after: &RecipientState) {
        let groups = |cell: i64| self.cells.get(&cell).copied();
        let (before, after) = (Facts::of(before, &groups), Facts::of(after, &groups));
        for (facts, other, sign) in [(&before, &after, -1), (&after, &before, 1)] {
            facts.count(other, ZONE, |row, metric, tally| {
                self.rows.entry(row).or_default().entry(metric).add(&tally, sign);
            });
        }
    }

    /// Answers a question: one of those that are kept.
    fn ask(&self, question: &Question, infer_deliveries: bool) -> Rows {
        let place = question.group_by.iter().find(|by| by.is_place());
        let grouping = match place {
            None => Grouping::None,
            Some(By::Run) => Grouping::Run,
            Some(By::Treatment) => Grouping::Treatment,
            Some(By::Touchpoint) => Grouping::Touchpoint,
            Some(_) => Grouping::Channel,
        };
        let in_range = |day: i32| question.days.is_none_or(|(from, to)| day_of(from) <= day && day < day_of(to));
        let mut sums: BTreeMap<Group, Counts> = BTreeMap::new();
        for (row, counts) in self.rows.iter().filter(|(row, _)| row.grouping == grouping && in_range(row.day)) {
            let mut group = Group::new();
            group.extend(place.map(|by| (*by, self.groups[&row.group].clone())));
            group.extend(question.group_by.iter().filter_map(|by| Some((*by, Some(first_day(*by, row.day)?)))));
            sums.entry(group).or_default().add(counts, 1);
        }
        shown(sums, question, infer_deliveries)
    }
}

/// The first day of a stretch of time.
pub fn first_day(by: By, day: i32) -> Option<String> {
    let date = date_of(day);
    let first = match by {
        By::Day => date,
        By::Week => date.week(Weekday::Mon).first_day(),
        By::Month => date.with_day(1)?,
        _ => return None,
    };
    Some(first.to_string())
}

/// Counts as the question reads them, without rows in which nothing is counted.
pub fn shown(sums: BTreeMap<Group, Counts>, question: &Question, infer_deliveries: bool) -> Rows {
    let options = options(question, infer_deliveries);
    let rows = sums.into_iter().map(|(group, counts)| (group, row(&FunnelCounts::of(&counts, options))));
    rows.filter(|(_, row)| !row.is_empty()).collect()
}

/// How the question reads counts.
pub fn options(question: &Question, infer_deliveries: bool) -> FunnelOptions {
    FunnelOptions {
        unit: match question.unit {
            Unit::RecipientPerRun => UniqueUnit::RecipientPerRun,
            Unit::Recipient => UniqueUnit::Recipient,
            Unit::Message => UniqueUnit::Message,
        },
        implied_steps: question.implied,
        automation: match question.automation {
            Automation::Human => AutomationFilter::Human,
            Automation::Machine => AutomationFilter::Machine,
            Automation::All => AutomationFilter::All,
        },
        infer_deliveries,
    }
}

fn row(counts: &FunnelCounts) -> BTreeMap<Kind, Count> {
    let count = |kind: Kind| {
        let step = counts.step(kind);
        (kind, Count { total: step.total, unique: step.unique })
    };
    KINDS.iter().map(|(kind, _)| count(*kind)).filter(|(_, count)| *count != Count::default()).collect()
}

/// The campaign's counts, after its events came in any order, a few at a time, to one or two customers per person who
/// turn out to be the same in the end.
pub fn kept(oracle: &Oracle, campaign: &CampaignName, dice: &Dice) -> Kept {
    let mut kept = Kept::default();
    for person in 0..oracle.people.len() {
        let is_of = |event: &NewEvent| {
            event.kind.counts_in_campaign()
                && event.campaign.as_ref().map(crate::oracle::campaign_name).as_ref() == Some(campaign)
        };
        let mine = oracle.events.iter().filter(|happened| happened.person == person);
        let mut events: Vec<&NewEvent> = mine.map(|happened| &happened.event).filter(|event| is_of(event)).collect();
        dice.shuffle(&mut events);
        let mut customers = [RecipientState::default(), RecipientState::default()];
        while !events.is_empty() {
            let customer = &mut customers[dice.below(2)];
            let before = customer.clone();
            for event in events.split_off(events.len() - dice.between(1, events.len())) {
                add(customer, event, kept.cell(event));
            }
            kept.replace(&before, customer);
        }
        let [first, second] = customers;
        kept.replace(&second, &RecipientState::default());
        let mut merged = first.clone();
        merged.absorb(second);
        kept.replace(&first, &merged);
        kept.states.push(merged);
    }
    kept
}

fn add(state: &mut RecipientState, event: &NewEvent, cell: i64) {
    let parts = [&event.run, &event.treatment, &event.touchpoint].map(|part| format!("{part:?}"));
    let key = match &event.message_id {
        Some(id) => MessageKey::Id(hash63(&[id.as_bytes()])),
        None => MessageKey::Place(hash63(&parts.each_ref().map(String::as_bytes))),
    };
    let occurrence = Occurrence {
        at: event.occurred_at.expect("generated with a time"),
        kind: event.kind.code(),
        automation: event.automation as u8,
        cell,
        detail: detail(event).map_or(0, |(_, text)| detail_id(&text)),
    };
    state.add(key, occurrence, event.sent_at);
}

/// Questions about each campaign.
const QUESTIONS: usize = 100;

#[test]
fn any_order_of_events_and_merges_leaves_the_counts_of_a_recount() {
    for seed in 0..50 {
        let dice = Dice::new(seed);
        let oracle = Oracle::new(events(dice.between(1, 80), &dice), ZONE);
        for campaign in oracle.campaigns() {
            let kept = kept(&oracle, &campaign, &dice);
            for _ in 0..QUESTIONS {
                let question = kept_question(&dice);
                let got = kept.ask(&question, oracle.infers_deliveries(&campaign, &question));
                let expected = oracle.funnel(&campaign, &question);
                assert_eq!(got, expected, "left: kept, right: recounted; seed {seed}, {campaign:?}, {question:?}");
            }
        }
    }
}

#[test]
fn any_order_of_updates_leaves_the_state_of_a_recount() {
    for seed in 0..2_000 {
        let dice = Dice::new(seed);
        let oracle = Oracle::new(address_events(dice.between(1, 25), &dice), ZONE);
        let mut events: Vec<&NewEvent> = oracle.events.iter().map(|happened| &happened.event).collect();
        dice.shuffle(&mut events);
        for address in &address_identifiers()[..4] {
            let (mut state, types) = (AddressState::default(), IdentifierTypes::default());
            for (number, event) in events.iter().enumerate() {
                let updates = updates_of(event, &types).into_iter().filter(|update| update.address == *address);
                let own = event.occurred_at.expect("generated with a time");
                updates.for_each(|update| state.apply(update.change, update.at.unwrap_or(own), (0, number as i64)));
            }
            let consent = [None, Some(true), Some(false)][state.consent_code() as usize];
            let unreachable = state.reachability(DEFAULT_SOFT_BOUNCE_LIMIT).unreachable;
            let named = LISTS.map(|name| (name, state.subscriptions.get(&list_id(name)).map(|update| update.is_in)));
            let lists = named.into_iter().filter_map(|(name, is_in)| Some((name.to_owned(), is_in?))).collect();
            assert_eq!(AddressState::decode(&state.encode()).expect("its own packing"), state);
            let expected = oracle.address(address);
            assert_eq!(Address { unreachable, consent, lists }, expected, "right: recounted; seed {seed}, {address:?}");
        }
    }
}
