//! Campaigns: a few large ones and many small ones, each on a channel, sent in runs, some with variants and a holdout.

use std::ops::Range;

use super::Request;
use super::dice::{Dice, PerMillion, mix};
use super::vendor::Vendor;

/// Where messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Channel {
    /// Mail.
    Email = 1,
    /// Text message.
    Sms = 2,
    /// Notification of an app.
    Push = 3,
    /// Phone call.
    Voice = 4,
    /// Window on a page.
    WebModal = 5,
}

/// What sort of campaign it is.
#[derive(Clone, Copy, Debug)]
pub struct Genre {
    /// Where its messages go.
    pub channel: Channel,
    /// Messages that a recipient gets in a run, one after the other.
    pub letters: u8,
    /// Whether it is a journey of its vendor.
    pub is_journey: bool,
}

impl Genre {
    /// One message a run.
    pub const fn single(channel: Channel) -> Self {
        Self { channel, letters: 1, is_journey: false }
    }

    /// Two messages a run.
    pub const fn series(channel: Channel) -> Self {
        Self { channel, letters: 2, is_journey: false }
    }

    /// A journey with two messages.
    pub const fn journey(channel: Channel) -> Self {
        Self { channel, letters: 2, is_journey: true }
    }
}

/// A campaign.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// From 0, the largest first.
    pub number: u32,
    /// What its own draws begin with.
    pub key: u64,
    /// What sort it is.
    pub genre: Genre,
    /// Variants, from 0; 1 where there are no others.
    pub treatments: u64,
    /// Share of recipients kept in the control group.
    pub holdout: PerMillion,
    /// Share of recipients who look at a message.
    pub appeal: PerMillion,
    /// When its runs begin, in milliseconds since 1970.
    pub runs: Vec<i64>,
    /// How long the sending of a run takes, in milliseconds.
    pub sending_ms: i64,
}

const NAMES: [&str; 20] = [
    "Weekly newsletter",
    "Autumn sale",
    "Welcome series",
    "Back in stock",
    "Loyalty points",
    "Winter collection",
    "Order updates",
    "Cart reminder",
    "New arrivals",
    "Members' weekend",
    "Birthday letter",
    "Store opening",
    "Gift guide",
    "Review request",
    "Win-back",
    "Flash sale",
    "Product tips",
    "Annual survey",
    "Free shipping",
    "Last chance",
];
const PATHS: [&str; 8] =
    ["sale", "new-arrivals", "jackets", "gift-cards", "stores", "shoes?sort=price", "account/points", "help/returns"];

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// Runs begin by daylight, where there is room for it.
const HOURS_OF_RUNS: Range<i64> = 7..19;
const MOST_RUNS: u64 = 4;

impl Campaign {
    /// What people call it.
    pub fn name(&self) -> String {
        let known = NAMES.len() as u32;
        let name = NAMES[(self.number % known) as usize];
        if self.number < known { name.to_owned() } else { format!("{name} {}", self.number / known + 1) }
    }

    /// Where a link leads.
    pub fn link(&self, choice: u8) -> String {
        format!("https://shop.example.com/{}", PATHS[usize::from(choice) % PATHS.len()])
    }

    /// Links in each message.
    pub const LINKS: u64 = PATHS.len() as u64;

    fn new(request: &Request, vendor: &Vendor, number: u32) -> Self {
        // By name: a vendor that is added to the table changes nobody else's campaigns.
        let dialect = vendor.dialect.name().bytes().fold(0, |sum, byte| mix(&[sum, u64::from(byte)]));
        let key = mix(&[request.seed, dialect, u64::from(number)]);
        let mut dice = Dice::of(&[key, 1]);
        let is_tested = vendor.has_treatments && dice.happens(500_000);
        let mut campaign = Self {
            number,
            key,
            genre: vendor.genres[number as usize % vendor.genres.len()],
            treatments: if is_tested { 2 + dice.below(2) } else { 1 },
            holdout: if dice.happens(400_000) { 40_000 + dice.below(110_000) as PerMillion } else { 0 },
            appeal: 120_000 + dice.below(330_000) as PerMillion,
            runs: Vec::new(),
            sending_ms: (20 + dice.below(100) as i64) * MINUTE_MS,
        };
        let runs = if vendor.run_id.is_some() { 1 + dice.below(MOST_RUNS) as i64 } else { 1 };
        campaign.runs = (0..runs).map(|run| run_start(request, run, runs, &mut dice)).collect();
        campaign.sending_ms = campaign.sending_ms.min(request.days_ms() / (4 * runs));
        campaign
    }
}

