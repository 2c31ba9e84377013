//! Goes through conversions with their touches and sums up who is credited with what. Counts of parts of the conversions
//! add up, in any order, so that threads count apart.

use std::collections::HashMap;
use std::sync::Arc;

use entity::cell;

use super::cells::Cells;
use super::question::{MAX_DIMENSIONS, PathStep, Question, Scope};
use super::tally::{Share, Sum, Tally};
use crate::domain::attribution::{Touch, WHOLE, share};
use crate::domain::money::Currency;
use crate::domain::time::Micros;

/// A conversion with what it earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// When.
    pub at: Micros,
    /// In which currency.
    pub currency: Currency,
    /// Its revenue, in millionths, as the question wants it.
    pub amount: i64,
}

/// The credit within one scope.
#[derive(Clone, Debug, Default)]
pub struct ScopeCount {
    /// Of all groups together.
    pub whole: Tally,
    /// Of every group; empty where the question names no dimensions.
    pub groups: HashMap<[i64; MAX_DIMENSIONS], Tally>,
    /// Whole conversions by the sequence of campaigns or channels that led to them, where at least one touch lies within
    /// the scope.
    pub paths: HashMap<Box<[i64]>, Sum>,
}

impl ScopeCount {
    fn absorb(&mut self, other: Self) {
        self.whole.absorb(other.whole);
        for (group, tally) in other.groups {
            self.groups.entry(group).or_default().absorb(tally);
        }
        for (path, sum) in other.paths {
            self.paths.entry(path).or_default().absorb(&sum);
        }
    }
}

/// Counts conversions for one question.
pub struct Counter {
    question: Arc<Question>,
    /// The place of each campaign among the scopes; none: all campaigns are the first.
    places: Option<HashMap<i64, usize>>,
    cells: Cells,
    /// Conversions with touches of cells that are not known yet.
    waiting: Vec<(Sale, Vec<Touch>)>,
    seen: u64,
    counted: Counted,
    room: Room,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Conversions with a touch that counts, of any campaign.
    pub attributed: Sum,
    /// Those without any.
    pub unattributed: Sum,
    /// The credit within every scope, in their order.
    pub scopes: Vec<ScopeCount>,
}

impl Counted {
    /// Adds what was counted of other conversions for the same question.
    pub fn absorb(&mut self, other: Self) {
        self.attributed.absorb(&other.attributed);
        self.unattributed.absorb(&other.unattributed);
        for (scope, other) in self.scopes.iter_mut().zip(other.scopes) {
            scope.absorb(other);
        }
    }
}

/// Room that is used again for every conversion.
#[derive(Default)]
struct Room {
    touches: Vec<Touch>,
    weights: Vec<u64>,
    credits: Vec<i64>,
    amounts: Vec<i64>,
    path: Vec<i64>,
    path_scopes: Vec<usize>,
}

/// Most steps of a path: of a longer one these last ones.
pub const MAX_PATH_STEPS: usize = 20;

impl Counter {
    /// A counter of nothing yet.
    pub fn new(question: Arc<Question>, scope: &Scope) -> Self {
        let places: Option<HashMap<i64, usize>> = match scope {
            Scope::Everything => None,
            Scope::Together(campaigns) => Some(campaigns.iter().map(|campaign| (*campaign, 0)).collect()),
            Scope::Each(campaigns) => {
                Some(campaigns.iter().enumerate().map(|(place, campaign)| (*campaign, place)).collect())
            }
        };
        let scopes = if let Scope::Each(campaigns) = scope { campaigns.len() } else { 1 };
        let counted = Counted { scopes: vec![ScopeCount::default(); scopes], ..Counted::default() };
        let (cells, waiting) = (Cells::default(), Vec::new());
        Self { question, places, cells, waiting, seen: 0, counted, room: Room::default() }
    }

