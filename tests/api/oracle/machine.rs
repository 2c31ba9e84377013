//! Human or machine: the vendor's verdict, else three distinct links of one message clicked within one second.

use std::collections::BTreeSet;

use campaignql::domain::event::{Automation, NewEvent};
use campaignql::domain::kind::Kind;
use campaignql::domain::time::{MICROS_PER_SECOND, Micros};

/// Distinct links within a second that no hand clicks.
const BURST: usize = 3;

/// Whether a machine did this, given all events of the same message.
pub fn is_machine(event: &NewEvent, message: &[&NewEvent]) -> bool {
    match event.automation {
        Automation::Machine => true,
        Automation::Human => false,
        Automation::Unknown => event.kind == Kind::Clicked && is_in_burst(time(event), message),
    }
}

/// The verdict on an event in the words of the API, given all events of the same message, and the rule that gave it.
pub fn verdict(event: &NewEvent, message: &[&NewEvent]) -> (&'static str, Option<&'static str>) {
    match event.automation {
        Automation::Machine => ("MACHINE", event.automation_rule),
        Automation::Human => ("HUMAN", event.automation_rule),
        Automation::Unknown if is_machine(event, message) => ("MACHINE", Some("burst")),
        Automation::Unknown => ("UNKNOWN", None),
    }
}

/// Whether an instant lies in a second, both ends included, in which too many links were clicked. It is enough to try
/// the seconds that begin with a click: any other can be shifted to the right until it does, and loses none.
fn is_in_burst(at: Micros, message: &[&NewEvent]) -> bool {
    let clicks: Vec<&NewEvent> = message.iter().copied().filter(|event| is_undecided_click(event)).collect();
    clicks.iter().map(|click| time(click)).any(|start| {
        let second = start.0..=start.0 + MICROS_PER_SECOND;
        let inside = clicks.iter().filter(|click| second.contains(&time(click).0));
        let links: BTreeSet<&str> = inside.filter_map(|click| click.url.as_deref()).collect();
        second.contains(&at.0) && links.len() >= BURST
    })
}

fn is_undecided_click(event: &NewEvent) -> bool {
    event.kind == Kind::Clicked && event.automation == Automation::Unknown
}

fn time(event: &NewEvent) -> Micros {
    event.occurred_at.expect("the oracle takes events with their own time")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::sample::event;

    fn verdicts(message: &[NewEvent]) -> Vec<bool> {
        let all: Vec<&NewEvent> = message.iter().collect();
        message.iter().map(|event| is_machine(event, &all)).collect()
    }

    fn click(millisecond: i64, url: &str) -> NewEvent {
        event("email:a@x.test").at_ms(millisecond).click(url).make()
    }

    #[test]
    fn three_links_in_a_closed_second_are_a_burst() {
        let message = [click(0, "a"), click(500, "b"), click(1_000, "c"), click(1_001, "d"), click(1_600, "d")];
        assert_eq!(verdicts(&message), [true, true, true, true, false]);
    }

    #[test]
    fn two_links_or_a_longer_time_are_not() {
        assert_eq!(verdicts(&[click(0, "a"), click(1, "b"), click(2, "a")]), [false; 3]);
        assert_eq!(verdicts(&[click(0, "a"), click(500, "b"), click(1_001, "c")]), [false; 3]);
    }

    #[test]
    fn the_vendors_verdict_comes_first_and_does_not_count_towards_a_burst() {
        let human = event("email:a@x.test").click("a").with(|event| event.automation = Automation::Human).make();
        assert_eq!(verdicts(&[human.clone(), click(1, "b"), click(2, "c")]), [false; 3]);
        let message = [human, click(0, "a"), click(1, "b"), click(2, "c")];
        assert_eq!(verdicts(&message), [false, true, true, true]);
    }

    #[test]
    fn a_click_without_a_link_is_swept_up_and_an_open_is_not() {
        let bare = event("email:a@x.test").kind(Kind::Clicked).make();
        let open = event("email:a@x.test").kind(Kind::Opened).make();
        let message = [click(0, "a"), click(1, "b"), click(2, "c"), bare, open];
        assert_eq!(verdicts(&message), [true, true, true, true, false]);
    }
}
