//! A campaign's funnel, counted from all its events.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::event::NewEvent;
use campaignql::domain::kind::Kind;
use chrono::NaiveDate;

use super::machine::{is_machine, verdict};
use super::steps::{Automation, Reported, Step, implied, inferred_delivery, reported};
use super::{CampaignName, Happened, Oracle, campaign_name};

/// What counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A customer, once per run.
    RecipientPerRun,
    /// A customer.
    Recipient,
    /// A message.
    Message,
}

/// What rows are grouped by, beside days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// Nothing.
    Nothing,
    /// Run.
    Run,
    /// Treatment.
    Treatment,
    /// Touchpoint.
    Touchpoint,
    /// Channel.
    Channel,
}

/// A question about a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// What counts once.
    pub unit: Unit,
    /// What rows are grouped by.
    pub group_by: GroupBy,
    /// Whether they are also grouped by day.
    pub by_day: bool,
    /// Whether steps that must have happened are counted too.
    pub implied: bool,
    /// Whose opens and clicks are counted.
    pub automation: Automation,
    /// First day and the day after the last; none: all time.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

/// Number of events and of distinct units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Events.
    pub total: i64,
    /// Units.
    pub unique: i64,
}

/// A group of steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The run, treatment … of its steps; none: they have none, or are not grouped by one.
    pub value: Option<String>,
    /// Their day; none: they are not grouped by day.
    pub day: Option<NaiveDate>,
}

/// Counts by group and kind; zeros are left out.
pub type Rows = BTreeMap<Group, BTreeMap<Kind, Count>>;

/// Two events belong to one message when these are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    Named { id: String, person: usize },
    Unnamed { person: usize, run: Option<String>, treatment: Option<String>, touchpoint: Option<String> },
}

/// Two steps are of one unit when these are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum UnitName {
    RecipientInRun(usize, Option<String>),
    Recipient(usize),
    Message(Message),
}

/// A step with all that the counting asks for.
struct Counted {
    step: Step,
    unit: UnitName,
    day: NaiveDate,
}

impl Oracle {
    /// Whether deliveries of the campaign have to be inferred: it has never reported one.
    pub fn infers_deliveries(&self, campaign: &CampaignName, question: &Question) -> bool {
        question.implied && !self.of_campaign(campaign).iter().any(|happened| happened.event.kind == Kind::Delivered)
    }

    /// The funnel.
    pub fn funnel(&self, campaign: &CampaignName, question: &Question) -> Rows {
        let mut rows = Rows::new();
        let steps = self.steps(campaign, question);
        let groups: BTreeSet<Group> = steps.iter().map(|counted| group(counted, question)).collect();
        let kinds: BTreeSet<Kind> = steps.iter().map(|counted| counted.step.kind).collect();
        for (group, kind) in groups.iter().flat_map(|group| kinds.iter().map(move |kind| (group, *kind))) {
            let same_kind: Vec<&Counted> = steps.iter().filter(|counted| counted.step.kind == kind).collect();
            let count = count(&same_kind, group, question);
            if count != Count::default() {
                rows.entry(group.clone()).or_default().insert(kind, count);
            }
        }
        rows
    }

    /// The verdict on every event, in order, and the rule that gave it. Events outside any campaign have messages too.
    pub fn verdicts(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let mut messages: BTreeMap<(Option<CampaignName>, Message), Vec<&NewEvent>> = BTreeMap::new();
        let key = |happened: &Happened| (happened.event.campaign.as_ref().map(campaign_name), message(happened));
        for happened in &self.events {
            messages.entry(key(happened)).or_default().push(&happened.event);
        }
        self.events.iter().map(|happened| verdict(&happened.event, &messages[&key(happened)])).collect()
    }

