//! Answers computed from states, without a database: any question about any states equals the recount, whoever counted which
//! of them.

use std::collections::{BTreeMap, HashMap};

use campaignql::domain::breakdown::{
    Breakdown, BreakdownQuestion, CellIndex, Counter, DateBasis, Dimension, GapCounter, GapQuestion, Gaps, GroupKey,
    Span, StepGap,
};
use campaignql::domain::day::day_of;
use campaignql::domain::kind::Kind;
use campaignql::domain::recipient::detail_id;

use super::dice::Dice;
use super::events::events;
use super::fold::{Kept, first_day, kept, options, shown};
use super::questions::any_question;
use super::world::ZONE;
use crate::oracle::Oracle;
use crate::oracle::funnel::{Basis, By, Group, Question};
use crate::oracle::steps::detail;
use crate::oracle::times::Times;

/// Questions about each campaign.
const QUESTIONS: usize = 40;

#[test]
fn any_question_about_states_equals_a_recount() {
    for seed in 0..50 {
        let dice = Dice::new(seed);
        let oracle = Oracle::new(events(dice.between(1, 80), &dice), ZONE);
        let texts = oracle.events.iter().filter_map(|happened| detail(&happened.event));
        let texts: HashMap<i64, String> = texts.map(|(_, text)| (detail_id(&text), text)).collect();
        for campaign in oracle.campaigns() {
            let computed = Computed { kept: kept(&oracle, &campaign, &dice), texts: &texts };
            for _ in 0..QUESTIONS {
                let question = any_question(&dice);
                let infers = oracle.infers_deliveries(&campaign, &question);
                let context = format!("left: computed, right: recounted; seed {seed}, {campaign:?}, {question:?}");
                let whole = Question { group_by: Vec::new(), ..question.clone() };
                let found = computed.count(&question, &dice);
                let sums = found.groups.iter().map(|(key, counts)| (computed.group(key, &question), counts.clone()));
                if !question.group_by.is_empty() {
                    let got = shown(sums.collect(), &question, infers);
                    assert_eq!(got, oracle.funnel(&campaign, &question), "{context}");
                }
                let got = shown(BTreeMap::from([(Group::new(), found.whole)]), &whole, infers);
                assert_eq!(got, oracle.funnel(&campaign, &whole), "whole: {context}");
                let gaps = computed.gaps(&question, infers, &dice);
                let grouped = gaps.groups.iter().map(|(key, gaps)| (computed.group(key, &question), times(gaps)));
                if !question.group_by.is_empty() {
                    assert_eq!(filled(grouped), oracle.times(&campaign, &question), "times: {context}");
                }
                let got = filled([(Group::new(), times(&gaps.whole))]);
                assert_eq!(got, oracle.times(&campaign, &whole), "times of the whole: {context}");
            }
        }
    }
}

/// The states of a campaign, to be counted.
struct Computed<'a> {
    kept: Kept,
    texts: &'a HashMap<i64, String>,
}

impl Computed<'_> {
    /// Counts by two counters, each of which has some of the states.
    fn count(&self, question: &Question, dice: &Dice) -> Breakdown {
        let asked = asked(question);
        let cells = CellIndex::new(self.kept.cells.clone(), &asked);
        let mut counters = [Counter::new(&asked, &cells), Counter::new(&asked, &cells)];
        for state in &self.kept.states {
            counters[dice.below(2)].add(&state.encode()).expect("its own packing");
        }
        Breakdown::sum(counters.map(Counter::finish))
    }

    fn gaps(&self, question: &Question, infers: bool, dice: &Dice) -> Gaps {
        let asked = GapQuestion { question: asked(question), options: options(question, infers) };
        let cells = CellIndex::new(self.kept.cells.clone(), &asked.question);
        let mut counters = [GapCounter::new(&asked, &cells), GapCounter::new(&asked, &cells)];
        for state in &self.kept.states {
            counters[dice.below(2)].add(&state.encode()).expect("its own packing");
        }
        Gaps::of(counters.map(GapCounter::finish).into_iter().collect())
    }

    fn group(&self, key: &GroupKey, question: &Question) -> Group {
        let value = |by| match by {
            By::Run => self.kept.groups[&key.run].clone(),
            By::Treatment => self.kept.groups[&key.treatment].clone(),
            By::Touchpoint => self.kept.groups[&key.touchpoint].clone(),
            By::Channel => self.kept.groups[&key.channel].clone(),
            By::List | By::Reason | By::Url => {
                let of = key.detail.filter(|(dimension, _)| *dimension == dimension_of(by));
                of.map(|(_, hash)| self.texts[&hash].clone())
            }
            time => first_day(time, key.day),
        };
        question.group_by.iter().map(|by| (*by, value(*by))).collect()
    }
}

fn asked(question: &Question) -> BreakdownQuestion {
    BreakdownQuestion {
        basis: if question.basis == Basis::Event { DateBasis::Event } else { DateBasis::Cohort },
        zone: question.zone,
        span: question.days.map_or(Span::All, |(from, to)| Span::Days(day_of(from)..day_of(to))),
        dimensions: question.group_by.iter().map(|by| dimension_of(*by)).collect(),
    }
}

fn dimension_of(by: By) -> Dimension {
    match by {
        By::Run => Dimension::Run,
        By::Treatment => Dimension::Treatment,
        By::Touchpoint => Dimension::Touchpoint,
        By::Channel => Dimension::Channel,
        By::Day => Dimension::Day,
        By::Week => Dimension::Week,
        By::Month => Dimension::Month,
        By::List => Dimension::List,
        By::Reason => Dimension::Reason,
        By::Url => Dimension::Url,
    }
}

fn times(gaps: &[StepGap]) -> BTreeMap<Kind, Times> {
    let times = |gap: &StepGap| (gap.kind, Times { units: gap.units, median: gap.median_s, p90: gap.p90_s });
    gaps.iter().map(times).collect()
}

fn filled(groups: impl IntoIterator<Item = (Group, BTreeMap<Kind, Times>)>) -> BTreeMap<Group, BTreeMap<Kind, Times>> {
    groups.into_iter().filter(|(_, times)| !times.is_empty()).collect()
}
