//! What was counted, put in order: totals, the largest groups with their values, and the commonest paths.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::cells::Cells;
use super::count::{Counted, ScopeCount};
use super::lag::LagSummary;
use super::question::{Dimension, MAX_DIMENSIONS, PathStep, Question};
use super::tally::{Money, Sum, Tally};
use crate::domain::attribution::Window;

/// How much of an answer is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listed {
    /// Most groups.
    pub groups: usize,
    /// Most paths.
    pub paths: usize,
}

/// The credit for the conversions that a question asks about.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// All conversions.
    pub total: Sum,
    /// Those with a touch that counts, of any campaign.
    pub attributed: Sum,
    /// Those without any.
    pub unattributed: Sum,
    /// The credit within every scope, in their order.
    pub scopes: Vec<ScopeAnswer>,
}

/// The credit within one scope.
#[derive(Clone, Debug, Default)]
pub struct ScopeAnswer {
    /// Of all groups together.
    pub whole: Credit,
    /// The groups with the most credit, those of a time in order of time.
    pub groups: Vec<Group>,
    /// What the groups that are not listed got; none where all are.
    pub other_groups: Option<OtherGroups>,
    /// The commonest paths.
    pub paths: Vec<Path>,
    /// Number of paths that are not listed, and their conversions.
    pub other_paths: (usize, Sum),
}

/// What somebody is credited with.
#[derive(Clone, Debug, Default)]
pub struct Credit {
    /// Parts of a conversion.
    pub conversions: i128,
    /// Conversions with at least one touch, credited or not.
    pub touched: i64,
    /// Revenue.
    pub revenue: Money,
    /// The times from credited touches to conversions; none where they were not wanted or nothing is credited.
    pub lag: Option<LagSummary>,
}

/// The credit of a group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The campaign.
    pub campaign: Option<i64>,
    /// Run, treatment, touchpoint or channel, by dimension; none for touches without one.
    pub values: Vec<(Dimension, Option<String>)>,
    /// The first day of the day, week or month, by dimension.
    pub times: Vec<(Dimension, i32)>,
    /// What it got.
    pub credit: Credit,
}

/// The credit of groups that are not listed.
#[derive(Clone, Debug, Default)]
pub struct OtherGroups {
    /// How many they are.
    pub groups: usize,
    /// Parts of a conversion.
    pub conversions: i128,
    /// Revenue.
    pub revenue: Money,
}

/// A path to conversion.
#[derive(Clone, Debug, Default)]
pub struct Path {
    /// Its campaigns, where it is one of campaigns.
    pub campaigns: Vec<i64>,
    /// Its channels, where it is one of channels; none for touches without one.
    pub channels: Vec<Option<String>>,
    /// The conversions that it led to.
    pub sum: Sum,
}

impl Answer {
    /// Puts in order what was counted for a question.
    pub fn of(counted: Counted, question: &Question, cells: &Cells, listed: Listed) -> Self {
        let Counted { mut attributed, mut unattributed, scopes } = counted;
        let mut total = attributed.clone();
        total.absorb(&unattributed);
        for sum in [&mut total, &mut attributed, &mut unattributed] {
            sum.revenue.sort();
        }
        let shown = Shown { question, cells, listed };
        let scopes = scopes.into_iter().map(|scope| shown.scope(scope)).collect();
        Self { total, attributed, unattributed, scopes }
    }
}

struct Shown<'a> {
    question: &'a Question,
    cells: &'a Cells,
    listed: Listed,
}

impl Shown<'_> {
    fn scope(&self, scope: ScopeCount) -> ScopeAnswer {
        let (groups, other_groups) = self.groups(scope.groups);
        let (paths, other_paths) = self.paths(scope.paths);
        ScopeAnswer { whole: credit(scope.whole, self.window()), groups, other_groups, paths, other_paths }
    }

    fn window(&self) -> Window {
        self.question.rule.window
    }

    fn groups(&self, groups: HashMap<[i64; MAX_DIMENSIONS], Tally>) -> (Vec<Group>, Option<OtherGroups>) {
        let mut groups: Vec<([i64; MAX_DIMENSIONS], Tally)> = groups.into_iter().collect();
        groups.sort_unstable_by_key(|(group, tally)| (Reverse((tally.credit, tally.touched)), *group));
        let others = groups.split_off(groups.len().min(self.listed.groups));
        // The sort is stable: within one time the order by credit stays.
        groups.sort_by_key(|(group, _)| self.times(group));
        let group = |(group, tally)| self.group(group, credit(tally, self.window()));
        (groups.into_iter().map(group).collect(), other_groups(others))
    }

    fn times(&self, group: &[i64; MAX_DIMENSIONS]) -> Vec<i64> {
        let named = self.question.dimensions.iter().zip(group);
        named.filter(|(dimension, _)| dimension.is_time()).map(|(_, number)| *number).collect()
    }

    fn group(&self, numbers: [i64; MAX_DIMENSIONS], credit: Credit) -> Group {
        let mut group = Group { credit, ..Group::default() };
        for (dimension, number) in self.question.dimensions.iter().zip(numbers) {
            match dimension {
                Dimension::Campaign => group.campaign = Some(number),
                time if time.is_time() => group.times.push((*time, number as i32)),
                _ => group.values.push((*dimension, self.cells.value(*dimension, number))),
            }
        }
        group
    }

    fn paths(&self, paths: HashMap<Box<[i64]>, Sum>) -> (Vec<Path>, (usize, Sum)) {
        let mut paths: Vec<(Box<[i64]>, Sum)> = paths.into_iter().collect();
        paths.sort_unstable_by(|(path, sum), (other_path, other_sum)| {
            let by_number = other_sum.conversions.cmp(&sum.conversions);
            by_number.then(path.len().cmp(&other_path.len())).then(path.cmp(other_path))
        });
        let others = paths.split_off(paths.len().min(self.listed.paths));
        let mut rest = Sum::default();
        for (_, sum) in &others {
            rest.absorb(sum);
        }
        rest.revenue.sort();
        (paths.into_iter().map(|(steps, sum)| self.path(&steps, sum)).collect(), (others.len(), rest))
    }

    fn path(&self, steps: &[i64], mut sum: Sum) -> Path {
        sum.revenue.sort();
        if self.question.paths == Some(PathStep::Channel) {
            let channel = |number: &i64| self.cells.value(Dimension::Channel, *number);
            return Path { channels: steps.iter().map(channel).collect(), sum, ..Path::default() };
        }
        Path { campaigns: steps.to_vec(), sum, ..Path::default() }
    }
}

fn credit(tally: Tally, window: Window) -> Credit {
    let Tally { credit, touched, mut revenue, lags, .. } = tally;
    revenue.sort();
    Credit { conversions: credit, touched, revenue, lag: lags.summary(window) }
}

fn other_groups(others: Vec<([i64; MAX_DIMENSIONS], Tally)>) -> Option<OtherGroups> {
    if others.is_empty() {
        return None;
    }
    let mut rest = OtherGroups { groups: others.len(), ..OtherGroups::default() };
    for (_, tally) in others {
        rest.conversions += tally.credit;
        rest.revenue.absorb(&tally.revenue);
    }
    rest.revenue.sort();
    Some(rest)
}
