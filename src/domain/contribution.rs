//! What one recipient's state adds to a campaign's counts: reported, implied and inferred steps, humans and machines,
//! every unit of unique, in every grouping, by day. Counts are kept by adding the new state's contribution and
//! subtracting the old one's.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use chrono_tz::Tz;

use super::day::day_in_zone;
use super::event::Automation;
use super::kind::Kind;
use super::recipient::{MessageKey, MessageState, Occurrence, RecipientState};
use super::rollup::{Grouping, Metric, Tally, Variant};
use super::time::{MICROS_PER_SECOND, Micros};

/// The groups of a cell: hashes of its run, treatment, touchpoint and channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellGroups {
    /// Run.
    pub run: i64,
    /// Treatment.
    pub treatment: i64,
    /// Touchpoint.
    pub touchpoint: i64,
    /// Channel.
    pub channel: i64,
}

impl CellGroups {
    /// The group of the cell in a grouping.
    pub fn group(&self, grouping: Grouping) -> i64 {
        match grouping {
            Grouping::None | Grouping::NoneByMonth => 0,
            Grouping::Run => self.run,
            Grouping::Treatment => self.treatment,
            Grouping::Touchpoint => self.touchpoint,
            Grouping::Channel | Grouping::ChannelByMonth => self.channel,
        }
    }
}

/// Which rollup row a count belongs to, within a campaign and shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// Grouping.
    pub grouping: Grouping,
    /// Group.
    pub group: i64,
    /// Day in the workspace's zone.
    pub day: i32,
}

/// Distinct urls of one message within one closed second that show a machine at work.
const BURST_URLS: usize = 3;

/// Everything that one recipient's state says happened, by metric and time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts(Vec<Fact>);

/// One occurrence of a metric: reported, implied or inferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    metric: Metric,
    at: Micros,
    groups: CellGroups,
    message: MessageKey,
}

impl Facts {
    /// The facts of a state. `cells` must know every cell that the state names.
    pub fn of(state: &RecipientState, cells: &impl Fn(i64) -> Option<CellGroups>) -> Self {
        let mut facts = Vec::with_capacity(16);
        let targeted = targeted_places(state, cells);
        for message in &state.messages {
            facts_of(message, cells, &targeted, &mut facts);
        }
        facts.sort_unstable();
        Self(facts)
    }

    /// Reports what these facts add to the counts, metric by metric, leaving out metrics that stand in `other` just the
    /// same: what an event does not change costs nothing.
    pub fn count(&self, other: &Self, zone: Tz, mut count: impl FnMut(RowKey, Metric, Tally)) {
        for same_metric in self.0.chunk_by(|a, b| a.metric == b.metric) {
            if other.of_metric(same_metric[0].metric) != same_metric {
                count_metric(same_metric, zone, &mut count);
            }
        }
    }

    /// When a step was last reached: acts of machines left out, implied steps included.
    pub fn latest(&self, kind: Kind) -> Option<Micros> {
        let is_implied = matches!(kind, Kind::Targeted | Kind::Sent | Kind::Delivered | Kind::Opened);
        let variant = if is_implied { Variant::Implied } else { Variant::Reported };
        self.of_metric(Metric(kind, variant)).iter().map(|fact| fact.at).max()
    }

    /// Every kind that was reached, with its latest time.
    pub fn reached(&self) -> impl Iterator<Item = (Kind, Micros)> {
        let kinds: BTreeSet<Kind> = self.0.iter().map(|fact| fact.metric.0).collect();
        kinds.into_iter().filter_map(|kind| Some((kind, self.latest(kind)?)))
    }

    fn of_metric(&self, metric: Metric) -> &[Fact] {
        let start = self.0.partition_point(|fact| fact.metric < metric);
        let end = self.0.partition_point(|fact| fact.metric <= metric);
        &self.0[start..end]
    }
}

