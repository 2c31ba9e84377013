//! Who is credited with conversions, told anew from all events for every question.
//!
//! Weights are those of the definition: time decay counts back from the last touch and cuts off at eighteen decimals. A share is
//! cut off at a million-millionth of a conversion, or at a millionth of a currency's unit; the last touch gets the rest.

use std::collections::{BTreeMap, BTreeSet};

use campaignql::domain::kind::Kind;
use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::conversion::Conversion;
use super::{CampaignName, Oracle, campaign_name};

/// How a conversion is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// The last gets all.
    LastTouch,
    /// The first gets all.
    FirstTouch,
    /// All get the same.
    Linear,
    /// Half and half.
    FirstLast,
    /// 40, 20, 40.
    Position,
    /// By a half-life, in microseconds.
    TimeDecay(i64),
}

/// What groups share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Campaign.
    Campaign,
    /// Run.
    Run,
    /// Treatment.
    Treatment,
    /// Touchpoint.
    Touchpoint,
    /// Channel.
    Channel,
    /// Day of the conversion.
    Day,
    /// Monday of its week.
    Week,
    /// First day of its month.
    Month,
}

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// How conversions are shared.
    pub model: Model,
    /// How long before a conversion a touch may lie, in microseconds.
    pub window: i64,
    /// What touches are.
    pub kinds: Vec<Kind>,
    /// 0: revenue is the subtotal; 1: the total.
    pub basis: usize,
    /// Whether what was taken back is taken off.
    pub net: bool,
    /// Only this currency.
    pub currency: Option<String>,
    /// First day and the day after the last.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// In which days are counted.
    pub zone: Tz,
    /// What groups share.
    pub group_by: Vec<Dimension>,
    /// Whose credit is summed up; none: everybody's.
    pub campaigns: Option<BTreeSet<CampaignName>>,
}

/// Millionths by currency.
pub type Money = BTreeMap<String, i128>;

/// What somebody got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credit {
    /// Million-millionths of conversions.
    pub parts: i128,
    /// Conversions with a touch.
    pub touched: i64,
    /// Revenue.
    pub revenue: Money,
    /// Microseconds from touch to conversion, and the parts credited.
    pub lags: Vec<(i64, i128)>,
}

/// Whole conversions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub conversions: i64,
    /// Their revenue.
    pub revenue: Money,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// With a touch.
    pub attributed: Sum,
    /// Without.
    pub unattributed: Sum,
    /// Of all whose credit is summed up.
    pub whole: Credit,
    /// By values of the dimensions, in their order.
    pub groups: BTreeMap<Vec<Option<String>>, Credit>,
    /// By campaigns.
    pub campaign_paths: BTreeMap<Vec<Option<String>>, Sum>,
    /// By channels.
    pub channel_paths: BTreeMap<Vec<Option<String>>, Sum>,
}

/// Parts of a conversion.
pub const WHOLE: i128 = 1_000_000_000_000;

/// Longer paths are cut to their last steps.
const STEPS: usize = 20;

impl Oracle {
    /// Who is credited with what.
    pub fn attribution(&self, conversions: &[Conversion], question: &Question) -> Answer {
        let mut answer = Answer::default();
        for conversion in conversions {
            if self.is_asked_for(conversion, question) {
                self.attribute(conversion, question, &mut answer);
            }
        }
        answer
    }

    fn is_asked_for(&self, conversion: &Conversion, question: &Question) -> bool {
        let day = self.day_of(conversion, question);
        question.currency.as_ref().is_none_or(|currency| *currency == conversion.currency)
            && question.days.is_none_or(|(from, to)| from <= day && day < to)
    }

    fn day_of(&self, conversion: &Conversion, question: &Question) -> NaiveDate {
        self.events[conversion.event].at.to_datetime().with_timezone(&question.zone).date_naive()
    }