    /// Counts a conversion; its touches in ascending order.
    pub fn add(&mut self, sale: Sale, touches: &[Touch]) {
        let question = Arc::clone(&self.question);
        if question.currency.is_some_and(|wanted| wanted != sale.currency) {
            return;
        }
        let Some(day) = question.day(sale.at) else { return };
        self.room.touches.clear();
        self.room.touches.extend(question.rule.counted(sale.at, touches).copied());
        if self.room.touches.is_empty() {
            self.counted.unattributed.add(sale.currency, sale.amount);
            return;
        }
        if question.needs_cells() && !self.knows_cells(&question) {
            self.waiting.push((sale, touches.to_vec()));
            return;
        }
        self.seen += 1;
        self.counted.attributed.add(sale.currency, sale.amount);
        question.rule.model.weigh(&self.room.touches, &mut self.room.weights);
        share(WHOLE, &self.room.weights, &mut self.room.credits);
        share(sale.amount, &self.room.weights, &mut self.room.amounts);
        self.credit(&question, sale, day);
        if let Some(step) = question.paths {
            self.follow(step, sale);
        }
    }

    /// Cells that conversions wait for.
    pub fn unknown_cells(&self) -> Vec<i64> {
        let touches = self.waiting.iter().flat_map(|(_, touches)| touches);
        let mut unknown: Vec<i64> =
            touches.map(|touch| touch.cell).filter(|cell| self.cells.groups(*cell).is_none()).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Gets to know cells, and counts the conversions that waited for them.
    pub fn learn(&mut self, cells: Vec<cell::Model>) {
        self.cells.extend(cells, &self.question);
        for (sale, touches) in std::mem::take(&mut self.waiting) {
            self.add(sale, &touches);
        }
    }

    /// What was counted, and the cells that got known. None may be waited for.
    pub fn finish(self) -> (Counted, Cells) {
        (self.counted, self.cells)
    }

    fn knows_cells(&self, question: &Question) -> bool {
        let is_needed =
            |touch: &&Touch| question.needs_all_cells() || place_of(self.places.as_ref(), touch.campaign).is_some();
        self.room.touches.iter().filter(is_needed).all(|touch| self.cells.groups(touch.cell).is_some())
    }

    fn credit(&mut self, question: &Question, sale: Sale, day: i32) {
        let shares = self.room.credits.iter().zip(&self.room.amounts);
        for (touch, (credit, amount)) in self.room.touches.iter().zip(shares) {
            let Some(place) = place_of(self.places.as_ref(), touch.campaign) else { continue };
            let share = Share {
                conversion: self.seen,
                credit: *credit,
                currency: sale.currency,
                amount: *amount,
                lag: question.with_lags.then(|| sale.at.0 - touch.at.0),
            };
            let scope = &mut self.counted.scopes[place];
            scope.whole.add(&share);
            if !question.dimensions.is_empty() {
                let group = question.group(touch.campaign, self.cells.groups(touch.cell), day);
                scope.groups.entry(group).or_default().add(&share);
            }
        }
    }

    fn follow(&mut self, step: PathStep, sale: Sale) {
        let Room { touches, path, path_scopes, .. } = &mut self.room;
        path.clear();
        path_scopes.clear();
        for touch in touches.iter() {
            let step = match step {
                PathStep::Campaign => touch.campaign,
                PathStep::Channel => self.cells.groups(touch.cell).map_or(0, |cell| cell.channel),
            };
            if path.last() != Some(&step) {
                path.push(step);
            }
            path_scopes.extend(place_of(self.places.as_ref(), touch.campaign));
        }
        path_scopes.sort_unstable();
        path_scopes.dedup();
        let path = &path[path.len().saturating_sub(MAX_PATH_STEPS)..];
        for place in path_scopes.iter() {
            let paths = &mut self.counted.scopes[*place].paths;
            // Most paths were seen before: a new key is only made for one that was not.
            match paths.get_mut(path) {
                Some(sum) => sum.add(sale.currency, sale.amount),
                None => paths.entry(path.into()).or_default().add(sale.currency, sale.amount),
            }
        }
    }
}

fn place_of(places: Option<&HashMap<i64, usize>>, campaign: i64) -> Option<usize> {
    match places {
        None => Some(0),
        Some(places) => places.get(&campaign).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::attribution::{Dimension, Money, RevenueBasis};
    use crate::domain::attribution::{HalfLife, Model, Rule};
    use crate::domain::kind::Kind;
    use crate::domain::recipient::MessageKey;
    use crate::domain::time::MICROS_PER_SECOND;

    const HOUR: i64 = 3_600 * MICROS_PER_SECOND;

    fn touch(at: i64, campaign: i64) -> Touch {
        let message = MessageKey::Id(1);
        Touch { at: Micros(at * HOUR), key: [0; 16], kind: Kind::Opened, campaign, cell: campaign * 10, message }
    }

    fn cells() -> Vec<cell::Model> {
        let cell = |campaign: i64| cell::Model {
            id: campaign * 10,
            workspace: 1,
            campaign,
            run: None,
            treatment: Some((campaign % 2).to_string()),
            touchpoint: None,
            channel: Some((campaign / 3).to_string()),
            source: "odp".to_owned(),
        };
        (1..5).map(cell).collect()
    }

    fn sale(at: i64, currency: &str, amount: i64) -> Sale {
        Sale { at: Micros(at * HOUR), currency: Currency::parse(currency).expect("a currency"), amount }
    }

    fn question(model: Model) -> Question {
        Question {
            rule: Rule { model, ..Rule::default() },
            days: 0..100,
            zone: chrono_tz::UTC,
            kind: Kind::Purchased,
            revenue: RevenueBasis::default(),
            currency: None,
            dimensions: vec![Dimension::Campaign],
            with_lags: true,
            paths: Some(PathStep::Campaign),
        }
    }

    fn counted(question: Question, scope: &Scope, sales: &[(Sale, Vec<Touch>)]) -> Counted {
        let mut counter = Counter::new(Arc::new(question), scope);
        for (sale, touches) in sales {
            counter.add(*sale, touches);
        }
        counter.learn(cells());
        counter.finish().0
    }

    #[test]
    fn a_conversion_waits_until_the_cells_of_its_touches_are_known() {
        let asked = Question { dimensions: vec![Dimension::Treatment], ..question(Model::Linear) };
        let mut counter = Counter::new(Arc::new(asked.clone()), &Scope::Everything);
        let without = |id: i64| cells().into_iter().filter(move |cell| cell.id != id).collect();
        counter.learn(without(20));
        for (sale, touches) in sales() {
            counter.add(sale, &touches);
        }
        assert_eq!((counter.counted.attributed.conversions, counter.unknown_cells()), (1, vec![20]));
        counter.learn(cells());
        assert!(counter.unknown_cells().is_empty());
        let (late, at_once) = (counter.finish().0, counted(asked, &Scope::Everything, &sales()));
        assert_eq!(
            (late.attributed, late.scopes[0].whole.credit),
            (at_once.attributed, at_once.scopes[0].whole.credit)
        );
        assert_eq!(late.scopes[0].groups.len(), at_once.scopes[0].groups.len());
    }

    fn sales() -> Vec<(Sale, Vec<Touch>)> {
        vec![
            (sale(50, "EUR", 100), vec![touch(1, 1), touch(2, 1), touch(3, 2)]),
            (sale(51, "USD", 9), vec![touch(40, 2), touch(50, 3)]),
            (sale(52, "EUR", 1), vec![touch(52, 3)]),
            (sale(90, "EUR", 7), vec![touch(1, 1), touch(89, 4), touch(89, 1)]),
        ]
    }

    fn amounts(money: &Money) -> Vec<(String, i128)> {
        let mut money = money.clone();
        money.sort();
        money.amounts().iter().map(|(currency, amount)| (currency.to_string(), *amount)).collect()
    }

    #[test]
    fn what_is_credited_and_what_is_not_make_up_all_conversions() {
        let found = counted(question(Model::Linear), &Scope::Everything, &sales());
        assert_eq!((found.attributed.conversions, found.unattributed.conversions), (3, 1));
        assert_eq!(amounts(&found.unattributed.revenue), [("EUR".to_owned(), 1)]);
        let whole = &found.scopes[0].whole;
        assert_eq!((whole.credit, whole.touched), (3 * i128::from(WHOLE), 3));
        assert_eq!(amounts(&whole.revenue), amounts(&found.attributed.revenue));
        let groups = &found.scopes[0].groups;
        assert_eq!(groups.values().map(|tally| tally.credit).sum::<i128>(), whole.credit);
        let first = &groups[&[1, 0, 0]];
        assert_eq!((first.credit, first.touched), (666_666_666_666 + 500_000_000_000, 2));
        assert_eq!(amounts(&first.revenue), [("EUR".to_owned(), 66 + 4)], "the remainders went to last touches");
    }

    #[test]
    fn each_campaign_gets_what_it_gets_among_all() {
        let each = counted(question(Model::LastTouch), &Scope::Each(vec![3, 1]), &sales());
        let together = counted(question(Model::LastTouch), &Scope::Together(vec![3, 1]), &sales());
        let credits: Vec<_> = each.scopes.iter().map(|scope| (scope.whole.credit, scope.whole.touched)).collect();
        assert_eq!(credits, [(i128::from(WHOLE), 1), (i128::from(WHOLE), 2)]);
        assert_eq!(together.scopes[0].whole.credit, 2 * i128::from(WHOLE));
        assert_eq!(each.attributed, together.attributed);
        let path: Box<[i64]> = [1, 2].into();
        assert_eq!(each.scopes[1].paths[&path].conversions, 1, "repeats are one step");
        assert_eq!(each.scopes[0].paths.len(), 1);
    }

    #[test]
    fn conversions_may_be_counted_apart_and_in_any_order() {
        for model in [Model::Linear, Model::Position, Model::TimeDecay(HalfLife::default())] {
            let asked = Question { dimensions: vec![Dimension::Treatment, Dimension::Day], ..question(model) };
            let whole = counted(asked.clone(), &Scope::Everything, &sales());
            let mut backwards = sales();
            backwards.reverse();
            let (front, back) = backwards.split_at(1);
            let mut parts = counted(asked.clone(), &Scope::Everything, front);
            parts.absorb(counted(asked, &Scope::Everything, back));
            let read = |counted: &Counted| {
                let scope = &counted.scopes[0];
                let mut groups: Vec<_> = scope
                    .groups
                    .iter()
                    .map(|(group, tally)| (*group, tally.credit, tally.touched, amounts(&tally.revenue)))
                    .collect();
                groups.sort();
                let mut paths: Vec<_> = scope
                    .paths
                    .iter()
                    .map(|(path, sum)| (path.clone(), sum.conversions, amounts(&sum.revenue)))
                    .collect();
                paths.sort();
                (groups, paths, counted.unattributed.clone())
            };
            assert_eq!(read(&parts), read(&whole));
            let lags = |counted: Counted| {
                counted.scopes.into_iter().next().and_then(|scope| scope.whole.lags.summary(Rule::default().window))
            };
            assert_eq!(lags(parts), lags(whole));
        }
    }

    #[test]
    fn only_days_and_currencies_asked_for_count() {
        let euros = Question { currency: Currency::parse("EUR"), days: 2..3, ..question(Model::LastTouch) };
        let found = counted(euros, &Scope::Everything, &sales());
        assert_eq!((found.attributed.conversions, found.unattributed.conversions), (1, 1));
    }
}