fn count_metric(facts: &[Fact], zone: Tz, count: &mut impl FnMut(RowKey, Metric, Tally)) {
    let days: Vec<i32> = facts.iter().map(|fact| day_in_zone(fact.at, zone)).collect();
    for grouping in Grouping::ALL {
        let mut recipients = Seen::default();
        let mut runs = Seen::default();
        let mut messages = Seen::default();
        for (fact, day) in facts.iter().zip(&days) {
            let group = fact.groups.group(grouping);
            let tally = Tally {
                total: 1,
                recipients: i64::from(recipients.insert(group)),
                recipients_per_run: i64::from(runs.insert((group, fact.groups.run))),
                messages: i64::from(messages.insert((group, fact.message))),
            };
            count(RowKey { grouping, group, day: *day }, fact.metric, tally);
        }
    }
}

/// A set that is a list while it is small, as almost all are.
struct Seen<T> {
    few: Vec<T>,
    many: HashSet<T>,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { few: Vec::new(), many: HashSet::new() }
    }
}

impl<T: Copy + Eq + Hash> Seen<T> {
    const FEW: usize = 16;

    fn insert(&mut self, value: T) -> bool {
        if self.few.contains(&value) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(value);
            return true;
        }
        self.many.insert(value)
    }
}

/// Run, treatment and touchpoint of a message.
type Place = (i64, i64, i64);

fn place_of(groups: &CellGroups) -> Place {
    (groups.run, groups.treatment, groups.touchpoint)
}

/// The places whose targeting was reported without a message id, as Pinpoint does before there is one: the messages sent
/// there need no implied targeting of their own.
fn targeted_places(state: &RecipientState, cells: &impl Fn(i64) -> Option<CellGroups>) -> Vec<Place> {
    let unnamed = state.messages.iter().filter(|message| matches!(message.key, MessageKey::Place(_)));
    let targeted = unnamed.flat_map(|message| &message.occurrences).filter(|o| o.kind() == Kind::Targeted);
    targeted.filter_map(|occurrence| cells(occurrence.cell)).map(|groups| place_of(&groups)).collect()
}

fn facts_of(
    message: &MessageState,
    cells: &impl Fn(i64) -> Option<CellGroups>,
    targeted: &[Place],
    facts: &mut Vec<Fact>,
) {
    let machine = machine_acts(message);
    let mut moments = Vec::with_capacity(message.occurrences.len());
    for (occurrence, is_machine) in message.occurrences.iter().zip(machine) {
        if let Some(groups) = cells(occurrence.cell) {
            moments.push(Moment { at: occurrence.at, kind: occurrence.kind(), is_machine, groups });
        }
    }
    moments.sort_unstable_by_key(|moment| (moment.at, moment.kind, moment.groups));
    let mut writer = FactWriter { message: message.key, moments: &moments, targeted, facts };
    writer.reported();
    writer.implied();
    writer.inferred();
}

/// One event of a message with its verdict and groups.
#[derive(Clone, Copy, Debug)]
struct Moment {
    at: Micros,
    kind: Kind,
    is_machine: bool,
    groups: CellGroups,
}

struct FactWriter<'a> {
    message: MessageKey,
    moments: &'a [Moment],
    targeted: &'a [Place],
    facts: &'a mut Vec<Fact>,
}

