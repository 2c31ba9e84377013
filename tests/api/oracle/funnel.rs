//! A campaign's funnel, counted from all its events.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::event::NewEvent;
use campaignql::domain::kind::Kind;
use campaignql::domain::time::Micros;
use chrono::{Datelike, NaiveDate, Weekday};
use chrono_tz::Tz;

use super::machine::{is_machine, verdict};
use super::steps::{Automation, Reported, Step, detail, implied, inferred_delivery, reported};
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

/// Which day counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The event's own.
    Event,
    /// The one on which the message was sent.
    Cohort,
}

/// What rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    Run,
    Treatment,
    Touchpoint,
    Channel,
    Day,
    Week,
    Month,
    List,
    Reason,
    Url,
}

impl By {
    /// Whether it is a stretch of time.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// Whether every event of a message may have it.
    pub fn is_place(self) -> bool {
        matches!(self, Self::Run | Self::Treatment | Self::Touchpoint | Self::Channel)
    }
}

/// A question about a campaign.
#[derive(Clone, Debug)]
pub struct Question {
    /// What counts once.
    pub unit: Unit,
    /// Which day counts.
    pub basis: Basis,
    /// The zone of days.
    pub zone: Tz,
    /// What rows are grouped by.
    pub group_by: Vec<By>,
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

/// What the steps of a group have in common, by what rows are grouped by. None: they have none. Of weeks and months the
/// first day.
pub type Group = BTreeMap<By, Option<String>>;

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
pub enum UnitName {
    /// A customer in a run.
    RecipientInRun(usize, Option<String>),
    /// A customer.
    Recipient(usize),
    /// A message.
    #[expect(private_interfaces, reason = "only compared")]
    Message(Message),
}

/// A step with all that the counting asks for.
pub struct Counted {
    /// The step.
    pub step: Step,
    /// Its unit.
    pub unit: UnitName,
    /// The time by which it is placed.
    pub lies_at: Micros,
    /// The day of that time.
    pub day: NaiveDate,
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
        let groups: BTreeSet<Group> = steps.iter().map(|counted| counted.group(&question.group_by)).collect();
        let kinds: BTreeSet<Kind> = steps.iter().map(|counted| counted.step.kind).collect();
        for (group, kind) in groups.iter().flat_map(|group| kinds.iter().map(move |kind| (group, *kind))) {
            let same_kind: Vec<&Counted> = steps.iter().filter(|counted| counted.step.kind == kind).collect();
            let considered = of_group(&same_kind, group);
            let counts = |counted: &&Counted| counts_in(counted, group, question);
            let total = considered.iter().copied().filter(counts).count() as i64;
            let unique = firsts(&considered).into_iter().filter(counts).count() as i64;
            let count = Count { total, unique };
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
    pub fn steps(&self, campaign: &CampaignName, question: &Question) -> Vec<Counted> {
        let infer = self.infers_deliveries(campaign, question);
        let mut messages: BTreeMap<Message, Vec<&Happened>> = BTreeMap::new();
        for happened in self.of_campaign(campaign) {
            messages.entry(message(happened)).or_default().push(happened);
        }
        let mut counted = Vec::new();
        let targeted = targeted_places(&messages);
        for (message, happened) in messages {
            let person = happened[0].person;
            let sent = sent_at(&happened).filter(|_| question.basis == Basis::Cohort);
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
                let lies_at = sent.unwrap_or(step.at);
                let day = lies_at.to_datetime().with_timezone(&question.zone).date_naive();
                counted.push(Counted { step, unit, lies_at, day });
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
                let step = Step { kind: Kind::Converted, at, detail: None, ..step(touch) };
                let of_touch = message(touch);
                let unit = match question.unit {
                    Unit::RecipientPerRun => UnitName::RecipientInRun(touch.person, step.run.clone()),
                    Unit::Recipient => UnitName::Recipient(touch.person),
                    Unit::Message => UnitName::Message(of_touch.clone()),
                };
                let same: Vec<&Happened> =
                    self.of_campaign(campaign).into_iter().filter(|happened| message(happened) == of_touch).collect();
                let lies_at = sent_at(&same).filter(|_| question.basis == Basis::Cohort).unwrap_or(at);
                let day = lies_at.to_datetime().with_timezone(&question.zone).date_naive();
                Counted { step, unit, lies_at, day }
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
        detail: detail(event),
    }
}

/// When a message was sent: by the earliest of what reports it and of what is stamped on any of its events.
fn sent_at(message: &[&Happened]) -> Option<Micros> {
    let reported = message.iter().filter(|happened| happened.event.kind == Kind::Sent).map(|happened| happened.at);
    let stamped = message.iter().filter_map(|happened| happened.event.sent_at);
    reported.chain(stamped).min()
}

impl Counted {
    /// The group that it is in.
    pub fn group(&self, group_by: &[By]) -> Group {
        group_by.iter().map(|by| (*by, self.value(*by))).collect()
    }

    fn value(&self, by: By) -> Option<String> {
        let Step { run, treatment, touchpoint, channel, detail, .. } = &self.step;
        match by {
            By::Run => run.clone(),
            By::Treatment => treatment.clone(),
            By::Touchpoint => touchpoint.clone(),
            By::Channel => channel.clone(),
            By::Day => Some(self.day.to_string()),
            By::Week => Some(self.day.week(Weekday::Mon).first_day().to_string()),
            By::Month => self.day.with_day(1).map(|first| first.to_string()),
            By::List | By::Reason | By::Url => {
                detail.as_ref().filter(|(of, _)| *of == by).map(|(_, text)| text.clone())
            }
        }
    }

    fn has(&self, group: &Group, by: impl Fn(By) -> bool) -> bool {
        group.iter().filter(|(of, _)| by(**of)).all(|(of, value)| self.value(*of) == *value)
    }
}

/// The steps that share a group's values, whatever their day: among these a unit counts once.
pub fn of_group<'a>(steps: &[&'a Counted], group: &Group) -> Vec<&'a Counted> {
    steps.iter().copied().filter(|counted| counted.has(group, |by| !by.is_time())).collect()
}

