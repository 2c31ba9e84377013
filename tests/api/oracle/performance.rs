//! Campaigns together, summed up from the funnel of each.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::kind::Kind;
use campaignql::domain::time::Micros;
use chrono::{Datelike, Days, NaiveDate, Timelike};

use super::funnel::{By, Count, Counted, Question, firsts};
use super::{CampaignName, Oracle};

/// Counts by kind; zeros are left out.
pub type Kinds = BTreeMap<Kind, Count>;

/// The stretch that a row is of, the channel or other value, and the campaign.
pub type Key = (Option<NaiveDate>, Option<String>, Option<CampaignName>);

/// Which rows are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// By what stretch of time.
    pub stretch: Option<By>,
    /// By what besides.
    pub by: Option<By>,
    /// Whether by campaign.
    pub by_campaign: bool,
}

/// The days of a question: those counted, and what each day counts for, which is another where they are the days before.
pub struct Asked {
    /// First day, and the day after the last.
    pub days: (NaiveDate, NaiveDate),
    /// Days by which each counts later.
    pub shift: u64,
}

impl Oracle {
    /// The rows of some campaigns: `question` says how to count, not what rows are.
    pub fn performance(
        &self,
        campaigns: &[CampaignName],
        question: &Question,
        rows: Rows,
        asked: &Asked,
    ) -> BTreeMap<Key, Kinds> {
        let mut found: BTreeMap<Key, Kinds> = BTreeMap::new();
        for campaign in campaigns {
            // Over time a unit counts once: days add up to weeks, months and all.
            let group_by = [By::Day].into_iter().chain(rows.by).collect();
            let by_day = Question { group_by, days: Some(asked.days), ..question.clone() };
            for (group, kinds) in self.funnel(campaign, &by_day) {
                let day: NaiveDate = group[&By::Day].as_deref().and_then(|day| day.parse().ok()).expect("a day");
                let stretch = rows.stretch.map(|stretch| first_of(stretch, day + Days::new(asked.shift)));
                let value = rows.by.and_then(|by| group[&by].clone());
                let key = (stretch, value, rows.by_campaign.then(|| campaign.clone()));
                add(found.entry(key).or_default(), kinds);
            }
        }
        found
    }

    /// The hours of a campaign by the clocks of the question's zone, by the instants at which they begin.
    pub fn hours(&self, campaign: &CampaignName, question: &Question) -> BTreeMap<Micros, Kinds> {
        let hour = |counted: &Counted| {
            let local = counted.lies_at.to_datetime().with_timezone(&question.zone);
            let into_hour = i64::from(local.minute()) * 60 + i64::from(local.second());
            Micros(counted.lies_at.0.div_euclid(1_000_000) * 1_000_000 - into_hour * 1_000_000)
        };
        let in_range =
            |counted: &&Counted| question.days.is_none_or(|(from, to)| from <= counted.day && counted.day < to);
        let steps = self.steps(campaign, question);
        let kinds: BTreeSet<Kind> = steps.iter().map(|counted| counted.step.kind).collect();
        let mut found: BTreeMap<Micros, Kinds> = BTreeMap::new();
        for kind in kinds {
            let same: Vec<&Counted> = steps.iter().filter(|counted| counted.step.kind == kind).collect();
            for counted in same.iter().copied().filter(in_range) {
                found.entry(hour(counted)).or_default().entry(kind).or_default().total += 1;
            }
            for counted in firsts(&same).into_iter().filter(in_range) {
                found.entry(hour(counted)).or_default().entry(kind).or_default().unique += 1;
            }
        }
        found
    }
}

/// The first day of the day, week or month that a day lies in.
pub fn first_of(stretch: By, day: NaiveDate) -> NaiveDate {
    match stretch {
        By::Week => day.week(chrono::Weekday::Mon).first_day(),
        By::Month => day.with_day(1).expect("every month has a first"),
        _ => day,
    }
}

/// Adds counts to others.
pub fn add(sum: &mut Kinds, kinds: Kinds) {
    for (kind, count) in kinds {
        let sum = sum.entry(kind).or_default();
        sum.total += count.total;
        sum.unique += count.unique;
    }
}