/// Runs share the time evenly; each begins in the first half of its share, at a full quarter of an hour.
fn run_start(request: &Request, run: i64, runs: i64, dice: &mut Dice) -> i64 {
    let share = request.days_ms() / runs;
    let earliest = run * share;
    let drawn = earliest + dice.within(0..share / 2);
    let by_daylight = drawn - drawn.rem_euclid(DAY_MS) + dice.within(HOURS_OF_RUNS) * HOUR_MS;
    let start = if (earliest..earliest + share / 2).contains(&by_daylight) { by_daylight } else { drawn };
    request.start_ms + start - start.rem_euclid(15 * MINUTE_MS)
}

/// The campaigns that a request asks for.
pub fn campaigns(request: &Request, vendor: &Vendor) -> Vec<Campaign> {
    (0..request.campaigns).map(|number| Campaign::new(request, vendor, number)).collect()
}

/// A run of a campaign: what stories are dealt to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Number of the campaign.
    pub campaign: usize,
    /// Number of its run, from 0.
    pub run: usize,
}

/// Deals numbered stories out to the runs of all campaigns, in proportion to their size: each block of stories holds as
/// many of every run, in the same shuffled order.
#[derive(Debug)]
pub struct Deal {
    /// Every run.
    pub cells: Vec<Cell>,
    /// Stories of each run in a block.
    sizes: Vec<u32>,
    /// Cell of each story of a block, and which of the cell's it is.
    block: Vec<(u32, u32)>,
}

/// Stories of the largest campaign's run in a block.
const LARGEST: u64 = 600;

impl Deal {
    /// Deals to these campaigns.
    pub fn new(campaigns: &[Campaign], seed: u64) -> Self {
        let (mut cells, mut sizes) = (Vec::new(), Vec::new());
        for (index, campaign) in campaigns.iter().enumerate() {
            let mut dice = Dice::of(&[campaign.key, 2]);
            for run in 0..campaign.runs.len() {
                cells.push(Cell { campaign: index, run });
                let size = LARGEST / (index as u64 + 1) * (60 + dice.below(41)) / 100;
                sizes.push(size.max(1) as u32);
            }
        }
        let of_cell = |(cell, size): (usize, &u32)| std::iter::repeat_n(cell as u32, *size as usize);
        let mut order: Vec<u32> = sizes.iter().enumerate().flat_map(of_cell).collect();
        Dice::of(&[seed, 3]).shuffle(&mut order);
        let mut dealt = vec![0; cells.len()];
        let mut next = |cell: u32| {
            let place = &mut dealt[cell as usize];
            *place += 1;
            (cell, *place - 1)
        };
        let block = order.into_iter().map(&mut next).collect();
        Self { cells, sizes, block }
    }

    /// The cell of a story, by its number, and which member of the cell it is about.
    pub fn of(&self, story: u64) -> (usize, u64) {
        let length = self.block.len() as u64;
        let (cell, place) = self.block[(story % length) as usize];
        (cell as usize, story / length * u64::from(self.sizes[cell as usize]) + u64::from(place))
    }

    /// No cell has as many members as this, when so many stories are dealt.
    pub fn most_members(&self, stories: u64) -> u64 {
        let blocks = stories / self.block.len() as u64 + 1;
        blocks * u64::from(self.sizes.iter().copied().max().unwrap_or(1))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::event::Dialect;
    use crate::generate::sample;

    fn dealt(count: u32) -> (Vec<Campaign>, Deal) {
        let request = Request { campaigns: count, ..sample(Dialect::Odp) };
        let campaigns = campaigns(&request, Vendor::of(Dialect::Odp));
        let deal = Deal::new(&campaigns, 1);
        (campaigns, deal)
    }

    #[test]
    fn campaigns_differ_in_size_and_every_member_is_dealt_once() {
        let (campaigns, deal) = dealt(50);
        let mut sizes = vec![0; campaigns.len()];
        let mut seen = HashSet::new();
        for story in 0..100_000 {
            let (cell, member) = deal.of(story);
            assert!(seen.insert((cell, member)) && member < deal.most_members(100_000));
            sizes[deal.cells[cell].campaign] += 1;
        }
        let (most, least) = (sizes.iter().max(), sizes.iter().min());
        assert!(most > least.map(|least| least * 20).as_ref() && least > Some(&0), "{sizes:?}");
    }

    #[test]
    fn runs_begin_within_the_time_and_apart() {
        let request = sample(Dialect::Odp);
        let (campaigns, _) = dealt(200);
        for campaign in campaigns {
            let end = request.start_ms + request.days_ms();
            assert!(campaign.runs.iter().all(|run| (request.start_ms..end - campaign.sending_ms).contains(run)));
            assert!(campaign.runs.is_sorted_by(|one, next| one < next), "{:?}", campaign.runs);
        }
    }
}