/// The steps that share a group's run, treatment, touchpoint and channel, as far as it is made of these.
pub fn of_place<'a>(steps: &[&'a Counted], group: &Group) -> Vec<&'a Counted> {
    steps.iter().copied().filter(|counted| counted.has(group, By::is_place)).collect()
}

/// The first step of every unit: by its own time, and at one instant that of the message sent first.
pub fn firsts<'a>(steps: &[&'a Counted]) -> Vec<&'a Counted> {
    let units: BTreeSet<&UnitName> = steps.iter().map(|counted| &counted.unit).collect();
    let first_of = |unit: &UnitName| {
        let same = steps.iter().copied().filter(|counted| counted.unit == *unit);
        same.min_by_key(|counted| (counted.step.at, counted.lies_at))
    };
    units.into_iter().filter_map(first_of).collect()
}

/// Whether a step lies in the days of a group and in the range.
pub fn counts_in(counted: &Counted, group: &Group, question: &Question) -> bool {
    let in_range = question.days.is_none_or(|(from, to)| from <= counted.day && counted.day < to);
    in_range && counted.has(group, By::is_time)
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
            basis: Basis::Event,
            zone: Tz::UTC,
            group_by: Vec::new(),
            implied: false,
            automation: Automation::Human,
            days: None,
        }
    }

    fn ask(oracle: &Oracle, question: Question) -> Rows {
        oracle.funnel(&(Namespace::Odp, "c".to_owned()), &question)
    }

    fn group<const N: usize>(values: [(By, &str); N]) -> Group {
        values.into_iter().map(|(by, value)| (by, Some(value.to_owned()))).collect()
    }

    fn of(rows: &Rows, run: Option<&str>, kind: Kind) -> (i64, i64) {
        count_of(rows, &run.map_or_else(Group::new, |run| group([(By::Run, run)])), kind)
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
        let by_day = ask(&three_sends(), Question { unit: Unit::Recipient, group_by: vec![By::Day], ..question() });
        let on = |number| count_of(&by_day, &group([(By::Day, &day(number).to_string())]), Kind::Sent);
        assert_eq!([on(1), on(2), on(3), on(4)], [(1, 1), (1, 0), (1, 0), (0, 0)]);
    }

    #[test]
    fn in_a_group_a_unit_counts_at_its_first_event_there() {
        let by_run = Question { unit: Unit::Recipient, group_by: vec![By::Run], ..question() };
        let rows = ask(&three_sends(), by_run.clone());
        assert_eq!((of(&rows, Some("r"), Kind::Sent), of(&rows, Some("s"), Kind::Sent)), ((2, 1), (1, 1)));
        let rows = ask(&three_sends(), Question { days: Some((day(2), day(4))), ..by_run.clone() });
        assert_eq!((of(&rows, Some("r"), Kind::Sent), of(&rows, Some("s"), Kind::Sent)), ((1, 0), (1, 1)));
        let rows = ask(&three_sends(), Question { group_by: vec![By::Run, By::Day], ..by_run });
        let on = |run: &str, number| group([(By::Run, run), (By::Day, &day(number).to_string())]);
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
        let rows = ask(&oracle(vec![sent.clone(), bounced.clone()]), implied.clone());
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

    #[test]
    fn a_cohort_is_that_of_the_message_of_the_first_event() {
        let of_message = |id: &str, kind, at: i64| event("email:a@x.test").message(id).kind(kind).at(at).make();
        let oracle = oracle(vec![
            of_message("1", Kind::Sent, 0),
            of_message("2", Kind::Sent, 2 * DAY),
            of_message("2", Kind::Opened, 3 * DAY),
            of_message("1", Kind::Opened, 4 * DAY),
        ]);
        let cohorts = Question { unit: Unit::Recipient, basis: Basis::Cohort, group_by: vec![By::Day], ..question() };
        let rows = ask(&oracle, cohorts);
        let on = |number, kind| count_of(&rows, &group([(By::Day, &day(number).to_string())]), kind);
        assert_eq!([on(1, Kind::Sent), on(3, Kind::Sent)], [(1, 1), (1, 0)]);
        assert_eq!([on(1, Kind::Opened), on(3, Kind::Opened), on(5, Kind::Opened)], [(1, 0), (1, 1), (0, 0)]);
    }

    #[test]
    fn a_cohort_goes_by_the_earliest_stamp_and_else_by_the_event() {
        let stamped = |at, sent| {
            let click = event("email:a@x.test").message("1").click("x").at(at);
            click.with(|event| event.sent_at = Some(Micros::from_seconds(sent))).make()
        };
        let alone = event("email:b@x.test").message("2").click("x").at(5 * DAY).make();
        let oracle = oracle(vec![stamped(3 * DAY, 2 * DAY), stamped(4 * DAY, DAY), alone]);
        let cohorts = Question { basis: Basis::Cohort, group_by: vec![By::Day], ..question() };
        let rows = ask(&oracle, cohorts);
        let on = |number| count_of(&rows, &group([(By::Day, &day(number).to_string())]), Kind::Clicked);
        assert_eq!([on(2), on(3), on(6)], [(2, 1), (0, 0), (1, 1)]);
    }

    #[test]
    fn a_link_groups_clicks_alone() {
        let click = |url: &str, at| event("email:a@x.test").message("1").click(url).at(at).make();
        let oracle = oracle(vec![click("x", 0), click("y", DAY), click("x", 2 * DAY)]);
        let by_url = Question { group_by: vec![By::Url], implied: true, ..question() };
        let rows = ask(&oracle, by_url);
        assert_eq!(count_of(&rows, &group([(By::Url, "x")]), Kind::Clicked), (2, 1));
        assert_eq!(count_of(&rows, &group([(By::Url, "y")]), Kind::Clicked), (1, 1));
        assert_eq!(count_of(&rows, &Group::from([(By::Url, None)]), Kind::Opened), (1, 1));
        assert_eq!(rows.len(), 3);
    }
}