    /// Every step of every message that the question is about, in all time.
    fn steps(&self, campaign: &CampaignName, question: &Question) -> Vec<Counted> {
        let infer = self.infers_deliveries(campaign, question);
        let mut messages: BTreeMap<Message, Vec<&Happened>> = BTreeMap::new();
        for happened in self.of_campaign(campaign) {
            messages.entry(message(happened)).or_default().push(happened);
        }
        let mut counted = Vec::new();
        let targeted = targeted_places(&messages);
        for (message, happened) in messages {
            let person = happened[0].person;
            let reports_target = happened.iter().any(|happened| happened.event.kind == Kind::Targeted);
            for step in message_steps(&happened, question, infer) {
                let place = (person, step.run.clone(), step.treatment.clone(), step.touchpoint.clone());
                if step.kind == Kind::Targeted && !reports_target && targeted.contains(&place) {
                    continue;
                }
                let unit = match question.unit {
                    Unit::RecipientPerRun => UnitName::RecipientInRun(person, step.run.clone()),
                    Unit::Recipient => UnitName::Recipient(person),
                    Unit::Message => UnitName::Message(message.clone()),
                };
                counted.push(Counted { day: self.day(step.at), step, unit });
            }
        }
        counted.extend(self.converted(campaign, question));
        counted
    }

    /// The conversions that are credited to touches of the campaign: each a step of the touch's message, at the time of the
    /// conversion.
    fn converted(&self, campaign: &CampaignName, question: &Question) -> Vec<Counted> {
        let is_of = |event: &NewEvent| event.campaign.as_ref().is_some_and(|named| campaign_name(named) == *campaign);
        let credits = self.credits().iter().map(|(touch, at)| (&self.events[*touch], *at));
        let of_campaign = credits.filter(|(touch, _)| is_of(&touch.event));
        of_campaign
            .map(|(touch, at)| {
                let step = Step { kind: Kind::Converted, at, ..step(touch) };
                let unit = match question.unit {
                    Unit::RecipientPerRun => UnitName::RecipientInRun(touch.person, step.run.clone()),
                    Unit::Recipient => UnitName::Recipient(touch.person),
                    Unit::Message => UnitName::Message(message(touch)),
                };
                Counted { day: self.day(at), step, unit }
            })
            .collect()
    }

    /// The events that the campaign's funnel counts.
    fn of_campaign(&self, campaign: &CampaignName) -> Vec<&Happened> {
        let is_of = |event: &NewEvent| event.campaign.as_ref().is_some_and(|named| campaign_name(named) == *campaign);
        self.events
            .iter()
            .filter(|happened| is_of(&happened.event) && happened.event.kind.counts_in_campaign())
            .collect()
    }
}

/// Person, run, treatment and touchpoint.
type Place = (usize, Option<String>, Option<String>, Option<String>);

/// Where somebody was targeted before there was a message id. What was sent there needs no targeting of its own.
fn targeted_places(messages: &BTreeMap<Message, Vec<&Happened>>) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    for (message, happened) in messages {
        let targeted = happened.iter().any(|happened| happened.event.kind == Kind::Targeted);
        if let (true, Message::Unnamed { person, run, treatment, touchpoint }) = (targeted, message) {
            places.insert((*person, run.clone(), treatment.clone(), touchpoint.clone()));
        }
    }
    places
}

fn message(happened: &Happened) -> Message {
    let Happened { person, event, .. } = happened;
    match &event.message_id {
        Some(id) => Message::Named { id: id.clone(), person: *person },
        None => Message::Unnamed {
            person: *person,
            run: event.run.clone(),
            treatment: event.treatment.clone(),
            touchpoint: event.touchpoint.clone(),
        },
    }
}

/// The steps of one message: as reported, and where asked for as implied.
fn message_steps(message: &[&Happened], question: &Question, infer: bool) -> Vec<Step> {
    let events: Vec<&NewEvent> = message.iter().map(|happened| &happened.event).collect();
    let all: Vec<Reported> = message
        .iter()
        .map(|happened| Reported { step: step(happened), machine: is_machine(&happened.event, &events) })
        .collect();
    let mut steps = reported(&all, question.automation);
    if question.implied {
        steps.extend(implied(&all, question.automation));
    }
    if infer {
        steps.retain(|step| step.kind != Kind::Delivered);
        steps.extend(inferred_delivery(&all));
    }
    steps
}

