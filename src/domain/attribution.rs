//! Who gets the credit for a conversion: which of the events before it count as touches, and how a model shares one
//! conversion and its revenue among them.
//!
//! A model gives every touch a whole number as its weight. A share is `amount * weight / sum of weights`, cut off towards
//! zero at the unit of the amount (a millionth of a currency's unit, or [`WHOLE`] parts of a conversion); what is cut off
//! goes to the last touch. So all shares of a conversion add up to it exactly, and sums of shares are sums of integers.

use super::kind::Kind;
use super::recipient::MessageKey;
use super::time::{MICROS_PER_SECOND, Micros};

/// An event before a conversion that a campaign may be credited for. Touches are ordered by time, at one instant by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Touch {
    /// When.
    pub at: Micros,
    /// The event's idempotency key: the 128 bits that are stored with it, compared as bytes.
    pub key: [u8; 16],
    /// What happened: one of [`TOUCH_KINDS`].
    pub kind: Kind,
    /// Its campaign.
    pub campaign: i64,
    /// Its catalogue cell: run, treatment, touchpoint and channel.
    pub cell: i64,
    /// Its message.
    pub message: MessageKey,
}

/// The kinds that may be touches.
pub const TOUCH_KINDS: [Kind; 4] = [Kind::Opened, Kind::Clicked, Kind::Engaged, Kind::Delivered];

/// A set of the kinds that may be touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TouchKinds(u8);

impl TouchKinds {
    /// Those of these kinds that may be touches.
    pub fn of(kinds: &[Kind]) -> Self {
        Self(kinds.iter().fold(0, |set, kind| set | bit_of(*kind)))
    }

    /// Whether a kind is in the set.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & bit_of(kind) != 0
    }

    /// Whether no kind is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Opens and clicks.
impl Default for TouchKinds {
    fn default() -> Self {
        Self::of(&[Kind::Opened, Kind::Clicked])
    }
}

fn bit_of(kind: Kind) -> u8 {
    TOUCH_KINDS.iter().position(|known| *known == kind).map_or(0, |place| 1 << place)
}

/// How long before a conversion a touch may lie; neither end is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window(i64);

const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

impl Window {
    /// The longest: 90 days. Touches further back are not kept with a conversion.
    pub const LONGEST: Self = Self(90 * MICROS_PER_DAY);

    /// A window of so many microseconds; none where they are not positive or more than the longest.
    pub fn of_micros(micros: i64) -> Option<Self> {
        (1..=Self::LONGEST.0).contains(&micros).then_some(Self(micros))
    }

    /// Its length in microseconds.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whether a touch counts: `0 < conversion - touch < window`.
    pub fn admits(self, conversion: Micros, touch: Micros) -> bool {
        touch.0 < conversion.0 && conversion.0 - touch.0 < self.0
    }
}

/// Three days.
impl Default for Window {
    fn default() -> Self {
        Self(3 * MICROS_PER_DAY)
    }
}

/// The time after which a touch is worth half as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HalfLife(i64);

impl HalfLife {
    /// A half-life of so many microseconds; none where they are not positive.
    pub fn of_micros(micros: i64) -> Option<Self> {
        (micros > 0).then_some(Self(micros))
    }

    /// Its length in microseconds.
    pub fn micros(self) -> i64 {
        self.0
    }
}

/// Seven days.
impl Default for HalfLife {
    fn default() -> Self {
        Self(7 * MICROS_PER_DAY)
    }
}

/// How a conversion is shared among its touches. A single touch gets all of it under every model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Model {
    /// The last touch gets all.
    #[default]
    LastTouch,
    /// The first touch gets all.
    FirstTouch,
    /// Every touch gets the same.
    Linear,
    /// The first and the last touch get half each.
    FirstLast,
    /// The first and the last touch get 40 % each, those between share 20 % equally; two touches get half each.
    Position,
    /// A touch is worth half of one that came a half-life later.
    TimeDecay(HalfLife),
}

