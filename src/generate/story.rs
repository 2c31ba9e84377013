//! What becomes of a recipient in one run of a campaign: it follows from the seed, the campaign and the recipient alone,
//! so that any story can be told at any time without the others.

use super::campaign::{Campaign, Channel, DAY_MS};
use super::dice::{Dice, PerMillion};
use super::vendor::Vendor;
use crate::domain::event::Automation;
use crate::domain::kind::Kind;

/// Most records of one story; what would come behind them is not told.
pub const MOST_RECORDS: usize = 32;

/// One thing that happened, told by one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When, in milliseconds since 1970, as exactly as the vendor tells it.
    pub at_ms: i64,
    /// What.
    pub kind: Kind,
    /// Which message of the run, from 0.
    pub letter: u8,
    /// Which link, reason or product: vendors have lists of their own.
    pub choice: u8,
    /// The vendor's verdict on who acted.
    pub verdict: Automation,
}

/// A run of a campaign as a vendor tells it, up to a point in time.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Whose words.
    pub vendor: &'static Vendor,
    /// Which campaign.
    pub campaign: &'a Campaign,
    /// Which of its runs, from 0.
    pub run: usize,
    /// What comes later has not happened yet, in milliseconds since 1970.
    pub end_ms: i64,
}

/// A story.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The variant that the recipient got.
    pub treatment: u64,
    /// All that happened, in order of time.
    pub happenings: Vec<Happening>,
}

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// How long a delivery takes, in milliseconds, in steps of equal likelihood.
const DELIVERY_MS: [i64; 6] = [300, 900, 1_600, 3_000, 9_000, 60_000];
/// How long people take to look, in seconds: most a few hours, some many days (near to a log-normal curve).
const OPEN_S: [i64; 17] = [
    15, 200, 480, 900, 1_500, 2_300, 3_500, 5_200, 7_600, 11_000, 16_000, 24_000, 37_000, 62_000, 110_000, 230_000,
    900_000,
];
/// How long they take to click then, in milliseconds.
const CLICK_MS: [i64; 9] = [1_500, 5_000, 10_000, 18_000, 32_000, 60_000, 150_000, 600_000, 7_200_000];

/// Tells the story of a recipient. What was told into `story` before is forgotten.
pub fn tell(stage: &Stage<'_>, member: u64, story: &mut Story) {
    story.happenings.clear();
    // Who is held out and who gets which variant stays so over all runs.
    let mut lot = Dice::of(&[stage.campaign.key, 10, member]);
    let is_held_out = lot.happens(stage.campaign.holdout) && (stage.vendor.says)(stage.campaign, Kind::HeldOut);
    story.treatment = lot.below(stage.campaign.treatments);
    let dice = Dice::of(&[stage.campaign.key, 11, stage.run as u64, member]);
    let mut teller = Teller { stage, dice, treatment: story.treatment, told: &mut story.happenings };
    let begins = stage.campaign.runs[stage.run] + teller.dice.within(0..stage.campaign.sending_ms.max(1));
    if is_held_out {
        teller.add(Kind::HeldOut, begins, 0);
    } else {
        teller.sign_up(begins);
        for letter in 0..stage.campaign.genre.letters {
            teller.message(letter, begins + i64::from(letter) * 2 * DAY_MS);
        }
    }
    teller.finish();
}

struct Teller<'a> {
    stage: &'a Stage<'a>,
    dice: Dice,
    treatment: u64,
    told: &'a mut Vec<Happening>,
}