fn step(happened: &Happened) -> Step {
    let event = &happened.event;
    Step {
        at: happened.at,
        kind: event.kind,
        run: event.run.clone(),
        treatment: event.treatment.clone(),
        touchpoint: event.touchpoint.clone(),
        channel: event.channel.clone(),
    }
}

fn group(counted: &Counted, question: &Question) -> Group {
    Group { value: value(&counted.step, question.group_by), day: question.by_day.then_some(counted.day) }
}

fn value(step: &Step, by: GroupBy) -> Option<String> {
    match by {
        GroupBy::Nothing => None,
        GroupBy::Run => step.run.clone(),
        GroupBy::Treatment => step.treatment.clone(),
        GroupBy::Touchpoint => step.touchpoint.clone(),
        GroupBy::Channel => step.channel.clone(),
    }
}

/// Counts the steps of one kind that lie in a group and in the range. A unit counts once among those of the same run,
/// treatment … whatever their day: at the first of them, if that lies in the group and in the range.
fn count(steps: &[&Counted], group: &Group, question: &Question) -> Count {
    let same_value = steps.iter().copied().filter(|counted| value(&counted.step, question.group_by) == group.value);
    let considered: Vec<&Counted> = same_value.collect();
    let counts = |counted: &&Counted| {
        let in_range = question.days.is_none_or(|(from, to)| from <= counted.day && counted.day < to);
        in_range && group.day.is_none_or(|day| counted.day == day)
    };
    let units: BTreeSet<&UnitName> = considered.iter().map(|counted| &counted.unit).collect();
    let first_of = |unit: &UnitName| {
        let same = considered.iter().copied().filter(|counted| counted.unit == *unit);
        same.min_by_key(|counted| counted.step.at)
    };
    let total = considered.iter().copied().filter(counts).count();
    let unique = units.into_iter().filter_map(first_of).filter(counts).count();
    Count { total: total as i64, unique: unique as i64 }
}

#[cfg(test)]
mod tests {
    use campaignql::domain::event::Namespace;

    use super::*;
    use crate::oracle::sample::{event, oracle};

    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;

    fn question() -> Question {
        Question {
            unit: Unit::RecipientPerRun,
            group_by: GroupBy::Nothing,
            by_day: false,
            implied: false,
            automation: Automation::Human,
            days: None,
        }
    }

    fn ask(oracle: &Oracle, question: Question) -> Rows {
        oracle.funnel(&(Namespace::Odp, "c".to_owned()), &question)
    }

    fn of(rows: &Rows, value: Option<&str>, kind: Kind) -> (i64, i64) {
        count_of(rows, &Group { value: value.map(str::to_owned), day: None }, kind)
    }

    fn count_of(rows: &Rows, group: &Group, kind: Kind) -> (i64, i64) {
        let count = rows.get(group).and_then(|row| row.get(&kind)).copied().unwrap_or_default();
        (count.total, count.unique)
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(1970, 1, day).expect("a day")
    }

    /// One customer: two sends in run `r` (the second a day later), one in run `s` two days later.
    fn three_sends() -> Oracle {
        let send = |at, run| event("email:a@x.test").at(at).run(run).make();
        oracle(vec![send(DAY, "r"), send(0, "r"), send(2 * DAY, "s")])
    }

    #[test]
    fn units_count_once() {
        for (unit, unique) in [(Unit::RecipientPerRun, 2), (Unit::Recipient, 1), (Unit::Message, 2)] {
            let rows = ask(&three_sends(), Question { unit, ..question() });
            assert_eq!(of(&rows, None, Kind::Sent), (3, unique), "{unit:?}");
        }
    }