impl Model {
    /// Puts the weight of every touch into `weights`, in the order of the touches, which must be ascending. Their sum is
    /// positive unless there is no touch, and the last one's weight is positive wherever a share may be cut off.
    pub fn weigh(self, touches: &[Touch], weights: &mut Vec<u64>) {
        weights.clear();
        let Some((last, before)) = touches.split_last() else { return };
        match self {
            _ if before.is_empty() => weights.push(1),
            Self::LastTouch => weights.extend(before.iter().map(|_| 0).chain([1])),
            Self::FirstTouch => weights.extend([1].into_iter().chain(before.iter().map(|_| 0))),
            Self::Linear => weights.extend(touches.iter().map(|_| 1)),
            Self::FirstLast => ends(weights, touches.len(), 1, 0),
            Self::Position => {
                // 40 % and 20 % of k touches: 2k to 2k to 1 for each of the k between.
                let between = touches.len() as u64 - 2;
                ends(weights, touches.len(), (2 * between).max(1), 1);
            }
            Self::TimeDecay(half_life) => {
                weights.extend(touches.iter().map(|touch| halved(last.at.0 - touch.at.0, half_life)));
            }
        }
    }
}

fn ends(weights: &mut Vec<u64>, touches: usize, end: u64, between: u64) {
    weights.push(end);
    weights.extend((2..touches).map(|_| between));
    weights.push(end);
}

/// Which touches count, and how a conversion is shared among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rule {
    /// How it is shared.
    pub model: Model,
    /// Which kinds of events count.
    pub kinds: TouchKinds,
    /// How long before the conversion.
    pub window: Window,
}

impl Rule {
    /// Those of a conversion's touches that count, in the order given.
    pub fn counted<'a>(&self, conversion: Micros, touches: &'a [Touch]) -> impl Iterator<Item = &'a Touch> {
        let Self { kinds, window, .. } = *self;
        touches.iter().filter(move |touch| kinds.has(touch.kind) && window.admits(conversion, touch.at))
    }

    /// The touch that gets a conversion under last touch, whatever the rule's own model; none where no touch counts. Touches
    /// may be in any order.
    pub fn last_touch<'a>(&self, conversion: Micros, touches: &'a [Touch]) -> Option<&'a Touch> {
        self.counted(conversion, touches).max()
    }
}

/// Parts of one conversion: credits have twelve decimals.
pub const WHOLE: i64 = 1_000_000_000_000;

/// Puts the share of every weight in an amount into `shares`. They add up to the amount; where no weight is positive
/// there are none.
pub fn share(amount: i64, weights: &[u64], shares: &mut Vec<i64>) {
    shares.clear();
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 {
        return;
    }
    let mut rest = amount;
    for weight in weights {
        // Less than the amount, and so within 64 bits; the product is below 2^63 * 2^63.
        let part = (i128::from(amount) * i128::from(*weight) / sum) as i64;
        rest -= part;
        shares.push(part);
    }
    if let Some(last) = shares.last_mut() {
        *last += rest;
    }
}

/// The weight of the last touch under time decay.
pub const FULL_WEIGHT: u64 = 1_000_000_000_000_000_000;

/// [`FULL_WEIGHT`] times 2^(-age/half-life), cut off to a whole number, by fixed-point arithmetic that is the same on
/// every machine. Ages are counted back from the last touch and not from the conversion: it changes no share, and the
/// weights never all vanish.
fn halved(age: i64, half_life: HalfLife) -> u64 {
    let (age, half_life) = (age.unsigned_abs(), half_life.0.unsigned_abs());
    let halvings = age / half_life;
    if halvings >= 60 {
        return 0;
    }
    // The rest of the age in half-lives, with 128 binary places: two digits of a long division.
    let divisor = u128::from(half_life);
    let remainder = u128::from(age % half_life) << 64;
    let fraction = ((remainder / divisor) << 64) + ((remainder % divisor) << 64) / divisor;
    let factor = power_of_two(fraction);
    (high(u128::from(FULL_WEIGHT) << 1, factor) >> halvings) as u64
}

