//! The times between the steps of a campaign's funnel, from all its events.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::kind::Kind;

use super::funnel::{Counted, Group, Question, counts_in, firsts, of_group, of_place};
use super::{CampaignName, Oracle};

/// The steps, in order.
const STEPS: [Kind; 5] = [Kind::Targeted, Kind::Sent, Kind::Delivered, Kind::Opened, Kind::Clicked];

/// How long units took from the step before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Units that have both steps.
    pub units: i64,
    /// The middle one in seconds, or the mean of the two in the middle.
    pub median: f64,
    /// The shortest in seconds that nine of ten did not exceed.
    pub p90: f64,
}

impl Oracle {
    /// The times to each step from the one before, by group.
    pub fn times(&self, campaign: &CampaignName, question: &Question) -> BTreeMap<Group, BTreeMap<Kind, Times>> {
        let steps = self.steps(campaign, question);
        let groups: BTreeSet<Group> = steps.iter().map(|counted| counted.group(&question.group_by)).collect();
        let mut found: BTreeMap<Group, BTreeMap<Kind, Times>> = BTreeMap::new();
        for group in groups {
            for pair in STEPS.windows(2) {
                let of_kind = |kind| steps.iter().filter(move |counted| counted.step.kind == kind).collect::<Vec<_>>();
                let befores = firsts(&of_place(&of_kind(pair[0]), &group));
                let reached = firsts(&of_group(&of_kind(pair[1]), &group));
                let reached = reached.into_iter().filter(|counted| counts_in(counted, &group, question));
                let taken = reached.filter_map(|counted| taken(&befores, counted)).collect();
                if let Some(times) = times(taken) {
                    found.entry(group.clone()).or_default().insert(pair[1], times);
                }
            }
        }
        found
    }
}

/// Microseconds from the step before; clocks that go backwards took none.
fn taken(befores: &[&Counted], reached: &Counted) -> Option<i64> {
    let before = befores.iter().find(|before| before.unit == reached.unit)?;
    Some((reached.step.at.0 - before.step.at.0).max(0))
}

fn times(mut taken: Vec<i64>) -> Option<Times> {
    taken.sort_unstable();
    let number = taken.len();
    let enough = |time: &&i64| taken.iter().filter(|other| other <= time).count() * 10 >= number * 9;
    let p90 = *taken.iter().find(enough)? as f64 / 1e6;
    let middle = taken[(number - 1) / 2] as f64 + taken[number / 2] as f64;
    Some(Times { units: number as i64, median: middle / 2.0 / 1e6, p90 })
}

#[cfg(test)]
mod tests {
    use campaignql::domain::event::Namespace;
    use chrono_tz::Tz;

    use super::*;
    use crate::oracle::funnel::{Basis, Unit};
    use crate::oracle::sample::{event, oracle};
    use crate::oracle::steps::Automation;

    #[test]
    fn the_times_of_two_recipients() {
        let of = |who: &str, id: &str, kind, at| event(who).message(id).kind(kind).at(at).make();
        let (a, b) = ("email:a@x.test", "email:b@x.test");
        let oracle = oracle(vec![
            of(a, "1", Kind::Sent, 10),
            of(a, "1", Kind::Opened, 40),
            of(a, "1", Kind::Opened, 30),
            of(b, "2", Kind::Sent, 10),
            of(b, "2", Kind::Opened, 5),
        ]);
        let question = Question {
            unit: Unit::Recipient,
            basis: Basis::Event,
            zone: Tz::UTC,
            group_by: Vec::new(),
            implied: true,
            automation: Automation::Human,
            days: None,
        };
        let times = &oracle.times(&(Namespace::Odp, "c".to_owned()), &question)[&Group::new()];
        // Delivered is inferred: where it was sent. The second was opened before it was sent.
        assert_eq!(times[&Kind::Delivered], Times { units: 2, median: 0.0, p90: 0.0 });
        assert_eq!(times[&Kind::Opened], Times { units: 2, median: 10.0, p90: 20.0 });
    }
}