    fn attribute(&self, conversion: &Conversion, question: &Question, answer: &mut Answer) {
        let taken = if question.net { conversion.reversed[question.basis] } else { 0 };
        let amount = i128::from(conversion.brought[question.basis]) - i128::from(taken);
        let before = |touch: usize| conversion.at.0 - self.events[touch].at.0;
        let counts = |touch: &usize| {
            question.kinds.contains(&self.events[*touch].event.kind)
                && 0 < before(*touch)
                && before(*touch) < question.window
        };
        let touches: Vec<usize> = conversion.touches.iter().copied().filter(counts).collect();
        let sum = if touches.is_empty() { &mut answer.unattributed } else { &mut answer.attributed };
        add_to(sum, &conversion.currency, amount);
        let ages: Vec<i64> = touches.iter().map(|touch| before(*touch)).collect();
        let weights = weights(question.model, &ages);
        let (parts, amounts) = (shares(WHOLE, &weights), shares(amount, &weights));
        let mut everybody = BTreeSet::new();
        for (place, touch) in touches.iter().enumerate() {
            if !self.is_in_scope(*touch, question) {
                continue;
            }
            let group = self.group(*touch, conversion, question);
            let is_first_here = everybody.insert(group.clone());
            let credits = [&mut answer.whole, answer.groups.entry(group).or_default()];
            for (credit, is_new) in credits.into_iter().zip([everybody.len() == 1 && is_first_here, is_first_here]) {
                credit.touched += i64::from(is_new);
                if parts[place] > 0 {
                    credit.parts += parts[place];
                    *credit.revenue.entry(conversion.currency.clone()).or_default() += amounts[place];
                    credit.lags.push((ages[place], parts[place]));
                }
            }
        }
        if !everybody.is_empty() {
            let campaigns = touches.iter().map(|touch| Some(self.campaign_of(*touch).1)).collect();
            let channels = touches.iter().map(|touch| self.events[*touch].event.channel.clone()).collect();
            add_to(answer.campaign_paths.entry(path(campaigns)).or_default(), &conversion.currency, amount);
            add_to(answer.channel_paths.entry(path(channels)).or_default(), &conversion.currency, amount);
        }
    }

    fn campaign_of(&self, touch: usize) -> CampaignName {
        campaign_name(self.events[touch].event.campaign.as_ref().expect("a touch is of a campaign"))
    }

    fn is_in_scope(&self, touch: usize, question: &Question) -> bool {
        question.campaigns.as_ref().is_none_or(|campaigns| campaigns.contains(&self.campaign_of(touch)))
    }

    fn group(&self, touch: usize, conversion: &Conversion, question: &Question) -> Vec<Option<String>> {
        let (event, day) = (&self.events[touch].event, self.day_of(conversion, question));
        let value = |dimension: &Dimension| match dimension {
            Dimension::Campaign => Some(self.campaign_of(touch).1),
            Dimension::Run => event.run.clone(),
            Dimension::Treatment => event.treatment.clone(),
            Dimension::Touchpoint => event.touchpoint.clone(),
            Dimension::Channel => event.channel.clone(),
            Dimension::Day => Some(day.to_string()),
            Dimension::Week => Some((day - Days::new(u64::from(day.weekday().num_days_from_monday()))).to_string()),
            Dimension::Month => Some(format!("{:04}-{:02}-01", day.year(), day.month())),
        };
        question.group_by.iter().map(value).collect()
    }
}

fn add_to(sum: &mut Sum, currency: &str, amount: i128) {
    sum.conversions += 1;
    *sum.revenue.entry(currency.to_owned()).or_default() += amount;
}

fn path(mut steps: Vec<Option<String>>) -> Vec<Option<String>> {
    steps.dedup();
    steps.split_off(steps.len().saturating_sub(STEPS))
}

/// The weight of each touch, the earliest first, by how long before the conversion it was.
pub fn weights(model: Model, ages: &[i64]) -> Vec<i128> {
    let last = ages.len().saturating_sub(1);
    let is_end = |place: usize| place == 0 || place == last;
    let weight = |place: usize| match model {
        Model::LastTouch => i128::from(place == last),
        Model::FirstTouch => i128::from(place == 0),
        Model::Linear => 1,
        Model::FirstLast => i128::from(is_end(place)),
        Model::Position if ages.len() < 3 => 1,
        // 40 % and 20 % of so many between, brought to whole numbers.
        Model::Position => {
            if is_end(place) {
                2 * (ages.len() as i128 - 2)
            } else {
                1
            }
        }
        Model::TimeDecay(half_life) => decayed(ages[place] - ages[last], half_life),
    };
    (0..ages.len()).map(weight).collect()
}

