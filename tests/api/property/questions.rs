//! Every question that a campaign's funnel answers from maintained counts.

use chrono::NaiveDate;

use crate::oracle::funnel::{GroupBy, Question, Unit};
use crate::oracle::steps::Automation;

const UNITS: [Unit; 3] = [Unit::RecipientPerRun, Unit::Recipient, Unit::Message];

const GROUPINGS: [GroupBy; 5] =
    [GroupBy::Nothing, GroupBy::Run, GroupBy::Treatment, GroupBy::Touchpoint, GroupBy::Channel];

const AUTOMATIONS: [Automation; 3] = [Automation::Human, Automation::Machine, Automation::All];

/// All of them.
pub fn questions() -> Vec<Question> {
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).expect("a day of March");
    let ranges = [None, Some((day(8), day(9))), Some((day(7), day(9)))];
    let mut questions = Vec::new();
    for unit in UNITS {
        for group_by in GROUPINGS {
            for automation in AUTOMATIONS {
                for days in ranges {
                    let question = Question { unit, group_by, by_day: false, implied: true, automation, days };
                    let as_reported = Question { implied: false, ..question };
                    questions.extend([question, as_reported]);
                    questions.extend([question, as_reported].map(|question| Question { by_day: true, ..question }));
                }
            }
        }
    }
    questions
}
