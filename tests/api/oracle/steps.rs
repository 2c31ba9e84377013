//! The steps of one message: those that were reported, and those that follow from them.

use campaignql::domain::event::NewEvent;
use campaignql::domain::hash::group_id;
use campaignql::domain::kind::Kind;
use campaignql::domain::time::Micros;

use super::funnel::By;

/// Whose opens and clicks are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Automation {
    /// Those that no machine made.
    Human,
    /// Those that a machine made.
    Machine,
    /// All.
    All,
}

/// Something that is counted: an event of a message, or the stand-in for one that must have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Micros,
    /// What.
    pub kind: Kind,
    /// Run.
    pub run: Option<String>,
    /// Treatment.
    pub treatment: Option<String>,
    /// Touchpoint.
    pub touchpoint: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// Its link, list or reason; steps that follow from others have none.
    pub detail: Option<(By, String)>,
}

/// The link of a click, the list of a list change, or the reason of what went wrong.
pub fn detail(event: &NewEvent) -> Option<(By, String)> {
    let (by, text) = match event.kind {
        Kind::Clicked => (By::Url, &event.url),
        Kind::ListSubscribed | Kind::ListUnsubscribed => (By::List, &event.list),
        Kind::HeldOut | Kind::Skipped | Kind::Deferred | Kind::Failed | Kind::DeliveryUnknown => {
            (By::Reason, &event.reason)
        }
        Kind::SoftBounced
        | Kind::HardBounced
        | Kind::SpamReported
        | Kind::OptedOut
        | Kind::Disengaged
        | Kind::Exited => (By::Reason, &event.reason),
        _ => return None,
    };
    Some((by, text.clone()?))
}

/// A step that was reported, and who made it.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The step.
    pub step: Step,
    /// Whether a machine made it.
    pub machine: bool,
}

impl Reported {
    fn is(&self, kinds: &[Kind]) -> bool {
        kinds.contains(&self.step.kind)
    }

    fn is_act(&self) -> bool {
        self.is(&[Kind::Opened, Kind::Clicked])
    }

    fn passes(&self, automation: Automation) -> bool {
        match automation {
            Automation::Human => !self.machine,
            Automation::Machine => self.machine,
            Automation::All => true,
        }
    }
}

/// The reported steps of a message that pass the filter; it concerns opens and clicks alone.
pub fn reported(message: &[Reported], automation: Automation) -> Vec<Step> {
    let counts = |reported: &&Reported| !reported.is_act() || reported.passes(automation);
    message.iter().filter(counts).map(|reported| reported.step.clone()).collect()
}

/// The steps that a message does not report but that must have happened.
pub fn implied(message: &[Reported], automation: Automation) -> Vec<Step> {
    [implied_open(message, automation), implied_delivery(message), implied_send(message), implied_target(message)]
        .into_iter()
        .flatten()
        .collect()
}

/// The delivery of a message in a campaign that never reports any: it was sent and did not fail, or was acted on.
pub fn inferred_delivery(message: &[Reported]) -> Option<Step> {
    let failed = message.iter().any(|reported| reported.is(&[Kind::SoftBounced, Kind::HardBounced, Kind::Failed]));
    let sent = earliest(message, |reported| reported.is(&[Kind::Sent])).or_else(|| implied_send(message));
    let step = if failed { None } else { sent }.or_else(|| earliest(message, Reported::is_act))?;
    Some(Step { kind: Kind::Delivered, detail: None, ..step })
}

/// A person who clicked has opened.
fn implied_open(message: &[Reported], automation: Automation) -> Option<Step> {
    let known = message.iter().any(|reported| reported.is(&[Kind::Opened]) && reported.passes(automation));
    if known || automation == Automation::Machine {
        return None;
    }
    let click = earliest(message, |reported| reported.is(&[Kind::Clicked]) && !reported.machine)?;
    Some(Step { kind: Kind::Opened, detail: None, ..click })
}

/// What was opened or clicked, by whomever, was delivered.
fn implied_delivery(message: &[Reported]) -> Option<Step> {
    implied_by(message, Kind::Delivered, &[Kind::Opened, Kind::Clicked])
}

/// What was delivered or bounced was sent.
fn implied_send(message: &[Reported]) -> Option<Step> {
    let causes = [Kind::Delivered, Kind::Opened, Kind::Clicked, Kind::SoftBounced, Kind::HardBounced];
    implied_by(message, Kind::Sent, &causes)
}

/// What was sent was meant for somebody.
fn implied_target(message: &[Reported]) -> Option<Step> {
    let causes = [Kind::Sent, Kind::Delivered, Kind::Opened, Kind::Clicked, Kind::SoftBounced, Kind::HardBounced];
    implied_by(message, Kind::Targeted, &causes)
}

fn implied_by(message: &[Reported], kind: Kind, causes: &[Kind]) -> Option<Step> {
    if message.iter().any(|reported| reported.is(&[kind])) {
        return None;
    }
    let cause = earliest(message, |reported| reported.is(causes))?;
    Some(Step { kind, detail: None, ..cause })
}