impl Teller<'_> {
    fn says(&self, kind: Kind) -> bool {
        (self.stage.vendor.says)(self.stage.campaign, kind)
    }

    fn add(&mut self, kind: Kind, at_ms: i64, letter: u8) {
        let choice = self.dice.below(Campaign::LINKS) as u8;
        self.tell(Happening { at_ms, kind, letter, choice, verdict: Automation::Unknown });
    }

    /// What a person did; vendors that judge are mostly sure of it.
    fn add_act(&mut self, kind: Kind, at_ms: i64, letter: u8) {
        let choice = self.dice.below(Campaign::LINKS) as u8;
        let is_judged = (self.stage.vendor.judges)(kind) && self.dice.happens(800_000);
        let verdict = if is_judged { Automation::Human } else { Automation::Unknown };
        self.tell(Happening { at_ms, kind, letter, choice, verdict });
    }

    fn tell(&mut self, happening: Happening) {
        if self.says(happening.kind) {
            self.told.push(happening);
        }
    }

    /// Some joined shortly before.
    fn sign_up(&mut self, begins: i64) {
        if self.says(Kind::ListSubscribed) && self.dice.happens(60_000) {
            let at = begins - self.dice.within(MINUTE_MS..3 * HOUR_MS);
            self.add(Kind::Other, at, 0);
            self.add(Kind::ListSubscribed, at + 5 * SECOND_MS, 0);
            self.add(Kind::OptedIn, at + 5 * SECOND_MS, 0);
        }
    }

    fn message(&mut self, letter: u8, begins: i64) {
        match self.stage.campaign.genre.channel {
            Channel::WebModal => self.window(letter, begins),
            Channel::Voice => self.call(letter, begins),
            Channel::Email | Channel::Sms | Channel::Push => self.letter(letter, begins),
        }
    }

    /// A window on a page: seen, and then used or closed.
    fn window(&mut self, letter: u8, begins: i64) {
        let seen = begins + self.dice.spread(&OPEN_S) * SECOND_MS;
        self.add(Kind::Impression, seen, letter);
        let acted = seen + self.dice.within(SECOND_MS..2 * MINUTE_MS);
        match self.dice.below(100) {
            0..18 => self.add(Kind::Engaged, acted, letter),
            18..30 => {
                self.add_act(Kind::Clicked, acted, letter);
                self.shop(letter, acted);
            }
            30..40 => self.add(Kind::Submitted, acted, letter),
            40..70 => self.add(Kind::Exited, acted, letter),
            70..76 => self.add(Kind::Disengaged, acted, letter),
            _ => {}
        }
    }

    fn call(&mut self, letter: u8, begins: i64) {
        self.add(Kind::Sent, begins, letter);
        self.add(Kind::Sent, begins + 2 * SECOND_MS, letter);
        let answered = begins + self.dice.within(4 * SECOND_MS..30 * SECOND_MS);
        if self.dice.happens(600_000) {
            self.add(Kind::Delivered, answered, letter);
        } else {
            self.add(Kind::SoftBounced, answered, letter);
        }
    }

    /// A mail, text or notification, on its way to the recipient.
    fn letter(&mut self, letter: u8, begins: i64) {
        if self.says(Kind::Skipped) && self.dice.happens(25_000) {
            return self.add(Kind::Skipped, begins, letter);
        }
        self.add(Kind::Targeted, begins, letter);
        let sent = begins + self.dice.within(100..3 * SECOND_MS);
        self.add(Kind::Sent, sent, letter);
        let fate = self.dice.below(1_000);
        match fate {
            0..12 => {
                let bounced = sent + self.dice.within(400..40 * SECOND_MS);
                self.add(Kind::HardBounced, bounced, letter);
            }
            12..40 => self.soft_bounce(letter, sent),
            40..47 if self.says(Kind::Failed) => self.add(Kind::Failed, sent + 4 * SECOND_MS, letter),
            47..55 if self.says(Kind::DeliveryUnknown) => {
                let given_up = sent + self.dice.within(HOUR_MS..72 * HOUR_MS);
                self.add(Kind::DeliveryUnknown, given_up, letter);
            }
            55..95 => self.deferred(letter, sent),
            _ => self.delivered(letter, sent),
        }
    }

    /// Some vendors try again, and some of what they try again arrives.
    fn soft_bounce(&mut self, letter: u8, sent: i64) {
        let bounced = sent + self.dice.within(SECOND_MS..5 * MINUTE_MS);
        self.add(Kind::SoftBounced, bounced, letter);
        if self.stage.vendor.retries && self.dice.happens(500_000) {
            let again = bounced + self.dice.within(10 * MINUTE_MS..6 * HOUR_MS);
            self.delivered(letter, again);
        }
    }

    fn deferred(&mut self, letter: u8, sent: i64) {
        let mut at = sent;
        for _ in 0..=self.dice.below(3) {
            at += self.dice.within(MINUTE_MS..40 * MINUTE_MS);
            self.add(Kind::Deferred, at, letter);
        }
        self.delivered(letter, at + MINUTE_MS);
    }

    fn delivered(&mut self, letter: u8, sent: i64) {
        let arrived = sent + self.dice.spread(&DELIVERY_MS);
        self.add(Kind::Delivered, arrived, letter);
        self.machines(letter, arrived);
        self.people(letter, arrived);
    }

    /// Privacy proxies fetch pictures; scanners follow the links, all within a moment.
    fn machines(&mut self, letter: u8, arrived: i64) {
        let judges = self.stage.vendor.judges;
        if judges(Kind::Opened) && self.dice.happens(90_000) {
            let at_ms = arrived + self.dice.within(SECOND_MS..10 * MINUTE_MS);
            self.tell(Happening { at_ms, kind: Kind::Opened, letter, choice: 0, verdict: Automation::Machine });
        }
        if !self.dice.happens(25_000) {
            return;
        }
        let is_judged = judges(Kind::Clicked) && self.dice.happens(500_000);
        let links = if is_judged { 1 + self.dice.below(5) } else { 3 + self.dice.below(4) };
        let verdict = if is_judged { Automation::Machine } else { Automation::Unknown };
        let start = arrived + self.dice.within(2 * SECOND_MS..90 * SECOND_MS);
        let first = self.dice.below(Campaign::LINKS);
        for link in first..first + links {
            let (at_ms, choice) = (start + self.dice.within(0..700), (link % Campaign::LINKS) as u8);
            self.tell(Happening { at_ms, kind: Kind::Clicked, letter, choice, verdict });
        }
    }

    fn people(&mut self, letter: u8, arrived: i64) {
        let looked = arrived + self.dice.spread(&OPEN_S) * SECOND_MS;
        let has_opened = self.dice.happens(self.appeal());
        if has_opened {
            self.opens(letter, looked);
        }
        // With pictures off there is no open before the click.
        if self.dice.happens(if has_opened { 220_000 } else { 6_000 }) {
            self.clicks(letter, looked);
        }
        self.leave(letter, if has_opened { looked } else { arrived });
    }

    fn opens(&mut self, letter: u8, first: i64) {
        self.add_act(Kind::Opened, first, letter);
        if self.stage.campaign.genre.channel == Channel::Push {
            self.add(Kind::Other, first + SECOND_MS, letter);
        }
        let mut again = first;
        while self.dice.happens(300_000) {
            again += self.dice.spread(&OPEN_S) * SECOND_MS;
            self.add_act(Kind::Opened, again, letter);
        }
    }

    /// The second variant is the better one.
    fn appeal(&self) -> PerMillion {
        let appeal = self.stage.campaign.appeal;
        if self.treatment == 1 { appeal * 5 / 4 } else { appeal }
    }

    fn clicks(&mut self, letter: u8, looked: i64) {
        let mut at = looked;
        for _ in 0..=self.dice.below(3) {
            at += self.dice.spread(&CLICK_MS);
            self.add_act(Kind::Clicked, at, letter);
        }
        self.shop(letter, at);
    }

    /// Some have enough.
    fn leave(&mut self, letter: u8, looked: i64) {
        let texts = self.stage.campaign.genre.channel == Channel::Sms;
        let at = looked + self.dice.within(5 * SECOND_MS..20 * MINUTE_MS);
        match self.dice.below(1_000) {
            0..2 => self.add(Kind::SpamReported, at, letter),
            2..10 => self.add(Kind::ListUnsubscribed, at, letter),
            10..14 => self.add(Kind::OptedOut, at, letter),
            14..26 if texts => self.add(Kind::OptedOut, at, letter),
            _ => {}
        }
    }

    /// Who clicked may buy, and who bought may send it back.
    fn shop(&mut self, letter: u8, clicked: i64) {
        let mut at = clicked + 2 * SECOND_MS;
        self.add(Kind::PageViewed, at, letter);
        if !self.dice.happens(600_000) {
            return;
        }
        for (kind, odds) in [(Kind::ProductViewed, 1_000_000), (Kind::CartAdded, 700_000), (Kind::CartRemoved, 120_000)]
        {
            if self.dice.happens(odds) {
                at += self.dice.within(5 * SECOND_MS..4 * MINUTE_MS);
                self.add(kind, at, letter);
            }
        }
        if !self.dice.happens(500_000) {
            return;
        }
        at += self.dice.within(MINUTE_MS..30 * MINUTE_MS);
        self.add(Kind::Purchased, at, letter);
        match self.dice.below(100) {
            0..4 => self.add(Kind::OrderCancelled, at + HOUR_MS, letter),
            4..9 => self.add(Kind::OrderReturned, at + 4 * DAY_MS, letter),
            9..12 => self.add(Kind::OrderRefunded, at + 2 * DAY_MS, letter),
            _ => {}
        }
    }

    /// Times as exact as the vendor tells them, in order, none ahead of the end. Two records must not be the same, or one
    /// of them would rightly be taken for a repeat.
    fn finish(self) {
        let (told, tick) = (self.told, self.stage.vendor.tick_ms);
        for at in 0..told.len() {
            told[at].at_ms -= told[at].at_ms.rem_euclid(tick);
            while told[..at].iter().any(|earlier| is_alike(earlier, &told[at])) {
                told[at].at_ms += tick;
            }
        }
        let end = self.stage.end_ms;
        told.retain(|happening| happening.at_ms <= end);
        told.sort_by_key(|happening| happening.at_ms);
        told.truncate(MOST_RECORDS);
    }
}

/// Whether two records might say the same. Only clicks are sure to say what was chosen.
fn is_alike(one: &Happening, other: &Happening) -> bool {
    let same_choice = one.choice == other.choice || one.kind != Kind::Clicked;
    same_choice && (one.at_ms, one.kind, one.letter) == (other.at_ms, other.kind, other.letter)
}
