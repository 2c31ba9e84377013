//! The imaginary shop of the demo: its people, its clock, and what becomes of a message that somebody is sent.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

const PEOPLE: usize = 3_000;
const SEED: u64 = 1_116;
const DAY_S: i64 = 86_400;
const FIRST_NAMES: [&str; 12] =
    ["ada", "ben", "chloe", "dmitri", "elif", "farid", "grace", "hugo", "ines", "jun", "kofi", "lena"];
/// Area codes; with `555-01xx`, the numbers kept for fiction, they give every person a number of their own.
const AREAS: [u16; 30] = [
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234,
    239, 240, 248, 251, 252, 253, 254,
];
const LINKS: [&str; 5] = ["sale", "new-arrivals", "jackets", "gift-cards", "stores"];

/// Somebody who gets messages, under every name that a vendor knows them by.
#[derive(Clone, Debug)]
pub struct Person {
    /// Number, from 0.
    pub number: usize,
    /// Address for mails.
    pub email: String,
    /// E.164 number.
    pub phone: String,
    /// The shop's own id.
    pub user_id: String,
    /// ActivatePro's id.
    pub activatepro_id: String,
    /// Pinpoint's id of the device.
    pub endpoint: String,
}

/// Why a mail came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounce {
    /// The address does not exist.
    Hard,
    /// The mailbox is full.
    Soft,
}

/// What becomes of one message; the times are epoch seconds and never ahead of the clock.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    /// It came back.
    pub bounce: Option<Bounce>,
    /// When it was opened, each time.
    pub opened: Vec<i64>,
    /// When which link was clicked.
    pub clicked: Vec<(i64, String)>,
    /// When it was reported as spam.
    pub complained: Option<i64>,
    /// When the recipient had enough.
    pub unsubscribed: Option<i64>,
    /// When something was bought.
    pub bought: Option<i64>,
}

/// The shop: its people and its clock.
pub struct Shop {
    rng: StdRng,
    now_s: i64,
    people: Vec<Person>,
}

impl Shop {
    /// The shop as it always is, at a given time.
    pub fn open(now_s: i64) -> Self {
        Self { rng: StdRng::seed_from_u64(SEED), now_s, people: (0..PEOPLE).map(person).collect() }
    }

    /// The clock, in epoch seconds.
    pub fn now_s(&self) -> i64 {
        self.now_s
    }

    /// The time of day `hour` (UTC), so many days ago.
    pub fn at(&self, days_ago: i64, hour: i64) -> i64 {
        let midnight = self.now_s - self.now_s.rem_euclid(DAY_S);
        midnight - days_ago * DAY_S + hour * 3_600
    }

    /// True once in so many cases.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// A number of a range.
    pub fn number(&mut self, range: std::ops::Range<i64>) -> i64 {
        self.rng.random_range(range)
    }

    /// One of several.
    pub fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices.choose(&mut self.rng).copied().unwrap_or_default()
    }

    /// So many different people.
    pub fn people(&mut self, count: usize) -> Vec<Person> {
        let people = &self.people;
        people.choose_multiple(&mut self.rng, count).cloned().collect()
    }

    /// What becomes of a message sent at `sent_s`, given how likely it is opened.
    pub fn fate(&mut self, sent_s: i64, appeal: f64) -> Fate {
        let mut fate = Fate { bounce: self.bounce(), ..Fate::default() };
        if fate.bounce.is_some() {
            return fate;
        }
        if self.happens(0.02) {
            fate.clicked = self.scanner(sent_s + 2);
        }
        if self.happens(appeal) {
            self.read(&mut fate, sent_s);
        }
        if self.happens(0.002) {
            fate.complained = self.soon(sent_s);
        }
        fate
    }

    fn bounce(&mut self) -> Option<Bounce> {
        match self.number(0..1_000) {
            0..12 => Some(Bounce::Hard),
            12..37 => Some(Bounce::Soft),
            _ => None,
        }
    }

    /// A mail scanner follows every link within one second; no person does.
    fn scanner(&self, at_s: i64) -> Vec<(i64, String)> {
        let past = at_s <= self.now_s;
        LINKS.iter().take(4).filter(|_| past).map(|link| (at_s, url(link))).collect()
    }

    fn read(&mut self, fate: &mut Fate, sent_s: i64) {
        let times = 1 + usize::from(self.happens(0.3)) + usize::from(self.happens(0.1));
        fate.opened = (0..times).filter_map(|_| self.soon(sent_s)).collect();
        fate.opened.sort_unstable();
        let Some(first) = fate.opened.first().copied() else { return };
        if self.happens(0.22) {
            let link = url(self.one_of(&LINKS));
            fate.clicked.extend(self.minutes_later(first).map(|at| (at, link)));
            fate.bought = self.happens(0.18).then(|| self.minutes_later(first + 900)).flatten();
        }
        fate.unsubscribed = self.happens(0.012).then(|| self.minutes_later(first)).flatten();
    }

    /// Most people look within hours, some after days: never after the clock.
    fn soon(&mut self, from_s: i64) -> Option<i64> {
        let patience = self.rng.random::<f64>().powi(4);
        let at = from_s + 20 + (patience * 4.0 * DAY_S as f64) as i64;
        (at <= self.now_s).then_some(at)
    }

    fn minutes_later(&mut self, from_s: i64) -> Option<i64> {
        let at = from_s + self.number(5..900);
        (at <= self.now_s).then_some(at)
    }
}

fn person(number: usize) -> Person {
    let name = FIRST_NAMES[number % FIRST_NAMES.len()];
    Person {
        number,
        email: format!("{name}.{number}@example.com"),
        phone: format!("+1{}555{:04}", AREAS[number / 100 % AREAS.len()], 100 + number % 100),
        user_id: format!("shop-{number:05}"),
        activatepro_id: format!("AP{number:06}"),
        endpoint: format!("0f6cb3c1-0000-4000-8000-{number:012x}"),
    }
}

fn url(link: &str) -> String {
    format!("https://shop.example.com/{link}")
}
