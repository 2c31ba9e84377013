//! Campaigns together, summed up from the funnel of each.

use std::collections::BTreeMap;

use campaignql::domain::kind::Kind;
use chrono::{Datelike, Days, NaiveDate};

use super::funnel::{Count, Group, GroupBy, Question};
use super::{CampaignName, Oracle};

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// A day.
    Day,
    /// An ISO week.
    Week,
    /// A month.
    Month,
}

impl Stretch {
    /// Its name in GraphQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    /// The first day of the stretch that a day lies in.
    pub fn first(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day.week(chrono::Weekday::Mon).first_day(),
            Self::Month => day.with_day(1).expect("every month has a first"),
        }
    }
}

/// Counts by kind; zeros are left out.
pub type Kinds = BTreeMap<Kind, Count>;

/// The stretch that a row is of, the channel or other value, and the campaign.
pub type Key = (Option<NaiveDate>, Option<String>, Option<CampaignName>);

/// Which rows are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// By what stretch of time.
    pub stretch: Option<Stretch>,
    /// By what besides.
    pub group_by: GroupBy,
    /// Whether by campaign.
    pub by_campaign: bool,
}

/// The days of a question: those counted, and what each day counts for, which is another where they are the days before.
pub struct Counted {
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
        counted: &Counted,
    ) -> BTreeMap<Key, Kinds> {
        let mut found: BTreeMap<Key, Kinds> = BTreeMap::new();
        for campaign in campaigns {
            // Over time a unit counts once: days add up to weeks, months and all.
            let by_day = Question { group_by: rows.group_by, by_day: true, days: Some(counted.days), ..*question };
            for (Group { value, day }, kinds) in self.funnel(campaign, &by_day) {
                let day = day.expect("rows are by day") + Days::new(counted.shift);
                let stretch = rows.stretch.map(|stretch| stretch.first(day));
                let key = (stretch, value, rows.by_campaign.then(|| campaign.clone()));
                add(found.entry(key).or_default(), kinds);
            }
        }
        found
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