impl FactWriter<'_> {
    fn push(&mut self, kind: Kind, variant: Variant, moment: &Moment) {
        let metric = Metric(kind, variant);
        self.facts.push(Fact { metric, at: moment.at, groups: moment.groups, message: self.message });
    }

    fn reported(&mut self) {
        for moment in self.moments {
            if matches!(moment.kind, Kind::Opened | Kind::Clicked) {
                let variant = if moment.is_machine { Variant::Machine } else { Variant::Reported };
                self.push(moment.kind, variant, moment);
                self.push(moment.kind, Variant::All, moment);
            } else {
                self.push(moment.kind, Variant::Reported, moment);
            }
        }
    }

    /// Each step as reported; a step that is not reported but implied counts once, at its earliest implying event.
    fn implied(&mut self) {
        let human_click = |m: &Moment| m.kind == Kind::Clicked && !m.is_machine;
        self.step(Kind::Opened, Variant::Implied, |m| m.kind == Kind::Opened && !m.is_machine, human_click);
        self.step(Kind::Opened, Variant::ImpliedAll, |m| m.kind == Kind::Opened, human_click);
        self.step(Kind::Delivered, Variant::Implied, |m| m.kind == Kind::Delivered, implies_delivered);
        self.step(Kind::Sent, Variant::Implied, |m| m.kind == Kind::Sent, implies_sent);
        let implying = self.moments.iter().find(|moment| implies_targeted(moment));
        let is_needed = implying.is_some_and(|first| !self.targeted.contains(&place_of(&first.groups)));
        let implies = |m: &Moment| is_needed && implies_targeted(m);
        self.step(Kind::Targeted, Variant::Implied, |m| m.kind == Kind::Targeted, implies);
    }

    fn step(
        &mut self,
        kind: Kind,
        variant: Variant,
        is_reported: impl Fn(&Moment) -> bool,
        implies: impl Fn(&Moment) -> bool,
    ) {
        let before = self.facts.len();
        for moment in self.moments.iter().filter(|moment| is_reported(moment)) {
            self.push(kind, variant, moment);
        }
        if self.facts.len() == before
            && let Some(first) = self.moments.iter().find(|moment| implies(moment))
        {
            self.push(kind, variant, first);
        }
    }

    /// For campaigns without any reported delivery: sent and neither bounced nor failed, or implied.
    fn inferred(&mut self) {
        let has_failed =
            self.moments.iter().any(|m| matches!(m.kind, Kind::SoftBounced | Kind::HardBounced | Kind::Failed));
        let reported = self.moments.iter().find(|m| m.kind == Kind::Sent);
        let sent = reported.or_else(|| self.moments.iter().find(|m| implies_sent(m)));
        let delivered = if has_failed { None } else { sent };
        if let Some(moment) = delivered.or_else(|| self.moments.iter().find(|m| implies_delivered(m))) {
            self.push(Kind::Delivered, Variant::Inferred, moment);
        }
    }
}

fn implies_delivered(moment: &Moment) -> bool {
    matches!(moment.kind, Kind::Opened | Kind::Clicked)
}

fn implies_sent(moment: &Moment) -> bool {
    implies_delivered(moment) || matches!(moment.kind, Kind::Delivered | Kind::SoftBounced | Kind::HardBounced)
}

fn implies_targeted(moment: &Moment) -> bool {
    implies_sent(moment) || moment.kind == Kind::Sent
}

/// Whether a click at this time, about which its vendor says nothing, is one of a machine's burst.
pub fn is_burst(message: &MessageState, at: Micros) -> bool {
    let is_asked = |o: &Occurrence| o.at == at && o.kind() == Kind::Clicked && o.automation() == Automation::Unknown;
    message
        .occurrences
        .iter()
        .zip(machine_acts(message))
        .any(|(occurrence, is_machine)| is_asked(occurrence) && is_machine)
}

/// For each event of the message, whether a machine did it: the vendor's verdict first, else the burst rule.
fn machine_acts(message: &MessageState) -> Vec<bool> {
    let mut verdicts: Vec<bool> = message.occurrences.iter().map(|o| o.automation() == Automation::Machine).collect();
    let is_open_question = |o: &Occurrence| o.kind() == Kind::Clicked && o.automation() == Automation::Unknown;
    let clicks: Vec<usize> =
        (0..message.occurrences.len()).filter(|i| is_open_question(&message.occurrences[*i])).collect();
    if clicks.len() < BURST_URLS {
        return verdicts;
    }
    // A window of a second slides over the clicks; each click enters, leaves and is marked once.
    let (mut end, mut marked) = (0, 0);
    let mut urls: HashMap<i64, u32> = HashMap::new();
    for start in 0..clicks.len() {
        let first = message.occurrences[clicks[start]];
        while end < clicks.len() && message.occurrences[clicks[end]].at.0 - first.at.0 <= MICROS_PER_SECOND {
            let url = message.occurrences[clicks[end]].detail;
            if url != 0 {
                *urls.entry(url).or_default() += 1;
            }
            end += 1;
        }
        if urls.len() >= BURST_URLS {
            clicks[start.max(marked)..end].iter().for_each(|click| verdicts[*click] = true);
            marked = end;
        }
        if let Some(count) = urls.get_mut(&first.detail) {
            *count -= 1;
            if *count == 0 {
                urls.remove(&first.detail);
            }
        }
    }
    verdicts
}