    #[test]
    fn a_unit_counts_on_the_day_of_its_first_event() {
        let from = |first| Question { unit: Unit::Recipient, days: Some((day(first), day(4))), ..question() };
        assert_eq!(of(&ask(&three_sends(), from(1)), None, Kind::Sent), (3, 1));
        assert_eq!(of(&ask(&three_sends(), from(2)), None, Kind::Sent), (2, 0));
        let by_day = ask(&three_sends(), Question { unit: Unit::Recipient, by_day: true, ..question() });
        let on = |number| count_of(&by_day, &Group { value: None, day: Some(day(number)) }, Kind::Sent);
        assert_eq!([on(1), on(2), on(3), on(4)], [(1, 1), (1, 0), (1, 0), (0, 0)]);
    }

    #[test]
    fn in_a_group_a_unit_counts_at_its_first_event_there() {
        let by_run = Question { unit: Unit::Recipient, group_by: GroupBy::Run, ..question() };
        let rows = ask(&three_sends(), by_run);
        assert_eq!((of(&rows, Some("r"), Kind::Sent), of(&rows, Some("s"), Kind::Sent)), ((2, 1), (1, 1)));
        let rows = ask(&three_sends(), Question { days: Some((day(2), day(4))), ..by_run });
        assert_eq!((of(&rows, Some("r"), Kind::Sent), of(&rows, Some("s"), Kind::Sent)), ((1, 0), (1, 1)));
        let rows = ask(&three_sends(), Question { by_day: true, ..by_run });
        let on = |run: &str, number| Group { value: Some(run.to_owned()), day: Some(day(number)) };
        assert_eq!(count_of(&rows, &on("r", 2), Kind::Sent), (1, 0));
        assert_eq!(count_of(&rows, &on("s", 3), Kind::Sent), (1, 1));
    }

    #[test]
    fn messages_are_told_apart_by_their_ids_and_their_recipients() {
        let opened = |who: &str, id: &str| event(who).message(id).kind(Kind::Opened).make();
        let opens = [opened("email:a@x.test", "1"), opened("email:b@x.test", "1"), opened("email:a@x.test", "2")];
        let rows = ask(&oracle(opens.to_vec()), Question { unit: Unit::Message, ..question() });
        assert_eq!(of(&rows, None, Kind::Opened), (3, 3));
    }

    #[test]
    fn deliveries_are_inferred_only_where_none_was_ever_reported() {
        let sent = event("email:a@x.test").message("1").make();
        let bounced = event("email:b@x.test").message("2").kind(Kind::SoftBounced).make();
        let implied = Question { implied: true, ..question() };
        let rows = ask(&oracle(vec![sent.clone(), bounced.clone()]), implied);
        assert_eq!((of(&rows, None, Kind::Delivered), of(&rows, None, Kind::Sent)), ((1, 1), (2, 2)));
        let elsewhere = event("email:c@x.test").message("3").kind(Kind::Delivered).at(9 * DAY).make();
        let rows = ask(&oracle(vec![sent, bounced, elsewhere]), implied);
        assert_eq!((of(&rows, None, Kind::Delivered), of(&rows, None, Kind::Sent)), ((1, 1), (3, 3)));
    }

    #[test]
    fn a_burst_is_of_machines_and_stands_beside() {
        let click = |url: &str| event("email:a@x.test").message("1").click(url).make();
        let oracle = oracle(vec![click("x"), click("y"), click("z")]);
        let by = |automation| ask(&oracle, Question { implied: true, automation, ..question() });
        assert_eq!(of(&by(Automation::Human), None, Kind::Clicked), (0, 0));
        assert_eq!(of(&by(Automation::Machine), None, Kind::Clicked), (3, 1));
        assert_eq!(of(&by(Automation::All), None, Kind::Opened), (0, 0));
        assert_eq!(of(&by(Automation::Human), None, Kind::Delivered), (1, 1));
    }

    #[test]
    fn other_campaigns_and_other_kinds_are_left_out() {
        let elsewhere = event("email:a@x.test").with(|event| event.campaign = None).make();
        let bought = event("email:a@x.test").kind(Kind::Purchased).make();
        assert_eq!(ask(&oracle(vec![elsewhere, bought]), question()), Rows::new());
    }
}