/// The earliest of the wanted steps. At one instant the kind's code decides, and then the ids of the groups: an order
/// without a meaning, but the same whatever the order of arrival.
fn earliest(message: &[Reported], wanted: impl Fn(&Reported) -> bool) -> Option<Step> {
    let order = |step: &Step| {
        let places = [&step.run, &step.treatment, &step.touchpoint, &step.channel];
        (step.at, step.kind, places.map(|place| group_id(place.as_deref())))
    };
    message.iter().filter(|reported| wanted(reported)).map(|reported| reported.step.clone()).min_by_key(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(kind: Kind, at: i64) -> Step {
        Step { at: Micros(at), kind, run: None, treatment: None, touchpoint: None, channel: None, detail: None }
    }

    fn human(kind: Kind, at: i64) -> Reported {
        Reported { step: step(kind, at), machine: false }
    }

    fn machine(kind: Kind, at: i64) -> Reported {
        Reported { step: step(kind, at), machine: true }
    }

    #[test]
    fn a_human_click_implies_everything_before_it() {
        let all: Vec<Step> =
            [Kind::Opened, Kind::Delivered, Kind::Sent, Kind::Targeted].into_iter().map(|kind| step(kind, 5)).collect();
        assert_eq!(implied(&[human(Kind::Clicked, 5)], Automation::Human), all);
        assert_eq!(implied(&[human(Kind::Clicked, 5)], Automation::All), all);
        assert_eq!(implied(&[human(Kind::Clicked, 5)], Automation::Machine), all[1..]);
    }

    #[test]
    fn a_machine_click_implies_no_open() {
        let rest = [step(Kind::Delivered, 5), step(Kind::Sent, 5), step(Kind::Targeted, 5)];
        assert_eq!(implied(&[machine(Kind::Clicked, 5)], Automation::Human), rest);
        assert_eq!(implied(&[machine(Kind::Clicked, 5)], Automation::All), rest);
    }

    #[test]
    fn a_reported_step_stays_as_reported_even_when_it_is_late() {
        let message = [human(Kind::Sent, 9), human(Kind::Opened, 3), human(Kind::Clicked, 2)];
        assert_eq!(implied(&message, Automation::Human), [step(Kind::Delivered, 2), step(Kind::Targeted, 2)]);
    }

    #[test]
    fn a_machines_open_is_an_open_only_when_machines_count() {
        let message = [machine(Kind::Opened, 1), human(Kind::Clicked, 4), human(Kind::Delivered, 0)];
        assert!(implied(&message, Automation::Human).contains(&step(Kind::Opened, 4)));
        assert!(implied(&message, Automation::All).iter().all(|step| step.kind != Kind::Opened));
    }

    #[test]
    fn a_bounce_implies_a_send_and_a_failure_nothing() {
        let sent = [step(Kind::Sent, 7), step(Kind::Targeted, 7)];
        assert_eq!(implied(&[human(Kind::SoftBounced, 7)], Automation::Human), sent);
        assert_eq!(implied(&[human(Kind::HardBounced, 7)], Automation::Human), sent);
        assert_eq!(implied(&[human(Kind::Failed, 7), human(Kind::SpamReported, 8)], Automation::Human), []);
    }

    #[test]
    fn at_one_instant_the_smallest_kind_and_then_the_smallest_place_implies() {
        let nowhere = human(Kind::Opened, 1);
        let mut somewhere = nowhere.clone();
        somewhere.step.run = Some("r".to_owned());
        let mut click = somewhere.clone();
        click.step.kind = Kind::Clicked;
        let run = |message: &[Reported]| implied_delivery(message).and_then(|step| step.run);
        assert_eq!(run(&[somewhere.clone(), human(Kind::Clicked, 1)]), Some("r".to_owned()));
        assert_eq!(run(&[click, somewhere, nowhere]), None);
    }

    #[test]
    fn a_send_that_did_not_fail_arrived() {
        assert_eq!(inferred_delivery(&[human(Kind::Sent, 1), human(Kind::Sent, 2)]), Some(step(Kind::Delivered, 1)));
        assert_eq!(inferred_delivery(&[human(Kind::Targeted, 1)]), None);
        assert_eq!(inferred_delivery(&[human(Kind::Sent, 1), human(Kind::Failed, 2)]), None);
        assert_eq!(inferred_delivery(&[human(Kind::SoftBounced, 2)]), None);
    }

    #[test]
    fn a_message_that_bounced_and_was_opened_arrived_when_it_was_opened() {
        let message = [human(Kind::Sent, 1), human(Kind::SoftBounced, 2), machine(Kind::Opened, 6)];
        assert_eq!(inferred_delivery(&message), Some(step(Kind::Delivered, 6)));
        assert_eq!(inferred_delivery(&[machine(Kind::Opened, 6)]), Some(step(Kind::Delivered, 6)));
    }
}