/// 2^-x for x with 128 binary places, as a number with 127: the exponential series of x ln 2, from its last term inwards.
fn power_of_two(fraction: u128) -> u128 {
    let exponent = high(fraction, LN_2);
    (1..=TERMS).rev().fold(ONE, |sum, term| ONE - high(exponent, sum) / term)
}

/// Terms until they are below 2^-127.
const TERMS: u128 = 34;

/// One, with 127 binary places.
const ONE: u128 = 1 << 127;

/// The natural logarithm of two, with 128 binary places.
const LN_2: u128 = 0xB172_17F7_D1CF_79AB_C9E3_B398_03F2_F6AF;

/// The upper 128 bits of a product of 256.
fn high(left: u128, right: u128) -> u128 {
    const LOW: u128 = u64::MAX as u128;
    let (left_high, left_low) = (left >> 64, left & LOW);
    let (right_high, right_low) = (right >> 64, right & LOW);
    let (cross, other) = (left_high * right_low, left_low * right_high);
    let carry = ((left_low * right_low) >> 64) + (cross & LOW) + (other & LOW);
    left_high * right_high + (cross >> 64) + (other >> 64) + (carry >> 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = MICROS_PER_DAY;

    fn touch(at: i64) -> Touch {
        Touch { at: Micros(at), key: [0; 16], kind: Kind::Opened, campaign: 1, cell: 1, message: MessageKey::Id(1) }
    }

    fn shares(model: Model, amount: i64, times: &[i64]) -> Vec<i64> {
        let touches: Vec<Touch> = times.iter().map(|at| touch(*at)).collect();
        let (mut weights, mut shares) = (Vec::new(), Vec::new());
        model.weigh(&touches, &mut weights);
        share(amount, &weights, &mut shares);
        shares
    }

    fn models() -> [Model; 6] {
        let decay = Model::TimeDecay(HalfLife::default());
        [Model::LastTouch, Model::FirstTouch, Model::Linear, Model::FirstLast, Model::Position, decay]
    }

    #[test]
    fn each_model_shares_as_it_says() {
        let of = |model, touches: usize| {
            let times: Vec<i64> = (0..touches as i64).collect();
            shares(model, 100, &times)
        };
        assert_eq!(of(Model::LastTouch, 3), [0, 0, 100]);
        assert_eq!(of(Model::FirstTouch, 3), [100, 0, 0]);
        assert_eq!(of(Model::Linear, 4), [25; 4]);
        assert_eq!(of(Model::Linear, 3), [33, 33, 34], "the remainder goes to the last");
        assert_eq!(of(Model::FirstLast, 2), [50, 50]);
        assert_eq!(of(Model::FirstLast, 4), [50, 0, 0, 50]);
        assert_eq!(of(Model::Position, 2), [50, 50]);
        assert_eq!(of(Model::Position, 3), [40, 20, 40]);
        assert_eq!(of(Model::Position, 6), [40, 5, 5, 5, 5, 40]);
        for model in models() {
            assert_eq!(of(model, 1), [100], "a single touch gets all: {model:?}");
            assert!(of(model, 0).is_empty(), "{model:?}");
        }
    }

    #[test]
    fn a_touch_is_worth_half_of_one_that_came_a_half_life_later() {
        let weekly = Model::TimeDecay(HalfLife::default());
        assert_eq!(shares(weekly, 3_000, &[0, 7 * DAY]), [1_000, 2_000]);
        assert_eq!(shares(weekly, 7_000, &[0, 7 * DAY, 14 * DAY]), [1_000, 2_000, 4_000]);
        let second = Model::TimeDecay(HalfLife::of_micros(MICROS_PER_SECOND).expect("positive"));
        assert_eq!(shares(second, 5, &[0, 80 * DAY]), [0, 5], "what is long ago vanishes, the last touch stays");
    }

    #[test]
    fn weights_of_time_decay_are_cut_off_at_eighteen_decimals() {
        // floor(10^18 * 2^(-age/half-life)), from a calculation with sixty decimals.
        for (age, half_life, weight) in [
            (0, 1, FULL_WEIGHT),
            (1, 2, 707_106_781_186_547_524),
            (1, 3, 793_700_525_984_099_737),
            (1, 7, 905_723_664_263_906_671),
            (10, 3, 99_212_565_748_012_467),
            (DAY, 7 * DAY, 905_723_664_263_906_671),
            (90 * DAY - 1, 7 * DAY, 134_776_551_962_289),
            (59, 1, 1),
            (60, 1, 0),
        ] {
            assert_eq!(halved(age, HalfLife(half_life)), weight, "{age} of {half_life}");
        }
    }

    #[test]
    fn neither_end_of_a_window_counts() {
        let conversion = Micros(100 * DAY);
        let window = Window::default();
        for (before, is_in) in [(0, false), (1, true), (-1, false), (3 * DAY - 1, true), (3 * DAY, false)] {
            assert_eq!(window.admits(conversion, Micros(conversion.0 - before)), is_in, "{before}");
        }
        assert!(window.admits(Micros(1), Micros(1 - (3 * DAY - 1))), "before 1970 too");
        assert_eq!(Window::of_micros(0), None);
        assert_eq!(Window::of_micros(90 * DAY), Some(Window::LONGEST));
        assert_eq!(Window::of_micros(90 * DAY + 1), None);
    }

    #[test]
    fn only_the_kinds_asked_for_count_and_at_one_instant_the_key_decides() {
        let conversion = Micros(10);
        let keyed = |key: u8, kind| Touch { key: [key; 16], kind, ..touch(9) };
        let touches = [keyed(7, Kind::Opened), keyed(200, Kind::Clicked), keyed(255, Kind::Delivered), touch(8)];
        let rule = Rule::default();
        assert_eq!(rule.counted(conversion, &touches).count(), 3);
        assert_eq!(rule.last_touch(conversion, &touches), Some(&touches[1]));
        let delivered = Rule { kinds: TouchKinds::of(&[Kind::Delivered, Kind::Sent]), ..rule };
        assert_eq!(delivered.last_touch(conversion, &touches), Some(&touches[2]));
        assert!(TouchKinds::of(&[Kind::Sent]).is_empty());
        assert_eq!(rule.last_touch(Micros(8), &touches), None);
    }

    proptest! {
        #[test]
        fn all_shares_of_an_amount_add_up_to_it(
            mut times in proptest::collection::vec(0..90 * DAY, 1..40),
            amount in prop_oneof![Just(WHOLE), any::<i64>()],
            half_life in 1..60 * DAY,
        ) {
            times.sort_unstable();
            for model in models().into_iter().chain([Model::TimeDecay(HalfLife(half_life))]) {
                let shares = shares(model, amount, &times);
                prop_assert_eq!(shares.len(), times.len());
                prop_assert_eq!(shares.iter().map(|share| i128::from(*share)).sum::<i128>(), i128::from(amount));
                let has_its_sign = |share: &i64| share.signum() * amount.signum() >= 0;
                prop_assert!(shares.iter().all(has_its_sign), "{:?}: {:?}", model, shares);
            }
        }

        #[test]
        fn a_power_of_two_is_what_floats_say_it_is(age in 0..90 * DAY, half_life in DAY..60 * DAY) {
            let exact = halved(age, HalfLife(half_life)) as f64 / FULL_WEIGHT as f64;
            let expected = (-(age as f64) / half_life as f64).exp2();
            prop_assert!((exact - expected).abs() < 1e-14, "{} {}", exact, expected);
        }
    }
}
