//! What all vendors' records have in common, and the same bytes for the same arguments.

use std::collections::HashSet;

use super::*;

fn lines(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    let sink = |line: &[u8]| {
        lines.push(String::from_utf8_lossy(line).into_owned());
        Ok(())
    };
    write(plan, sink).expect("memory takes everything");
    lines
}

#[test]
fn as_many_records_are_written_as_were_asked_for() {
    for dialect in Dialect::reporting() {
        for events in [1, 7, 500] {
            let plan = plan(Request { events, ..sample(dialect) }, |_| ());
            let lines = lines(&plan);
            let distinct: HashSet<&String> = lines.iter().collect();
            assert_eq!((lines.len() as u64, distinct.len() as u64), (plan.lines(), events), "{dialect:?}");
        }
    }
}

#[test]
fn every_record_is_an_object_on_a_line_of_its_own() {
    for dialect in Dialect::reporting() {
        for line in lines(&plan(sample(dialect), |_| ())) {
            assert_eq!(line.matches('\n').count(), 1);
            let record: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            assert!(record.is_object(), "{line}");
        }
    }
}

#[test]
fn the_seed_decides() {
    let of_seed = |seed| lines(&plan(Request { seed, events: 200, ..sample(Dialect::Pinpoint) }, |_| ()));
    assert_eq!(of_seed(5), of_seed(5));
    assert_ne!(of_seed(5), of_seed(6));
}

#[test]
fn nothing_happens_after_the_last_day() {
    for dialect in Dialect::reporting() {
        let plan = plan(Request { days: 1, ..sample(dialect) }, |_| ());
        let mut story = Story::default();
        for number in 0..plan.stories {
            plan.tell(number, &mut story);
            let end = plan.request.start_ms + DAY_MS;
            assert!(story.happenings.iter().all(|happening| happening.at_ms <= end), "{dialect:?}");
        }
    }
}
