//! Random questions about a campaign's funnel: those that maintained counts answer, and all others.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::dice::Dice;
use super::world::ZONE;
use crate::oracle::funnel::{Basis, By, Question, Unit};
use crate::oracle::steps::Automation;

const UNITS: [Unit; 3] = [Unit::RecipientPerRun, Unit::Recipient, Unit::Message];
const AUTOMATIONS: [Automation; 3] = [Automation::Human, Automation::Machine, Automation::All];
const PLACES: [By; 4] = [By::Run, By::Treatment, By::Touchpoint, By::Channel];
const TIMES: [By; 3] = [By::Day, By::Week, By::Month];
const DETAILS: [By; 3] = [By::List, By::Reason, By::Url];

/// Zones whose days begin elsewhere, and whose clocks change by an hour, by half of one, or never.
const ZONES: [Tz; 4] = [ZONE, Tz::UTC, Tz::Asia__Kathmandu, Tz::Australia__Lord_Howe];

/// Days of 23 and 25 hours in the workspace's zone, days around a change of half an hour in Lord Howe, and longer ranges.
const RANGES: [((u32, u32), (u32, u32)); 8] = [
    ((3, 8), (3, 9)),
    ((3, 7), (3, 9)),
    ((3, 7), (3, 8)),
    ((11, 1), (11, 2)),
    ((4, 4), (4, 5)),
    ((4, 5), (4, 6)),
    ((3, 8), (11, 2)),
    ((1, 1), (12, 31)),
];

/// A question that maintained counts answer.
pub fn kept_question(dice: &Dice) -> Question {
    let mut group_by: Vec<By> = dice.maybe(60, dice.pick(&PLACES)).into_iter().collect();
    group_by.extend(dice.maybe(50, dice.pick(&TIMES)));
    dice.shuffle(&mut group_by);
    Question { basis: Basis::Event, zone: ZONE, group_by, ..any_question(dice) }
}

/// Any question.
pub fn any_question(dice: &Dice) -> Question {
    let mut all = [&PLACES[..], &TIMES, &DETAILS].concat();
    dice.shuffle(&mut all);
    all.truncate(dice.below(4));
    let day = |(month, day)| NaiveDate::from_ymd_opt(2026, month, day).expect("a day of the year");
    let (from, to) = dice.pick(&RANGES);
    Question {
        unit: dice.pick(&UNITS),
        basis: dice.pick(&[Basis::Event, Basis::Cohort]),
        zone: dice.pick(&ZONES),
        group_by: all,
        implied: dice.chance(60),
        automation: dice.pick(&AUTOMATIONS),
        days: dice.maybe(70, (day(from), day(to))),
    }
}