/// 2^(-age/half-life) with eighteen decimals, those behind cut off: halved once for every whole half-life, and by the
/// exponential series for the rest.
fn decayed(age: i64, half_life: i64) -> i128 {
    let (whole, rest) = (age / half_life, age % half_life);
    if whole > 100 {
        return 0;
    }
    let ln_2: Decimal = "0.6931471805599453094172321215".parse().expect("a number");
    let exponent = Decimal::from(rest) / Decimal::from(half_life) * ln_2;
    let (mut sum, mut term) = (Decimal::ONE, Decimal::ONE);
    for number in 1..60_i64 {
        term = -term * exponent / Decimal::from(number);
        sum += term;
    }
    let scaled = (sum * Decimal::from(1_000_000_000_000_000_000_i64)).trunc();
    let scaled: i128 = scaled.to_string().parse().expect("a whole number");
    scaled >> whole
}

/// Cut off towards nothing; the last gets the rest.
pub fn shares(amount: i128, weights: &[i128]) -> Vec<i128> {
    let sum: i128 = weights.iter().sum();
    let mut shares: Vec<i128> = weights.iter().map(|weight| amount * weight / sum).collect();
    let given: i128 = shares.iter().sum();
    if let Some(last) = shares.last_mut() {
        *last += amount - given;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::sample::{event, oracle};

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn models_weigh_touches_as_they_are_defined() {
        let of = |model, ages: &[i64]| shares(100, &weights(model, ages));
        assert_eq!(of(Model::LastTouch, &[3, 2, 1]), [0, 0, 100]);
        assert_eq!(of(Model::FirstTouch, &[3, 2, 1]), [100, 0, 0]);
        assert_eq!(of(Model::Linear, &[3, 2, 1]), [33, 33, 34]);
        assert_eq!(of(Model::FirstLast, &[3, 2, 1]), [50, 0, 50]);
        assert_eq!(of(Model::Position, &[4, 3, 2, 1]), [40, 10, 10, 40]);
        assert_eq!(of(Model::Position, &[2, 1]), [50, 50]);
        assert_eq!(of(Model::TimeDecay(DAY), &[2 * DAY, DAY]), [33, 67]);
        for model in [Model::FirstLast, Model::Position, Model::TimeDecay(1)] {
            assert_eq!(of(model, &[7]), [100], "{model:?}");
        }
        assert_eq!(decayed(DAY, 7 * DAY), 905_723_664_263_906_671);
    }

    #[test]
    fn a_conversion_is_shared_among_what_came_before_it() {
        let who = "email:a@x.test";
        let of = |campaign: &str| {
            let campaign = campaign.to_owned();
            move |event: &mut campaignql::domain::event::NewEvent| {
                event.campaign.as_mut().expect("has one").external_id = campaign;
            }
        };
        let open = |at, campaign, key| event(who).at(at).kind(Kind::Opened).key(key).with(of(campaign)).make();
        let bought = event(who).at(100).kind(Kind::Purchased).key(9).with(|event| {
            event.campaign = None;
            event.data = serde_json::from_str(r#"{"order": {"total": "0.10"}}"#).expect("an object");
        });
        let oracle = oracle(vec![open(1, "a", 1), open(2, "b", 2), open(3, "b", 3), open(100, "a", 4), bought.make()]);
        let question = Question {
            model: Model::Linear,
            window: DAY,
            kinds: vec![Kind::Opened],
            basis: 1,
            net: false,
            currency: None,
            days: None,
            zone: chrono_tz::UTC,
            group_by: vec![Dimension::Campaign],
            campaigns: None,
        };
        let answer = oracle.attribution(&oracle.conversions(Kind::Purchased), &question);
        let read = |credit: &Credit| (credit.parts, credit.touched, credit.revenue["USD"]);
        let groups: Vec<_> = answer.groups.values().map(read).collect();
        assert_eq!(groups, [(333_333_333_333, 1, 33_333), (666_666_666_667, 1, 66_667)]);
        assert_eq!(read(&answer.whole), (WHOLE, 1, 100_000));
        let path = [Some("a".to_owned()), Some("b".to_owned())];
        assert_eq!(answer.campaign_paths.keys().collect::<Vec<_>>(), [&path]);
        let narrow = Question { window: 97_000_000, ..question };
        let answer = oracle.attribution(&oracle.conversions(Kind::Purchased), &narrow);
        assert_eq!((answer.unattributed.conversions, answer.attributed.conversions), (1, 0), "97 s is not within 97 s");
    }
}
